"""Writing the log: when, why and after what an event happened."""

from __future__ import annotations


def note(g: list[int], event: int, time: int, cause: int, source: int) -> None:
    """Keep when, why and after what an event happened."""
    g[event] = time
    g[event + 1] = cause
    g[event + 2] = source
