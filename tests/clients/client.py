"""An application's client of Gatehouse, written with requests.

    python3 client.py http://127.0.0.1:9000

Signs in as the users of the demonstration data, makes every call that an application makes, and
checks every answer. Ends with exit code 1 and one line at the first that is not as documented. It
changes a password and changes it back, so two clients must not run at the same time.
"""

import random
import sys

from loopback import session_at


class Gatehouse:
    """One user's connection: keeps the tokens, and refreshes them once where a call is a 401."""

    def __init__(self, base):
        self.base = base
        self.access_token = self.refresh_token = None
        self.http = session_at(21)

    def call(self, method, path, body=None, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.request(
            method, self.base + path, json=body, headers=headers, timeout=30
        )

    def login(self, **credentials):
        response = self.call("POST", "/api/auth/login", credentials)
        if response.ok:
            self.access_token = response.json()["accessToken"]
            self.refresh_token = response.json()["refreshToken"]
        return response

    def refresh(self):
        response = self.call(
            "POST", "/api/auth/refresh", {"refreshToken": self.refresh_token}
        )
        if response.ok:
            self.access_token = response.json()["accessToken"]
            self.refresh_token = response.json()["refreshToken"]
        return response

    def authorized(self, method, path, body=None):
        response = self.call(method, path, body, self.access_token)
        if response.status_code == 401 and self.refresh().ok:
            response = self.call(method, path, body, self.access_token)
        return response


def expect(what, response, status, members, ours=True):
    """The answer has this status and these members; members of members are named with dots."""
    if response.status_code != status:
        sys.exit(f"client.py: {what}: status {response.status_code}, expected {status}")
    body = response.json()
    for name, value in members.items():
        answered = body
        for part in name.split("."):
            answered = answered.get(part) if isinstance(answered, dict) else None
        if answered != value:
            sys.exit(f"client.py: {what}: {name} is not {value!r}")
    if ours and response.headers.get("content-type") != "application/json; charset=utf-8":
        sys.exit(f"client.py: {what}: the content type is not JSON")
    if ours and status == 401 and not response.headers.get("www-authenticate", "").startswith("Bearer"):
        sys.exit(f"client.py: {what}: a 401 without www-authenticate: Bearer")
    print(f"ok {what}")
    return body


NO_TOKEN = {
    "success": False,
    "error": "Authentication required",
    "message": "Invalid or missing authentication token",
    "detail": "Unauthorized",
}
BAD_LOGIN = {
    "success": False,
    "error": "Authentication failed",
    "message": "Invalid username or password",
    "detail": "Unauthorized",
}
INCOMPLETE = {
    "success": False,
    "error": "Bad request",
    "message": "Username and password are required",
}


def signs_in_by_username_and_email(base):
    doctor = {
        "success": True,
        "message": "Login successful",
        "tokenType": "Bearer",
        "expiresIn": 604800,
        "userId": "user-123456",
        "tenantId": "nuxera",
        "user.id": "user-123456",
        "user.username": "doctor.smith",
        "user.email": "doctor.smith@example.com",
        "user.role": "physician",
    }
    client = Gatehouse(base)
    for member, name in [
        ("username", "doctor.smith"),
        ("username", "doctor.smith@example.com"),
        ("email", "doctor.smith@example.com"),
        ("email", "doctor.smith"),
    ]:
        answer = client.login(**{member: name, "password": "secure-password"})
        body = expect(f"login with {name} as {member}", answer, 200, doctor)
        if body["token"] != body["accessToken"] or body["token"].count(".") != 2:
            sys.exit("client.py: token is not the JWT that accessToken is")


def is_refused_a_login(base):
    client = Gatehouse(base)
    answer = client.login(username="doctor.smith", password="wrong")
    expect("login with a wrong password", answer, 401, BAD_LOGIN)
    # Another name each time: the failures of a name add up, though it is nobody's.
    nobody = f"nobody-{random.randrange(10**9)}"
    answer = client.login(username=nobody, password="secure-password")
    expect("login of an unknown user", answer, 401, BAD_LOGIN)
    answer = client.login(username="doctor.smith")
    expect("login without a password", answer, 400, INCOMPLETE)
    # Clears the count of failures that the first of these added to.
    client.login(username="doctor.smith", password="secure-password")


def is_limited_by_address(base):
    client = Gatehouse(base)
    answer = client.login()
    expect("login without anything", answer, 400, INCOMPLETE)
    limit = int(answer.headers["x-ratelimit-limit"])
    if limit > 20:
        print(f"skipped the login limit, which is {limit} here")
        return
    for _ in range(1, limit):
        answer = client.login()
    if answer.status_code != 400 or answer.headers["x-ratelimit-remaining"] != "0":
        sys.exit("client.py: the last login of the limit was not let through")
    answer = client.login()
    too_many = "Too many login attempts. Please try again in a few minutes."
    expect(
        "one login too many",
        answer,
        429,
        {"error": too_many, "message": too_many, "detail": "Rate limit exceeded"},
    )
    if int(answer.headers["retry-after"]) < 1:
        sys.exit("client.py: a 429 without retry-after")


def reads_who_it_is(base):
    client = Gatehouse(base)
    client.login(username="doc@nuxera.ai", password="Abcd1234")
    me = {
        "id": "100",
        "email": "doc@nuxera.ai",
        "status": "active",
        "created_at": "2025-03-31T16:54:47.134Z",
        "email_verified": True,
        "name": "Doctor Hisham",
        "is_demo": False,
        "user_type": ["ai-medical-note"],
        "userId": "100",
        "tenantId": "nuxera",
    }
    expect("me", client.authorized("GET", "/api/auth/me"), 200, me)
    expect("me without a token", client.call("GET", "/api/auth/me"), 401, NO_TOKEN)
    answer = client.call("GET", "/api/auth/me", token="eyJ.bad.token")
    expect("me with a bad token", answer, 401, NO_TOKEN)


def validates_and_signs_out(base):
    client = Gatehouse(base)
    john = {
        "user.username": "john",
        "user.email": "john@example.com",
        "user.name": "John Doe",
        "user.organization": "Acme Corp",
        "user.aws_region": "eu-north-1",
        "user.role": "admin",
        "user.is_active": True,
    }
    answer = client.login(username="john@example.com", password="securePassword123")
    expect("login of john", answer, 200, {"expiresIn": 86400, **john})
    answer = client.authorized("GET", "/api/auth/validate")
    valid = {"success": True, "message": "Token is valid", **john}
    expect("validate", answer, 200, valid)
    answer = client.call("GET", "/api/auth/validate")
    refused = {**NO_TOKEN, "message": "No token provided"}
    expect("validate without a token", answer, 401, refused)
    answer = client.call("GET", "/api/auth/validate", token="eyJ.bad.token")
    invalid = {**NO_TOKEN, "message": "Invalid or expired token"}
    expect("validate with a bad token", answer, 401, invalid)
    out = {"success": True, "message": "Logged out"}
    answer = client.call("POST", "/api/auth/logout", token=client.access_token)
    expect("logout", answer, 200, out)
    answer = client.call("GET", "/api/auth/validate", token=client.access_token)
    expect("validate after logout", answer, 401, invalid)
    expect("logout again, without a token", client.call("POST", "/api/auth/logout"), 200, out)


def stays_signed_in(base):
    client = Gatehouse(base)
    ids = {"userId": "1005", "tenantId": "2001"}
    answer = client.login(email="user@example.com", password="password")
    expect("login of user@example.com", answer, 200, {"expiresIn": 900, **ids})
    first = client.refresh_token
    answer = client.refresh()
    expect("refresh", answer, 200, {"tokenType": "Bearer", "expiresIn": 900})
    if client.refresh_token == first:
        sys.exit("client.py: refresh gave the same refresh token")
    client.access_token = "eyJ.bad.token"
    answer = client.authorized("GET", "/api/auth/me")
    expect("a call repeated after a refresh", answer, 200, {"email": "user@example.com", **ids})
    answer = client.call(
        "POST", "/api/auth/logout", {"refreshToken": client.refresh_token}
    )
    expect("logout by refresh token", answer, 200, {"success": True})
    refused = {
        "success": False,
        "error": "Authentication failed",
        "message": "Invalid or expired refresh token",
        "detail": "Unauthorized",
    }
    body = expect("refresh after logout", client.refresh(), 401, refused)
    if not body["request_id"]:
        sys.exit("client.py: an error without request_id")


def changes_the_password(base):
    client, other = Gatehouse(base), Gatehouse(base)
    for each in (client, other):
        each.login(username="doc@nuxera.ai", password="Abcd1234")
    path = "/api/auth/change-password"
    change = {"currentPassword": "Abcd1234", "newPassword": "1234Acd"}
    expect("change-password without a token", client.call("POST", path, change), 401, NO_TOKEN)
    answer = client.authorized("POST", path, {**change, "currentPassword": "wrong"})
    wrong = {
        "error": "Invalid current password",
        "message": "The current password provided is incorrect",
    }
    expect("change-password with a wrong password", answer, 400, wrong)
    answer = client.authorized("POST", path, change)
    changed = {"success": True, "message": "Password changed successfully"}
    expect("change-password", answer, 200, changed)
    answer = client.call("GET", "/api/auth/me", token=client.access_token)
    expect("me in the session that changed it", answer, 200, {"id": "100"})
    answer = other.call("GET", "/api/auth/me", token=other.access_token)
    expect("me in another session", answer, 401, NO_TOKEN)
    back = {"currentPassword": "1234Acd", "newPassword": "Abcd1234"}
    expect("change-password back", client.authorized("POST", path, back), 200, changed)


def calls_an_api_behind_the_authorizer(base):
    """A team's own API: API Gateway refuses in its own words, and the rest is that API's."""

    def answered(*what):
        return expect(*what, ours=False)

    client = Gatehouse(base)
    client.login(email="user@example.com", password="password")
    transcribe = "/api/transcribe"
    caller = {"user": "1005", "tenant_id": "2001"}
    answer = client.authorized("GET", transcribe)
    answered("a call of a team's own API", answer, 200, caller)
    answer = client.authorized("GET", "/api/v1/interactions?limit=2")
    body = answered("a page of interactions", answer, 200, {"next_cursor": "2"})
    if len(body["interactions"]) != 2:
        sys.exit("client.py: not two interactions on a page of two")
    nobody = {"message": "Unauthorized"}
    answered("the same without a token", client.call("GET", transcribe), 401, nobody)
    refused = {"message": "Forbidden"}
    answer = client.call("GET", transcribe, token="eyJ.bad.token")
    answered("the same with a bad token", answer, 403, refused)
    client.call("POST", "/api/auth/logout", token=client.access_token)
    answer = client.call("GET", transcribe, token=client.access_token)
    answered("the same after logout", answer, 403, refused)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: client.py BASE_URL")
    base = sys.argv[1].rstrip("/")
    signs_in_by_username_and_email(base)
    is_refused_a_login(base)
    is_limited_by_address(base)
    reads_who_it_is(base)
    validates_and_signs_out(base)
    stays_signed_in(base)
    changes_the_password(base)
    calls_an_api_behind_the_authorizer(base)
    print("client.py: every answer is as documented")


if __name__ == "__main__":
    main()
