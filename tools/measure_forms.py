"""Fill the hex column of costmodel/measure/forms.csv from its assembly (needs gas).

A row: what it is, its kind, the instructions the time is divided by, the scenario, the
figure of a core it decides (or none), assembly, and the bytes this script writes.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

FORMS = Path(__file__).resolve().parents[1] / "costmodel" / "measure" / "forms.csv"
COLUMNS = ("name", "kind", "per", "scenario", "figure", "asm", "hex")


def assembled(text: str) -> str:
    """The bytes of AT&T assembly, instructions apart by ``;``."""
    with tempfile.TemporaryDirectory() as scratch:
        made, code = Path(scratch) / "a.o", Path(scratch) / "a.bin"
        subprocess.run(["as", "-o", str(made), "-"], input=text + "\n", text=True,
                       check=True)  # fmt: skip
        subprocess.run(
            ["objcopy", "-O", "binary", "-j", ".text", str(made), str(code)], check=True
        )
        return code.read_bytes().hex()


def main() -> int:
    with FORMS.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["hex"] = assembled(row["asm"])
    with FORMS.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} forms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
