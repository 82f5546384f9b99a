"""Write calibration/differences.json from measured variants of a path.

    python tools/differences.py DIR

DIR holds CORE_entry_dev.csv for each core that was measured. The same variants, cores
and engine give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from costmodel.cores.load import load_core
from costmodel.errors import CostmodelError
from costmodel.studies.margins import Margin, margins

ROOT = Path(__file__).resolve().parents[1]
SUFFIX = "_entry_dev.csv"


def record(uarch: str, found: list[Margin]) -> list[dict[str, object]]:
    """What the file keeps of a core, rounded."""
    return [
        {
            "uarch": uarch,
            "setting": one.setting,
            "variants": one.variants,
            "rows": one.rows,
            "margin": round(one.cycles, 2),
            "held_by_figures": round(one.figures, 3),
            "held": round(one.held, 3),
        }
        for one in found
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, default=ROOT, metavar="ROOT")
    args = parser.parse_args()
    rows: list[dict[str, object]] = []
    try:
        for file in sorted(args.data.glob(f"*{SUFFIX}")):
            uarch = file.name.removesuffix(SUFFIX)
            rows += record(uarch, margins(str(file), load_core(uarch)))
    except CostmodelError as error:
        print(f"differences: {error}", file=sys.stderr)
        return error.status
    about = "cycles a difference's interval is widened by; written by make differences"
    text = json.dumps({"about": about, "differences": rows}, indent=1)
    (args.out / "calibration" / "differences.json").write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
