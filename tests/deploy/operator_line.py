"""The operator's command line finds a deployed stack by its name, and works on what it finds there."""

import json
import os
import subprocess

from template import REGION

# The binary that the tests of the command line run.
GATEHOUSE = os.environ["GATEHOUSE"]


def operated(account, stack):
    """Makes a tenant in the stack's table; the commands that were run."""
    made = said(account, stack.name, "tenants", "create", "acme", "--name", "Acme Corp")
    assert made["id"] == "acme", made
    shown = said(account, stack.name, "tenants", "show", "acme")
    assert shown["name"] == "Acme Corp", shown
    table = account.client("dynamodb")
    key = {"pk": {"S": "TENANT#acme"}, "sk": {"S": "PROFILE"}}
    row = table.get_item(TableName=stack.outputs()["TableName"], Key=key)["Item"]
    # What changes something says whose credentials did.
    assert "arn:aws:" in row["event"]["M"]["user_agent"]["S"], row["event"]
    # Another name is no stack, and a clear word.
    refused = run(account, "gatehouse-none", "tenants", "show", "acme")
    assert refused.returncode == 1 and "there is no stack gatehouse-none" in refused.stderr, refused
    return 3


def said(account, stack_name, *command):
    done = run(account, stack_name, "--json", *command)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(account, stack_name, *command):
    environment = {
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_ENDPOINT_URL": account.url,
        "AWS_REGION": REGION,
        "HOME": os.environ.get("HOME", "/"),
        "PATH": os.environ["PATH"],
    }
    arguments = [GATEHOUSE, "--stack-name", stack_name, *command]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)
