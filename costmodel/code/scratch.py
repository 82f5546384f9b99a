"""Scratch directories and programs on the search path, without what finding them costs.

``tempfile`` and ``shutil`` load three compressors and random numbers: as much as a
tenth of an estimate, for a directory and a look along ``PATH``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from costmodel.errors import InputError

_PLACES = ("/tmp", "/var/tmp", "/usr/tmp")


@contextmanager
def directory(prefix: str = "costmodel-") -> Iterator[str]:
    """A new directory only the user can enter; gone afterwards, whatever is in it.

    Raises InputError if there is no place for one.
    """
    made = _made(prefix)
    try:
        yield str(made)
    finally:
        _removed(made)


def _made(prefix: str) -> Path:
    """A directory in the first place that takes one: ``tempfile``'s order."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    places = [*filter(None, named), *_PLACES, os.curdir]
    for place in places:
        # A name nobody can know before; mkdir refuses one that is taken.
        path = Path(place).absolute() / (prefix + os.urandom(8).hex())
        try:
            path.mkdir(0o700)
        except OSError:
            continue
        return path
    raise InputError(
        "no place for a scratch directory",
        where=", ".join(places),
        expected="one that can be written to",
        hint="TMPDIR names another",
    )


def _removed(path: Path) -> None:
    try:
        for entry in path.iterdir():
            entry.unlink()
        path.rmdir()
    except OSError:  # a directory inside, or something without permission
        import shutil

        shutil.rmtree(path, ignore_errors=True)


def which(name: str) -> str | None:
    """The program ``name`` on the search path, or None."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = Path(folder or os.curdir, name)
        if os.access(path, os.X_OK) and not path.is_dir():
            return str(path)
    return None
