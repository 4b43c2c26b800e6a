"""A machine's client of Gatehouse, written with requests and with http.client alone.

    API_KEY=gatehouse_… python3 machine.py http://127.0.0.1:9000

Signs in by its API key, asks for less than it may, stays signed in by TRACE, and asks whether it is.
Ends with exit code 1 and one line at the first answer that is not as documented.
"""

import http.client
import json
import os
import sys
from urllib.parse import urlsplit

from loopback import session_at


def fail(why):
    sys.exit(f"machine.py: {why}")


def expect(what, status, answer, wanted, **members):
    """The answer has this status and these members."""
    if status != wanted:
        fail(f"{what}: status {status}, expected {wanted}")
    for name, value in members.items():
        if answer.get(name) != value:
            fail(f"{what}: {name} is not {value!r}")
    print(f"ok {what}")
    return answer


def main():
    key = os.environ.get("API_KEY")
    if len(sys.argv) != 2 or not key:
        sys.exit("usage: API_KEY=… machine.py BASE_URL")
    base = sys.argv[1].rstrip("/")
    session = session_at(24)

    def call(what, method, path, wanted, headers=None, body=None, **members):
        response = session.request(
            method, base + path, headers=headers, json=body, timeout=30
        )
        return expect(what, response.status_code, response.json(), wanted, **members)

    days = 24 * 3600
    lifetimes = {"expires_in": 14 * days, "refresh_expires_in": 15 * days}
    tokens = call(
        "sign in by the body", "POST", "/v1/auth", 200, body={"api_key": key},
        token_type="Bearer", **lifetimes,
    )
    for name, again in [("access_token", "accessToken"), ("refresh_token", "refreshToken")]:
        if tokens[name] != tokens[again]:
            fail(f"{name} is not {again}")
    call("sign in by the header", "POST", "/v1/auth", 200, headers={"x-api-key": key})
    scope = "notes:read"
    tokens = call(
        "sign in for less", "POST", "/v1/auth", 200,
        body={"api_key": key, "scope": scope}, scope=scope,
    )
    call(
        "sign in for more", "POST", "/v1/auth", 403,
        body={"api_key": key, "scope": "notes:delete"}, error="Insufficient permissions",
    )
    call(
        "sign in by another key", "POST", "/v1/auth", 401, body={"api_key": key[:-1]},
        error="Authentication failed", message="Invalid API key",
    )
    call("sign in by no key", "POST", "/v1/auth", 400, error="Bad request")

    # A team's own API knows the client by the authorizer, and refuses what is beyond its scope.
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    call(
        "a team's own API", "GET", "/api/transcribe", 200, headers=bearer,
        user="nudgescribe-demo", tenant_id="nudgescribe",
    )
    call(
        "a team's own API beyond the scope", "GET", "/api/v1/interactions", 403, headers=bearer,
        error="Insufficient permissions",
    )

    bearer = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    first = call("refresh by TRACE", "TRACE", "/v1/auth", 200, headers=bearer, scope=scope)
    again = call("the answer again", "TRACE", "/v1/auth", 200, headers=bearer)
    if again["refresh_token"] != first["refresh_token"]:
        fail("a repeat gave another refresh token")
    second = call(
        "refresh by POST", "POST", "/v1/auth/refresh", 200,
        body={"refresh_token": first["refresh_token"]}, scope=scope, **lifetimes,
    )
    call(
        "a token of two refreshes ago", "TRACE", "/v1/auth", 401, headers=bearer,
        message="Invalid or expired refresh token",
    )

    # Without a library: a TRACE that says and sends nothing but its bearer.
    url = urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    connection.request(
        "TRACE", "/v1/auth", headers={"Authorization": f"Bearer {second['access_token']}"}
    )
    response = connection.getresponse()
    answer = json.loads(response.read())
    expect("the status by TRACE", response.status, answer, 200, active=True, scope=scope)
    if second["access_token"] in str(response.getheaders()):
        fail("TRACE echoes what was sent")
    call("another method", "PUT", "/v1/auth", 405, message="POST, TRACE")
    call("a refresh of nothing", "TRACE", "/v1/auth", 400, error="Bad request")
    print("machine.py: every answer is as documented")


if __name__ == "__main__":
    main()
