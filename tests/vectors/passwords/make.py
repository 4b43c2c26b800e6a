"""Makes hashes.json: password hashes by the libraries that Gatehouse imports from. Run it by hand:

    pip install passlib==1.7.4 Django==5.2.19 Werkzeug==3.1.9 bcrypt==5.0.0 argon2-cffi==25.1.0
    python3 make.py > hashes.json

The costs are low, so that the tests are quick; `defaults` are what the libraries make unasked.
"""

import base64
import json

import argon2
import bcrypt
import django
from django.conf import settings

settings.configure(PASSWORD_HASHERS=[
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
])
django.setup()

from django.contrib.auth import hashers
from passlib import hash as passlib
from werkzeug.security import generate_password_hash

PASSWORD = "correct horse"
ACCENTED = "p\u00e4ssw\u00f6rd \u2713"
LONG = "x" * 71 + "yz and what bcrypt does not see"
MADE = []


def add(source, password, text):
    MADE.append({"source": source, "password": password, "hash": text})


class Quick(hashers.ScryptPasswordHasher):
    work_factor = 2**6


class QuickBcryptSha256(hashers.BCryptSHA256PasswordHasher):
    rounds = 4


class QuickBcrypt(hashers.BCryptPasswordHasher):
    rounds = 4


for password in [PASSWORD, ACCENTED, "a"]:
    for kind in argon2.low_level.Type:
        hasher = argon2.PasswordHasher(1, 64, 2, type=kind)
        add("argon2-cffi", password, hasher.hash(password))
    raw = argon2.low_level.hash_secret(password.encode(), b"somesalt", 2, 64, 1, 32,
                                       argon2.low_level.Type.ID, version=16)
    add("argon2-cffi, version 16", password, raw.decode())
    add("argon2-cffi, version 16 unsaid", password, raw.decode().replace("$v=16", ""))
    for prefix in [b"2a", b"2b"]:
        add("bcrypt", password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(4, prefix)).decode())
    add("bcrypt, as PHP spells it", password,
        bcrypt.hashpw(password.encode(), bcrypt.gensalt(5)).decode().replace("$2b$", "$2y$"))
    add("passlib scrypt", password, passlib.scrypt.using(rounds=6).hash(password))
    add("passlib scrypt", password, passlib.scrypt.using(rounds=5, block_size=4, parallelism=2).hash(password))
    add("passlib pbkdf2_sha1", password, passlib.pbkdf2_sha1.using(rounds=7).hash(password))
    add("passlib pbkdf2_sha256", password, passlib.pbkdf2_sha256.using(rounds=7).hash(password))
    add("passlib pbkdf2_sha512", password, passlib.pbkdf2_sha512.using(rounds=7).hash(password))
    add("Django pbkdf2_sha256", password, hashers.PBKDF2PasswordHasher().encode(password, "NaCl12345678", 9))
    add("Django pbkdf2_sha1", password, hashers.PBKDF2SHA1PasswordHasher().encode(password, "NaCl12345678", 9))
    add("Django scrypt", password, Quick().encode(password, "NaCl12345678"))
    add("Django bcrypt_sha256", password, QuickBcryptSha256().encode(password, bcrypt.gensalt(4)))
    add("Django bcrypt", password, QuickBcrypt().encode(password, bcrypt.gensalt(4)))
    for method in ["scrypt:64:8:2", "pbkdf2:sha256:9", "pbkdf2:sha1:9", "pbkdf2:sha512:9"]:
        add("Werkzeug " + method.rsplit(":", 1)[0].split(":")[0], password, generate_password_hash(password, method))

# Older libraries cut what is longer than 72 bytes; this one wants it cut.
add("bcrypt, of a longer password", LONG, bcrypt.hashpw(LONG.encode()[:72], bcrypt.gensalt(4)).decode())
add("Django bcrypt_sha256, of a longer password", LONG, QuickBcryptSha256().encode(LONG, bcrypt.gensalt(4)))
add("passlib pbkdf2_sha256, of a longer password", LONG, passlib.pbkdf2_sha256.using(rounds=7).hash(LONG))

# The PHC strings that RustCrypto and others make of PBKDF2.
import hashlib
for name, digest, length in [("sha256", "sha256", 32), ("sha512", "sha512", 64), ("sha512", "sha512", 32)]:
    raw = hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), b"a salt of its own", 9, length)
    encode = lambda data: base64.b64encode(data).decode().rstrip("=")
    add("PHC pbkdf2", PASSWORD, f"$pbkdf2-{name}$i=9,l={length}${encode(b'a salt of its own')}${encode(raw)}")

DEFAULTS = []
for source, text in [
    ("Django pbkdf2_sha256", hashers.make_password(PASSWORD, hasher="pbkdf2_sha256")),
    ("Django argon2", hashers.make_password(PASSWORD, hasher="argon2")),
    ("Django scrypt", hashers.make_password(PASSWORD, hasher="scrypt")),
    ("Django bcrypt_sha256", hashers.make_password(PASSWORD, hasher="bcrypt_sha256")),
    ("Werkzeug scrypt", generate_password_hash(PASSWORD)),
    ("Werkzeug pbkdf2", generate_password_hash(PASSWORD, "pbkdf2")),
    ("passlib pbkdf2_sha256", passlib.pbkdf2_sha256.hash(PASSWORD)),
    ("passlib pbkdf2_sha512", passlib.pbkdf2_sha512.hash(PASSWORD)),
    ("passlib scrypt", passlib.scrypt.hash(PASSWORD)),
    ("argon2-cffi", argon2.PasswordHasher().hash(PASSWORD)),
    ("bcrypt", bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt()).decode()),
]:
    DEFAULTS.append({"source": source, "password": PASSWORD, "hash": text})

print(json.dumps({"made": MADE, "defaults": DEFAULTS}, indent=1, ensure_ascii=True))
