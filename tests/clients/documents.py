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
import os
import pathlib
import sys
import time

from noxys import document_002
from printed import (
    PRINTED_TOKEN,
    Address,
    bash,
    between,
    commands,
    described,
    example,
    fail,
    objects,
    request,
    run,
)

# What the customer's own API answers, in examples/protected-api.
OWN_API = {"status": "ready", "user": "user-123456", "tenant_id": "nuxera"}
# The API key of the demonstration data, which `make run` prints.
API_KEY = "gatehouse_NudgeScribeDemo0000001_OfTheLocalStackAloneAndWorthNothingElsewher_4ShVXm"


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
