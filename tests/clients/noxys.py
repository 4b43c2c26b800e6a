"""Document 002, for documents.py: its Python has lost its indentation, and its limits are met."""

import base64
import json
import os
import time

from printed import (
    PRINTED_TOKEN,
    Address,
    bash,
    between,
    commands,
    described,
    example,
    fail,
    indented,
    objects,
    request,
    run,
)

# How deep each line of 002's programs stands, the blank ones left out.
NOXYS_CLIENT = "000" + "0122222" + "122332" + "22222" + "1223" + "122233222" + "000"
BACKOFF = "00" + "0122" + "3333" + "21"


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
