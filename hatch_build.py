"""Builds the simulator, in C, when the package is built or installed for editing.

A wheel carries it; an editable install gets it beside the sources. It is an extension
of the limited API, so one build serves every Python from 3.11 on.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("costmodel/engine")
SOURCES = ("program.c", "machine.c", "plain.c", "logged.c", "module.c")
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-fPIC", "-shared")
LIMITED = "-DPy_LIMITED_API=0x030b0000"  # Python 3.11


class SimulatorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles ``costmodel.engine._simulator`` and puts it into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel, or the editable install, is put together."""
        if self.target_name != "wheel":
            return
        built = build(Path(self.root))
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"cp311-abi3-{platform}"
        if version != "editable":
            inside = str(built.relative_to(self.root))
            build_data["force_include"][str(built)] = inside


def build(root: Path, *more: str, to: Path | None = None) -> Path:
    """Compile the simulator under ``root``; the file made. ``more``: compiler flags.

    Raises SystemExit, with what the compiler said, where it cannot be built.
    """
    folder = root / FOLDER
    target = to or folder / "_simulator.abi3.so"
    sources = [str(folder / "sim" / name) for name in SOURCES]
    compiler = shlex.split(os.environ.get("CC", "cc"))
    includes = f"-I{sysconfig.get_path('include')}"
    part = target.with_name(f".{target.name}.{os.getpid()}")
    command = [*compiler, *FLAGS, LIMITED, includes, *more, "-o", str(part), *sources]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as problem:
        sys.exit(
            f"costmodel is built with a C compiler: cannot run {compiler[0]}: {problem}"
        )
    if run.returncode:
        part.unlink(missing_ok=True)
        sys.exit(f"costmodel's simulator does not compile:\n{run.stderr}")
    part.replace(target)
    return target


if __name__ == "__main__":
    build(Path(__file__).parent, *sys.argv[1:])
