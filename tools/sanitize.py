"""Builds the simulator with address and undefined-behaviour sanitizers and hammers it.

    tools/sanitize.py [SECONDS [SEED [FILES]]]

FILES: mutated core files, 500 unless told, after SECONDS of drawn cases. The library is
built into a temporary folder; what is installed stays as it is. Ends
with status 1 at the first report of a sanitizer.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hatch_build import build  # noqa: E402

FLAGS = (
    "-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
)  # fmt: skip


def main() -> int:
    """See the head of this module."""
    given = sys.argv[1:]
    seconds, seed, files = (*given, *("40", "0", "500")[len(given) :])
    with tempfile.TemporaryDirectory(prefix="costmodel-sanitize-") as folder:
        library = build(ROOT, *FLAGS, to=Path(folder) / "_simulator.so")
        for hammer in (
            ("tests.engine.hostile", seconds, seed),
            ("tests.engine.hostile_cores", files, seed),
        ):
            command = [sys.executable, "-m", *hammer]
            run = subprocess.run(
                command, cwd=ROOT, env=environment(library), check=False
            )
            if run.returncode:
                return 1
    return 0


def environment(library: Path) -> dict[str, str]:
    """Python as it is, but with the sanitizers' own library before all others."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    asked = [*compiler, "-print-file-name=libasan.so"]
    runtime = subprocess.run(asked, capture_output=True, text=True, check=True)
    return os.environ | {
        "LD_PRELOAD": runtime.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:"
        "max_allocation_size_mb=1024",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",  # so that every object has its own bounds
        "COSTMODEL_SIMULATOR": str(library),
    }


if __name__ == "__main__":
    sys.exit(main())
