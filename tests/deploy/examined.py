"""What `gatehouse doctor` finds of a deployed table and its secrets, as they should be and otherwise."""

import json

from emulation import Stack
from operator_line import run
from restored import restore

ROTATIONS = ("rotation.signing", "rotation.passwords")


def examined(account, stack, parameters):
    """Has it look at a stack; how many times it did. The emulation leaves out of a stack what it is to find
    there, and so it is found to be missing, then added by hand to one that it is a part of."""
    bare = found(account, stack)
    missing = {
        "table.ttl": "off: rows that have expired stay and are paid for",
        "table.recovery": "off: what is lost cannot be brought back",
        "table.encryption": "by a key that DynamoDB owns, whose use no log shows",
        "table.policy": "there is none, so that only IAM keeps KEYS to rotation",
    }
    for check, detail in missing.items():
        assert bare[check] == ("fail", detail), bare[check]
    assert bare["table.protection"] == ("ok", "on"), bare
    for check in ROTATIONS:
        assert bare[check] == ("fail", "ResourceNotFoundException"), bare[check]

    whole, table, secrets = made(account, stack.template, parameters)
    unfinished = found(account, whole)
    assert unfinished["table.protection"] == ("fail", "off: anybody may delete the table"), unfinished
    for check in ROTATIONS:
        assert unfinished[check] == ("fail", "there is no schedule"), unfinished[check]
    finish(account, stack, table)
    client = account.client("secretsmanager")
    function = stack.physical()["RotateKeysFunction"]
    arn = account.client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
    rules = {"AutomaticallyAfterDays": 30}
    for secret in secrets:
        client.rotate_secret(
            SecretId=secret, RotationLambdaARN=arn, RotationRules=rules, RotateImmediately=False
        )
    pending = found(account, whole)
    for check in ROTATIONS:
        status, detail = pending[check]
        assert status == "warn" and detail.endswith("or has stopped half way"), pending[check]
    for secret in secrets:
        give_up(client, secret)
    well = found(account, whole)
    for check in [*missing, "table.protection", *ROTATIONS]:
        assert well[check][0] == "ok", (check, well[check])
    return 4


def made(account, template, parameters):
    """A stack of a table and of secrets that the emulation has not made by itself."""
    client = account.client("secretsmanager")
    secrets = [
        client.create_secret(Name=name, SecretString="{}")["ARN"] for name in ("keys", "passwords")
    ]
    table = restore(account, template, parameters, "gatehouse-examined-1")
    template = json.loads(json.dumps(template))
    values = (table["TableName"], *secrets)
    for output, value in zip(("TableName", "KeysSecretArn", "PasswordsSecretArn"), values):
        template["Outputs"][output]["Value"] = value
    whole = Stack(account, "gatehouse-examined", template)
    whole.deploy(parameters)
    return whole, table, secrets


def finish(account, stack, table):
    """Gives the table what the template has for it."""
    client = account.client("dynamodb")
    usual = stack.values().properties("Table")
    name = table["TableName"]
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=usual["TimeToLiveSpecification"])
    recovery = usual["PointInTimeRecoverySpecification"]
    client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    client.update_table(TableName=name, DeletionProtectionEnabled=usual["DeletionProtectionEnabled"])
    policy = json.dumps(usual["ResourcePolicy"]["PolicyDocument"])
    client.put_resource_policy(ResourceArn=table["TableArn"], Policy=policy)


def give_up(client, secret):
    """Ends the rotation that is under way."""
    versions = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
    [pending] = [version for version, stages in versions.items() if stages == ["AWSPENDING"]]
    client.update_secret_version_stage(
        SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=pending
    )


def found(account, stack):
    """What each check says."""
    done = run(account, stack.name, "--json", "doctor", "--read-only")
    # Here is no API that could be well.
    assert done.returncode == 1, done
    checks = json.loads(done.stdout)["checks"]
    return {check["check"]: (check["status"], check["detail"]) for check in checks}
