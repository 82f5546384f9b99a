"""What each limit of a core is worth to a path, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.views.layout import decimals_for, number, table, wrap

if TYPE_CHECKING:
    from costmodel.studies.whatif import Relief


def what_if_lines(reliefs: Sequence[Relief]) -> list[str]:
    """Limits that matter, most first, then the names of those that do not."""
    felt = [relief for relief in reliefs if relief.worth]
    lines = ["  what if one limit were gone (each alone; they do not add up)"]
    digits = decimals_for([relief.worth for relief in felt])
    rows = [
        (
            number(-relief.worth, digits, sign=True),
            relief.limit,
            relief.instead,
        )
        for relief in felt
    ]
    if rows:
        lines += table(rows, "rll")
    idle = [relief.limit for relief in reliefs if not relief.worth]
    if idle:
        lines.append(wrap("no cycle: " + ", ".join(idle), "    ", "      "))
    return lines


def what_if_record(reliefs: Sequence[Relief]) -> list[dict[str, Any]]:
    return [
        {
            "limit": relief.limit,
            "instead": relief.instead,
            "cycles": float(relief.cycles),
            "worth": float(relief.worth),
        }
        for relief in reliefs
    ]
