"""How large the built functions are, largest first, and what Lambda takes.

    python3 deploy/sizes.py [FOLDER]

reads `FOLDER/<function>/bootstrap` (target/lambda), and fails where one is too large.
"""

import sys
import zlib
from pathlib import Path

MB = 1024 * 1024
# Lambda's quotas for a deployment package, zipped (as it is uploaded) and unzipped.
MOST_ZIPPED, MOST_UNZIPPED = 50 * MB, 250 * MB


def main(folder="target/lambda"):
    binaries = sorted(Path(folder).glob("*/bootstrap"))
    if not binaries:
        sys.exit(f"no function is built in {folder}: make build")
    sizes = [(measure(binary), binary.parent.name) for binary in binaries]
    print(f"{'function':<20} {'MB':>7} {'zipped':>7}")
    for (unzipped, zipped), name in sorted(sizes, reverse=True):
        print(f"{name:<20} {unzipped / MB:>7.2f} {zipped / MB:>7.2f}")
    total = [sum(size[index] for size, _ in sizes) for index in (0, 1)]
    print(f"{len(sizes)} functions{'':<8} {total[0] / MB:>7.2f} {total[1] / MB:>7.2f}")
    print(f"{'Lambda takes, each':<20} {MOST_UNZIPPED / MB:>7.2f} {MOST_ZIPPED / MB:>7.2f}")
    if any(size[0] > MOST_UNZIPPED or size[1] > MOST_ZIPPED for size, _ in sizes):
        sys.exit("a function is larger than Lambda takes")


def measure(binary):
    text = binary.read_bytes()
    # As in a ZIP archive, but for some bytes of its directory.
    return len(text), len(zlib.compress(text))


if __name__ == "__main__":
    main(*sys.argv[1:])
