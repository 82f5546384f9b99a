"""The simulator gives every uop the very times a cycle-by-cycle machine gives it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from costmodel.engine import layout as L
from tests.engine.case import Case
from tests.engine.compare import difference, oracle_times, simulator_times
from tests.engine.figures import (
    DRAWS,
    UNREAD,
    Figures,
    UnknownFigure,
    vector,
)
from tests.engine.shrink import shrink
from tests.engine.simulator import SIMULATOR
from tests.engine.strategies import case

CASES = 2_000
PARTS = 8
NIGHTLY = 300_000


def report(c: Case) -> str:
    """A failing case, made small, written out."""
    small = shrink(c, lambda candidate: bool(difference(candidate)))
    rows = [f"seed {c.seed}: {difference(small)}", f"{small}"]
    for n, (fast, slow) in enumerate(
        zip(simulator_times(small), oracle_times(small), strict=False)
    ):
        rows.append(f"  uop {n}: simulator {fast}, oracle {slow}")
    return "\n".join(rows)


def first_failure(seeds: range) -> str:
    """The report of the first case that differs; "": none does."""
    for seed in seeds:
        c = case(seed)
        if difference(c):
            return report(c)
    return ""


def part_of(seeds: range, part: int) -> range:
    """One of ``PARTS`` parts of the seeds."""
    return seeds[part * len(seeds) // PARTS : (part + 1) * len(seeds) // PARTS]


@pytest.mark.parametrize("part", range(PARTS))
def test_simulator_equals_oracle_on_random_traces(part: int) -> None:
    assert first_failure(part_of(range(CASES), part)) == ""


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
def test_simulator_equals_oracle_on_many_random_traces(
    part: int, tmp_path: Path
) -> None:
    """``ORACLE_SEED`` is the first seed, ``ORACLE_CASES`` how many."""
    first = int(os.environ.get("ORACLE_SEED", "1000000"))
    count = int(os.environ.get("ORACLE_CASES", str(NIGHTLY)))
    difference_found = first_failure(part_of(range(first, first + count), part))
    if difference_found:
        dump = tmp_path / "failing-trace.txt"
        dump.write_text(difference_found + "\n")
        pytest.fail(f"first seed {first}; trace in {dump}\n{difference_found}")


# --- every figure ---------------------------------------------------------------------
def test_every_figure_of_the_simulator_is_drawn() -> None:
    assert set(DRAWS) == set(Figures._fields) == set(SIMULATOR.FIGURES)


def test_a_figure_the_random_tests_do_not_draw_is_refused() -> None:
    more = SimpleNamespace(FIGURES=(*SIMULATOR.FIGURES, "store_sets"))
    with pytest.raises(UnknownFigure, match="store_sets"):
        vector(case(0).figures, more)


def test_every_value_of_a_draw_is_drawn_and_taken() -> None:
    """Edges too: the simulator refuses none of them."""
    cases = [case(seed) for seed in range(3_000)]
    for c in cases[:500]:
        simulator_times(c)
    for name, draw in DRAWS.items():
        drawn = {getattr(c.figures, name) for c in cases}
        if name not in ("load_buffer", "store_buffer"):  # made to fit
            assert set(draw.usual) | set(draw.tight) <= drawn, name
        assert not draw.edges or drawn & set(draw.edges), name


def other_values(name: str, value: int) -> list[int]:
    """Values of a figure that are not ``value``, those farthest away first."""
    draw = DRAWS[name]
    values = {*draw.usual, *draw.tight, *draw.edges} - {value}
    return sorted(values, key=lambda other: -abs(other - value))[:3]


def test_a_wrong_simulator_would_be_seen() -> None:
    """The comparison has teeth: a figure that is read wrongly gives other times."""
    cases = [case(seed) for seed in range(600)]
    right = [oracle_times(c) for c in cases]
    unseen = []
    for name in Figures._fields:
        seen = any(
            simulator_times(c, c.figures._replace(**{name: other})) != times
            for c, times in zip(cases, right, strict=True)
            for other in other_values(name, getattr(c.figures, name))
        )
        if not seen:
            unseen.append(name)
    assert tuple(unseen) == UNREAD


def test_a_wrong_figure_is_seen_soon() -> None:
    """Most figures show in many cases, the plainest in all with a uop that leaves."""
    for seed in range(60):
        c = case(seed)
        times = oracle_times(c)
        if all(dispatched < 0 for _, _, dispatched, *_ in times):
            continue
        slower = c.figures._replace(to_dispatch=c.figures.to_dispatch + 1)
        assert simulator_times(c, slower) != times


# --- every mechanism ------------------------------------------------------------------
def mechanisms(c: Case) -> set[str]:
    """What a case makes use of, by name."""
    uops = [u for i in c.insns for u in i.uops]
    f = c.figures
    cached = c.mode == L.M_CACHE
    told = {
        "fillers": any(i.fillers for i in c.insns),
        "shared filler": any(
            i.fillers and not i.uops[0].flags & L.NEW_SLOT for i in c.insns
        ),
        "several schedulers": any(c.scheduler(u) == L.SPANS for u in uops),
        "ports above 32": any(port >= 32 for u in uops for port in u.ports),
        "schedulers above 16": len(c.scheduler_sizes) > 16,
        "taken in turn": len(c.alternates) > 0
        and any(u.flags & L.IN_TURN for u in uops),
        "banks": f.bank_bytes and f.bind_at_issue and len(c.alternates) > 0,
        "early wake-up": f.early_wake and not f.bind_at_issue,
        "lines of a window apart": f.cache_again and cached,
        "store buffer slower than the cache": f.forward_load > f.load_latency,
        "a figure in a latency": any(u.figures for u in uops),
        "too many prefixes": any(i.stalls for i in c.insns),
        "code past 2^63": c.base < 0,
        "data past 2^63": any(a.offset < 0 for a in c.accesses),
        "fresh places": any(a.fresh for a in c.accesses),
        "cold code": any(any(i.cold) for i in c.insns),
        "cold data": any(a.cold_first or a.cold_last for a in c.accesses),
        "moved without a branch": any(
            i.flags & L.MOVES and not i.flags & L.TAKEN for i in c.insns
        ),
        "a busy unit": any(u.busy for u in uops),
        "larger than the queue": any(i.slots > f.queue for i in c.insns),
    }
    names = {name for name, used in told.items() if used}
    names |= {f"kind {L.KIND_NAMES[u.kind]}" for u in uops}
    names |= {f"forward {a.forward}" for a in c.accesses}
    names |= {f"cold level {level}" for level in c.cold}
    names |= {
        f"flag {bit}" for bit in range(17) if any(i.flags >> bit & 1 for i in c.insns)
    }
    names |= {
        f"uop flag {bit}" for bit in range(6) if any(u.flags >> bit & 1 for u in uops)
    }
    return names | {f"mode {c.mode}"}


EVERY = (
    *("fillers", "shared filler", "several schedulers", "ports above 32"),
    *("schedulers above 16", "taken in turn", "banks", "early wake-up"),
    *("lines of a window apart", "store buffer slower than the cache"),
    *("a figure in a latency", "too many prefixes", "code past 2^63"),
    *("data past 2^63", "fresh places", "cold code", "cold data", "a busy unit"),
    *("moved without a branch", "larger than the queue"),
    *(f"kind {name}" for name in L.KIND_NAMES),
    *(f"forward {kind}" for kind in range(L.F_CHECKED + 1)),
    *(f"flag {bit}" for bit in range(L.MOVES.bit_length())),
    *(f"uop flag {bit}" for bit in range(L.IN_TURN.bit_length())),
    *(f"cold level {level}" for level in (1, 2, 3)),
    *(f"mode {mode}" for mode in (L.M_DECODE, L.M_CACHE, L.M_LOOP)),
)


def test_random_traces_reach_every_mechanism() -> None:
    """Of the first cases enough use each kind of uop, flag, delivery and rule."""
    used = Counter(name for seed in range(2400) for name in mechanisms(case(seed)))
    rare = {name: used[name] for name in EVERY if used[name] < 10}
    assert not rare
    assert set(used) == set(EVERY)
