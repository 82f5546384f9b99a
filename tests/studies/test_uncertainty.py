"""Intervals of differences: common draws, order, processes, and what matters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

from costmodel import api, data
from costmodel.cores.accuracy import difference_margin
from costmodel.studies import uncertainty as u
from costmodel.studies.sensitivity import effects

STUBS = data.stubs_dir() / "top-of-stack"
FAST = api.load_path(str(STUBS / "v3.16-fast.S"))
EVERY = api.load_path(str(STUBS / "every-slot-mov.S"))


def task(path: api.Path = FAST, core: str = "skylake", draws: int = 12) -> u.Task:
    return u.Task(path, core, "once", draws=draws)


def test_the_interval_of_a_change_of_nothing_is_nothing() -> None:
    one, other = u.run(task()), u.run(task())
    assert u.difference(one, other) == u.Interval(0, 0, 0, 0, 12)
    assert len(set(one.drawn)) > 1  # though the figures do move the path itself


def test_a_difference_is_steadier_than_its_sides() -> None:
    old, new = u.run(task(FAST)), u.run(task(EVERY))
    known = u.difference(old, new)
    sides = u.interval(0, [float(c) for c in old.drawn])
    assert known.high - known.low < sides.high - sides.low
    assert known.low <= known.median <= known.high


def test_the_stated_figure_is_the_estimate() -> None:
    made = api.estimate(FAST, "skylake", scenario="once")
    alone = u.run(task(draws=0))
    assert alone.stated == Fraction(made.window_cycles, made.copies)
    assert alone.drawn == ()
    assert set(alone.guesses) >= {guess.what for guess in made.guesses}


def test_any_executor_gives_the_same_draws() -> None:
    tasks = [task(FAST), task(EVERY), task(FAST, "zen2")]
    here = u.run_all(tasks)
    with ThreadPoolExecutor(2) as pool:
        assert u.run_all(tasks, pool) == here


def test_progress_is_told_of_every_task() -> None:
    told: list[tuple[int, int]] = []
    u.run_all([task(draws=1), task(EVERY, "zen2", 1)], None, lambda *n: told.append(n))
    assert told == [(1, 2), (2, 2)]


def test_what_is_set_is_not_drawn() -> None:
    fixed = u.Task(FAST, "skylake", "once", draws=4,
                   values=(("costs.swapgs..latency", 40),))  # fmt: skip
    free = u.run(task(draws=4))
    made = u.run(fixed)
    assert "costs.swapgs..latency" in free.figures
    assert "costs.swapgs..latency" not in made.figures
    assert made.stated > free.stated


def test_effects_name_a_figure_that_moves_the_difference() -> None:
    told: list[tuple[int, int]] = []
    found = effects(task(FAST), task(EVERY), progress=lambda *n: told.append(n))
    assert found
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > told[-2][0]
    for effect in found:
        assert 0 <= effect.share <= 1
        assert 0 <= effect.total <= 1
        assert effect.half >= 0
        assert effect.low < effect.high
    assert found == sorted(found, key=lambda e: -e.total)


def test_compare_gives_the_interval_of_the_difference() -> None:
    found = api.compare(FAST, EVERY, "skylake", scenario="once", draws=12)
    margin = difference_margin("skylake", "once")
    known = u.difference(u.run(task(FAST)), u.run(task(EVERY)), margin)
    assert margin > 0
    assert (found.low, found.high) == (known.low, known.high)
    bare = api.compare(FAST, EVERY, "skylake", scenario="once", draws=0)
    assert bare.low is None
