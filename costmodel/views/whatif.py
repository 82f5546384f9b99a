"""What each limit of a core is worth to a path, as a section and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.views.layout import decimals_for, number
from costmodel.views.tree import Section, Table, Text

if TYPE_CHECKING:
    from costmodel.studies.whatif import Relief


def what_if_section(reliefs: Sequence[Relief]) -> Section:
    """Limits that matter, most first, then the names of those that do not."""
    felt = [relief for relief in reliefs if relief.worth]
    digits = decimals_for([relief.worth for relief in felt])
    rows = tuple(
        (number(-relief.worth, digits, sign=True), relief.limit, relief.instead)
        for relief in felt
    )
    idle = [relief.limit for relief in reliefs if not relief.worth]
    blocks: list[Table | Text] = [Table((), rows, "rll")] if rows else []
    if idle:
        blocks.append(Text("no cycle: " + ", ".join(idle), hanging=True))
    title = "what if one limit were gone (each alone; they do not add up)"
    return Section(title, tuple(blocks))


def what_if_record(reliefs: Sequence[Relief]) -> list[dict[str, Any]]:
    """A record a limit, in the order given; cycles are a copy's."""
    return [
        {
            "limit": relief.limit,
            "instead": relief.instead,
            "cycles": float(relief.cycles),
            "worth": float(relief.worth),
        }
        for relief in reliefs
    ]
