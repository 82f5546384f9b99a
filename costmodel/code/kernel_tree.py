"""Whether a file lies in a kernel tree: asked of every source, so by itself."""

from __future__ import annotations

from pathlib import Path as FilePath

KCONFIG = "include/linux/kconfig.h"
MARKS = (KCONFIG, "arch/x86/include")


def root_of(file: FilePath) -> FilePath | None:
    """The kernel tree a file lies in, if it lies in one."""
    try:
        whole = file.absolute()
    except OSError:  # this directory is gone
        return None
    for directory in whole.parents:
        if all((directory / mark).exists() for mark in MARKS):
            return directory
    return None
