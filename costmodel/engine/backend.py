"""From the uop queue to the data cache: issue, ports, memory, retirement, commit.

Each function takes the next uop in program order and gives it the earliest cycle its
inputs, the machine's windows and older uops leave it. That is what oldest-first
arbitration does cycle by cycle (see the oracle in the tests), because an older uop has
chosen before a younger one looks.

Port binding. A core that binds at issue counts, per port, the uops bound in earlier
cycles that had not left by the start of this one. Even slots of the issue group take
the port with the fewest (of equals the highest number), odd slots the second choice
unless it is three or more behind; loads and store addresses take the load ports in
turn. A core that binds at dispatch takes whichever port of its set is free first.
"""

from __future__ import annotations

from costmodel.engine import causes as C
from costmodel.engine.layout import ALTERNATES
from costmodel.engine.params import FIXED, Params
from costmodel.engine.state import (
    ALTERNATE,
    COMMIT_CLOCK,
    COMMIT_LINE,
    COMMIT_LINES,
    COMMITTED,
    COMMITTED_IN,
    ISSUED,
    ISSUED_MEMORY,
    NOW,
    OVERFLOW,
    RETIRED,
    RETIRED_IN,
    State,
)

LAG = 3  # a second-choice port this many uops behind is not taken


def advance(to: int, p: Params, st: State) -> None:
    """Move the issue clock to cycle ``to``: uops that left free their entries."""
    s = st.s
    gone, usage, occupancy, group_of = st.gone, st.usage, st.occupancy, st.group_of
    mask = len(gone) - 1
    pending = st.pending
    for port in range(p.ports):
        if pending[port]:
            usage[port] += pending[port]
            pending[port] = 0
    now = s[NOW]
    span = to - now
    if span > mask:  # everything booked lies within one turn of the calendar
        span = mask + 1
    for step in range(span):
        left = gone[(now + step) & mask]
        if left:
            gone[(now + step) & mask] = 0
            port = 0
            while left:
                if left & 1:
                    usage[port] -= 1
                    group = group_of[port]
                    if group >= 0:
                        occupancy[group] -= 1
                left >>= 1
                port += 1
    s[NOW] = to
    s[ISSUED] = 0
    s[ISSUED_MEMORY] = 0


def bind(
    first: int, last: int, flags: int, ports: list[int], p: Params, st: State
) -> int:
    """Port a uop is bound to at issue, of ``ports[first:last]`` (highest first)."""
    s = st.s
    if flags & ALTERNATES and len(st.alternates) > 1:
        turn = s[ALTERNATE] % len(st.alternates)
        s[ALTERNATE] += 1
        return st.alternates[turn]
    best = ports[first]
    if last - first == 1:
        return best
    usage = st.usage
    for k in range(first + 1, last):
        if usage[ports[k]] < usage[best]:
            best = ports[k]
    # The slot being filled has been counted: slots 1, 3 .. are the even ones.
    if s[ISSUED] & 1:
        return best
    second = -1
    for k in range(first, last):
        port = ports[k]
        if port != best and (second < 0 or usage[port] < usage[second]):
            second = port
    if usage[second] - usage[best] >= LAG:
        return best
    return second


def earliest(port: int, cycle: int, st: State) -> int:
    """First cycle at or after ``cycle`` in which ``port`` is free."""
    busy, skip = st.busy, st.skip
    mask = len(st.gone) - 1
    base = port * (mask + 1)
    start = base + (cycle & mask)
    if busy[start] != cycle:
        return cycle
    at = skip[start]
    while busy[base + (at & mask)] == at:
        at = skip[base + (at & mask)]
    skip[start] = at
    return at


def book(port: int, cycle: int, st: State) -> None:
    """Take ``port`` in ``cycle``."""
    s = st.s
    mask = len(st.gone) - 1
    if cycle - s[NOW] >= mask:
        s[OVERFLOW] = 1
    cell = port * (mask + 1) + (cycle & mask)
    st.busy[cell] = cycle
    st.skip[cell] = cycle + 1
    st.gone[cycle & mask] |= 1 << port


def dispatch_any(
    first: int, last: int, cycle: int, ports: list[int], st: State
) -> tuple[int, int]:
    """Earliest slot over ``ports[first:last]``; of equals the first listed."""
    best = ports[first]
    at = earliest(best, cycle, st)
    k = first + 1
    while k < last and at > cycle:
        candidate = earliest(ports[k], cycle, st)
        if candidate < at:
            at = candidate
            best = ports[k]
        k += 1
    return best, at


def retire(complete: int, p: Params, st: State) -> int:
    """Cycle a slot whose uops completed at ``complete`` retires; in order."""
    s = st.s
    cycle = complete + p.retire_latency
    if cycle > s[RETIRED]:
        s[RETIRED] = cycle
        s[RETIRED_IN] = 1
        return cycle
    if s[RETIRED_IN] == p.retire:
        s[RETIRED] += 1
        s[RETIRED_IN] = 0
    s[RETIRED_IN] += 1
    return s[RETIRED]


def commit(retired: int, line: int, p: Params, st: State) -> int:
    """Cycle a retired store writes its line; in order, at the line's rate."""
    s = st.s
    cycle = retired + 1
    if cycle < s[COMMITTED]:
        cycle = s[COMMITTED]
    merges = line == s[COMMIT_LINE]
    for k in range(p.combine_lines):
        if st.recent[k] == line:
            merges = True
    if merges:
        width = p.commit_same_line
    else:
        width = p.commit_per_cycle
    if cycle == s[COMMITTED] and s[COMMITTED_IN] >= width:
        cycle += 1
    if not merges:
        due = (s[COMMIT_CLOCK] + FIXED - 1) // FIXED
        if due > cycle:
            cycle = due
        clock = cycle * FIXED
        if clock < s[COMMIT_CLOCK]:
            clock = s[COMMIT_CLOCK]
        s[COMMIT_CLOCK] = clock + p.commit_interval
        s[COMMIT_LINES] += 1
        if p.combine_lines:
            recent = st.recent
            for k in range(p.combine_lines - 1, 0, -1):
                recent[k] = recent[k - 1]
            recent[0] = line
    if cycle > s[COMMITTED]:
        s[COMMITTED] = cycle
        s[COMMITTED_IN] = 0
    s[COMMITTED_IN] += 1
    s[COMMIT_LINE] = line
    return cycle


def issue_slot(cycle: int, alone: int, p: Params, st: State) -> int:
    """Take an issue slot at or after ``cycle``; the cycle taken."""
    s = st.s
    if cycle > s[NOW]:
        advance(cycle, p, st)
    if s[ISSUED] >= p.issue_width or (alone and s[ISSUED]):
        advance(s[NOW] + 1, p, st)
    if alone:
        s[ISSUED] = p.issue_width
    else:
        s[ISSUED] += 1
    return s[NOW]


def cause_of_forwarding(kind: int) -> int:
    """Cause to charge for data taken from a store; ``kind`` is an F_* of the layout."""
    return C.FORWARD_BLOCKED if kind == 3 else C.FORWARD
