"""Which cost row of a core an instruction takes."""

from __future__ import annotations

import functools
import itertools

from costmodel.cores.model import Core, Cost
from costmodel.tuples import NamedTuple

ANY = "*"
IMMEDIATES = frozenset(("0", "1"))  # values some cores treat apart


class Hit(NamedTuple):
    """A row found.

    ``composed``: the loads and stores of a memory operand are to be added to the row's
    uops; False only if the row was written for this shape and says it is ``whole``.
    ``path`` is the row's, for its evidence: "costs.imul.r,r".
    """

    cost: Cost
    composed: bool
    path: str


def find(core: Core, operation: str, shape: str) -> Hit | None:
    """The row for ``operation`` with operands ``shape`` ("r64,m64"), or None.

    Tried in order: the shape with its widths (and with some of them left out, most
    widths first), the kinds only, the same with registers in place of memory, then
    "*". The immediates with rows of their own ("1", the implied count of a short shift,
    and "0") also take rows for ``i``. ``h`` is a register such as AH; shapes with one
    take no row of registers in place of memory.
    """
    rows = core.costs.get(operation)
    if rows is None:
        return None
    for candidate, substituted in candidates(shape):
        cost = rows.get(candidate)
        if cost is not None:
            path = f"costs.{operation}.{candidate}"
            return Hit(cost, substituted or not cost.whole, path)
    return None


@functools.lru_cache(maxsize=4096)
def candidates(shape: str) -> tuple[tuple[str, bool], ...]:
    """The shapes of rows that fit ``shape``, best first.

    Each with whether it has registers in place of memory.
    """
    operands = shape.split(",") if shape else []
    tried = dict.fromkeys(_narrowed(operands), False)
    if "h" not in shape and any(one.startswith("m") for one in operands):
        registers = ["r" + one[1:] if one[0] == "m" else one for one in operands]
        for one in _narrowed(registers):
            tried.setdefault(one, True)
    if "h" not in shape:  # the same shape with "r" comes next, and then ANY
        tried.setdefault(ANY, False)
    return tuple(tried.items())


def _narrowed(operands: list[str]) -> list[str]:
    """The shape with all widths, then with ever fewer of them, leftmost kept longest.

    A certain immediate becomes "i8" last, so that a row for it wins.
    """
    count = len(operands)
    out = []
    for kept in range(count, -1, -1):
        for chosen in itertools.combinations(range(count), kept):
            out.append(
                ",".join(
                    one if place in chosen or one in IMMEDIATES else one[:1]
                    for place, one in enumerate(operands)
                )
            )
    if not IMMEDIATES.isdisjoint(operands):
        out += _narrowed(["i8" if one in IMMEDIATES else one for one in operands])
    return out
