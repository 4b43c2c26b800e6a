"""An emulated AWS account (moto's server, on a free port of this machine) and stacks deployed there."""

import io
import json
import logging
import zipfile

import boto3
from botocore.exceptions import ClientError
from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer

from template import ARTIFACTS, REGION, UNKNOWN, Values


class Account:
    """The account. Nothing in it knows of a network: whatever has the URL works on this machine."""

    def __init__(self):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        # The stream of the table calls `audit`, which nothing here can run.
        default_user_config["lambda"]["use_docker"] = False
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.session = boto3.Session("emulated", "emulated", region_name=REGION)
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("bootstrap", "")
        self.client("s3").create_bucket(Bucket=ARTIFACTS["bucket"])
        self.client("s3").put_object(
            Bucket=ARTIFACTS["bucket"], Key=ARTIFACTS["key"], Body=package.getvalue()
        )

    def client(self, service):
        return self.session.client(service, endpoint_url=self.url)

    def stop(self):
        self.server.stop()


class Stack:
    """A stack in the account."""

    def __init__(self, account, name, template):
        self.account = account
        self.name = name
        self.template = template
        self.parameters = {}

    def deploy(self, parameters):
        """Creates the stack, or updates it, as `sam deploy` does."""
        cloudformation = self.account.client("cloudformation")
        deploy = cloudformation.update_stack if self.parameters else cloudformation.create_stack
        self.parameters = parameters
        deploy(
            StackName=self.name,
            TemplateBody=json.dumps(self.template),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        status = self.described()["StackStatus"]
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), status

    def described(self):
        [stack] = self.account.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return stack

    def outputs(self):
        outputs = self.described()["Outputs"]
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def physical(self):
        """Names by logical name; what the emulation has left out is not among them."""
        resources = self.account.client("cloudformation").describe_stack_resources(StackName=self.name)
        return {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", UNKNOWN)
            for resource in resources["StackResources"]
            if "LogicalResourceId" in resource
        }

    def values(self):
        """The values that the template's functions have, those of what was made."""
        physical = self.physical()
        values = Values(self.template, self.name, self.parameters, physical, {})
        for name, resource in values.resources().items():
            if name in physical:
                self.attributes(name, resource["Type"], physical[name], values.attributes)
        return values

    def attributes(self, name, kind, physical, into):
        client = self.account.client
        if kind == "AWS::IAM::Role":
            into[name, "Arn"] = client("iam").get_role(RoleName=physical)["Role"]["Arn"]
        elif kind == "AWS::Lambda::Function":
            found = client("lambda").get_function_configuration(FunctionName=physical)
            into[name, "Arn"] = found["FunctionArn"]
        elif kind == "AWS::DynamoDB::Table":
            table = client("dynamodb").describe_table(TableName=physical)["Table"]
            into[name, "Arn"] = table["TableArn"]
            into[name, "StreamArn"] = table["LatestStreamArn"]
        elif kind == "AWS::SQS::Queue":
            queue = client("sqs").get_queue_attributes(QueueUrl=physical, AttributeNames=["QueueArn"])
            into[name, "Arn"] = queue["Attributes"]["QueueArn"]
            into[name, "QueueName"] = queue["Attributes"]["QueueArn"].rsplit(":", 1)[1]
        elif kind == "AWS::KMS::Key":
            keys = client("kms").list_keys()["Keys"]
            [into[name, "Arn"]] = [key["KeyArn"] for key in keys if key["KeyId"] == physical]
        elif kind == "AWS::Logs::LogGroup":
            [group] = client("logs").describe_log_groups(logGroupNamePrefix=physical)["logGroups"]
            # AWS's ends in `:*`, which is its log streams; the emulation's stacks leave that out.
            into[name, "Arn"] = group["arn"].removesuffix(":*")

    def delete(self):
        self.account.client("cloudformation").delete_stack(StackName=self.name)
        try:
            status = self.described()["StackStatus"]
        except ClientError:
            return
        raise AssertionError(f"the stack is still there: {status}")
