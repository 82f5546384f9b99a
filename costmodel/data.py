"""Where the data files are: core models, measurements and stubs, found in one place.

Three homes, first that exists: the directory named by ``COSTMODEL_DATA``, the checkout
this file is in, and the package's own copy (``costmodel/_data``, put there by the
wheel). Each holds ``uarch/``, ``calibration/`` and ``stubs/``.
"""

from __future__ import annotations

import os
from pathlib import Path

from costmodel.errors import UsageError

VARIABLE = "COSTMODEL_DATA"


def data_dir(kind: str) -> Path:
    """The directory ``uarch``, ``calibration`` or ``stubs``.

    Raises UsageError when the environment names a directory that has none, or when no
    data is installed at all.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        folder = Path(chosen) / kind
        if not os.path.isdir(folder):  # noqa: PTH112 no name is too long for it
            raise UsageError(
                f"no directory {kind}/ there",
                where=f"{VARIABLE}={chosen}",
                expected="a directory holding uarch/ and stubs/",
                hint=f"unset {VARIABLE} to use the data that came with costmodel",
            )
        return folder
    package = Path(__file__).resolve().parent
    for home in (package.parent, package / "_data"):
        folder = home / kind
        # A stray site-packages/uarch must not pass for the checkout.
        if folder.is_dir() and (home != package.parent or _is_checkout(home)):
            return folder
    raise UsageError(
        f"the data directory {kind}/ is not installed",
        expected=f"{package / '_data' / kind}",
        hint=f"reinstall costmodel, or set {VARIABLE} to a checkout",
    )


def _is_checkout(home: Path) -> bool:
    return (home / "uarch" / "instructions.yaml").is_file()


def display_path(path: Path) -> str:
    """``path`` from here if it lies below this directory, else whole."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def uarch_dir() -> Path:
    """The directory of the core files. Raises UsageError."""
    return data_dir("uarch")


def calibration_dir() -> Path:
    """The directory of what the model was held against. Raises UsageError."""
    return data_dir("calibration")


def stubs_dir() -> Path:
    """The directory of the entry-path stubs. Raises UsageError."""
    return data_dir("stubs")


def display_name(path: Path) -> str:
    """``path`` as messages and results show it: the same on every machine.

    Data files are named from their home (``uarch/skylake.yaml``), others as given.
    """
    try:
        return path.relative_to(data_dir("uarch").parent).as_posix()
    except (ValueError, UsageError):
        return str(path)
