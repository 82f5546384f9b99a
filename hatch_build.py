"""Builds what is C when the package is built or installed for editing.

That is the simulator, an extension of the limited API (one build serves every Python
from 3.11 on), and the program that measures code on this CPU. A wheel carries both; an
editable install gets them beside the sources. Nothing is compiled at run time.

As a script: builds both in place, with more compiler flags if any are given.
"""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra")
ENGINE = Path("costmodel/engine")
SIMULATOR = ENGINE / "_simulator.abi3.so"
# The stages are included by lean.c, plain.c and logged.c: see stages.h.
SOURCES = ("program.c", "machine.c", "lean.c", "plain.c", "logged.c", "module.c")
LIMITED = "-DPy_LIMITED_API=0x030b0000"  # Python 3.11
MEASURE = Path("costmodel/measure")
PROGRAM = MEASURE / "_measure"


class NativeHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the native parts and puts them into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel, or the editable install, is put together."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        built = [build(root)]
        if platform.machine() in ("x86_64", "AMD64"):  # it is x86 code that is measured
            built.append(build_measure(root))
        build_data["pure_python"] = False
        machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"cp311-abi3-{machine}"
        if version != "editable":
            for file in built:
                build_data["force_include"][str(file)] = str(file.relative_to(root))


def build(root: Path, *more: str, to: Path | None = None) -> Path:
    """Compile the simulator under ``root``; the file made. ``more``: compiler flags.

    Raises SystemExit, with what the compiler said, where it cannot be built.
    """
    folder = root / ENGINE / "sim"
    includes = f"-I{sysconfig.get_path('include')}"
    return _compiled(
        to or root / SIMULATOR,
        ["-fPIC", "-shared", LIMITED, includes, *more],
        [folder / name for name in SOURCES],
    )


def build_measure(root: Path, to: Path | None = None) -> Path:
    """Compile the program that measures; the file made. Raises as ``build`` does."""
    return _compiled(
        to or root / PROGRAM,
        ["-fno-stack-protector"],
        sorted((root / MEASURE / "native").glob("*.c")),
    )


def _compiled(target: Path, flags: list[str], sources: list[Path]) -> Path:
    """Written beside and renamed: a file in use is not changed under its user."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    part = target.with_name(f".{target.name}.{os.getpid()}")
    command = [*compiler, *FLAGS, *flags, "-o", str(part), *map(str, sources)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as problem:
        sys.exit(
            f"costmodel is built with a C compiler: cannot run {compiler[0]}: {problem}"
        )
    if run.returncode:
        part.unlink(missing_ok=True)
        sys.exit(f"costmodel's {target.name} does not compile:\n{run.stderr}")
    part.replace(target)
    return target


if __name__ == "__main__":
    here = Path(__file__).parent
    build(here, *sys.argv[1:])
    build_measure(here)
