"""The rhythm that is found is one: brute force over many trips says the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from random import Random

import pytest

from costmodel.engine import layout as L
from tests.engine.case import Case
from tests.engine.compare import Outcome, laid_out, run
from tests.engine.figures import vector
from tests.engine.strategies import case

ENOUGH = 10**9  # uops: no rhythm of the retirements alone holds so long
LIMIT = 6_000  # uops
CASES = 400


def looped(seed: int) -> Case:
    """A case to be run for ever: its addresses do not reach the end of all."""
    c = case(seed)
    return replace(c, trips=1, base=c.base if c.base < 1 << 62 else 0)


def searched(c: Case, need: int, limit: int = LIMIT, group: int = 1) -> Outcome:
    """The rhythm of a case."""
    answer = laid_out(c).run(vector(c.figures), c.mode, group, need, limit, 1 << 10)
    return Outcome(*answer)


def cycles_after(c: Case, trips: int) -> int:
    """Cycle of the last retirement after so many trips; 0 trips: 0."""
    return run(c, trips).cycles if trips else 0


def later_windows(c: Case, found: Outcome, count: int = 3) -> list[int]:
    """Cycles of the window found and of those as long that follow it."""
    ends = [cycles_after(c, found.first + found.trips * k) for k in range(1, count + 2)]
    start = cycles_after(c, found.first)
    return [end - before for before, end in zip([start, *ends], ends, strict=False)]


@pytest.mark.parametrize("part", range(4))
def test_what_follows_a_repeated_state_repeats(part: int) -> None:
    """Exactly: the state is all there is."""
    settled = 0
    for seed in range(part * CASES // 4, (part + 1) * CASES // 4):
        c = looped(seed)
        found = searched(c, ENOUGH)
        if not found.settled:
            continue
        settled += 1
        assert later_windows(c, found) == [found.cycles] * 4, seed
        assert found.start == cycles_after(c, found.first), seed
    assert settled > CASES / 4 * 0.3


def test_a_rhythm_of_retirements_is_that_of_many_trips() -> None:
    """Where it ends the search before a state recurs, over what a window holds."""
    ended = wrong = 0
    for seed in range(CASES):
        c = looped(seed)
        found, sure = searched(c, 448), searched(c, ENOUGH)
        if found.settled and found != sure:
            ended += 1
            right = pytest.approx(rate(c, 600), rel=0.005)
            wrong += found.cycles / found.trips != right
    assert ended > 10
    # A wait of 80 cycles once in a few hundred uops is not seen in a window of them.
    assert wrong <= ended // 100


def rate(c: Case, trips: int) -> float:
    """Cycles a trip over the later half of so many."""
    half = trips // 2
    return (cycles_after(c, trips) - cycles_after(c, half)) / (trips - half)


def test_trips_run_in_groups_have_the_same_rhythm() -> None:
    for seed in range(120):
        c = looped(seed)
        each, grouped = searched(c, ENOUGH), searched(c, ENOUGH, group=4)
        if each.settled and grouped.settled:
            assert each.cycles * grouped.trips == grouped.cycles * each.trips, seed


def test_a_state_that_recurs_does_so_whatever_the_calendar() -> None:
    for seed in range(60):
        c = looped(seed)
        trace = laid_out(c)
        answers = {
            trace.run(vector(c.figures), c.mode, 1, ENOUGH, LIMIT, 1 << bits)[:6]
            for bits in (4, 8, 14)
        }
        assert len(answers) == 1, seed


# --- what a state must hold -----------------------------------------------------------
def moving(seed: int, **changes: int) -> Case:
    """A case whose code moves on from trip to trip, and its loads and stores too."""
    c = case(seed)
    r = Random(seed)
    body = tuple(
        replace(i, flags=i.flags & ~(L.MOVES | L.REFETCH), next_at=0) for i in c.body
    )
    accesses = tuple(
        row._replace(stride=r.choice([4, 8, 24, 64, -8]), root=0) for row in c.accesses
    )
    return replace(
        c, body=body, tail=(), accesses=accesses, loops=False, trips=1,
        figures=c.figures._replace(**changes),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("code moves through fetch blocks", {}),
        ("lines of the uop cache begin in other windows", {"cache_again": 3}),
        ("banks of loads that have not left", {"bank_bytes": 8, "bind_at_issue": 1}),
        ("lines written lately", {"combine_lines": 3, "commit_interval": 200}),
        ("a wait longer than most", {"forward_latency": 130, "forward_order": 100}),
        ("a store long ago", {"renaming_latency": 130, "forward_address": 100}),
    ],
)
def test_addresses_that_move_are_part_of_the_state(
    what: str, changes: dict[str, int]
) -> None:
    settled = 0
    for seed in range(100):
        c = moving(seed, **changes)
        found = searched(c, ENOUGH, 20_000)
        if found.settled:
            settled += 1
            assert later_windows(c, found, 2) == [found.cycles] * 3, (what, seed)
    assert settled > 10


# --- settings -------------------------------------------------------------------------
def test_limit_0_runs_a_group_of_trips_once() -> None:
    c = replace(case(5), trips=7)
    found = run(c)
    assert (found.trips, found.first, found.start, found.settled) == (7, 0, 0, True)


def test_keeping_a_log_changes_nothing() -> None:
    for seed in range(100):
        c = case(seed)
        trace, figures = laid_out(c), vector(c.figures)
        settings = (c.mode, 1, 300, 2_000, 1 << 10)
        plain, (kept, log, _) = (
            trace.run(figures, *settings),
            trace.log(figures, *settings),
        )
        assert plain[:7] == kept[:7]
        assert len(log) == kept[5] * L.LOG_ROW * 8


def test_draws_are_runs() -> None:
    c = replace(case(12), trips=1)
    rows = [c.figures._replace(rob=rob, to_dispatch=4) for rob in (4, 40, 400)]
    figures = [vector(row) for row in rows]
    settings = (c.mode, 1, 300, 2_000, 1 << 10)
    drawn = laid_out(c).draws(figures[0] + figures[1] + figures[2], *settings)
    assert drawn == [tuple(laid_out(c).run(f, *settings)[:2]) for f in figures]


def test_a_signal_in_a_run_runs_no_other() -> None:
    """A handler is called in the middle of a run; the machine is not its own."""
    c = looped(3)
    trace, figures = laid_out(c), vector(c.figures)

    def again(_signal: int, _frame: object) -> None:
        trace.run(figures, c.mode, 1, 0, 0, 256)

    before = signal.signal(signal.SIGALRM, again)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(RuntimeError, match="running already"):
            trace.run(figures, c.mode, 1 << 24, 0, 0, 256)
        assert trace.run(figures, c.mode, 3, 0, 0, 256)[1] == 3
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ((3, 1, 0, 0, 256), "mode"),
        ((-1, 1, 0, 0, 256), "mode"),
        ((0, 0, 0, 0, 256), "group"),
        ((0, 1, 0, 0, 0), "calendar"),
        ((0, 1, 0, 0, 100), "calendar"),
        ((0, 1, 0, 0, 1 << 40), "calendar"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    settings: tuple[int, ...], says: str
) -> None:
    c = case(1)
    with pytest.raises(ValueError, match=says):
        laid_out(c).run(vector(c.figures), *settings)


# --- memory ---------------------------------------------------------------------------
MEASURE = """
import resource, sys
from dataclasses import replace
from tests.engine.compare import run
from tests.engine.strategies import case
c = replace(case(8), trips=1)
run(c, 1)
each = run(c, 100).uops / 100
for uops in map(int, sys.argv[1:]):
    assert run(c, round(uops / each)).uops > uops * 0.9
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_is_flat_however_many_uops_are_run() -> None:
    """Without a log: a thousand times the uops, not 2 MB more."""
    command = [sys.executable, "-c", MEASURE, "1000", "1000000"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    few, many = map(int, shown.stdout.split())
    assert many - few < 2_000, "kB"
