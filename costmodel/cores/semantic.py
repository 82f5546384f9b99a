"""The semantic table: which operation an instruction is (``uarch/instructions.yaml``).

It also names what the decoder does not say an instruction reads or writes: segment
bases, model-specific and control registers, the system flags.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from costmodel import data


class Semantic(Struct, frozen=True):
    """The operation of an instruction; registers by name, beyond the decoder's."""

    operation: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


def instructions() -> Mapping[str, Semantic]:
    """Mnemonic -> Semantic, of the table that comes with the cores.

    Raises CoreError where the table is wrong, UsageError where there is none.
    """
    path = data.uarch_dir() / "instructions.yaml"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        stamp = 0  # reading it tells why
    return _read(path, stamp)


@functools.lru_cache(maxsize=8)
def _read(path: Path, stamp: int) -> Mapping[str, Semantic]:
    return read(path)


def read(path: Path) -> Mapping[str, Semantic]:
    """The table in the file ``path``. Raises CoreError."""
    from costmodel.cores import semantic_table

    return semantic_table.read(path)
