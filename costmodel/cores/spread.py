"""How much figures differ among relatives: what makes the interval of a loan wide.

A figure taken from a relative is as uncertain as figures vary over the family. For
every family (``relatives:`` of a base file) ``uarch/spread.json`` holds the usual
relative half width of its figures, and the least and the greatest value that any of its
cores has from evidence of its own, where two or more have one. The interval of a loan
is the usual width, at least one step where the figure does vary, and ends where the
family does. ``python -m costmodel.cores.spread`` writes the file, from the core files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from costmodel import data
from costmodel.cores import declarations, fields
from costmodel.cores.model import Core
from costmodel.cores.quantity import INHERITED, Quantity

FILE = "spread.json"
_KNOWN = ("measured", "documented", "fitted")


class Family(Struct, frozen=True):
    """``usual``: relative half width; ``figures``: least and greatest, by path."""

    usual: float = 0.0
    figures: dict[str, tuple[float, float]] = {}


def families() -> Mapping[str, Family]:
    """What the file beside the cores holds; empty if there is none."""
    try:
        content = (data.uarch_dir() / FILE).read_bytes()
        return msgspec.json.decode(content, type=dict[str, Family])
    except (OSError, msgspec.MsgspecError):
        return {}


def widened(evidence: dict[str, Quantity], family: Family) -> None:
    """Give every inherited figure the interval its family says, in place."""
    for path, known in evidence.items():
        if known.evidence == INHERITED and known.value:
            low, high = _interval(path, known, family)
            if low < known.low or high > known.high:
                evidence[path] = msgspec.structs.replace(known, low=low, high=high)


def _interval(path: str, known: Quantity, family: Family) -> tuple[float, float]:
    spec = fields.at(path)
    if spec is None or spec.binary or not _varies(path):
        return known.low, known.high
    value = known.value
    half = abs(value) * family.usual
    ends = family.figures.get(path)
    if ends is None or ends[0] == ends[1]:  # all agree, and the next need not
        if path.startswith("costs."):
            return known.low, known.high
        low, high = value - half, value + half
    else:
        half = max(half, 1.0) if spec.kind == "int" else half
        low = max(value - half, min(ends[0], value))
        high = min(value + half, max(ends[1], value))
    if spec.kind == "int":
        low, high = math.ceil(low), math.floor(high)
    low = max(min(low, known.low), spec.minimum)
    high = min(max(high, known.high), spec.maximum)
    return float(low), float(high)


def _varies(path: str) -> bool:
    """Whether a figure is a size or a time: rules and widths of operands are not."""
    if path.rpartition(".")[2].isdecimal():
        return False
    if path.startswith("costs."):
        return True
    return declarations.changes(path) in ("time", "latency", "layout")


# -- making the file -------------------------------------------------------------------


def measure(cores: Mapping[str, Any]) -> dict[str, Family]:
    """The spread over ``cores`` (LoadedCore by name), a family at a time."""
    made = {}
    for name in sorted({one.relatives for one in cores.values()} - {""}):
        made[name] = _family([one for one in cores.values() if one.relatives == name])
    return made


def _family(cores: list[Any]) -> Family:
    import statistics  # slow to import, and no estimate needs it

    known: dict[str, list[float]] = {}
    borrowed: dict[str, Core] = {}
    for loaded in cores:
        for path, quantity in loaded.evidence.items():
            if quantity.evidence == INHERITED:
                borrowed.setdefault(path, loaded.core)
    for loaded in cores:
        for path, value in _own(loaded):
            if path not in borrowed or _alike(path, loaded.core, borrowed[path]):
                known.setdefault(path, []).append(value)
    ends = {path: (min(v), max(v)) for path, v in known.items() if len(v) > 1}
    halves = [
        (high - low) / (high + low)
        for path, (low, high) in ends.items()
        if not path.startswith("costs.") and _varies(path)
    ]
    return Family(
        round(statistics.median(halves), 2) if halves else 0.0,
        {
            path: ends[path]
            for path in sorted(borrowed)
            if path in ends and (not path.startswith("costs.") or _differ(ends[path]))
        },
    )


def _own(loaded: Any) -> Iterator[tuple[str, float]]:
    """Figures a core has from evidence of its own; 0 is the lack of a mechanism."""
    for path, quantity in loaded.evidence.items():
        if quantity.evidence in _KNOWN and quantity.stated and quantity.value:
            yield path, quantity.value


def _differ(ends: tuple[float, float]) -> bool:
    return ends[0] != ends[1]


def _alike(path: str, core: Core, other: Core) -> bool:
    """Whether the figure means the same on both: of a cost row, the same uops."""
    if not path.startswith("costs."):
        return True
    _, operation, shape, *_ = path.split(".")
    rows = [one.costs.get(operation, {}).get(shape) for one in (core, other)]
    if rows[0] is None or rows[1] is None:
        return False
    first, second = ([(u.on, u.count) for u in row.uops] for row in rows if row)
    return first == second


def text(cores: Mapping[str, Any]) -> str:
    """The file as it is kept."""
    import json

    parts = []
    for name, one in measure(cores).items():
        rows = [
            f'   "{path}": {json.dumps(ends)}' for path, ends in one.figures.items()
        ]
        inside = ",\n".join(rows)
        parts.append(
            f' "{name}": {{"usual": {one.usual}, "figures": {{\n{inside}\n }}}}'
        )
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Write the file beside the cores."""
    from costmodel.cores.load import core_names, load_core

    target = Path(data.uarch_dir() / FILE)
    cores = {name: load_core(name) for name in core_names()}
    target.write_text(text(cores), encoding="utf-8")


if __name__ == "__main__":
    main()
