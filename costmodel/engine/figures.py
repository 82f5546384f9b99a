"""Figures of a core beside a layout: what they are in the simulator's vector, and which
values of them ask for another layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from costmodel.cores import declarations
from costmodel.cores.loaded import LoadedCore
from costmodel.engine import layout
from costmodel.engine.placement import Layout

# Figures that are a number of cycles or bytes, and 0 where a core lacks the mechanism.
_SWITCHES = (
    "memory.address_wait", "memory.alias_4k", "memory.bank_bytes", "memory.chase_saves",
)  # fmt: skip


def moves(laid: Layout, loaded: LoadedCore, path: str, column: Sequence[Any]) -> bool:
    """Whether values of a figure may ask for another layout than ``laid``, which is of
    the core as it is ``loaded``."""
    known = loaded.evidence.get(path)
    if known is not None and all(value == known.value for value in column):
        return False
    if path.startswith("costs."):
        if ".".join(path.split(".")[:3]) not in laid.rows():
            return False
        kind = path.rpartition(".")[2]
        if kind in ("filler", "microcode", "busy"):
            return known is None or not known.value or not all(column)
        return kind not in ("latency", "line_cycles")
    if path.startswith("window.schedulers."):
        return False
    if path in _SWITCHES:
        # With 0 the mechanism was not looked for when the path was laid out.
        return known is None or not known.value or not all(column)
    if declarations.changes(path) in ("time", "latency", "nothing"):
        return False
    return felt(laid, path, column)


def felt(laid: Layout, path: str, column: Sequence[Any]) -> bool:
    """Whether a layout could be another with these values of a figure of the layout or
    the structure."""
    if path.startswith("front_end.uop_cache."):
        if path.endswith(".capacity"):
            lines = max(laid.trace.lines, default=-1) + 1 or len(laid.trace.lines)
            return laid.plan.cached and lines > min(column) // 8
        return laid.plan.cached
    if path == "front_end.loop_buffer":
        return laid.plan.mode == layout.M_LOOP or bool(laid.plan.tail)
    if path == "front_end.decode.slot0_length":
        return any(item.form.length > min(column) for item in laid.items)
    if path == "memory.alias_4k":
        return any(row.forward == layout.F_ALIAS for row in laid.accesses)
    if path == "memory.bank_bytes":
        return len(laid.accesses) > 1
    if path.startswith("memory.renaming."):
        meets = (
            layout.F_EXACT,
            layout.F_ORDERED,
            layout.F_MODIFIED,
            *layout.AT_RENAME,
            layout.F_CHECKED,
        )
        return any(row.forward in meets for row in laid.accesses)
    return True


def value_at(loaded: LoadedCore, path: str) -> Any:
    """The value of a figure by its path, in the core as it is."""
    parts = path.split(".")
    if parts[0] == "costs":
        operation, shape = parts[1], parts[2]
        value: Any = loaded.core.costs[operation][shape]
        parts = parts[3:]
    else:
        value = loaded.core
    for part in parts:
        value = value[int(part)] if part.isdecimal() else getattr(value, part)
    return value


def encoded(path: str, value: Any) -> int:
    """A figure's value as the vector has it."""
    return encoder(path)(value)


def encoder(path: str) -> Callable[[Any], int]:
    """What makes a figure's value one of the vector."""
    declared = declarations.BY_PATH.get(path)
    return int if declared is None or declared.kind == "int" else declared.encoded
