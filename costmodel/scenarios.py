"""The names of the scenarios, in one place, and the check of a name given by hand.

What each means is told by ``engine.scenarios``. This module loads nothing, so that the
command line and every reader of a file may ask it.
"""

from __future__ import annotations

from costmodel.errors import UsageError

NAMES = ("once", "roundtrip", "unroll", "opcache", "loop")
PATHS = ("once", "roundtrip")  # of a whole path, at its own addresses
LINE = 64  # bytes


def checked(name: str, where: str = "") -> str:
    """``name`` if there is such a scenario. Raises UsageError at ``where``."""
    if name in NAMES:
        return name
    close = [known for known in NAMES if known == str(name).strip().lower()]
    raise UsageError(
        f"no scenario {name!r}",
        where=where,
        expected="one of " + ", ".join(NAMES),
        hint=f"did you mean {close[0]}?" if close else "",
    )


def checked_align(align: int) -> int:
    """``align`` if it is an offset from a line, 0 to 63. Raises UsageError."""
    if isinstance(align, int) and 0 <= align < LINE:
        return align
    raise UsageError(f"align {align!r}", expected=f"a number from 0 to {LINE - 1}")
