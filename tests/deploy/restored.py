"""A table that was restored from a backup has another name: the stack takes it for its own."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from created import role
from emulation import Stack
from template import Values


def adopted(account, template, parameters):
    """Restores a table and has a stack adopt it; how many functions work with it then. As a stack of its
    own, since the emulation, which is wrong there, would remove a table that an update leaves out."""
    restored = restore(account, template, parameters, "gatehouse-restored-1")
    without, with_table = templates(template, restored)
    # What is imported is the table alone.
    table = with_table["Resources"].pop("Table")
    assert with_table == without
    assert table["DeletionPolicy"] == "Retain" and table["Type"] == "AWS::DynamoDB::Table"
    # The usual deployment after the import adds the policy, and it alone.
    usual = template["Resources"]["Table"]["Properties"]
    left_out = {name: usual[name] for name in usual if name not in table["Properties"]}
    assert list(left_out) == ["ResourcePolicy"], left_out
    assert table["Properties"] == {name: usual[name] for name in usual if name not in left_out}
    for text in ('"Ref": "Table"', '"Table", "Arn"', "${Table"):
        assert text not in json.dumps(without), text

    stack = Stack(account, "gatehouse-restored", without)
    stack.deploy(parameters)
    physical = stack.physical()
    assert "Table" not in physical
    return works_with(account, stack, physical, restored)


def restore(account, template, parameters, name):
    """The table that `restore-table-to-point-in-time` makes; with a stream, which comes after."""
    dynamodb = account.client("dynamodb")
    usual = Values(template, "gatehouse", parameters, {}, {}).properties("Table")
    members = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    stream = usual["StreamSpecification"] | {"StreamEnabled": True}
    made = dynamodb.create_table(
        TableName=name,
        StreamSpecification=stream,
        # What CloudFormation calls SSEEnabled.
        SSESpecification={"Enabled": usual["SSESpecification"]["SSEEnabled"]},
        **{member: usual[member] for member in members},
    )
    return made["TableDescription"]


def templates(template, restored):
    with tempfile.TemporaryDirectory() as folder:
        deployed = Path(folder) / "deployed.json"
        deployed.write_text(json.dumps(template), encoding="utf-8")
        of_it = [restored[member] for member in ("TableName", "TableArn", "LatestStreamArn")]
        program = [sys.executable, "deploy/adopt_table.py", str(deployed), *of_it]
        subprocess.run(program, check=True, capture_output=True)
        paths = (deployed.with_name(name) for name in ("without-table.json", "with-table.json"))
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def works_with(account, stack, physical, restored):
    functions = 0
    for name, resource in stack.template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function":
            client = account.client("lambda")
            found = client.get_function_configuration(FunctionName=physical[name])
            assert found["Environment"]["Variables"]["TABLE_NAME"] == restored["TableName"], name
            functions += 1
        if resource["Type"] == "AWS::IAM::Role":
            policy = role(account.client, physical[name], resource["Properties"])["Policies"]
            assert "dynamodb:" not in str(policy) or restored["TableArn"] in str(policy), name
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            assert resource["Properties"]["EventSourceArn"] == restored["LatestStreamArn"]
    return functions
