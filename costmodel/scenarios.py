"""The scenarios: what surrounds a path. The one list of them; all else asks here.

This module loads nothing, so that every reader of a name may ask it.

``once``      the pipeline is drained before; first fetch to last retirement
``roundtrip`` the path again and again, as a loop of system calls sees it
``unroll``    copies back to back, from legacy decode
``opcache``   copies in a loop of about 200 instructions, from the uop cache
``loop``      the block closed by ``dec``/``jnz``
"""

from __future__ import annotations

from costmodel.errors import UsageError

# Name -> how a reader is told.
SAID = {
    "once": "once, from a drained pipeline",
    "roundtrip": "system-call round trip",
    "unroll": "unrolled copies, legacy decode",
    "opcache": "copies in a loop, uop cache",
    "loop": "a loop of its own",
}
NAMES = tuple(SAID)
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


def said(name: str) -> str:
    """A scenario in words; a name that is none of them as it is."""
    return SAID.get(name, name)
