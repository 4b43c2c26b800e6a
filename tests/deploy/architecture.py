"""What `make deploy` builds, packs and deploys is for one architecture, the one of the stage."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from template import Values, transformed

# A file's beginning, as the linkers of both architectures make it, up to the machine.
PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00"
MACHINES = {"arm64": b"\xb7\x00", "x86_64": b"\x3e\x00"}


def stages():
    """Checks each stage of samconfig.toml; how many there are."""
    tables = Path("samconfig.toml").read_text(encoding="utf-8").split("\n[")
    found = [table.split(".")[0] for table in tables if ".deploy.parameters]" in table]
    for stage in found:
        [table] = [table for table in tables if table.startswith(f"{stage}.deploy.parameters]")]
        [overrides] = re.findall(r'^parameter_overrides = "(.*)"$', table, re.MULTILINE)
        [architecture] = re.findall(r"(?:^| )Architecture=(\S+)", overrides)
        commands = dry_run(f"CONFIG_ENV={stage}").stdout
        assert f" build --release --{architecture.replace('_', '-')} " in commands, commands
        [given] = re.findall(r"samcli build .*--parameter-overrides (\S+)", commands)
        assert given == f"Architecture={architecture}", given
        assert f"machines.py {architecture}\n" in commands, commands
        built_for(dict([given.split("=")]))
    refused("CONFIG_ENV=dev", "ARCHITECTURE=x86_64", because="ARCHITECTURE is x86_64, but")
    refused("CONFIG_ENV=none", because="samconfig.toml has no Architecture")
    other_stage()
    machines()
    return len(found)


def built_for(parameters):
    """`sam build` builds each function for the architecture that this gives it."""
    template = transformed("template.yaml", parameters)
    values = Values(template, "gatehouse", parameters, {}, {})
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function":
            assert values.properties(name)["Architectures"] == [parameters["Architecture"]], name


def other_stage():
    """A stage that says x86_64, in a copy of the two files, gets that; what a comment says does not count."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("Makefile", "samconfig.toml"):
            text = Path(name).read_text(encoding="utf-8")
            text = text.replace("gatehouse-prod Architecture=arm64", "gatehouse-prod Architecture=x86_64")
            text = text.replace("[prod.deploy.parameters]\n", "[prod.deploy.parameters]\n# Architecture=arm64\n")
            (Path(folder) / name).write_text(text, encoding="utf-8")
        commands = dry_run("CONFIG_ENV=prod", folder=folder).stdout
        assert "--release --x86-64 " in commands, commands
        assert "--parameter-overrides Architecture=x86_64\n" in commands, commands
        built_for({"Architecture": "x86_64"})


def machines():
    """A function for the other architecture is found before it is deployed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, architecture in (("LoginFunction", "arm64"), ("JwksFunction", "x86_64")):
            binary = Path(folder) / name / "bootstrap"
            binary.parent.mkdir()
            binary.write_bytes(PROGRAM + MACHINES[architecture])
        program = [sys.executable, "deploy/machines.py", "arm64", folder]
        done = subprocess.run(program, capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr == "not built for arm64: JwksFunction\n", done
        binary.write_bytes(PROGRAM + MACHINES["arm64"])
        done = subprocess.run(program, capture_output=True, text=True)
        assert done.stdout == "2 functions, for arm64\n", done


def dry_run(*arguments, folder=".", target="deploy"):
    """`make`, which only says what it would do."""
    return make("--dry-run", target, *arguments, folder=folder)


def refused(*arguments, because):
    done = make("one-architecture", *arguments)
    assert done.returncode != 0 and done.stderr.startswith(because), done


def make(*arguments, folder="."):
    # Not what a `make` around the tests was given.
    own = {"ARCHITECTURE", "CONFIG_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    program = ["make", *arguments]
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True)
