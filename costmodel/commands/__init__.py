"""The commands, one module each: ``add`` declares the arguments, ``run`` the work.

A command returns an ``Outcome``; ``cli`` alone prints it. Modules here import what they
need inside ``run``, so that asking for help loads nothing.
"""

from __future__ import annotations

from costmodel.tuples import NamedTuple


class Outcome(NamedTuple):
    """What a command has to say: data for stdout, notes for stderr, a status."""

    text: str
    notes: tuple[str, ...] = ()
    status: int = 0
