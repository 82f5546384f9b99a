"""Nonsense is refused or answered; see ``hostile``. ``make sanitize`` goes further."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.engine.hostile import HARNESSES, Harness, attempt


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.__name__)
def test_nonsense_is_refused_or_answered(harness: Harness) -> None:
    ends = Counter(attempt(harness, seed) for seed in range(60))
    assert ends["answered"] > 0 or ends["ValueError"] > 0


def test_both_happen() -> None:
    """The damage is neither so slight nor so great that it tests nothing."""
    ends = Counter(attempt(h, seed) for h in HARNESSES for seed in range(40))
    assert ends["answered"] > 50
    assert ends["ValueError"] > 50


def test_a_harness_is_given_the_same_source_for_the_same_seed() -> None:
    drawn: list[float] = []
    for seed in (7, 7):
        attempt(lambda r: drawn.append(Random.random(r)), seed)
    assert drawn[0] == drawn[1]
