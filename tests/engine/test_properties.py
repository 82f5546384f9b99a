"""What holds for every trace on every core, whatever the figures."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.engine import layout as L
from costmodel.engine.attribution import critical_path
from tests.engine.case import Case, I, U
from tests.engine.compare import laid_out, logged, run, simulator_times
from tests.engine.figures import vector
from tests.engine.strategies import case

seeds = st.integers(0, 1 << 30)
C = L.COLUMN
LOOP = L.M_LOOP


def rows(log: array[int]) -> list[dict[str, int]]:
    """The rows of a log, by the names of their columns."""
    return [
        dict(zip(L.COLUMNS, log[k : k + L.LOG_ROW], strict=True))
        for k in range(0, len(log), L.LOG_ROW)
    ]


# --- causes -------------------------------------------------------------------------
@given(seeds)
@settings(max_examples=150, deadline=None)
def test_every_event_follows_from_an_earlier_one(seed: int) -> None:
    c = case(seed)
    _, log = logged(c)
    for n, row in enumerate(rows(log)):
        for stage in L.STAGES:
            source = row[f"{stage}_source"]
            if row[stage] < 0 or source < 0:
                continue
            assert source != n * L.LOG_ROW + C[stage]
            assert log[source] >= 0
            older = log[source // L.LOG_ROW * L.LOG_ROW + C["insn"]] % len(c.insns)
            if stage == "queue" and c.insns[older].microcode:
                continue  # the sequencer may still be at it when decoding goes on
            assert log[source] <= row[stage], (n, stage)


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_causes_add_up_to_the_cycles_of_any_window(seed: int) -> None:
    c = case(seed)
    ran, log = logged(c)
    for trips in range(c.trips):
        start = run(c, trips).cycles if trips else 0
        links = critical_path(log, ran.last_event, start, ran.cycles)
        assert sum(link.cycles for link in links) == ran.cycles - start
        assert all(link.cycles > 0 for link in links)


# --- what any machine keeps to ------------------------------------------------------
@given(seeds)
@settings(max_examples=100, deadline=None)
def test_no_width_or_window_is_ever_exceeded(seed: int) -> None:
    c = case(seed)
    f = c.figures
    uops = c.trace().uops
    ran = rows(logged(c)[1])
    firsts = [r for r in ran if uops[r["uop"]].flags & L.NEW_SLOT]
    issued = [r["issue"] for r in ran]
    retired = [r["retire"] for r in firsts]
    assert issued == sorted(issued)
    assert retired == sorted(retired)
    assert max(Counter(r["issue"] for r in firsts).values(), default=0) <= f.issue_width
    assert max(Counter(retired).values(), default=0) <= f.retire
    taken = Counter((r["port"], r["dispatch"]) for r in ran if r["port"] >= 0)
    assert max(taken.values(), default=1) == 1
    for older, younger in zip(firsts, firsts[f.rob :], strict=False):
        assert younger["issue"] >= older["retire"]
    for r in ran:
        assert r["issue"] >= r["queue"] + f.queue_latency
        if r["dispatch"] >= 0:
            assert r["dispatch"] >= r["issue"] + f.to_dispatch
        assert r["retire"] >= r["complete"] + f.retire_latency


# --- carrying state -----------------------------------------------------------------
@given(seeds, seeds)
@settings(max_examples=60, deadline=None)
def test_a_machine_remembers_nothing_of_other_traces(seed: int, other: int) -> None:
    c = replace(case(seed), seed=seed)
    alone = simulator_times(c)
    simulator_times(case(other))
    assert simulator_times(c) == alone


# --- calendars ----------------------------------------------------------------------
@given(seeds, st.integers(0, 16))
@settings(max_examples=80, deadline=None)
def test_the_calendar_grows_until_it_holds_the_run(seed: int, bits: int) -> None:
    c = case(seed)
    answer = laid_out(c).run(vector(c.figures), c.mode, c.trips, 0, 0, 1 << bits)
    assert answer[0] == run(c).cycles
    assert answer[6] >= 1 << bits


def test_a_wait_longer_than_the_calendar_overflows_it() -> None:
    c = chain(40)
    answer = laid_out(c).run(vector(c.figures), c.mode, c.trips, 0, 0, 1 << 6)
    assert answer[6] > 1 << 6


def test_a_wait_longer_than_any_calendar_is_refused() -> None:
    c = chain(1 << 30)
    with pytest.raises(OverflowError, match="longer than the simulator can follow"):
        run(c)


# --- monotonicity -------------------------------------------------------------------
# Without ports, stores and a front end every rule is a maximum of sums, so that more of
# anything can never cost time. (With ports it can: an older uop that gets ready earlier
# may take the slot a critical one needed.)
@given(
    seeds,
    st.sampled_from(["rob", "issue_width", "retire", "int_registers", "load_buffer"]),
    st.integers(1, 9),
)
@settings(max_examples=120, deadline=None)
def test_without_ports_more_room_is_never_slower(
    seed: int, name: str, more: int
) -> None:
    c = portless(seed)
    # As much again must still be a size a core can have.
    size = min(getattr(c.figures, name) or 7, 60_000)
    tight = replace(c, figures=c.figures._replace(**{name: size}))
    loose = replace(c, figures=c.figures._replace(**{name: size + more}))
    for slow, fast in zip(simulator_times(tight), simulator_times(loose), strict=True):
        assert all(a >= b for a, b in zip(slow, fast, strict=True))


@given(seeds, st.integers(0, 1 << 20), st.integers(1, 20))
@settings(max_examples=120, deadline=None)
def test_without_ports_more_latency_is_never_faster(
    seed: int, which: int, more: int
) -> None:
    c = portless(seed)
    k = which % len(c.body)
    (uop,) = c.body[k].uops
    slower = replace(c.body[k], uops=(replace(uop, latency=uop.latency + more),))
    late = replace(c, body=(*c.body[:k], slower, *c.body[k + 1 :]))
    for slow, fast in zip(simulator_times(late), simulator_times(c), strict=True):
        assert all(a >= b for a, b in zip(slow, fast, strict=True))


# --- making cases -------------------------------------------------------------------
def chain(latency: int) -> Case:
    """Uops on one port, each waiting for the one before."""
    base = case(0)
    figures = base.figures._replace(
        rob=60, int_registers=0, flag_registers=0, issue_width=4, sync_uop=0,
        register_reads=0,
    )  # fmt: skip
    uop = U(L.K_COMPUTE, (0,), latency, 0, L.NEW_SLOT, ((0, 0),), ((0, 0),))
    return replace(
        base, figures=figures, scheduler_of=(-1,) * figures.ports, scheduler_sizes=(),
        body=(I((uop,)),), tail=(), accesses=(), depth=1, mode=LOOP, trips=50,
        repeat=1,
    )  # fmt: skip


def portless(seed: int) -> Case:
    """Single-uop instructions without ports, memory or a front end."""
    r = Random(seed)
    base = case(seed)
    registers = range(8)

    def insn() -> I:
        kind = r.choice([L.K_COMPUTE, L.K_COMPUTE, L.K_LOAD, L.K_NONE])
        flags = L.NEW_SLOT | r.choice([0, L.INT_WRITER]) | r.choice([0, L.FLAG_WRITER])
        inputs = tuple((n, 0) for n in r.sample(registers, r.randint(0, 2)))
        outputs = tuple((n, 0) for n in r.sample(registers, r.randint(0, 1)))
        latency = 0 if kind == L.K_NONE else r.choice([1, 1, 3, 9])
        waits = r.choice([0] * 12 + [L.WAIT_RETIRE, L.HOLDS])
        return I((U(kind, (), latency, 0, flags, inputs, outputs),), flags=waits)

    return replace(
        # A later value may still be on its way, and so need no read of its register.
        base,
        figures=base.figures._replace(
            sync_uop=0, load_freed_complete=0, register_reads=0
        ),
        body=tuple(insn() for _ in range(r.randint(1, 20))), tail=(), accesses=(),
        depth=1, mode=LOOP,
    )  # fmt: skip
