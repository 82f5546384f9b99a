"""Shares of the variance, held against functions whose shares are known."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi, sin

import pytest

from costmodel.studies.draws import Leaf, sample
from costmodel.studies.variance import screened, variance_shares

NAMES = ("x1", "x2", "x3")
# Triangular from -1 to 1 with its peak at 0: variance 1/6.
FIGURES = [Leaf(name, -1.0, 0.0, 1.0, False) for name in NAMES]


def uniform(value: float) -> float:
    """A triangular draw as a uniform one on -pi..pi, through its distribution."""
    below = (value + 1) ** 2 / 2 if value < 0 else 1 - (1 - value) ** 2 / 2
    return pi * (2 * below - 1)


def ishigami(point: Mapping[str, float]) -> float:
    x1, x2, x3 = (uniform(point[name]) for name in NAMES)
    return sin(x1) + 7 * sin(x2) ** 2 + 0.1 * x3**4 * sin(x1)


def test_ishigamis_shares_are_found() -> None:
    """First 0.314, 0.442, 0; total 0.558, 0.442, 0.244 (Ishigami and Homma 1990)."""
    found = variance_shares(ishigami, FIGURES, 4096)
    assert [s.first for s in found] == pytest.approx([0.314, 0.442, 0.0], abs=0.04)
    assert [s.total for s in found] == pytest.approx([0.558, 0.442, 0.244], abs=0.04)


def test_half_widths_hold_the_known_shares() -> None:
    """Of 24 total shares from few rows, a 90 % interval holds most."""
    known = (0.558, 0.442, 0.244)
    held = sum(
        abs(share.total - true) <= share.total_half
        for seed in range(0, 16, 2)
        for share, true in zip(
            variance_shares(ishigami, FIGURES, 128, seed), known, strict=True
        )
    )
    assert held >= 18


@pytest.mark.parametrize("rows", [128, 1024])
def test_of_a_sum_first_and_total_are_the_squared_weights(rows: int) -> None:
    def weighted(point: Mapping[str, float]) -> float:
        return 3 * point["x1"] + 2 * point["x2"] + point["x3"]

    found = variance_shares(weighted, FIGURES, rows)
    wanted = [9 / 14, 4 / 14, 1 / 14]
    near = 0.15 if rows == 128 else 0.05
    assert [s.first for s in found] == pytest.approx(wanted, abs=near)
    assert [s.total for s in found] == pytest.approx(wanted, abs=near)


def test_of_a_product_all_is_interaction() -> None:
    found = variance_shares(lambda p: p["x1"] * p["x2"], FIGURES, 2048)
    assert [s.first for s in found] == pytest.approx([0, 0, 0], abs=0.08)
    assert [s.total for s in found] == pytest.approx([1, 1, 0], abs=0.08)


def test_a_constant_has_no_shares() -> None:
    assert all(s.first == s.total == 0 for s in variance_shares(lambda p: 4, FIGURES))


def test_screening_finds_what_matters_only_together() -> None:
    """x1 alone does nothing where x2 is as stated, 0: its effect shows elsewhere."""
    found = screened(lambda p: 5 * p["x1"] * p["x2"], FIGURES)
    assert set(found) == {"x1", "x2"}
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_points_that_come_back_are_run_once() -> None:
    calls: list[Mapping[str, float]] = []
    figures = [Leaf("n", 1.0, 2.0, 3.0, True), Leaf("m", 1.0, 2.0, 3.0, True)]
    variance_shares(lambda p: calls.append(p) or p["n"], figures, 64)  # type: ignore[func-returns-value]
    assert len(calls) == len({(p["n"], p["m"]) for p in sample(figures, 64)}) <= 9
