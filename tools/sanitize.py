"""Builds the simulator with address and undefined-behaviour sanitizers and hammers it.

    tools/sanitize.py [SECONDS [SEED]]

The library is built into a temporary folder; nothing that is installed is touched. Ends
with status 1 at the first report of a sanitizer, 77 if the compiler has none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("program.c", "machine.c", "plain.c", "logged.c", "module.c")
FLAGS = (
    "-std=gnu11", "-O1", "-g", "-fPIC", "-shared", "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
    "-DPy_LIMITED_API=0x030b0000",
)  # fmt: skip
SKIPPED = 77


def main() -> int:
    """See the head of this module."""
    seconds, seed = [*sys.argv[1:], "50", "0"][:2] if len(sys.argv) != 2 else (
        sys.argv[1], "0",
    )  # fmt: skip
    compiler = os.environ.get("CC") or shutil.which("cc") or "cc"
    with tempfile.TemporaryDirectory(prefix="costmodel-sanitize-") as folder:
        library = Path(folder) / "_simulator.so"
        command = [
            compiler, *FLAGS, f"-I{sysconfig.get_path('include')}", "-o", str(library),
            *SOURCES,
        ]  # fmt: skip
        built = subprocess.run(command, cwd=ROOT / "costmodel/engine/sim")
        if built.returncode:
            print(
                "sanitize: the compiler cannot build with sanitizers", file=sys.stderr
            )
            return SKIPPED
        hammer = [sys.executable, "-m", "tests.engine.hostile", seconds, seed]
        status = subprocess.run(hammer, cwd=ROOT, env=environment(compiler, library))
    return int(status.returncode != 0)


def environment(compiler: str, library: Path) -> dict[str, str]:
    """Python as it is, but with the sanitizers' library before all others."""
    asked = [compiler, "-print-file-name=libasan.so"]
    runtime = subprocess.run(asked, capture_output=True, text=True, check=True)
    return os.environ | {
        "LD_PRELOAD": runtime.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:"
        "max_allocation_size_mb=1024:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",  # so that every object has its own bounds
        "COSTMODEL_SIMULATOR": str(library),
    }


if __name__ == "__main__":
    sys.exit(main())
