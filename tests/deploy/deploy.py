"""Deploys the transformed template onto an emulated CloudFormation, changes it and takes it away."""

import json
import sys

from architecture import stages
from created import NOT_KEPT, NOT_MADE, compared
from emulation import Account, Stack
from examined import examined
from operator_line import operated
from promised import promised
from restored import adopted
from template import transformed

# CloudFormation's own limits (quotas of 2025).
MOST_RESOURCES = 500
LARGEST_TEMPLATE = 1_000_000

USUAL = {"Stage": "dev", "Audience": "gatehouse-dev"}
# Not the retention of logs: the emulation loses what is changed of them, and of the table.
CHANGED = USUAL | {"AlarmEmail": "operator@example.com", "LoginRateLimit": "7"}
# Everything that is off by default, but the domain, which the emulation cannot follow.
EVERYTHING = {
    "AlarmEmail": "operator@example.com",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
    "Architecture": "x86_64",
    "Audience": "gatehouse-prod",
    "CorsAllowOrigins": "https://app.example.com,https://admin.example.com",
    "Dashboard": "true",
    "EncryptionKey": "own",
    "Issuer": "https://auth.example.com",
    "LogRetentionDays": "90",
    "LoginReservedConcurrency": "5",
    "OperatorArns": "arn:aws:iam::123456789012:role/operators/*,arn:aws:iam::123456789012:user/ann",
    "Stage": "prod",
}


def main():
    template = transformed("template.yaml")
    total = len(template["Resources"])
    assert total <= MOST_RESOURCES, total
    assert len(json.dumps(template)) <= LARGEST_TEMPLATE
    promised(template)
    print(f"{total} resources, of {MOST_RESOURCES} that a stack may have")
    print(f"built for what they run on: {stages()} stages")
    account = Account()
    try:
        stack = Stack(account, "gatehouse-dev", template)
        print(f"created and compared: {deployed(stack, USUAL)}")
        before = stack.physical()
        print(f"changed and compared: {deployed(stack, CHANGED)}")
        after = stack.physical()
        # What exists is changed, and never made anew under another name.
        assert before.items() <= after.items(), before.items() - after.items()
        print(f"commands of the operator: {operated(account, stack)}")
        print(f"looked at by doctor: {examined(account, stack, CHANGED)} times")
        full = Stack(account, "gatehouse-prod", template)
        print(f"with everything on, created and compared: {deployed(full, EVERYTHING)}")
        stack.delete()
        tables = account.client("dynamodb").list_tables()["TableNames"]
        assert before["Table"] in tables, "the table went with its stack"
        print("deleted, but for the table")
        print(f"with a restored table: {adopted(account, template, USUAL)} functions")
        for kind in NOT_MADE:
            print(f"not shown: {kind}")
        for kind, members in NOT_KEPT.items():
            for member in members:
                print(f"not shown: {member} of {kind}")
    finally:
        account.stop()


def deployed(stack, parameters):
    stack.deploy(parameters)
    counts = compared(stack)
    return sum(counts.values())


if __name__ == "__main__":
    sys.exit(main())
