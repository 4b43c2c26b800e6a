"""Fails unless every packed function is a program for one architecture.

    python3 deploy/machines.py ARCHITECTURE [FOLDER]

reads `FOLDER/<function>/bootstrap` (.aws-sam/build). A function of the other architecture deploys without
complaint, and fails at each call.
"""

import sys
from pathlib import Path

# The field e_machine of an ELF file.
MACHINES = {"arm64": 183, "x86_64": 62}


def main(architecture, folder=".aws-sam/build"):
    binaries = sorted(Path(folder).glob("*/bootstrap"))
    if not binaries:
        sys.exit(f"no function is packed in {folder}: sam build")
    others = [binary.parent.name for binary in binaries if machine(binary) != MACHINES[architecture]]
    if others:
        sys.exit(f"not built for {architecture}: {', '.join(others)}")
    print(f"{len(binaries)} functions, for {architecture}")


def machine(binary):
    with binary.open("rb") as file:
        header = file.read(20)
    is_program = header[:4] == b"\x7fELF"
    return int.from_bytes(header[18:20], "little") if is_program else None


if __name__ == "__main__":
    main(*sys.argv[1:])
