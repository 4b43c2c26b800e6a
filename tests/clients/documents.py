"""Runs the examples of the API documents as printed, against a stack with demonstration data.

    [EXPIRED_TOKEN=…] python3 documents.py http://127.0.0.1:9000

The documents are not part of this repository. They are read from the folder that API_DOCUMENTS
names, or else from ../shared/api-documents beside it; where neither is there, this says so and ends
with exit code 0. Of an example only the base URL and the placeholders are replaced. An answer must
have every member that the document prints; the members in VARIES may have another value.

The expired token, of good signature, is for the one refusal that no call gives at once. It changes a
password and changes it back, so no other client may run at the same time.
"""

import ast
import base64
import json
import os
import pathlib
import random
import re
import shlex
import socket
import subprocess
import sys
import threading
import time

VARIES = {"token", "accessToken", "refreshToken", "request_id", "id"}
VARIES |= {"created_at", "updated_at", "last_login"}
# What the customer's own API answers, in examples/protected-api.
OWN_API = {"status": "ready", "user": "user-123456", "tenant_id": "nuxera"}
# The API key of the demonstration data, which `make run` prints.
API_KEY = "gatehouse_NudgeScribeDemo0000001_OfTheLocalStackAloneAndWorthNothingElsewher_4ShVXm"
# How deep each line of 002's programs stands, the blank ones left out.
NOXYS_CLIENT = "000" + "0122222" + "122332" + "22222" + "1223" + "122233222" + "000"
BACKOFF = "00" + "0122" + "3333" + "21"
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


def document_000(text, stack):
    """Login, me and change-password; examples in JavaScript, Python and curl."""
    base = Address(stack).base
    usage = between(text, "\nExample Usage\n").replace("https://nuxera.cloud", base)

    # The examples go on to call the customer's own API, here the one behind the authorizer. The
    # JavaScript one defines main and leaves calling it to the reader.
    response = "API response: "
    script = between(usage, "\nJavaScript/Node.js\n", "\nPython\n") + "\nmain();\n"
    printed = run(["node", "-"], script)
    if not printed.startswith(response) or "user: 'user-123456'" not in printed:
        fail(f"000's JavaScript printed {printed!r}")
    print("ok 000's JavaScript")
    printed = run(["python3", "-"], between(usage, "\nPython\n", "\ncURL\n"))
    if not printed.startswith(response):
        fail(f"000's Python printed {printed!r}")
    example("000's Python", OWN_API, ast.literal_eval(printed.removeprefix(response)))
    login, transcribe = commands(between(usage, "\ncURL\n"))
    _, session, refused = objects(between(text, "\nLogin\n", "\nGet User Information\n"))
    wrong = {"username": "doctor.smith", "password": "no"}
    response = request(base, "POST", "/api/auth/login", wrong)
    described("000's refused login", 401, refused, response)
    # The user of the printed answer is the one that the examples sign in as; signing in also
    # clears the count of failures that the refused login added to.
    answer = bash(login)
    example("000's curl login", session, answer)
    answer = bash(transcribe.replace(PRINTED_TOKEN, answer["token"]))
    example("000's curl call of the customer's API", OWN_API, answer)

    base = Address(stack).base
    user, no_user = objects(between(text, "\nGet User Information\n", "\nChange Password\n"))
    section = between(text, "\nChange Password\n", "\nUsing the Authentication Token\n")
    change, changed, wrong, no_change = objects(section)
    back = {"currentPassword": change["newPassword"], "newPassword": change["currentPassword"]}
    who = {"username": user["email"], "password": change["currentPassword"]}
    status, answer = request(base, "POST", "/api/auth/login", who)
    if status != 200:
        fail(f"{who['username']} cannot sign in: has another client changed its password?")
    token, path = answer["token"], "/api/auth/change-password"
    for name, expected, printed, response in [
        ("me", 200, user, request(base, "GET", "/api/auth/me", None, token)),
        ("me without a token", 401, no_user, request(base, "GET", "/api/auth/me")),
        ("change without a token", 401, no_change, request(base, "POST", path, change)),
        ("refused change", 400, wrong, request(base, "POST", path, back, token)),
        ("change", 200, changed, request(base, "POST", path, change, token)),
        ("change back", 200, changed, request(base, "POST", path, back, token)),
    ]:
        described(f"000's {name}", expected, printed, response)


