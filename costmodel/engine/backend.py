"""From the uop queue to the data cache: issue, ports, memory, retirement, commit.

Each function takes the next uop in program order and gives it the earliest cycle its
inputs, the machine's windows and older uops leave it. That is what oldest-first
arbitration does cycle by cycle (see the oracle in the tests), because an older uop has
chosen before a younger one looks.

Port binding. A core that binds at issue counts, per port, the uops bound in earlier
cycles that had not left by the start of this one. Even slots of the issue group take
the port with the fewest (of equals the highest number), odd slots the second choice
unless it is three or more behind; loads and store addresses take the load ports in
turn. A core that binds at dispatch takes whichever port of its set is free first. If
they belong to several schedulers, only ports whose scheduler has room are bound to, and
ports chosen at dispatch are those of the one with most room at issue.
"""

from __future__ import annotations

from costmodel.engine.layout import IN_TURN, INPUTS_FIRST, INPUTS_LAST
from costmodel.engine.params import FIXED, Params
from costmodel.engine.state import (
    ALTERNATES,
    ALTERNATES_AT,
    BUSY_AT,
    CALENDAR_MASK,
    COMMIT_CLOCK,
    COMMIT_LINE,
    COMMIT_LINES,
    COMMITTED,
    COMMITTED_IN,
    GONE_AT,
    GROUP_OF_AT,
    GROUP_SIZE_AT,
    ISSUED,
    ISSUED_MEMORY,
    NOW,
    OCCUPANCY_AT,
    OVERFLOW,
    PENDING_AT,
    PENDING_PORTS,
    PERMANENT_AT,
    READS,
    RECENT_AT,
    RETIRED,
    RETIRED_IN,
    SKIP_AT,
    TURN,
    USAGE_AT,
)

LAG = 3  # a second-choice port this many uops behind is not taken


def advance(to: int, p: Params, m: list[int]) -> None:
    """Move the issue clock to cycle ``to``: uops that left free their entries."""
    gone = m[GONE_AT]
    mask = m[CALENDAR_MASK]
    left = m[PENDING_PORTS]
    m[PENDING_PORTS] = 0
    while left:
        port = left.bit_length() - 1
        left -= 1 << port
        m[USAGE_AT + port] += m[PENDING_AT + port]
        m[PENDING_AT + port] = 0
    now = m[NOW]
    span = to - now
    if span > mask:  # everything booked lies within one turn of the calendar
        span = mask + 1
    for step in range(span):
        left = m[gone + ((now + step) & mask)]
        if left:
            m[gone + ((now + step) & mask)] = 0
            while left:
                port = left.bit_length() - 1
                left -= 1 << port
                m[USAGE_AT + port] -= 1
                group = m[GROUP_OF_AT + port]
                if group >= 0:
                    m[OCCUPANCY_AT + group] -= 1
    m[NOW] = to
    m[READS] = 0
    m[ISSUED] = 0
    m[ISSUED_MEMORY] = 0


def bind(
    first: int, last: int, flags: int, t: list[int], p: Params, m: list[int]
) -> int:
    """Port a uop is bound to at issue, of ``t[first:last]`` (highest first)."""
    if flags & IN_TURN and m[ALTERNATES] > 1:
        turn = m[TURN]
        m[TURN] = turn + 1 if turn + 1 < m[ALTERNATES] else 0
        return m[ALTERNATES_AT + turn]
    best = t[first]
    if last - first == 1:
        return best
    for k in range(first + 1, last):
        if m[USAGE_AT + t[k]] < m[USAGE_AT + best]:
            best = t[k]
    # The slot being filled has been counted: slots 1, 3 .. are the even ones.
    if m[ISSUED] & 1:
        return best
    second = -1
    for k in range(first, last):
        port = t[k]
        if port != best and (second < 0 or m[USAGE_AT + port] < m[USAGE_AT + second]):
            second = port
    if m[USAGE_AT + second] - m[USAGE_AT + best] >= LAG:
        return best
    return second


def has_room(port: int, m: list[int]) -> bool:
    """Whether the scheduler of ``port`` has an entry free."""
    group = m[GROUP_OF_AT + port]
    return m[OCCUPANCY_AT + group] < m[GROUP_SIZE_AT + group]


def bind_with_room(
    first: int, last: int, flags: int, t: list[int], p: Params, m: list[int]
) -> int:
    """As ``bind``, of the ports of ``t[first:last]`` whose scheduler has room: there is
    one. Alternating ports are taken in turn all the same."""
    if flags & IN_TURN and m[ALTERNATES] > 1:
        return bind(first, last, flags, t, p, m)
    best = -1
    for k in range(first, last):
        port = t[k]
        if has_room(port, m):
            if best < 0 or m[USAGE_AT + port] < m[USAGE_AT + best]:
                best = port
    if best < 0:  # a calendar too short: the run is thrown away
        return t[first]
    if m[ISSUED] & 1:
        return best
    second = -1
    for k in range(first, last):
        port = t[k]
        if port != best and has_room(port, m):
            if second < 0 or m[USAGE_AT + port] < m[USAGE_AT + second]:
                second = port
    if second < 0 or m[USAGE_AT + second] - m[USAGE_AT + best] >= LAG:
        return best
    return second


