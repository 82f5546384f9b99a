"""Marks by degree: nothing, one, two."""

from __future__ import annotations

import pytest

from costmodel.engine.result import Comparison, Guess
from costmodel.studies.certainty import mark_of, mark_of_difference, mark_of_spread
from tests.make import A_GUESS, an_estimate

SMALL = Guess("window.retire_latency", 1, 1, 3, "")
DEPTH = Guess("front_end.queue_latency", 1, 1, 9, "")
SIZE = Guess("window.rob", 200, 100, 300, "")


def test_a_count_is_marked_by_what_could_move_it() -> None:
    assert mark_of(an_estimate()) == ""
    assert mark_of(an_estimate(guesses=(SMALL,))) == "?"  # 1 of 30 cycles
    assert mark_of(an_estimate(guesses=(SIZE,))) == "?"  # no latency
    # four of 30, but copies fill the pipeline once
    assert mark_of(an_estimate(scenario="once", guesses=(DEPTH,))) == "??"
    assert mark_of(an_estimate(scenario="unroll", guesses=(DEPTH,))) == "?"
    assert mark_of(an_estimate(guesses=(A_GUESS,))) == "??"  # 15 of 30 cycles
    assert mark_of(an_estimate(unknown=("frobq",))) == "??"


@pytest.mark.parametrize(
    ("value", "spread", "mark"),
    [
        (2, 0, ""), (2, 1.5, "?"), (2, 4, "??"), (0, 1, "?"), (0, 5, "??"),
        (9, 7, "?"), (1, None, "?"), (1, float("nan"), "?"),
    ],
)  # fmt: skip
def test_a_difference_is_marked_by_its_draws(
    value: float, spread: float | None, mark: str
) -> None:
    assert mark_of_spread(value, spread, assumed=True) == mark
    assert mark_of_spread(value, spread, assumed=False) == ""


def test_a_difference_with_a_made_up_cost_is_open() -> None:
    wild = an_estimate(unknown=("frobq",))
    assert mark_of_difference(Comparison(wild, an_estimate(), 1, 1)) == "??"