def document_001(text, stack):
    """Login, validate, logout and credentials, described by requests and answers."""
    base = Address(stack).base
    login, validate, logout = "/api/auth/login", "/api/auth/validate", "/api/auth/logout"
    body, session, incomplete, refused = objects(between(text, f"POST {login}\n", f"GET {validate}"))
    valid, missing, invalid = objects(between(text, f"GET {validate}\n", f"POST {logout}"))
    (out,) = objects(between(text, f"POST {logout}\n", "GET /api/auth/aws-credentials"))

    described("001's incomplete login", 400, incomplete, request(base, "POST", login, {}))
    response = request(base, "POST", login, {**body, "password": "no"})
    described("001's refused login", 401, refused, response)
    answer = described("001's login", 200, session, request(base, "POST", login, body))
    token = answer["token"]
    for name in ("aws", "nvidia"):
        path = f"/api/auth/{name}-credentials"
        (printed,) = objects(between(text, f"GET {path}\n", "\n}\n}") + "\n}\n}")
        response = request(base, "GET", path, token=token)
        described(f"001's {name} credentials", 200, printed, response)
    response = request(base, "GET", validate, token=token)
    described("001's validate", 200, valid, response)
    response = request(base, "GET", validate)
    described("001's validate without a token", 401, missing, response)
    response = request(base, "GET", validate, token="eyJ.bad.token")
    described("001's validate with a bad token", 401, invalid, response)
    response = request(base, "POST", logout, token=token)
    described("001's logout", 200, out, response)


def indented(code, depths):
    """A program whose indentation the document has lost: a digit of depths for each line of it."""
    lines = [line for line in code.splitlines() if line.strip()]
    if len(lines) != len(depths):
        fail(f"a program has {len(lines)} lines, expected {len(depths)}")
    return "\n".join("    " * int(depth) + line for line, depth in zip(lines, depths)) + "\n"


def document_002(text, stack):
    """Login by curl, a Python client class, a backoff loop, and the refusals that are printed."""
    address = Address(stack)
    text = text.replace("https://api.noxys.cloud", address.base)
    login, interactions = commands(text)[:2]
    _, session, too_many = objects(between(text, "\nLogin with Email", "\nUsing a Token\n"))
    (payload,) = objects(between(text, "\nExample Decoded Payload:\n", "\nClaims:\n"))
    expired, invalid, insufficient, _ = objects(between(text, "\nTroubleshooting\n"))
    (forbidden,) = objects(between(text, "\nAttempting a privileged", "\nOAuth 2.0"))
    (limited,) = objects(between(text, "X-RateLimit-Reset: ", "\nResponse Headers:\n"))

    answer = bash(login)
    example("002's curl login", session, answer)
    token = answer["token"]
    claims = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    lifetime = payload["exp"] - payload["iat"]
    if claims["exp"] - claims["iat"] != lifetime:
        fail("002's token does not live as long as the printed one")
    example("002's claims", {**payload, "iat": claims["iat"], "exp": claims["exp"]}, claims)
    page = bash(interactions.replace(PRINTED_TOKEN, token))
    if len(page["interactions"]) != 50:
        fail("002's curl call of the customer's API: not 50 interactions")
    print("ok 002's curl call of the customer's API")

    # The class signs in with a placeholder for alice's password.
    program = "import requests\n" + between(text, "Example: Python Auto-Refresh\n\nimport requests\n")
    program = indented(program.split("\nRole-Based", 1)[0], NOXYS_CLIENT)
    program = program.replace('"alice@acme.fr", "password"', '"alice@acme.fr", "your-password"')
    printed = run(["python3", "-"], program + "print(len(interactions['interactions']))\n")
    if printed != "50\n":
        fail(f"002's Python printed {printed!r}")
    print("ok 002's NoxysClient")

    users = "/api/v1/users"
    described("002's invalid token", 401, invalid, request(address.base, "GET", users, token="e.y.J"))
    token_of_yesterday = os.environ.get("EXPIRED_TOKEN")
    if token_of_yesterday:
        response = request(address.base, "GET", users, token=token_of_yesterday)
        described("002's expired token", 401, expired, response)
    viewer = {"email": "victor@acme.fr", "password": "viewer-password"}
    _, session = request(address.base, "POST", "/api/v1/auth/login", viewer)
    response = request(address.base, "GET", users, token=session["token"])
    described("002's viewer", 403, forbidden, response)
    if not response[1]["error"].startswith(insufficient["error"]):
        fail("002's viewer is not told what its troubleshooting says")
    backs_off(text, address, users, token, limited)
    for _ in range(11):
        response = request(address.base, "POST", "/api/v1/auth/login", {})
        if response[0] != 400:
            described("002's limit of logins", 429, too_many, response)
            return
    print("skipped 002's limit of logins: this stack allows more than 10 a minute")


def backs_off(text, address, path, token, limited):
    """The loop that waits where a limit is used up; a wait is another address here."""
    program = "import requests\n" + between(text, "Backoff in Python\n\nimport requests\n")
    program = indented(program.split("\nSecurity Best", 1)[0], BACKOFF)
    url, headers = address.base + path, {"Authorization": f"Bearer {token}"}
    waits, sleep = [], time.sleep

    def waited(seconds):
        waits.append(seconds)
        address.renew()

    defined = {}
    exec(compile(program, "002", "exec"), defined)
    call, sessions = defined["api_call_with_retry"], defined["requests"]
    time.sleep = waited
    try:
        for _ in range(250):
            if call(url, headers).status_code != 200:
                fail("002's backoff: the call that it repeats does not end well")
            if waits:
                break
    finally:
        time.sleep = sleep
    if not waits:
        print("skipped 002's backoff: this stack allows more than 250 calls a minute")
        return
    if not all(1 <= seconds <= 60 for seconds in waits):
        fail(f"002's backoff waited {waits} s")
    print("ok 002's backoff")
    for _ in range(250):
        response = sessions.get(url, headers=headers)
        if response.status_code == 429:
            seconds = response.headers["Retry-After"]
            words = limited["error"].replace("60", seconds)
            described("002's limit", 429, {**limited, "error": words}, (429, response.json()))
            for name in ("Limit", "Remaining", "Reset"):
                int(response.headers[f"X-RateLimit-{name}"])
            address.renew()
            return
    fail("002's limit: not reached")


