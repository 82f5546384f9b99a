"""Memory accesses: the line one touches, and when a load has its data.

A blocked load (``F_BLOCKED``: bytes from a store and from elsewhere) that dispatches
before the store has committed reads the cache after the commit: it completes
``forward_blocked`` cycles after the later of the store data's dispatch and
``retire_latency + 2`` cycles before the commit. An uncontended store commits exactly
those cycles after its data left, so ``forward_blocked`` is what a lone pair takes.

A load that only seems to meet a store (``F_ALIAS``) starts over if the store's address
was known when it left and the store has not been written yet: ``alias_4k`` cycles more.
"""

from __future__ import annotations

from costmodel.engine import causes as C
from costmodel.engine.fills import asked_by, fill
from costmodel.engine.layout import (
    A_COLD,
    A_COLD_LAST,
    A_DISTANCE,
    A_FORWARD,
    A_FRESH,
    A_LINE_STRIDE,
    A_OFFSET,
    A_ROOT,
    A_SOURCE,
    A_WIDTH,
    ACCESS_SIZE,
    F_ALIAS,
    F_BLOCKED,
    F_INSIDE,
    F_ORDERED,
    F_PASSED,
    F_RENAMED,
    T_ACCESS_COUNT,
    T_ACCESSES,
    T_DEPTH,
)
from costmodel.engine.log import note
from costmodel.engine.params import Params
from costmodel.engine.state import (
    ADDRESSED,
    ADDRESSED_EVENT,
    COMMIT_AT,
    COMPLETE,
    DATA_AT,
    DATA_EVENT_AT,
    DISPATCH,
    G_FILL,
    G_SIZE,
    ISSUE,
    KEEP,
    MOST_COLD,
    STA_AT,
    STA_EVENT_AT,
    VALUE_AT,
)


def line_of(a: int, copy: int, t: list[int]) -> int:
    """Number of the 64-byte line access ``a`` touches in a copy; roots never meet."""
    b = t[T_ACCESSES] + a * ACCESS_SIZE
    offset = t[b + A_OFFSET] + copy * t[b + A_LINE_STRIDE]
    root = t[b + A_ROOT]
    if t[b + A_FRESH]:
        root += (copy + 1) << 12
    return ((root + 1) << 24) + (offset >> 6)  # never -1, which is no line


def crosses(a: int, copy: int, boundary: int, t: list[int]) -> bool:
    """Whether the access straddles a multiple of ``boundary`` bytes."""
    b = t[T_ACCESSES] + a * ACCESS_SIZE
    offset = t[b + A_OFFSET] + copy * t[b + A_LINE_STRIDE]
    last = offset + t[b + A_WIDTH] - 1
    return (offset & -boundary) != (last & -boundary)


def load_result(
    a: int,
    n: int,
    copy: int,
    issued: int,
    when: int,
    complete: int,
    t: list[int],
    p: Params,
    m: list[int],
    g: list[int],
) -> tuple[int, int, int]:
    """A load's completion, the cycle its value can be used, and the event of that."""
    event = n * G_SIZE
    b = t[T_ACCESSES] + a * ACCESS_SIZE
    cause = C.LOAD
    source = event + DISPATCH
    loaded = complete
    if p.split_load and crosses(a, copy, p.boundary, t):
        complete += p.split_load
        cause = C.SPLIT
    result = complete
    result_event = event + COMPLETE
    forward = t[b + A_FORWARD]
    age = t[b + A_DISTANCE]
    reads = when  # when it asks the cache; -1: a store in flight has its data
    if forward and age <= copy:
        n_access = t[T_ACCESS_COUNT]
        cell = ((copy - age) & (t[T_DEPTH] - 1)) * n_access + t[b + A_SOURCE]
        if forward >= F_RENAMED:
            result = m[m[VALUE_AT] + cell] + p.renaming_latency
            if forward == F_PASSED:
                result += p.renaming_passed
            result_event = m[m[DATA_EVENT_AT] + cell]
            if result < issued:
                result = issued
                result_event = event + ISSUE
            # The guess is checked against the addresses before the load may retire.
            if m[m[COMMIT_AT] + cell] < 0 or m[m[COMMIT_AT] + cell] > when:
                reads = -1
                checked = m[m[STA_AT] + cell] + p.forward_address
                value_event = m[m[STA_EVENT_AT] + cell]
                if loaded + p.forward_load > checked:
                    checked = loaded + p.forward_load
                    value_event = event + DISPATCH
                if checked > complete:
                    complete = checked
                    cause = C.FORWARD
                    source = value_event
        elif forward == F_ALIAS:
            if m[m[COMMIT_AT] + cell] < 0 or m[m[COMMIT_AT] + cell] > when:
                if m[m[STA_AT] + cell] <= when:
                    complete += p.alias_4k
                    result = complete
                    cause = C.ALIAS
        elif m[m[COMMIT_AT] + cell] < 0 or m[m[COMMIT_AT] + cell] > when:
            reads = -1
            value = m[m[DATA_AT] + cell] + p.forward_latency
            value_event = m[m[DATA_EVENT_AT] + cell]
            cause_of = C.FORWARD
            if forward == F_INSIDE:
                value += p.forward_narrow
            elif forward == F_BLOCKED:
                value = m[m[DATA_AT] + cell] + p.forward_blocked
                # It reads the cache once the store has committed, which an
                # uncontended store does this many cycles after its data left.
                late = m[m[COMMIT_AT] + cell] - p.retire_latency - 2
                if late + p.forward_blocked > value:
                    value = late + p.forward_blocked
                cause_of = C.FORWARD_BLOCKED
            by_address = m[m[STA_AT] + cell] + p.forward_address
            if loaded + p.forward_load > value:
                value = loaded + p.forward_load
                value_event = event + DISPATCH
            if forward == F_ORDERED and p.forward_order:
                if m[ADDRESSED] + p.forward_order > value:
                    value = m[ADDRESSED] + p.forward_order
                    value_event = m[ADDRESSED_EVENT]
            if by_address > value:
                value = by_address
                value_event = m[m[STA_EVENT_AT] + cell]
            if value > complete:
                complete = value
                result = value
                cause = cause_of
                source = value_event
    line = t[b + A_COLD]
    lines = 0  # of which it was the first to ask
    if line == 0:
        line = t[b + A_COLD_LAST]
    while line:
        first = asked_by(line, m)
        ready = fill(line, reads, when, event + DISPATCH, t, p, m)
        if ready > complete:
            complete = ready
            if forward < F_RENAMED or age > copy:
                result = ready
            cause = C.CACHE_MISS
            source = asked_by(line, m)
        if first < 0 and reads >= 0:
            lines = lines * MOST_COLD + line
        if line == t[b + A_COLD_LAST]:
            line = 0
        else:
            line = t[b + A_COLD_LAST]
    if m[KEEP] and lines:
        g[event + G_FILL] = lines
    if m[KEEP]:
        note(g, event + COMPLETE, complete, cause, source)
    return complete, result, result_event
