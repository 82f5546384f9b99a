"""Which cost row of a core an instruction takes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping

from costmodel.cores.model import Core, Cost

ANY = "*"


def find(core: Core, operation: str, shape: str) -> tuple[Cost, bool] | None:
    """The row for ``operation`` with operands ``shape`` ("r64,m64"), or None.

    Tried in order: the shape with its widths (and with some of them left out, most
    widths first), the kinds only, the same with registers in place of memory, then
    "*". The implied count "1" of a short shift also takes rows for ``i``. The second
    value is True if the loads and stores of a memory operand are to be added to the
    row's uops, False if the row is whole.
    """
    rows = core.costs.get(operation)
    if rows is None:
        return None
    cost = pick(rows, shape)
    return None if cost is None else (cost, not cost.whole)


def pick(rows: Mapping[str, Cost], shape: str) -> Cost | None:
    """The row among ``rows`` that fits ``shape`` best."""
    for candidate in candidates(shape):
        cost = rows.get(candidate)
        if cost is not None:
            return cost
    return None


@functools.lru_cache(maxsize=4096)
def candidates(shape: str) -> tuple[str, ...]:
    """The shapes of rows that fit ``shape``, best first."""
    operands = shape.split(",") if shape else []
    tried = _narrowed(operands)
    if any(one.startswith("m") for one in operands):
        tried += _narrowed(
            ["r" + one[1:] if one.startswith("m") else one for one in operands]
        )
    return tuple(dict.fromkeys([*tried, ANY]))


def _narrowed(operands: list[str]) -> list[str]:
    """The shape with all widths, then with ever fewer of them, leftmost kept longest.

    "1" widens to "i" last, so that a row for the short encoding wins.
    """
    count = len(operands)
    out = []
    for kept in range(count, -1, -1):
        for chosen in itertools.combinations(range(count), kept):
            out.append(
                ",".join(
                    one if place in chosen or one == "1" else one[:1]
                    for place, one in enumerate(operands)
                )
            )
    if "1" in operands:
        out += _narrowed(["i" if one == "1" else one for one in operands])
    return out
