"""What the emulation cannot show, read in the transformed template itself: a value for a value."""

import json
import re

from template import NOTHING, UNKNOWN, Values, transformed

# CloudFormation gives each resource a name of its own, so that a stack that was rolled back or kept its
# table blocks no other.
NAMES = [
    "AlarmName", "DashboardName", "FunctionName", "LogGroupName", "Name", "QueueName", "RoleName",
    "TableName", "TopicName",
]
# Whose names are references or the operator's words.
NAMED = ["AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission", "AWS::Route53::RecordSet"]
# What has to outlive its stack, or all that the stack knew is gone with it.
KEPT = {
    "Table": "Retain",
    "KeysSecret": "RetainExceptOnCreate",
    "PasswordsSecret": "RetainExceptOnCreate",
    "EncryptionKeyOfStack": "RetainExceptOnCreate",
    "LogGroup": "RetainExceptOnCreate",
    "AccessLogGroup": "RetainExceptOnCreate",
    "AuditQueue": "RetainExceptOnCreate",
}
# What a line of the access log may hold (API Gateway, "logging variables for HTTP APIs"): nothing that
# a caller has written.
LOGGED = [
    "authorizer.error", "error.responseType", "identity.sourceIp", "integration.requestId",
    "integrationLatency", "protocol", "requestId", "requestTime", "responseLatency", "responseLength",
    "routeKey", "status",
]
USUAL = {"Stage": "dev", "Audience": "gatehouse-dev"}
MOST_ALARMS = 10


def promised(template):
    """Reads all of it."""
    for part in (names, keeps, table, who_writes_keys, secrets, api, access_log, domain, alarms, logs, key):
        part(template)


def values(template, **parameters):
    return Values(template, "gatehouse-dev", USUAL | parameters, {}, {})


def names(template):
    for name, resource in template["Resources"].items():
        for member in NAMES:
            given = member in resource.get("Properties", {})
            assert not given or resource["Type"] in NAMED, f"{name} has a {member}"


def keeps(template):
    for name, policy in KEPT.items():
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == policy, name
        assert resource["UpdateReplacePolicy"] == "Retain", name


def table(template):
    usual = values(template).properties("Table")
    assert usual["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert usual["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert usual["SSESpecification"] == {"SSEEnabled": True}
    assert usual["DeletionProtectionEnabled"] is True
    own = values(template, EncryptionKey="own").properties("Table")
    expected = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": UNKNOWN}
    assert own["SSESpecification"] == expected


def who_writes_keys(template):
    """The table's policy, tried with principals as IAM names them."""
    account = "arn:aws:iam::123456789012"
    login = f"{account}:role/gatehouse-dev/functions/gatehouse-dev-LoginRole-1"
    rotation = f"{account}:role/gatehouse-dev/rotation/gatehouse-dev-RotateKeysRole-1"
    ann, bob = f"{account}:user/ann", f"{account}:role/bob"
    expected = {
        "": {login: True, rotation: False, ann: False, bob: False},
        f"{ann},{account}:role/operators/*": {login: True, rotation: False, ann: False, bob: True},
    }
    for operators, denied in expected.items():
        policy = values(template, OperatorArns=operators).properties("Table")["ResourcePolicy"]
        [statement] = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        writes = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
        assert {f"dynamodb:{write}" for write in writes} <= set(statement["Action"])
        conditions = dict(statement["Condition"])
        keys = conditions.pop("ForAnyValue:StringEquals")
        assert keys == {"dynamodb:LeadingKeys": "KEYS"}
        [(operator, of)] = conditions.items()
        patterns = of["aws:PrincipalArn"]
        patterns = patterns if isinstance(patterns, list) else [patterns]
        for principal, is_denied in denied.items():
            matches = any(like(pattern, principal) for pattern in patterns)
            assert {"ArnLike": matches, "ArnNotLike": not matches}[operator] == is_denied, principal
    # The paths that the policy goes by are those of the roles.
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            part = "rotation" if name == "RotateKeysRole" else "functions"
            path = values(template).properties(name)["Path"]
            assert path == f"/gatehouse-dev/{part}/", name


def like(pattern, text):
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), text) is not None


def secrets(template):
    for name in ("KeysSecret", "PasswordsSecret"):
        usual = values(template).properties(name)
        assert json.loads(usual["SecretString"]) == {"ring": None}, name
        assert "KmsKeyId" not in usual, name
        assert values(template, EncryptionKey="own").properties(name)["KmsKeyId"] == UNKNOWN, name


