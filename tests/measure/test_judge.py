"""From ticks to cycles, and from rounds to a figure."""

from __future__ import annotations

import random

import pytest

from costmodel.measure.judge import (
    CHAIN_CYCLES,
    Round,
    agreeing,
    cycles_of,
    difference,
    figure,
    good,
    ranks_outside,
)


def rounds(*values: float, nops: float = 400, kept: int = 100) -> list[Round]:
    return [Round((v,), kept, 120, 3.7, nops) for v in values]


def test_the_lowest_two_that_agree_count_and_what_goes_with_them() -> None:
    assert agreeing([4.0, 3.0, 3.01, 3.02, 2.0]) == [3.0, 3.01, 3.02]


def test_a_single_low_round_is_an_accident() -> None:
    found = figure(rounds(1.0, 3.0, 3.01, 3.03), 0)
    assert (found.cycles, found.low, found.high) == (3.01, 3.0, 3.03)
    assert (found.status, found.agreeing, found.rounds) == ("ok", 3, 4)


def test_rounds_that_do_not_agree_are_unstable_and_show_their_spread() -> None:
    found = figure(rounds(1.0, 2.0, 4.0), 0)
    assert (found.status, found.low, found.high) == ("unstable", 1.0, 4.0)


def test_rounds_beside_a_neighbour_do_not_count() -> None:
    quiet, loud = rounds(3.0, 3.0), rounds(6.0, 6.0, nops=800)
    assert good([*quiet, *loud]) == quiet
    assert figure([*loud, *quiet], 0).cycles == 3.0


def test_too_few_samples_are_no_answer() -> None:
    assert figure(rounds(3.0, 3.0, 3.0, kept=5), 0).status == "busy"


def test_coarse_steps_of_the_counter_average_out() -> None:
    """A counter that moves by 26 ticks still gives a chain of 1000 within 0.5 %."""
    draw = random.Random(7)
    step, ticks_a_cycle = 26, 0.7

    def read(cycles: float) -> int:
        began = draw.uniform(0, step)
        return int((began + cycles * ticks_a_cycle) // step * step)

    rows = [(read(300), read(1300), read(CHAIN_CYCLES), read(400)) for _ in range(2000)]
    assert cycles_of(rows, 0, 1000, step) == pytest.approx(1.0, rel=0.005)


def test_interrupts_do_not_move_the_figure() -> None:
    clean = [(300, 1300, int(CHAIN_CYCLES), 400)] * 80
    hit = [(300, 9300, int(CHAIN_CYCLES), 400)] * 40
    assert cycles_of(clean + hit, 0, 1000, 1) == pytest.approx(1.0)


def test_ranks_hold_the_median_as_often_as_they_say() -> None:
    assert [ranks_outside(n) for n in (2, 5, 8, 12, 20)] == [0, 0, 1, 2, 5]
    draw = random.Random(1)
    hits = 0
    for _ in range(2000):
        values = sorted(draw.gauss(0, 1) for _ in range(12))
        outside = ranks_outside(12)
        hits += values[outside] <= 0 <= values[-1 - outside]
    assert hits / 2000 > 0.9


def test_a_difference_is_that_of_the_same_rounds() -> None:
    """A clock that wanders from round to round does not widen the difference."""
    found = difference(
        [Round((base, base + 2.0), 50, 60, 3.0, 400) for base in (100, 130, 110, 90)],
        0, 1,
    )  # fmt: skip
    assert (found.cycles, found.low, found.high) == (2.0, 2.0, 2.0)
