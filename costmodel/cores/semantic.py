"""The semantic table: which operation an instruction is (``uarch/instructions.yaml``).

It also names what the decoder does not say an instruction reads or writes: segment
bases, model-specific and control registers, the system flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from costmodel import data
from costmodel.cores import stored


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
    kept = stored.table(path, _of_rows)
    if kept is not None:
        return kept
    made = read(path)
    rows = {name: (row.operation, row.reads, row.writes) for name, row in made.items()}
    stored.keep_table(path, rows, made)
    return made


def _of_rows(rows: Any) -> Mapping[str, Semantic]:
    return MappingProxyType({
        name: Semantic(operation, tuple(reads), tuple(writes))
        for name, (operation, reads, writes) in rows.items()
    })  # fmt: skip


def read(path: Path) -> Mapping[str, Semantic]:
    """The table in the file ``path``. Raises CoreError."""
    from costmodel.cores import semantic_table

    return semantic_table.read(path)