def api(template):
    """Every route with its function, and what the stage lets through."""
    usual = values(template).properties("Api")["Body"]
    assert usual["openapi"].startswith("3.")
    routes = 0
    for path, methods in usual["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            assert integration["payloadFormatVersion"] == "2.0", f"{method} {path}"
            assert integration["type"] == "aws_proxy", f"{method} {path}"
            routes += 1
    permissions = [
        resource
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Permission"
        and resource["Properties"]["Principal"] == "apigateway.amazonaws.com"
    ]
    assert routes == len(permissions), (routes, len(permissions))
    assert "x-amazon-apigateway-cors" not in usual
    origins = "https://app.example.com,https://admin.example.com"
    given = {"CorsAllowOrigins": origins}
    cors = values(transformed("template.yaml", given), **given).properties("Api")["Body"]
    cors = cors["x-amazon-apigateway-cors"]
    assert cors["allowOrigins"] == origins.split(",")
    assert set(cors["allowMethods"]) >= {"GET", "POST", "PATCH", "DELETE"}
    assert "authorization" in cors["allowHeaders"]
    assert cors.get("allowCredentials") is not True
    stage = values(template, ThrottleRate=20, ThrottleBurst=40)
    stage = stage.properties("ApiApiGatewayDefaultStage")
    settings = stage["DefaultRouteSettings"]
    assert settings == {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}
    assert stage["AutoDeploy"] is True and stage["StageName"] == "$default"


def access_log(template):
    """Each line is JSON, whatever is called, and holds nothing that a caller could write."""
    settings = values(template).properties("ApiApiGatewayDefaultStage")["AccessLogSettings"]
    line = settings["Format"]
    variables = re.findall(r"\$context\.([A-Za-z.]+)", line)
    assert "\n" not in line and sorted(variables) == LOGGED, sorted(variables)
    filled = re.sub(r"\$context\.[A-Za-z.]+", "-", line)
    assert len(json.loads(filled)) == len(LOGGED)


def domain(template):
    without = values(template).resources()
    assert not {"Domain", "DomainMapping", "DomainRecord"} & set(without)
    given = {"DomainName": "auth.example.com", "CertificateArn": "arn:aws:acm:certificate"}
    alone = values(template, **given)
    assert {"Domain", "DomainMapping"} <= set(alone.resources())
    assert "DomainRecord" not in alone.resources()
    [configuration] = alone.properties("Domain")["DomainNameConfigurations"]
    expected = {"CertificateArn": "arn:aws:acm:certificate", "EndpointType": "REGIONAL"}
    assert configuration == expected | {"SecurityPolicy": "TLS_1_2"}
    assert alone.of(template["Outputs"]["ApiUrl"]["Value"]) == "https://auth.example.com"
    assert values(template).of(template["Outputs"]["ApiUrl"]["Value"]) == UNKNOWN
    mapping = template["Resources"]["DomainMapping"]["Properties"]
    assert mapping["Stage"] == {"Ref": "ApiApiGatewayDefaultStage"}
    zoned = values(template, HostedZoneId="Z1", **given)
    record = zoned.properties("DomainRecord")
    assert (record["Name"], record["Type"], record["HostedZoneId"]) == ("auth.example.com", "A", "Z1")
    # A zone or a domain alone is refused before anything is made.
    for rule in template["Rules"].values():
        needs = zoned.of(rule["RuleCondition"])
        kept = all(zoned.of(assertion["Assert"]) for assertion in rule["Assertions"])
        assert needs and kept
    lacking = values(template, DomainName="auth.example.com")
    [assertion] = template["Rules"]["DomainHasCertificate"]["Assertions"]
    assert not lacking.of(assertion["Assert"])
    lacking = values(template, HostedZoneId="Z1")
    [assertion] = template["Rules"]["ZoneHasDomain"]["Assertions"]
    assert not lacking.of(assertion["Assert"])


def alarms(template):
    """Each tells whoever is named, and none takes silence for trouble."""
    found = [
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert 8 <= len(found) <= MOST_ALARMS, found
    topic = "arn:aws:sns:us-east-1:123456789012:alarms"
    for name in found:
        usual = values(template).properties(name)
        # The ring is measured once a month: its alarm rings until the next time.
        missing = "ignore" if name == "RingSizeAlarm" else "notBreaching"
        assert usual["TreatMissingData"] == missing, name
        assert usual["AlarmDescription"] and usual["AlarmActions"] == [], name
        told = values(template, AlarmTopicArn=topic, AlarmEmail="operator@example.com")
        assert told.properties(name)["AlarmActions"] == [topic, UNKNOWN], name
        # Account-wide on purpose: see the template.
        assert "Dimensions" in usual or name == "FunctionThrottlesAlarm", name
    assert "AlarmTopic" not in values(template).resources()
    mail = values(template, AlarmEmail="operator@example.com").properties("AlarmTopic")
    assert mail["Subscription"] == [{"Protocol": "email", "Endpoint": "operator@example.com"}]


def logs(template):
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function":
            function = values(template).properties(name)
            assert function["LoggingConfig"]["LogGroup"] == UNKNOWN, name
            assert resource["Properties"]["LoggingConfig"]["LogGroup"] == {"Ref": "LogGroup"}, name
            assert function["Architectures"] == ["arm64"], name
            other = values(template, Architecture="x86_64").properties(name)
            assert other["Architectures"] == ["x86_64"], name


def key(template):
    """Nobody outside of the account, and nobody past a service of ours, uses the key of the stack."""
    own = values(template, EncryptionKey="own")
    assert "EncryptionKeyOfStack" not in values(template).resources()
    properties = own.properties("EncryptionKeyOfStack")
    assert properties["EnableKeyRotation"] is True
    administers, used, logs_ = properties["KeyPolicy"]["Statement"]
    assert administers["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    condition = used["Condition"]["StringEquals"]
    services = ("dynamodb", "secretsmanager", "sqs")
    expected = [f"{service}.us-east-1.amazonaws.com" for service in services]
    assert condition == {"kms:CallerAccount": "123456789012", "kms:ViaService": expected}
    assert logs_["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    assert own.properties("LogGroup")["KmsKeyId"] == UNKNOWN
    assert own.properties("AuditQueue")["KmsMasterKeyId"] == UNKNOWN
    assert "SqsManagedSseEnabled" not in own.properties("AuditQueue")
    assert values(template).properties("AuditQueue")["SqsManagedSseEnabled"] is True
    assert NOTHING not in own.properties("AuditQueue").values()