def document_003(text, stack):
    """Login, refresh, me and logout by curl, each with the answer and a refusal."""
    base = Address(stack).base
    examples = between(text, "\nEndpoint examples\n", "\nError handling baseline")
    examples = examples.replace("<NSDK_API_BASE_URL>", base)
    login, refresh, me, logout = commands(examples)
    # What is left when the commands are taken out, whose bodies are objects too.
    for command in (login, refresh, me, logout):
        examples = examples.replace(command, "")
    session, no_login, renewed, no_refresh, user, no_user, limited = objects(examples)

    example("003's refused login", no_login, bash(login.replace("<password>", "no")))
    answer = bash(login.replace("<password>", "password"))
    example("003's login", session, answer)
    answer = bash(refresh.replace("<refresh-jwt>", answer["refreshToken"]))
    example("003's refresh", renewed, answer)
    example("003's refused refresh", no_refresh, bash(refresh))
    me_now = me.replace("<access-jwt>", answer["accessToken"])
    example("003's me", user, bash(me_now))
    example("003's refused me", no_user, bash(me))
    answer = bash(logout.replace("<access-jwt>", answer["accessToken"]))
    example("003's logout", {"success": True}, answer)
    example("003's me after logout", no_user, bash(me_now))

    # The 429 that 003 prints with logout is that of every limit; logins meet theirs soonest.
    base = Address(stack).base
    for _ in range(11):
        response = request(base, "POST", "/api/auth/login", {})
        if response[0] != 400:
            described("003's limit", 429, limited, response)
            return
    print("skipped 003's limit: this stack allows more than 10 logins a minute")


def document_004(text, stack):
    """Its diagrams: a key for tokens, calls with them, and new tokens for the refresh token."""
    base = Address(stack).base
    flows = between(text, "\nAuthentication Flow Diagrams#\n", "\nSecurity & Compliance#\n")
    for step in ("POST /v1/auth\n↓ {api_key}", "TRACE /v1/auth\n↓ {refresh_token}"):
        if step not in flows:
            fail(f"004 has no step {step!r}")
    printed = {"token_type": "Bearer", "expires_in": 14 * 86400, "refresh_expires_in": 15 * 86400}
    call = {"user": "nudgescribe-demo", "tenant_id": "nudgescribe"}
    response = request(base, "POST", "/v1/auth", {"api_key": API_KEY})
    answer = described("004's POST", 200, printed, response)
    for _ in range(2):
        response = request(base, "GET", "/api/transcribe", token=answer["access_token"])
        described("004's subsequent call", 200, call, response)
        body = {"refresh_token": answer["refresh_token"]}
        answer = described("004's TRACE", 200, printed, request(base, "TRACE", "/v1/auth", body))
    response = request(base, "TRACE", "/v1/auth", token=answer["access_token"])
    described("004's status", 200, {"active": True}, response)
    for name, expected, method, body in [
        ("missing credentials", 400, "POST", {}),
        ("invalid key", 401, "POST", {"api_key": API_KEY[:-1]}),
        ("invalid refresh token", 401, "TRACE", {"refresh_token": "e30.e30.e30"}),
        ("permissions", 403, "POST", {"api_key": API_KEY, "scope": "admin:all"}),
    ]:
        described(f"004's {name}", expected, {}, request(base, method, "/v1/auth", body))
    for _ in range(70):
        response = request(base, "POST", "/v1/auth", {})
        if response[0] != 400:
            described("004's limit", 429, {}, response)
            return
    print("skipped 004's limit: this stack allows more than 70 a minute")


DOCUMENTS = {
    "000": document_000,
    "001": document_001,
    "002": document_002,
    "003": document_003,
    "004": document_004,
}


def main():
    if len(sys.argv) != 2:
        fail("usage: [EXPIRED_TOKEN=…] documents.py BASE_URL")
    beside = pathlib.Path(__file__).resolve().parents[3] / "shared" / "api-documents"
    folder = pathlib.Path(os.environ.get("API_DOCUMENTS") or beside)
    files = {number: sorted(folder.glob(f"{number}*")) for number in DOCUMENTS}
    if not all(files.values()):
        print("documents.py: skipped, the API documents are not here: name their folder in API_DOCUMENTS")
        return
    host, port = sys.argv[1].rstrip("/").removeprefix("http://").split(":")
    for number, test in DOCUMENTS.items():
        test(files[number][0].read_text(encoding="utf-8"), (host, int(port)))
    print("documents.py: every example runs as printed")


if __name__ == "__main__":
    main()
