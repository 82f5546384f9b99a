"""Where the cycles went: the critical path through the log, and what it charges.

Every event in the log names the event it had to wait for. Walking back from the last
retirement of a window to the window's start visits one chain of events; the time
between two neighbours is charged to the later one's cause and instruction. The charges
telescope, so they add up to the window's length exactly.

The path is one of many where several are equally long, and a small change of code may
move it to another. Charges by retirement do not jump like that: a cycle in which
nothing retires belongs to the instruction that retires next, and its cause is that of
the chain of events the instruction then waits for. They add up as exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from costmodel.engine import causes
from costmodel.engine.layout import COLUMN, LOG_ROW, STAGES
from costmodel.tuples import NamedTuple

_STAGE = {COLUMN[stage]: stage for stage in STAGES}
_RETIRE = COLUMN["retire"]


class Link(NamedTuple):
    """One edge of the critical path: ``cycles`` ending at ``uop``'s ``stage``."""

    uop: int  # dynamic
    stage: str
    cause: int
    cycles: int
    source: int  # dynamic uop it follows from; -1: the start of the window


def critical_path(g: Sequence[int], last: int, start: int, end: int) -> list[Link]:
    """Edges from ``start`` to ``end``, in time order, their cycles adding up.

    ``last`` is the event (position in the log ``g``) at ``end``.
    """
    out: list[Link] = []
    event, now = last, end
    while now > start and event >= 0:
        uop, stage = divmod(event, LOG_ROW)
        source = g[event + 2]
        then = min(now, g[source]) if source >= 0 else start
        if then < start or source < 0:
            then = start
        if now > then:
            out.append(
                Link(
                    uop, _STAGE[stage], g[event + 1], now - then,
                    source // LOG_ROW if source >= 0 else -1,
                )
            )  # fmt: skip
        event, now = source, then
    if now > start:
        out.append(Link(0, "queue", causes.START, now - start, -1))
    out.reverse()
    return out


def charges(
    links: Sequence[Link], step_of: Sequence[int]
) -> tuple[list[tuple[str, int]], list[tuple[int, str, int]]]:
    """Cycles by cause, and by instruction and cause. ``step_of`` maps dynamic uops."""
    by_cause: Counter[str] = Counter()
    by_step: Counter[tuple[int, str]] = Counter()
    for link in links:
        name = causes.NAMES[link.cause]
        by_cause[name] += link.cycles
        by_step[step_of[link.uop], name] += link.cycles
    return (
        sorted(by_cause.items(), key=lambda item: (-item[1], item[0])),
        [
            (step, cause, cycles)
            for (step, cause), cycles in sorted(
                by_step.items(), key=lambda item: (-item[1], item[0])
            )
        ],
    )


def by_retirement(
    g: Sequence[int], total: int, start: int, end: int, step_of: Sequence[int]
) -> list[tuple[int, str, int]]:
    """Cycles by instruction and cause: each cycle is charged to the instruction that
    retires at its end, or next. ``total``: uops in the log."""
    out: Counter[tuple[int, str]] = Counter()
    before = start
    for n in range(total):
        event = n * LOG_ROW + _RETIRE
        now = g[event]
        if now > end:
            break
        if now <= before:
            continue
        floor, before = before, now
        while now > floor:
            cause = g[event + 1] if event >= 0 else causes.START
            source = g[event + 2] if event >= 0 else -1
            then = max(floor, min(now, g[source])) if source >= 0 else floor
            if now > then:
                out[step_of[n], causes.NAMES[cause]] += now - then
            now, event = then, source
    return [
        (step, cause, cycles)
        for (step, cause), cycles in sorted(
            out.items(), key=lambda item: (-item[1], item[0])
        )
    ]
