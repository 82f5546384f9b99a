"""Files that appear whole or not at all: written beside their place, then renamed.

A full disk or a signal in the middle leaves what was there before, and nothing else.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from costmodel.errors import InputError

_PART = ".costmodel-"  # begins the names of what is not whole yet


def write_whole(file: str, data: bytes) -> None:
    """Write one file. Raises InputError; a device or a pipe is written as it is."""
    try:
        target = Path(os.path.realpath(file))
        if _is_special(target):
            target.write_bytes(data)
        else:
            _replace(target, data)
    except (OSError, ValueError) as problem:
        raise _cannot(file, problem) from None


def write_folder(folder: str, files: Mapping[str, bytes]) -> list[str]:
    """Write all of ``files`` into a directory, made if it is not there; the names.

    All are written before the first takes its place. Raises InputError.
    """
    made: list[Path] = []
    stage: Path | None = None
    try:
        target = Path(os.path.realpath(folder))
        made = _make(target)
        stage = Path(tempfile.mkdtemp(prefix=_PART, dir=target))
        for name, data in files.items():
            (stage / name).write_bytes(data)
        for name in files:
            (stage / name).replace(target / name)
        made = []
    except (OSError, ValueError) as problem:
        raise _cannot(folder, problem) from None
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)
        for place in made:  # nothing came of it
            with suppress(OSError):
                place.rmdir()
    return [str(Path(folder) / name) for name in files]


def _is_special(target: Path) -> bool:
    try:
        mode = target.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _replace(target: Path, data: bytes) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    handle, name = tempfile.mkstemp(prefix=_PART, dir=target.parent)
    part = Path(name)
    try:
        os.close(handle)
        part.write_bytes(data)
        part.chmod(_mode(target))
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _mode(target: Path) -> int:
    """The mode the file has, or a new one would."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _make(target: Path) -> list[Path]:
    """Make a directory and those above it; what was made, innermost first."""
    missing = []
    here = target
    while not os.path.lexists(here):
        missing.append(here)
        here = here.parent
    for place in reversed(missing):
        place.mkdir()
    return missing


def _cannot(file: str, problem: Exception) -> InputError:
    reason = getattr(problem, "strerror", None) or str(problem)
    return InputError(
        f"cannot write: {reason}", where=file, expected="a place that takes files"
    )
