"""Build the measuring program: ``build(directory)``, or as a script into the package.

What a build of the package calls; costmodel itself never compiles anything when it
runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NATIVE = Path(__file__).resolve().parents[1] / "costmodel" / "measure" / "native"
NAME = "_measure"
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-fno-stack-protector")


def build(target_directory: str | os.PathLike[str]) -> Path:
    """Compile ``native/*.c`` into ``target_directory``; returns the program.

    Raises RuntimeError with what the compiler said. It is written beside and renamed,
    so that a program in use is not changed under its user.
    """
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("no C compiler: install gcc or set CC")
    target = Path(target_directory) / NAME
    beside = target.with_name(f".{NAME}.{os.getpid()}")
    sources = sorted(str(path) for path in NATIVE.glob("*.c"))
    command = [*compiler.split(), *FLAGS, "-o", str(beside), *sources]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        beside.unlink(missing_ok=True)
        raise RuntimeError(f"{' '.join(command)}\n{made.stderr}")
    beside.replace(target)
    return target


if __name__ == "__main__":
    try:
        print(build(NATIVE.parent if len(sys.argv) < 2 else sys.argv[1]))
    except RuntimeError as error:
        sys.exit(f"build_measure: {error}")
