"""Draws: inside their interval, in the right shape, the same for whoever asks."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.cores.load import load_core
from costmodel.studies.draws import (
    Leaf,
    drawn,
    halved,
    leaves,
    quantile,
    sample,
    shares,
)


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 40), st.integers(0, 40))
def test_a_drawn_figure_is_within_its_interval(share: float, a: int, b: int) -> None:
    low, high = sorted((a, b))
    if low == high:
        return
    for integer in (True, False):
        value = drawn(Leaf("x", low, (low + high) // 2, high, integer), share)
        assert low <= value <= high
        assert not integer or value == int(value)


def test_every_whole_number_of_an_interval_is_drawn() -> None:
    leaf = Leaf("x", 4, 5, 7, True)
    assert {drawn(leaf, share) for share in shares("x", 200, 1)} == {4, 5, 6, 7}


def test_a_size_that_divides_addresses_is_drawn_as_a_power_of_two() -> None:
    (banks,) = [
        leaf
        for leaf in leaves(load_core("sandybridge"), [])
        if leaf.path == "memory.bank_bytes"
    ]
    got = {drawn(banks, (k + 0.5) / 200) for k in range(200)}
    assert got == {4, 8, 16}


@pytest.mark.parametrize("middle", [0, 3, 9])
def test_the_stated_value_is_the_median_of_its_draws(middle: float) -> None:
    values = [halved(0, middle, 9, share) for share in shares("x", 2000, 1)]
    assert quantile(values, 0.5) == pytest.approx(middle, abs=0.02)
    # of two triangles, each a third of its width from its highest
    assert fmean(values) == pytest.approx(middle + (9 - 2 * middle) / 6, abs=0.01)
    assert min(values) >= 0 and max(values) <= 9


@given(st.integers(1, 64), st.integers(0, 5))
def test_there_is_one_draw_in_each_slice(count: int, seed: int) -> None:
    found = sorted(int(share * count) for share in shares("a.b", count, seed))
    assert found == list(range(count))


def test_a_figure_is_drawn_alike_whatever_else_is_drawn() -> None:
    one, other = Leaf("a", 0, 1, 5, False), Leaf("b", 0, 1, 5, False)
    alone = [draw["a"] for draw in sample([one], 20)]
    both = sample([other, one], 20)
    assert [draw["a"] for draw in both] == alone
    assert [draw["b"] for draw in both] != alone
    assert [draw["a"] for draw in sample([one], 20, seed=3)] != alone


def test_only_rows_the_path_uses_are_drawn() -> None:
    loaded = load_core("skylake")
    found = leaves(loaded, {"costs.swapgs."})
    rows = {leaf.path for leaf in found if leaf.path.startswith("costs.")}
    assert rows
    assert all(path.startswith("costs.swapgs.") for path in rows)
    assert all(leaf.low < leaf.high for leaf in found)


@given(st.lists(st.floats(-9, 9), min_size=1), st.floats(0, 1))
def test_a_quantile_is_between_the_ends(values: list[float], share: float) -> None:
    assert min(values) - 1e-9 <= quantile(values, share) <= max(values) + 1e-9


def test_quantiles_lie_between_order_statistics() -> None:
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([0, 1], 0.25) == 0.25
