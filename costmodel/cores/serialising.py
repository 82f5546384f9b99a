"""What instructions that serialise do on each core, as the core files state it.

Four questions of one cost row: what has to be over before it begins, whether younger
instructions may overlap it, whether the front end starts over behind it, and from where
it then fetches.
"""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.cores.model import Core, Cost
from costmodel.tuples import NamedTuple

# Name, operation, shape: those of a kernel's entry and exit.
INSTRUCTIONS = (
    ("LFENCE", "lfence", ""),
    ("SWAPGS", "swapgs", ""),
    ("WRGSBASE", "wrfsbase", "r"),
    ("SYSCALL", "syscall", ""),
    ("SYSRET", "sysret", ""),
    ("IRET", "iret", ""),
    ("STI", "sti", ""),
    ("CLI", "cli", ""),
    ("POPF", "popf", ""),
    ("MOV CR3", "mov", "c,r"),
    ("WRMSR", "wrmsr", ""),
    ("VERW memory", "verw", "m"),
    ("VERW register", "verw", "r"),
)
_DRAINS = {"": "nothing", "retire": "retirement", "stores": "retirement, stores"}
_FROM = {
    "": "no",
    "queue": "where it was",
    "decode": "decoders",
    "cache": "uop cache or decoders",
}


class Rule(NamedTuple):
    """``waits``: what of the older code it waits for; ``overlaps``: whether younger
    code may begin before it is over; ``restart``: where fetching starts over."""

    waits: str
    overlaps: str
    restart: str


def stated(core: Core, operation: str, shape: str) -> Rule | None:
    """The rule of a row that the core has; None: it lacks the instruction."""
    rows = core.costs.get(operation, {})
    cost: Cost | None = rows.get(shape, rows.get("*"))
    if cost is None or (operation in core.absent and not rows):
        return None
    # Code that is fetched again cannot have begun.
    alone = cost.holds or cost.refetch != ""
    return Rule(_DRAINS[cost.waits], "no" if alone else "yes", _FROM[cost.refetch])


def table(cores: Sequence[Core]) -> list[tuple[str, Rule | None, tuple[str, ...]]]:
    """For each instruction the different rules there are, and the cores that follow
    each, in the order given."""
    out: list[tuple[str, Rule | None, tuple[str, ...]]] = []
    for name, operation, shape in INSTRUCTIONS:
        found: dict[Rule | None, list[str]] = {}
        for core in cores:
            found.setdefault(stated(core, operation, shape), []).append(core.name)
        out += [(name, rule, tuple(names)) for rule, names in found.items()]
    return out
