"""Start to answer: --help under 100 ms, one stub on one core under 250 ms (medians).

    python bench/startup.py [RUNS]

Elapsed time is what a user waits; processor time, of the assembler too, is what is left
of it where the machine is busy with other things. Exit status 1 if the elapsed time
misses a floor. The machine should be quiet.
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


def seconds(arguments: list[str]) -> tuple[float, float]:
    """Elapsed and processor time of one run of the program."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "costmodel", *arguments],
        stdout=subprocess.DEVNULL,
        env=ENVIRONMENT,
        check=True,
    )
    elapsed, after = time.perf_counter() - start, os.times()
    user = after.children_user - before.children_user
    return elapsed, user + after.children_system - before.children_system


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    missed = 0
    for name, (arguments, floor) in CASES.items():
        seconds(arguments)  # warm the disk cache, compile modules and core files
        times = [seconds(arguments) for _ in range(runs)]
        elapsed, used = (sorted(column) for column in zip(*times, strict=True))
        ok = median(elapsed) <= floor
        missed += not ok
        print(
            f"{name}: median {1000 * median(elapsed):.0f} ms, least "
            f"{1000 * elapsed[0]:.0f} ms, floor {1000 * floor:.0f} ms"
            f"{'' if ok else '  MISSED'}; processor median "
            f"{1000 * median(used):.0f} ms, least {1000 * used[0]:.0f} ms"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
