"""The semantic table: which operation an instruction is (``uarch/instructions.yaml``).

It also names what the decoder does not say an instruction reads or writes: segment
bases, model-specific and control registers, the system flags.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from costmodel import data
from costmodel.code.registers import BY_NAME
from costmodel.cores import yamltree
from costmodel.cores.fields import NAME
from costmodel.cores.yamltree import Map, Seq

KEYS = ("operation", "reads", "writes", "note")


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
    tree = yamltree.load(path, data.display_name(path))
    return MappingProxyType({name: _row(tree, name) for name in tree})


def _row(tree: Map, name: str) -> Semantic:
    value, mark = tree[name], tree.values_at[name]
    if NAME.fullmatch(name) is None:
        raise yamltree.error(
            tree.keys_at[name], f"the mnemonic {name!r}", "lower case letters, digits"
        )
    if isinstance(value, str):
        return Semantic(_operation(value, mark))
    if not isinstance(value, Map):
        raise yamltree.error(
            mark,
            f"{name} is neither an operation nor a mapping",
            "add: alu, or swapgs: {operation: swapgs, reads: [gs_base]}",
        )
    for key in value:
        if key not in KEYS:
            raise yamltree.error(
                value.keys_at[key],
                f"unknown key {key!r} for {name}",
                ", ".join(KEYS),
                yamltree.close(key, KEYS),
            )
    if "operation" not in value:
        raise yamltree.error(mark, f"{name} has no operation", "operation: NAME")
    operation = _operation(value["operation"], value.values_at["operation"])
    return Semantic(operation, _registers(value, "reads"), _registers(value, "writes"))


def _operation(value: Any, mark: Any) -> str:
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    raise yamltree.error(mark, f"the operation {value!r}", "a name: a-z, 0-9 and _")


def _registers(row: Map, key: str) -> tuple[str, ...]:
    names = row.get(key)
    if names is None:
        return ()
    if not isinstance(names, Seq):
        raise yamltree.error(
            row.values_at[key], f"{key} is not a list", "[gs_base, msr]"
        )
    for name, mark in zip(names, names.items_at, strict=True):
        if name not in BY_NAME:
            raise yamltree.error(
                mark,
                f"{key}: there is no register {name!r}",
                ", ".join(BY_NAME),
                yamltree.close(str(name), BY_NAME),
            )
    return tuple(names)
