"""What holds for every trace on every core, whatever the figures."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from random import Random
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.engine import compiled
from costmodel.engine import layout as L
from costmodel.engine import state as S
from costmodel.engine.attribution import critical_path
from costmodel.engine.bulkrun import MARKS, rate
from costmodel.engine.machine import run
from tests.engine.compare import engine, engine_times
from tests.engine.strategies import LOOP, Case, I, U, case

seeds = st.integers(0, 1 << 30)
EVENTS = (S.QUEUE, S.ISSUE, S.READY, S.DISPATCH, S.COMPLETE, S.RETIRE, S.COMMIT)


# --- causes -------------------------------------------------------------------------
@given(seeds)
@settings(max_examples=150, deadline=None)
def test_every_event_follows_from_an_earlier_one(seed: int) -> None:
    c = case(seed)
    trace, ran = c.trace(), engine(c)
    g = ran.log
    insns = len(c.body) + len(c.tail)
    for n in range(ran.uops):
        for stage in EVENTS:
            event = n * S.G_SIZE + stage
            source = g[event + 2]
            if g[event] < 0 or source < 0:
                continue
            assert source != event
            assert g[source] >= 0
            older = g[source // S.G_SIZE * S.G_SIZE + S.G_INSN] % insns
            i = trace[L.T_INSNS] + older * L.INSN_SIZE
            if stage == S.QUEUE and trace[i + L.MICROCODE]:
                continue  # the sequencer may still be at it when decoding goes on
            assert g[source] <= g[event], (n, stage)


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_causes_add_up_to_the_cycles_of_any_window(seed: int) -> None:
    ran = engine(case(seed))
    last = ran.state[S.LAST_RETIRE_EVENT]
    for start in {0, *ran.marks[:-1]}:
        links = critical_path(ran.log, last, start, ran.cycles)
        assert sum(link.cycles for link in links) == ran.cycles - start
        assert all(link.cycles > 0 for link in links)


# --- what any machine keeps to ------------------------------------------------------
@given(seeds)
@settings(max_examples=100, deadline=None)
def test_no_width_or_window_is_ever_exceeded(seed: int) -> None:
    c = case(seed)
    p = c.params
    trace = c.trace()
    ran = engine(c)
    rows = [ran.log[k : k + S.G_SIZE] for k in range(0, ran.uops * S.G_SIZE, S.G_SIZE)]
    firsts = [r for r in rows if trace[r[S.G_UOP] + L.UOP_FLAGS] & L.NEW_SLOT]
    issued = [r[S.ISSUE] for r in rows]
    retired = [r[S.RETIRE] for r in firsts]
    assert issued == sorted(issued)
    assert retired == sorted(retired)
    assert max(Counter(r[S.ISSUE] for r in firsts).values()) <= p.issue_width
    assert max(Counter(retired).values()) <= p.retire
    taken = Counter((r[S.G_PORT], r[S.DISPATCH]) for r in rows if r[S.G_PORT] >= 0)
    assert max(taken.values(), default=1) == 1
    for older, younger in zip(firsts, firsts[p.rob :], strict=False):
        assert younger[S.ISSUE] >= older[S.RETIRE]
    for r in rows:
        assert r[S.ISSUE] >= r[S.QUEUE] + p.queue_latency
        if r[S.DISPATCH] >= 0:
            assert r[S.DISPATCH] >= r[S.ISSUE] + p.to_dispatch
        assert r[S.RETIRE] >= r[S.COMPLETE] + p.retire_latency


# --- carrying state -----------------------------------------------------------------
@given(seeds)
@settings(max_examples=60, deadline=None)
def test_trips_run_one_by_one_take_the_same_time(seed: int) -> None:
    c = replace(case(seed), trips=5)
    whole = engine(c)
    state = fresh(c)
    trace = c.trace()
    marks = []
    for _ in range(5):
        mark = [0]
        run(trace, c.params, state, [0], 1, mark)
        marks += mark
    assert marks == whole.marks


@given(seeds, seeds)
@settings(max_examples=60, deadline=None)
def test_a_reset_machine_remembers_nothing(seed: int, other: int) -> None:
    c = case(seed)
    used = fresh(c)
    run(c.trace(), c.params, used, [0], c.trips, [0] * c.trips)
    scribble = Random(other)
    for k in range(S.CALENDAR_MASK):
        used[k] = scribble.randrange(1000)
    S.reset(used, c.params)
    used[S.MODE] = c.mode
    marks = [0] * c.trips
    run(c.trace(), c.params, used, [0], c.trips, marks)
    assert marks == engine(c, log=False).marks


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_keeping_a_log_changes_no_time(seed: int) -> None:
    c = case(seed)
    assert engine(c, log=False).marks == engine(c, log=True).marks


# --- calendars ----------------------------------------------------------------------
@given(seeds)
@settings(max_examples=80, deadline=None)
def test_a_calendar_too_small_says_so(seed: int) -> None:
    """Without an overflow a small calendar gives what a large one gives."""
    c = case(seed)
    right = engine(c, 1 << 14)
    assert not right.state[S.OVERFLOW]
    assert engine(c, 1 << 16).marks == right.marks
    for bits in (4, 6, 8):
        small = engine(c, 1 << bits)
        assert small.state[S.OVERFLOW] or small.marks == right.marks


def test_a_wait_longer_than_the_calendar_overflows_it() -> None:
    c = chain(40)
    assert engine(c, 1 << 6).state[S.OVERFLOW]
    assert not engine(c, 1 << 12).state[S.OVERFLOW]


# --- cost ---------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [3, 11, 29, 44])
def test_work_is_linear_in_uops_and_memory_is_flat(seed: int) -> None:
    few = replace(case(seed), trips=40)
    many = replace(few, trips=400)
    lines_few, uops_few, size_few = work(few)
    lines_many, uops_many, size_many = work(many)
    ratio = (lines_many / uops_many) / (lines_few / uops_few)
    assert 0.8 < ratio < 1.2
    assert size_few == size_many


def work(c: Case) -> tuple[int, int, int]:
    """Lines executed, uops run and integers kept by the engine for a case."""
    count = 0

    def local(_frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return local

    trace, state, marks = c.trace(), fresh(c), [0] * c.trips
    before = sys.gettrace()
    sys.settrace(lambda _frame, _event, _arg: local)
    try:
        run(trace, c.params, state, [0], c.trips, marks)
    finally:
        sys.settrace(before)
    return count, state[S.UOPS], len(state)


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
    size = getattr(c.params, name) or 7
    tight = replace(c, params=c.params._replace(**{name: size}))
    loose = replace(c, params=c.params._replace(**{name: size + more}))
    for slow, fast in zip(engine_times(tight), engine_times(loose), strict=True):
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
    for slow, fast in zip(engine_times(late), engine_times(c), strict=True):
        assert all(a >= b for a, b in zip(slow, fast, strict=True))


# --- compiled -----------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.skipif(compiled.compiler() is None, reason="no C compiler")
def test_the_compiled_engine_gives_the_same_state_on_random_traces() -> None:
    fast = compiled.engine()
    for seed in range(300):
        c = case(seed)
        assert steady(c, rate, list_array) == steady(c, fast, compiled.fill), seed


def list_array(count: int, value: int) -> list[int]:
    return [value] * count


def steady(c: Case, engine_rate: Any, fill: Any) -> tuple[list[int], list[int]]:
    """What the search for a period finds, and the whole machine after it."""
    trace = fill(len(c.trace()), 0)
    for k, value in enumerate(c.trace()):
        trace[k] = value
    cells = max(1, trace[L.T_ACCESS_COUNT] * c.depth)
    state = S.new_state(
        c.params, 1 << 12, cells, list(c.group_of), list(c.group_size),
        list(c.alternates), fill, len(c.cold),
    )  # fmt: skip
    found, log = fill(8, 0), S.new_log(0, fill)
    engine_rate(
        trace, c.params, state, log, c.mode, 1, 40, 400, fill(MARKS, 0),
        fill(MARKS, 0), fill(1024, 0), found,
    )  # fmt: skip
    unread = for_the_log(state)
    return list(found), [v for k, v in enumerate(state) if k not in unread]


LOG_RINGS = {
    "PRODUCER_AT": L.REGISTERS, "QUEUE_EVENT_AT": S.MOST_QUEUE,
    "ROB_EVENT_AT": S.MOST_ROB, "LOAD_EVENT_AT": S.MOST_LOADS,
    "STORE_EVENT_AT": S.MOST_STORES, "INT_EVENT_AT": S.MOST_REGISTERS,
    "FLAG_EVENT_AT": S.MOST_REGISTERS,
}  # fmt: skip


def for_the_log(state: Any) -> set[int]:
    """Entries that only a log needs: the compiled engine leaves them alone."""
    out = {S.KEEP}
    lengths = {
        "GONE_EVENT_AT": state[S.CALENDAR_MASK] + 1,
        "DATA_EVENT_AT": state[S.CELLS],
        "STA_EVENT_AT": state[S.CELLS],
    }
    for name in S.LOG_ONLY:
        at = getattr(S, name)
        if name in lengths:
            out |= set(range(state[at], state[at] + lengths[name]))
        else:
            out |= set(range(at, at + LOG_RINGS.get(name, 1)))
    return out


# --- making cases -------------------------------------------------------------------
def fresh(c: Case, calendar: int = 1 << 14) -> list[int]:
    """A machine for a case."""
    cells = max(1, len(c.accesses) * c.depth)
    state = S.new_state(
        c.params, calendar, cells, list(c.group_of), list(c.group_size),
        list(c.alternates), cold=len(c.cold),
    )  # fmt: skip
    state[S.MODE] = c.mode
    return state


def chain(latency: int) -> Case:
    """Uops on one port, each waiting for the one before."""
    base = case(0)
    params = base.params._replace(
        rob=60, int_registers=0, flag_registers=0, issue_width=4, sync_uop=0
    )
    uop = U(L.K_COMPUTE, (0,), latency, 0, L.NEW_SLOT, ((0, 0),), ((0, 0),))
    return replace(
        base, params=params, group_of=(-1,) * params.ports, group_size=(),
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
        params=base.params._replace(
            sync_uop=0, load_freed_complete=0, register_reads=0
        ),
        body=tuple(insn() for _ in range(r.randint(1, 20))), tail=(), accesses=(),
        depth=1, mode=LOOP,
    )  # fmt: skip
