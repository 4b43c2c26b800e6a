"""What documents.py reads out of an API document, runs, and compares with what is printed."""

import json
import random
import re
import shlex
import socket
import subprocess
import sys
import threading

# Members of an answer that may have another value than the one that is printed.
VARIES = {"token", "accessToken", "refreshToken", "request_id", "id"}
VARIES |= {"created_at", "updated_at", "last_login"}
# The token of every example.
PRINTED_TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..."


def fail(why):
    sys.exit(f"documents.py: {why}")


class Address:
    """A port whose connections reach the stack from a loopback address of its own (Linux).

    Logins are limited by address, and printed examples do not choose theirs.
    """

    def __init__(self, stack):
        self.renew()
        self.stack = stack
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def renew(self):
        """Another address from the next connection on."""
        self.source = f"127.24.{random.randrange(256)}.{random.randrange(1, 255)}"

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(self.stack, source_address=(self.source, 0))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.copy, args=pair, daemon=True).start()

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def run(command, script=""):
    """What a program printed, which must have ended well."""
    done = subprocess.run(
        command, input=script, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        fail(f"{command[0]} ended with exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def request(base, method, path, body=None, token=None):
    """One call of our own, for what a document describes without a command: status and answer."""
    command = ["curl", "--silent", "--write-out", "\n%{http_code}", "-X", method, base + path]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    if token is not None:
        command += ["-H", f"Authorization: Bearer {token}"]
    answer, _, status = run(command).rpartition("\n")
    return int(status), json.loads(answer)


def check(name, printed, answered):
    """Every member that is printed is there, with its value or, in VARIES, a value of its kind."""
    for member, value in printed.items():
        if member not in answered:
            fail(f"{name}: the answer has no {member}")
        given = answered[member]
        if isinstance(value, dict):
            check(name, value, given)
        elif member == "id":
            # 000 prints a number once, strings everywhere else: ids are strings.
            if not isinstance(given, str):
                fail(f"{name}: id is no string")
        elif member in VARIES:
            if not isinstance(given, type(value)):
                fail(f"{name}: {member} is of another type")
        elif isinstance(value, str) and value.endswith("..."):
            # The rest is left to the reader.
            if not given.startswith(value.removesuffix("...").rstrip()):
                fail(f"{name}: {member} does not begin as {value!r}")
        elif given != value:
            fail(f"{name}: {member} is not {value!r}")


def example(name, printed, answered):
    check(name, printed, answered)
    print(f"ok {name}")


def described(name, expected, printed, response):
    """The status and the answer of a call that a document describes."""
    status, answered = response
    if status != expected:
        fail(f"{name}: status {status}, expected {expected}")
    example(name, printed, answered)
    return answered


def objects(text):
    """The JSON objects printed in a text, without comments and lines of dots."""
    text = re.sub(r"\s+//[^\n]*|\n\s*\.\.\.(?=\n)", "", text)
    # A list that ended in dots has a comma too many.
    text = re.sub(r",(\s*})", r"\1", text)
    decoder, found, at = json.JSONDecoder(), [], text.find("{")
    while at >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
            found.append(value)
        except json.JSONDecodeError:
            at += 1
        at = text.find("{", at)
    return found


def commands(text):
    """The curl commands printed in a text, each up to the line that closes it."""
    found, open_lines = [], []
    for line in text.splitlines():
        if not open_lines and not line.startswith("curl "):
            continue
        open_lines.append(line)
        try:
            shlex.split("\n".join(open_lines))
        except ValueError:
            continue
        if not line.endswith("\\"):
            found.append("\n".join(open_lines))
            open_lines = []
    return found


def between(text, start, end=None):
    if start not in text:
        fail(f"a document has no {start.strip()!r}")
    rest = text.split(start, 1)[1]
    return rest.split(end, 1)[0] if end else rest


def bash(command):
    """What a printed command answers; only curl's progress meter is turned off."""
    return json.loads(run(["bash", "-s"], command.replace("curl ", "curl -s ", 1)))


def indented(code, depths):
    """A program whose indentation the document has lost: a digit of depths for each line of it."""
    lines = [line for line in code.splitlines() if line.strip()]
    if len(lines) != len(depths):
        fail(f"a program has {len(lines)} lines, expected {len(depths)}")
    return "\n".join("    " * int(depth) + line for line, depth in zip(lines, depths)) + "\n"
