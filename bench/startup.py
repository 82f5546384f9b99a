"""Start to answer: --help under 100 ms, one stub on one core under 250 ms (medians).

    python bench/startup.py [RUNS]

Exit status 1 if a floor is missed. The machine should be quiet.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

STUB = Path(__file__).parents[1] / "stubs" / "top-of-stack" / "v3.16-fast.S"
CASES = {
    "--help": (["--help"], 0.100),
    "estimate, one stub, one core": (["estimate", str(STUB), "-u", "skylake"], 0.250),
}

# As a user has it: modules compiled once, not at every start.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def seconds(arguments: list[str]) -> float:
    """Wall time of one run of the program."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "costmodel", *arguments],
        stdout=subprocess.DEVNULL,
        env=ENVIRONMENT,
        check=True,
    )
    return time.perf_counter() - start


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    missed = 0
    for name, (arguments, floor) in CASES.items():
        seconds(arguments)  # warm the disk cache
        times = [seconds(arguments) for _ in range(runs)]
        ok = median(times) <= floor
        missed += not ok
        print(
            f"{name}: median {1000 * median(times):.0f} ms, least "
            f"{1000 * min(times):.0f} ms, floor {1000 * floor:.0f} ms"
            f"{'' if ok else '  MISSED'}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
