"""Cases and nonsense for the simulator: an answer or a ValueError, and never a crash.

``python -m tests.engine.hostile SECONDS [SEED]`` runs all of ``HARNESSES`` in turn for
so long; ``make sanitize`` does so with a simulator built with sanitizers. A harness is
a callable that is given a random source and does one thing with the simulator.
"""

from __future__ import annotations

import faulthandler
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from costmodel.engine import layout as L
from tests.engine.case import Case
from tests.engine.compare import laid_out
from tests.engine.figures import DRAWS, vector
from tests.engine.simulator import SIMULATOR
from tests.engine.strategies import case

Harness = Callable[[Random], None]

EXTREMES = (
    0, 1, -1, 2, -2, 3, 47, 48, 63, 64, 65, 127, 255, 256, 4095, 4096, 65_535, 65_536,
    (1 << 24) - 1, 1 << 24, 1 << 30, (1 << 31) - 1, 1 << 31, -(1 << 31), 1 << 32,
    (1 << 63) - 1, -(1 << 63), (1 << 62) + 3,
)  # fmt: skip
REFUSALS = (ValueError, OverflowError, MemoryError)
LONGEST = 60.0  # seconds of one call: else it hangs


def a_case(r: Random) -> Case:
    """A drawn case of a few trips."""
    return replace(case(r.randrange(1 << 40)), trips=r.randint(1, 4))


def run_all_ways(r: Random, trace: object, figures: array[int], mode: int) -> None:
    """One pass, a search for a rhythm, a log, draws."""
    assert isinstance(trace, SIMULATOR.Trace)
    calendar = 1 << r.randrange(15)
    trace.log(figures, mode, r.randint(1, 3), 0, 0, calendar)
    trace.run(figures, mode, 1, r.choice([0, 50, 300]), r.choice([1, 400]), calendar)
    trace.draws(figures + figures, mode, 1, 20, 100, calendar)


def drawn_case(r: Random) -> None:
    """A case as the oracle gets them."""
    c = a_case(r)
    run_all_ways(r, laid_out(c), vector(c.figures), c.mode)


def damaged_trace(r: Random) -> None:
    """A packed trace with some of its integers overwritten, or a part of it missing."""
    c = a_case(r)
    packed = c.trace().packed()
    what = r.random()
    if what < 0.1:
        del packed[r.randrange(len(packed)) :]
    elif what < 0.15:
        packed.extend([r.choice(EXTREMES)] * r.randint(1, 40))
    else:
        head = r.random() < 0.2
        for _ in range(r.choice([1, 1, 2, 5, 40])):
            k = r.randrange(len(L.Head._fields) if head else len(packed))
            packed[k] = near(r, packed[k])
    trace = SIMULATOR.Trace(packed, vector(c.figures), array("q"))
    run_all_ways(r, trace, vector(c.figures), c.mode)


def near(r: Random, value: int) -> int:
    """Another integer for a cell: one beside it, or an extreme."""
    if r.random() < 0.5:
        return L.signed(value + r.choice([-2, -1, 1, 2, 64, -64]))
    return r.choice(EXTREMES)


def rows_mixed(r: Random) -> None:
    """A trace whose rows say other things than they should, each within bounds."""
    c = a_case(r)
    t = c.trace()
    insns = [
        i._replace(
            flags=i.flags ^ (1 << r.randrange(17)), fillers=r.choice([0, 0, 9, 2_000]),
            decode_slots=r.choice([i.decode_slots, 0, 70, 3_000]),
            next_at=r.choice(EXTREMES),
        )
        for i in t.insns
    ]  # fmt: skip
    uops = [
        u._replace(kind=r.randrange(9), flags=r.randrange(64), latency=r.choice(LATE))
        if r.random() < 0.3 else u
        for u in t.uops
    ]  # fmt: skip
    accesses = [
        a._replace(offset=r.choice(EXTREMES), stride=r.choice(EXTREMES))
        if r.random() < 0.3 else a
        for a in t.accesses
    ]  # fmt: skip
    packed = t._replace(insns=insns, uops=uops, accesses=accesses).packed()
    trace = SIMULATOR.Trace(packed, vector(c.figures), array("q"))
    run_all_ways(r, trace, vector(c.figures), c.mode)


LATE = (0, 1, 5, 1_000, 70_000, 1 << 30, -5, -(1 << 30))


def damaged_figures(r: Random) -> None:
    """Figures nobody would draw, and too few of them."""
    c = a_case(r)
    figures = vector(c.figures)
    trace = laid_out(c)
    for _ in range(r.choice([1, 2, 5, 30])):
        figures[r.randrange(len(figures))] = r.choice(EXTREMES)
    if r.random() < 0.05:
        del figures[r.randrange(len(figures)) :]
    run_all_ways(r, trace, figures, c.mode)


def figures_at_bounds(r: Random) -> None:
    """Figures at the edges of their draws, many at a time."""
    c = a_case(r)
    names = r.sample(list(DRAWS), r.randint(1, 20))
    edges = {name: r.choice((*DRAWS[name].usual, *DRAWS[name].edges)) for name in names}
    figures = vector(c.figures._replace(**edges))
    run_all_ways(r, laid_out(c), figures, c.mode)


def damaged_terms(r: Random) -> None:
    """Cells that grow with figures they have nothing to do with."""
    c = a_case(r)
    packed = c.trace().packed()
    terms = array("q")
    for _ in range(r.randint(1, 6)):
        cell = r.choice([r.randrange(len(packed)), *EXTREMES[:6]])
        figure = r.choice([r.randrange(len(DRAWS)), *EXTREMES[:6]])
        terms.extend((cell, figure, r.choice([1, -1, 2, *EXTREMES])))
    del terms[r.choice([len(terms), len(terms) - 1]) :]
    trace = SIMULATOR.Trace(packed, vector(c.figures), terms)
    run_all_ways(r, trace, vector(a_case(r).figures), c.mode)


def damaged_settings(r: Random) -> None:
    """Modes, groups and calendars there are not."""
    c = a_case(r)
    settings = [c.mode, 1, 20, 100, 1 << 10]
    settings[r.choice([0, 2, 3, 4])] = r.choice(EXTREMES)
    laid_out(c).run(vector(c.figures), *settings)


HARNESSES: list[Harness] = [
    drawn_case, damaged_trace, rows_mixed, damaged_figures, figures_at_bounds,
    damaged_terms, damaged_settings,
]  # fmt: skip


def attempt(harness: Harness, seed: int) -> str:
    """How one call of a harness ended: "answered", or the error that refused it."""
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    try:
        harness(Random(f"{harness.__name__} {seed}"))
    except REFUSALS as refused:
        return type(refused).__name__
    finally:
        faulthandler.cancel_dump_traceback_later()
    return "answered"


def hammer(
    seconds: float, seed: int, harnesses: Sequence[Harness] = HARNESSES
) -> Counter[tuple[str, str]]:
    """Runs harnesses in turn for so long; how many calls ended how."""
    ends: Counter[tuple[str, str]] = Counter()
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        for harness in harnesses:
            ends[harness.__name__, attempt(harness, seed)] += 1
        seed += 1
    return ends


def main() -> None:
    """See the head of this module."""
    faulthandler.enable()
    seconds = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    ends = hammer(seconds, seed)
    for (harness, end), count in sorted(ends.items()):
        print(f"{harness:20} {end:16} {count:8,}")
    print(f"{sum(ends.values()):,} calls from seed {seed}, no crash")


if __name__ == "__main__":
    main()
