"""Lines that are not in the first cache when a trip starts: their fills.

A cold line is asked for by the accesses of the trip that need it: a load when it
dispatches, unless it takes its data from a store in flight; a store when it retires
(the request for ownership), for no source says when a core would do so sooner; an
instruction when the fetch of its bytes would start. The line is there the latency of
its level after the first of them asked, as far as older accesses know: an access does
not learn of one that is younger in program order and asked sooner. Who asks later waits
for the same fill.

Data lines take a fill buffer, in the order in which the trip first touches them: the
fill starts no sooner than that of the line ``fill_buffers`` before it, as its first
access asked for it, is done; or than that access has left, if it did not ask.
"""

from __future__ import annotations

from costmodel.engine.layout import T_COLD
from costmodel.engine.params import Params
from costmodel.engine.state import (
    F_EVENT,
    F_READY,
    F_ROOM,
    FILL_AT,
    FILL_SIZE,
    FILLS,
    FILLS_AT,
    MISSED,
    MOST_FILLS,
)


def level_latency(line: int, t: list[int], p: Params) -> int:
    """Cycles from a request to the data, of cold line ``line`` (from 1 on)."""
    level = t[t[T_COLD] + line - 1]
    if level == 1:
        return p.l2_latency
    if level == 2:
        return p.l3_latency
    return p.memory_latency


def fill(
    line: int, at: int, left: int, event: int, t: list[int], p: Params, m: list[int]
) -> int:
    """Cycle cold line ``line`` is there for an access that left at ``left`` and asks
    for it at ``at`` (-1: it does not ask)."""
    cell = m[FILL_AT] + (line - 1) * FILL_SIZE
    spot = -1
    if m[cell + F_ROOM] < 0:
        m[cell + F_ROOM] = 0
        if p.fill_buffers:
            oldest = (m[FILLS] - p.fill_buffers) & (MOST_FILLS - 1)
            m[cell + F_ROOM] = m[FILLS_AT + oldest]
        spot = m[FILLS] & (MOST_FILLS - 1)
        m[FILLS_AT + spot] = left
        m[FILLS] += 1
    if at < 0:
        return -1
    start = m[cell + F_ROOM]
    if at > start:
        start = at
    ready = start + level_latency(line, t, p)
    if m[cell + F_READY] < 0 or ready < m[cell + F_READY]:
        m[cell + F_READY] = ready
        m[cell + F_EVENT] = event
    if spot >= 0:
        m[FILLS_AT + spot] = ready
    return m[cell + F_READY]


def asked_by(line: int, m: list[int]) -> int:
    """The event whose request cold line ``line`` comes by; -1: none has asked."""
    cell = m[FILL_AT] + (line - 1) * FILL_SIZE
    return m[cell + F_EVENT]


def fetch(line: int, at: int, t: list[int], p: Params, m: list[int]) -> int:
    """Cycle the bytes of cold code line ``line`` are there, wanted at ``at``."""
    cell = m[FILL_AT] + (line - 1) * FILL_SIZE
    if m[cell + F_READY] >= 0:
        return at
    m[MISSED] = 1
    m[cell + F_READY] = at + level_latency(line, t, p)
    return m[cell + F_READY]


def evict(lines: int, m: list[int]) -> None:
    """A trip starts: its cold lines are not in the first cache any more."""
    for k in range(m[FILL_AT], m[FILL_AT] + lines * FILL_SIZE):
        m[k] = -1