def earliest(port: int, cycle: int, m: list[int]) -> int:
    """First cycle at or after ``cycle`` in which ``port`` is free."""
    mask = m[CALENDAR_MASK]
    busy = m[BUSY_AT] + port * (mask + 1)
    if m[busy + (cycle & mask)] != cycle:
        return cycle
    skip = m[SKIP_AT] + port * (mask + 1)
    at = m[skip + (cycle & mask)]
    while m[busy + (at & mask)] == at:
        at = m[skip + (at & mask)]
    m[skip + (cycle & mask)] = at
    return at


def book(port: int, cycle: int, p: Params, m: list[int]) -> None:
    """Take ``port`` in ``cycle``; the scheduler's entry is free ``entry_held`` + 1
    cycles later."""
    mask = m[CALENDAR_MASK]
    if cycle + p.entry_held - m[NOW] >= mask:
        m[OVERFLOW] = 1
    cell = port * (mask + 1) + (cycle & mask)
    m[m[BUSY_AT] + cell] = cycle
    m[m[SKIP_AT] + cell] = cycle + 1
    m[m[GONE_AT] + ((cycle + p.entry_held) & mask)] |= 1 << port


def dispatch_any(
    first: int, last: int, cycle: int, t: list[int], m: list[int]
) -> tuple[int, int]:
    """Earliest slot over ``t[first:last]``; of equals the first listed."""
    best = t[first]
    at = earliest(best, cycle, m)
    k = first + 1
    while k < last and at > cycle:
        candidate = earliest(t[k], cycle, m)
        if candidate < at:
            at = candidate
            best = t[k]
        k += 1
    return best, at


def roomiest(first: int, last: int, t: list[int], m: list[int]) -> int:
    """Of the schedulers that serve ``t[first:last]`` the one with most room; of equals
    the first listed."""
    best = m[GROUP_OF_AT + t[first]]
    room = m[GROUP_SIZE_AT + best] - m[OCCUPANCY_AT + best]
    for k in range(first + 1, last):
        group = m[GROUP_OF_AT + t[k]]
        free = m[GROUP_SIZE_AT + group] - m[OCCUPANCY_AT + group]
        if free > room:
            room = free
            best = group
    return best


def misfire(
    first: int, last: int, early: int, ready: int, t: list[int], m: list[int]
) -> None:
    """A uop woken at ``early`` takes a port of ``t[first:last]`` in vain.

    It does if one is free before ``ready``, the cycle its inputs are really there.
    """
    port, at = dispatch_any(first, last, early, t, m)
    if at < ready:
        mask = m[CALENDAR_MASK]
        if at - m[NOW] >= mask:
            m[OVERFLOW] = 1
        cell = port * (mask + 1) + (at & mask)
        m[m[BUSY_AT] + cell] = at
        m[m[SKIP_AT] + cell] = at + 1


def retire(complete: int, p: Params, m: list[int]) -> int:
    """Cycle a slot whose uops completed at ``complete`` retires; in order."""
    cycle = complete + p.retire_latency
    if cycle > m[RETIRED]:
        m[RETIRED] = cycle
        m[RETIRED_IN] = 1
        return cycle
    if m[RETIRED_IN] == p.retire:
        m[RETIRED] += 1
        m[RETIRED_IN] = 0
    m[RETIRED_IN] += 1
    return m[RETIRED]


def commit(retired: int, line: int, p: Params, m: list[int]) -> int:
    """Cycle a retired store writes its line; in order, at the line's rate."""
    cycle = retired + 1
    if cycle < m[COMMITTED]:
        cycle = m[COMMITTED]
    merges = line == m[COMMIT_LINE]
    for k in range(p.combine_lines):
        if m[RECENT_AT + k] == line:
            merges = True
    if merges:
        width = p.commit_same_line
    else:
        width = p.commit_per_cycle
    if cycle == m[COMMITTED] and m[COMMITTED_IN] >= width:
        cycle += 1
    if not merges:
        due = (m[COMMIT_CLOCK] + FIXED - 1) // FIXED
        if due > cycle:  # keep the fraction: the rate is that of the interval
            cycle = due
        else:
            m[COMMIT_CLOCK] = cycle * FIXED
        m[COMMIT_CLOCK] += p.commit_interval
        m[COMMIT_LINES] += 1
        if p.combine_lines:
            for k in range(p.combine_lines - 1, 0, -1):
                m[RECENT_AT + k] = m[RECENT_AT + k - 1]
            m[RECENT_AT] = line
    if cycle > m[COMMITTED]:
        m[COMMITTED] = cycle
        m[COMMITTED_IN] = 0
    m[COMMITTED_IN] += 1
    m[COMMIT_LINE] = line
    return cycle


def issue_slot(cycle: int, alone: int, p: Params, m: list[int]) -> int:
    """Take an issue slot at or after ``cycle``; the cycle taken."""
    if cycle > m[NOW]:
        advance(cycle, p, m)
    if m[ISSUED] >= p.issue_width or (alone and m[ISSUED]):
        advance(m[NOW] + 1, p, m)
    if alone:
        m[ISSUED] = p.issue_width
    else:
        m[ISSUED] += 1
    return m[NOW]


def retired_reads(u: int, cycle: int, t: list[int], m: list[int]) -> int:
    """Bit mask of the registers a uop reads that have left the reorder buffer."""
    mask = 0
    for k in range(t[u + INPUTS_FIRST], t[u + INPUTS_LAST], 2):
        if t[k] < 16 and m[PERMANENT_AT + (t[k])] <= cycle:
            mask |= 1 << t[k]
    return mask


def too_many(mask: int, most: int) -> bool:
    """Whether more than ``most`` bits are set."""
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count > most
