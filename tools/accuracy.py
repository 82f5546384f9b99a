"""Write docs/accuracy.md and calibration/accuracy.json from measured blocks.

    python tools/accuracy.py DIR [--limit N]

DIR holds the files tools/accuracy.yaml names. The same blocks, cores and engine give
the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from costmodel.errors import CostmodelError
from costmodel.studies.accuracy import hold, read_sets, record
from costmodel.views.accuracy import accuracy_page

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DIR")
    parser.add_argument("--limit", type=int, metavar="N", help="rows of each file")
    parser.add_argument("--out", type=Path, default=ROOT, metavar="ROOT")
    args = parser.parse_args()
    try:
        held = hold(
            read_sets(ROOT / "tools" / "accuracy.yaml"),
            args.data,
            args.limit,
            workers=os.cpu_count() or 1,
            told=lambda name: print(f"  {name}", file=sys.stderr, flush=True),
        )
    except CostmodelError as error:
        print(f"accuracy: {error}", file=sys.stderr)
        return error.status
    for name, text in (
        ("docs/accuracy.md", accuracy_page(held)),
        ("calibration/accuracy.json", json.dumps(record(held), indent=1) + "\n"),
    ):
        file = args.out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        print(file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
