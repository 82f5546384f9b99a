"""Running a trace until its rhythm is known, or for one pass.

A loop of a machine like this one settles into a period. It is found, not assumed: trips
are run in groups that leave the code at the same alignment, and when the groups take
the same time over a stretch longer than anything the machine can hold, that is the
rate. A pattern that never settles is measured over the later half of a bounded run.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import NamedTuple

from costmodel.engine.machine import run
from costmodel.engine.params import Params
from costmodel.engine.state import MODE, OVERFLOW, UOPS, Log, State, new_log, new_state
from costmodel.engine.trace import PortMap, Trace

CALENDAR = 1 << 12
LARGEST_CALENDAR = 1 << 22
Runner = Callable[[Trace, Params, State, Log, int, list[int]], None]


class Rate(NamedTuple):
    """``cycles`` spent on ``trips`` trips in the steady state; ``first`` trip of it."""

    cycles: int
    trips: int
    first: int
    settled: bool


def fresh(t: Trace, p: Params, ports: PortMap, mode: int, calendar: int) -> State:
    accesses = len(t.accesses) // 9
    state = new_state(
        p, calendar, accesses, t.shape[4], ports.group_of, ports.group_size,
        ports.alternates,
    )  # fmt: skip
    state.s[MODE] = mode
    return state


def trip_group(length: int, block: int, loops: bool) -> int:
    """Trips after which straight-line code is at the same place in its fetch block."""
    if loops or length == 0:
        return 1
    return block // gcd(length, block)


def steady(
    t: Trace,
    p: Params,
    ports: PortMap,
    mode: int,
    group: int,
    *,
    runner: Runner = run,
    window: int | None = None,
    limit: int = 20_000,
) -> Rate:
    """The rate of a repeated trace.

    ``window``: uops over which the time must repeat (default: twice the reorder
    buffer); ``limit``: most uops to run.
    """
    calendar = CALENDAR
    while True:
        rate = _steady(t, p, ports, mode, group, runner, window, limit, calendar)
        if rate is not None or calendar >= LARGEST_CALENDAR:
            return rate or Rate(0, 1, 0, False)
        calendar *= 16


def _steady(
    t: Trace,
    p: Params,
    ports: PortMap,
    mode: int,
    group: int,
    runner: Runner,
    window: int | None,
    limit: int,
    calendar: int,
) -> Rate | None:
    state = fresh(t, p, ports, mode, calendar)
    log = new_log(0)
    need = 2 * p.rob if window is None else window
    s = state.s
    marks: list[int] = []
    uops_at: list[int] = []
    out = [0] * group
    while True:
        runner(t, p, state, log, group, out)
        if s[OVERFLOW]:
            return None
        marks.append(out[group - 1])
        uops_at.append(s[UOPS])
        k = len(marks)
        if k >= 4:
            rate = _settled(marks, uops_at, need)
            if rate:
                first, count = rate
                cycles = marks[k - 1] - marks[first]
                return Rate(cycles, count * group, (first + 1) * group, True)
        if s[UOPS] >= limit and k >= 4:
            half = k // 2
            return Rate(
                marks[k - 1] - marks[half - 1], (k - half) * group, half * group, False
            )


def _settled(
    marks: list[int], uops_at: list[int], need: int
) -> tuple[int, int] | None:
    """Last groups that repeat with some period over ``need`` uops: (first, count)."""
    k = len(marks)
    steps = [marks[n] - marks[n - 1] for n in range(1, k)]
    count = len(steps)
    for period in (1, 2, 3, 4, 5, 6, 8):
        spans = 2 * period if period > 1 else 3
        if count < spans:
            return None
        n = count - 1
        while n - period >= 0 and steps[n] == steps[n - period]:
            n -= 1
        matched = count - 1 - n
        if matched < spans - period:
            continue
        start = k - 1 - matched
        if uops_at[k - 1] - uops_at[start] >= need and matched >= period:
            whole = matched // period * period
            return k - 1 - whole, whole
    return None
