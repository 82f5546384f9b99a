"""The steady state of one trace, found inside compiled code.

Two ways lead to it. The sure one: the whole state of the machine is what it was, but
for the time (``signature``). The other, for machines that fill up slowly: groups of
trips have taken the same time over a stretch longer than anything the machine holds.
"""

from __future__ import annotations

from costmodel.engine.layout import T_DEPTH
from costmodel.engine.machine import run
from costmodel.engine.params import Params
from costmodel.engine.place import place
from costmodel.engine.signature import signature
from costmodel.engine.state import COPY, MODE, OVERFLOW, UOPS, reset

GROUPS = 4096  # most groups run
MARKS = 2 * GROUPS  # length of ``marks`` and ``uops_at``: signatures follow the marks
SPACING = 48  # uops between two looks at the whole state
OLDEST = 256  # looks back a state is compared with


def settled(marks: list[int], uops_at: list[int], k: int, need: int) -> int:
    """Groups at the end that repeat with some period over ``need`` uops; 0: none."""
    for period in (1, 2, 3, 4, 5, 6, 8):
        spans = 2 * period if period > 1 else 3
        count = k - 1
        if count < spans:
            return 0
        n = count - 1
        while n - period >= 0 and (
            marks[n + 1] - marks[n] == marks[n + 1 - period] - marks[n - period]
        ):
            n -= 1
        matched = count - 1 - n
        if matched < spans - period or matched < period:
            continue
        if uops_at[k - 1] - uops_at[k - 1 - matched] >= need:
            return matched // period * period
    return 0


def recurs(marks: list[int], k: int) -> int:
    """Looks back to the same state as in look ``k``; 0: it is a new one."""
    oldest = k - OLDEST
    if oldest < 0:
        oldest = 0
    j = k - 1
    while j >= oldest:
        if marks[GROUPS + j] == marks[GROUPS + k]:
            return k - j
        j -= 1
    return 0


def rate(
    t: list[int],
    p: Params,
    m: list[int],
    g: list[int],
    mode: int,
    group: int,
    need: int,
    limit: int,
    marks: list[int],
    uops_at: list[int],
    out: list[int],
    found: list[int],
) -> None:
    """Run groups of trips until they repeat.

    ``found`` gets: cycles, trips they took, first trip of the steady state, whether it
    settled, whether the calendar overflowed. With no ``limit`` one pass is all.
    """
    reset(m, p)
    m[MODE] = mode
    if limit == 0:
        run(t, p, m, g, 1, out)
        found[0] = out[0]
        found[1] = 1
        found[4] = m[OVERFLOW]
        return
    k = 0
    spacing = 1  # groups from one look to the next
    looks = 0
    found[4] = 0
    while True:
        run(t, p, m, g, group, out)
        if m[OVERFLOW]:
            found[4] = 1
            return
        marks[k] = out[group - 1]
        uops_at[k] = m[UOPS]
        k += 1
        if k == 1 and m[UOPS] < SPACING:
            spacing = SPACING // max(1, m[UOPS]) + 1
        count = 0
        if k % spacing == 0:
            if m[COPY] >= t[T_DEPTH]:
                marks[GROUPS + looks] = signature(t, p, m)
                count = recurs(marks, looks) * spacing
                looks += 1
            if count == 0 and k >= 4 and m[UOPS] > need:
                count = settled(marks, uops_at, k, need)
        if count:
            found[0] = marks[k - 1] - marks[k - 1 - count]
            found[1] = count * group
            found[2] = (k - count) * group
            found[3] = 1
            return
        if k >= 4 and (m[UOPS] >= limit or k == GROUPS):
            half = k // 2
            found[0] = marks[k - 1] - marks[half - 1]
            found[1] = (k - half) * group
            found[2] = half * group
            found[3] = 0
            return


def place_and_rate(
    pool: list[int],
    block: list[int],
    t: list[int],
    p: Params,
    m: list[int],
    g: list[int],
    mode: int,
    group: int,
    need: int,
    limit: int,
    marks: list[int],
    uops_at: list[int],
    out: list[int],
    found: list[int],
) -> None:
    """``rate`` of a block of known instructions; ``t`` is room for its trace."""
    place(pool, block, t)
    rate(t, p, m, g, mode, group, need, limit, marks, uops_at, out, found)
