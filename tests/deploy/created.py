"""What the emulation has created, compared with what the template says."""

import ast
import json
from urllib.parse import unquote

from template import differences

# What the emulation leaves out of what it makes, or does otherwise than AWS, by type: no property of
# these is compared with what was created. `promised.py` reads them in the transformed template.
NOT_KEPT = {
    "AWS::DynamoDB::Table": [
        "TimeToLiveSpecification",
        "PointInTimeRecoverySpecification",
        "SSESpecification",
        "ResourcePolicy",
    ],
    "AWS::Logs::LogGroup": ["KmsKeyId"],
    "AWS::KMS::Key": ["Description", "EnableKeyRotation", "KeyPolicy"],
    "AWS::Lambda::Function": ["Architectures", "LoggingConfig", "Tags"],
}
# What it makes nothing of, and says that it did.
NOT_MADE = [
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    # It could, but not of a domain that it has not made.
    "AWS::Route53::RecordSet",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::Secret",
]


def compared(stack):
    """Compares all that was created; how many of each type."""
    values = stack.values()
    counts, found = {}, []
    for name, resource in values.resources().items():
        kind = resource["Type"]
        if kind in NOT_MADE:
            # Should the emulation learn it one day, it has to be compared.
            assert name not in values.physical, f"{kind} is made by now: compare it"
            continue
        if name not in values.physical:
            found.append(f"{name} was not created")
            continue
        expected = values.properties(name)
        for member in NOT_KEPT.get(kind, []):
            expected.pop(member, None)
        actual = COMPARED[kind](stack.account.client, values.physical[name], expected)
        found += differences(expected, actual, name)
        counts[kind] = counts.get(kind, 0) + 1
    left = set(values.physical) - set(values.resources())
    found += [f"{name} is there, against its condition" for name in left]
    assert not found, "\n".join(found)
    return counts


def function(client, name, expected):
    lambda_ = client("lambda")
    actual = lambda_.get_function_configuration(FunctionName=name)
    expected["Code"] = {}
    actual["Code"] = {}
    concurrency = lambda_.get_function_concurrency(FunctionName=name)
    actual |= {key: concurrency[key] for key in ["ReservedConcurrentExecutions"] if key in concurrency}
    assert ("ReservedConcurrentExecutions" in actual) == ("ReservedConcurrentExecutions" in expected)
    variables = expected["Environment"]["Variables"]
    assert set(actual["Environment"]["Variables"]) <= set(variables), name
    return actual


def role(client, name, expected):
    iam = client("iam")
    actual = iam.get_role(RoleName=name)["Role"]
    assert not iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"], name
    names = iam.list_role_policies(RoleName=name)["PolicyNames"]
    actual["Policies"] = [
        {
            "PolicyName": policy,
            "PolicyDocument": document(
                iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            ),
        }
        for policy in names
    ]
    actual["AssumeRolePolicyDocument"] = document(actual["AssumeRolePolicyDocument"])
    actual["Tags"] = actual.get("Tags", expected.get("Tags", []))
    return actual


def document(policy):
    """A policy; the emulation has some as JSON, some as Python writes them, some as they are."""
    if not isinstance(policy, str):
        return policy
    text = unquote(policy)
    return json.loads(text) if text.startswith('{"') else ast.literal_eval(text)


def table(client, name, expected):
    actual = client("dynamodb").describe_table(TableName=name)["Table"]
    actual["BillingMode"] = actual["BillingModeSummary"]["BillingMode"]
    assert actual["StreamSpecification"].pop("StreamEnabled")
    by_name = lambda items, key: sorted(items, key=lambda item: item[key])
    for side in (expected, actual):
        side["AttributeDefinitions"] = by_name(side["AttributeDefinitions"], "AttributeName")
    return actual


def log_group(client, name, expected):
    [group] = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return {
        "RetentionInDays": group.get("retentionInDays"),
        "Tags": expected.get("Tags"),
    }


def queue(client, name, _):
    return client("sqs").get_queue_attributes(QueueUrl=name, AttributeNames=["All"])["Attributes"]


def permission(client, name, expected):
    policy = client("lambda").get_policy(FunctionName=expected["FunctionName"])["Policy"]
    principals = [statement["Principal"] for statement in json.loads(policy)["Statement"]]
    service = {"Service": expected["Principal"]}
    assert service in principals or expected["Principal"] in principals, (name, principals)
    return expected


def mapping(client, name, _):
    actual = client("lambda").get_event_source_mapping(UUID=name)
    actual["FunctionName"] = actual["FunctionArn"].rsplit(":", 1)[1]
    return actual


def key(client, name, _):
    assert name in [key["KeyId"] for key in client("kms").list_keys()["Keys"]]
    return {}


def dashboard(client, name, expected):
    # It names resources that are not made, so that its text has no known value: that it is JSON is all.
    body = client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    assert json.loads(body)["widgets"]
    return expected


def topic(client, name, _):
    subscriptions = client("sns").list_subscriptions_by_topic(TopicArn=name)["Subscriptions"]
    return {
        "Subscription": [
            {"Protocol": subscription["Protocol"], "Endpoint": subscription["Endpoint"]}
            for subscription in subscriptions
        ]
    }


COMPARED = {
    "AWS::CloudWatch::Dashboard": dashboard,
    "AWS::DynamoDB::Table": table,
    "AWS::IAM::Role": role,
    "AWS::KMS::Key": key,
    "AWS::Lambda::EventSourceMapping": mapping,
    "AWS::Lambda::Function": function,
    "AWS::Lambda::Permission": permission,
    "AWS::Logs::LogGroup": log_group,
    "AWS::SNS::Topic": topic,
    "AWS::SQS::Queue": queue,
}
