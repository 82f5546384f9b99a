"""How it is said that a path did not settle."""

from __future__ import annotations

from collections.abc import Iterable

UNSETTLED = (
    "did not settle: no repeating state was found, and the cycles are an average"
)


def unsettled_said(names: Iterable[str]) -> str:
    """Where it did not, nothing if it did everywhere."""
    listed = ", ".join(dict.fromkeys(names))
    return f"{UNSETTLED}: {listed}" if listed else ""
