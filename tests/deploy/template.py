"""template.yaml after the SAM transform, and the values of its intrinsic functions in a stack."""

import os
import re

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

REGION = "us-east-1"
ACCOUNT = "123456789012"

# Where `sam deploy` puts what it has built, as far as the transform looks.
ARTIFACTS = {"bucket": "artifacts", "key": "functions.zip"}

# What the emulation has not made, and so gives no value to.
UNKNOWN = "<unknown>"
# `!Ref AWS::NoValue`.
NOTHING = object()


class NoManagedPolicies:
    """The template names no managed policy by its name, so none has to be looked up in an account."""

    def load(self):
        return {}


def transformed(path, parameters=()):
    """What CloudFormation is given: resources of its own types alone. The transform puts the values of
    parameters in by itself where it looks at them."""
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    # The transform asks its own session of AWS for the region, and it for nothing else.
    os.environ["AWS_DEFAULT_REGION"] = REGION
    template["Globals"]["Function"]["CodeUri"] = "s3://{bucket}/{key}".format(**ARTIFACTS)
    return transform(template, {"AWS::Region": REGION} | dict(parameters), NoManagedPolicies())


class Values:
    """The values that a template's functions have in a stack of these parameters."""

    def __init__(self, template, stack_name, parameters, physical, attributes):
        self.template = template
        self.physical = physical
        self.attributes = attributes
        self.references = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NoValue": NOTHING,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackName": stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        for name, parameter in template["Parameters"].items():
            value = parameters.get(name, parameter.get("Default"))
            if parameter["Type"] == "CommaDelimitedList":
                value = str(value).split(",")
            self.references[name] = value

    def condition(self, name):
        return self.of(self.template["Conditions"][name])

    def resources(self):
        """The resources that the stack has by its conditions."""
        return {
            name: resource
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }

    def properties(self, name):
        return self.of(self.template["Resources"][name].get("Properties", {}))

    def of(self, value):
        if isinstance(value, list):
            items = [self.of(item) for item in value]
            return [item for item in items if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(function, argument)] = value.items()
            if function == "Ref":
                return self.reference(argument)
            if function == "Condition" and isinstance(argument, str):
                return self.condition(argument)
            if function.startswith("Fn::"):
                return getattr(self, function.removeprefix("Fn::").lower() + "_")(argument)
        members = {name: self.of(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not NOTHING}

    def reference(self, name):
        if name in self.references:
            return self.references[name]
        assert name in self.template["Resources"], f"a reference to {name}, which is nowhere"
        return self.physical.get(name, UNKNOWN)

    def getatt_(self, argument):
        name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
        assert name in self.template["Resources"], f"an attribute of {name}, which is nowhere"
        return self.attributes.get((name, attribute), UNKNOWN)

    def if_(self, argument):
        condition, yes, no = argument
        return self.of(yes if self.condition(condition) else no)

    def equals_(self, argument):
        one, other = (self.of(side) for side in argument)
        return str(one) == str(other)

    def not_(self, argument):
        return not self.of(argument[0])

    def and_(self, argument):
        return all(self.of(condition) for condition in argument)

    def join_(self, argument):
        separator, parts = argument[0], self.of(argument[1])
        return UNKNOWN if UNKNOWN in parts else separator.join(parts)

    def split_(self, argument):
        separator, text = argument[0], self.of(argument[1])
        return UNKNOWN if text == UNKNOWN else text.split(separator)

    def sub_(self, argument):
        text, own = argument if isinstance(argument, list) else (argument, {})
        own = {name: self.of(value) for name, value in own.items()}
        unknown = False

        def value(match):
            nonlocal unknown
            name = match.group(1)
            if name in own:
                found = own[name]
            elif "." in name:
                found = self.getatt_(name)
            else:
                found = self.reference(name)
            unknown = unknown or found == UNKNOWN
            return str(found)

        text = re.sub(r"\$\{([^}]+)\}", value, text)
        return UNKNOWN if unknown else text


def differences(expected, actual, place=""):
    """Where what was created is not as the template says; what has no known value is no difference."""
    if expected == UNKNOWN:
        return []
    if isinstance(expected, dict) and isinstance(actual, dict):
        found = []
        for name, value in expected.items():
            if name not in actual:
                if value == UNKNOWN:
                    continue
                found.append(f"{place}.{name} is missing")
            else:
                found += differences(value, actual[name], f"{place}.{name}")
        return found
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        found = []
        for index, (one, other) in enumerate(zip(expected, actual)):
            found += differences(one, other, f"{place}[{index}]")
        return found
    # Numbers of parameters are text in one place and numbers in another.
    if str(expected) == str(actual) or (isinstance(expected, bool) and str(expected).lower() == str(actual)):
        return []
    return [f"{place} is {actual!r}, not {expected!r}"]
