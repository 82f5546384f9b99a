"""The scenarios: what surrounds a path. The one list of them; all else asks here.

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


def checked(name: str, where: str = "") -> str:
    """``name`` if there is such a scenario. Raises UsageError, naming all there are."""
    if name not in SAID:
        raise UsageError(
            f"no scenario {name!r}", where=where, expected="one of " + ", ".join(NAMES)
        )
    return name


def said(name: str) -> str:
    """A scenario in words; a name that is none of them as it is."""
    return SAID.get(name, name)
