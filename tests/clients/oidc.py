"""A service that verifies access tokens by the issuer's address alone, written with PyJWT.

    python3 oidc.py http://127.0.0.1:9000

The address must be the stack's issuer, as it is by default. It finds the keys as an OpenID client does,
and looks at what API Gateway's own JWT authorizer needs.
"""

import sys

import jwt
import requests
from loopback import session_at

AUDIENCE = "gatehouse-local"


def fail(why):
    sys.exit(f"oidc.py: {why}")


def login(base):
    body = {"email": "user@example.com", "password": "password"}
    answer = session_at(27).post(f"{base}/api/auth/login", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()["accessToken"]


def main():
    if len(sys.argv) != 2:
        fail("usage: oidc.py BASE_URL")
    issuer = sys.argv[1].rstrip("/")
    answer = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=1.5)
    if answer.headers["cache-control"] != "public, max-age=300":
        fail("the metadata are not kept for five minutes")
    metadata = answer.json()
    if metadata["issuer"] != issuer:
        fail("the issuer is another")
    algorithms = metadata["id_token_signing_alg_values_supported"]

    # API Gateway takes RSA keys alone, and reads them within 1.5 seconds.
    keys = requests.get(metadata["jwks_uri"], timeout=1.5).json()["keys"]
    if not all(key["kty"] == "RSA" and key["alg"] in algorithms for key in keys):
        fail("a key is not what the metadata say, or not RSA")

    token = login(issuer)
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    needed = {"require": ["iss", "aud", "exp", "iat", "sub", "client_id", "jti"]}
    claims = jwt.decode(
        token, key, algorithms=algorithms, audience=AUDIENCE, issuer=issuer, options=needed
    )
    if claims["sub"] != "1005" or jwt.get_unverified_header(token)["typ"] != "at+jwt":
        fail("the token is not user@example.com's access token")
    for audience, of in [("another", issuer), (AUDIENCE, "https://auth.example.com")]:
        try:
            jwt.decode(token, key, algorithms=algorithms, audience=audience, issuer=of)
        except jwt.InvalidTokenError:
            continue
        fail("a token for another audience or of another issuer was taken")
    print("the token is verified")


if __name__ == "__main__":
    main()
