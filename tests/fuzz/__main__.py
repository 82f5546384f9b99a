"""``python -m tests.fuzz``: many hostile cases, a message for each, no traceback.

Each case follows from its number; ``--only KIND:SEED`` runs one again. A failing case
is made small and written to ``--out``, with the command that shows it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
import time
from pathlib import Path

from tests.fuzz.cases import Case, case
from tests.fuzz.running import lay_out, run
from tests.fuzz.shrinking import smallest
from tests.fuzz.swarm import swarm

SHRINK = 20.0  # seconds a failing case may be made smaller


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", metavar="KIND:SEED", help="run this one again")
    parser.add_argument("--out", type=Path, default=Path("fuzz-failures"))
    args = parser.parse_args()
    if args.only:
        kind, _, seed = args.only.partition(":")
        return once(case(kind, int(seed)), args.out)
    print(
        f"first seed {args.seed}: python -m tests.fuzz --seed {args.seed}", flush=True
    )
    counts, failures = swarm(args)
    print(", ".join(f"{kind} {n}" for kind, n in sorted(counts.items())))
    for wrong, (kind, seed, times) in sorted(failures.items()):
        print(f"{wrong}: {times} times, first --only {kind}:{seed}")
        if not wrong.startswith("the process"):
            once(case(kind, seed), args.out)
    print(f"{sum(counts.values())} cases, {len(failures)} ways to fail")
    return 1 if failures else 0


def once(made: Case, out: Path) -> int:
    """Run one case, and write it down as small as it gets if it fails."""
    with tempfile.TemporaryDirectory(prefix="costmodel-fuzz-") as scratch:
        folder = Path(scratch)
        wrong = run(made, folder)
        if not wrong:
            print(f"{made.kind}:{made.seed} is answered well")
            return 0
        small = smallest(made, lambda c: run(c, folder) == wrong, SHRINK)
    place = out / f"{small.kind}-{small.seed}"
    place.mkdir(parents=True, exist_ok=True)
    lay_out(small, place)
    command = "costmodel " + shlex.join(small.arguments)
    if small.stdin:
        (place / "stdin").write_bytes(small.stdin)
        command += " < stdin"
    text = command.encode("utf-8", "surrogateescape") + b"\n"
    (place / "command.txt").write_bytes(text)
    print(f"  {wrong}\n  {command[:500]!r}\n  files in {place}")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
