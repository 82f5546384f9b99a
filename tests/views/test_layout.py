"""Figures as printed: rounding, sums, widths."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from costmodel.views.layout import (
    ascii_only,
    bar,
    clip,
    decimals_for,
    number,
    rounded_parts,
    table,
)

parts = st.lists(st.fractions(-1000, 1000, max_denominator=1000), min_size=1)


@given(parts, st.integers(0, 3))
def test_printed_parts_add_up_to_the_printed_total(
    values: list[Fraction], digits: int
) -> None:
    shown = rounded_parts(values, digits)
    assert sum(shown) == Fraction(number(sum(values), digits))


@given(parts, st.integers(0, 3))
def test_a_printed_part_is_less_than_one_unit_off(
    values: list[Fraction], digits: int
) -> None:
    unit = Fraction(1, 10**digits)
    for value, shown in zip(values, rounded_parts(values, digits), strict=True):
        assert abs(value - shown) < unit


def test_the_largest_remainder_gets_the_missing_unit() -> None:
    assert rounded_parts([Fraction("1.2"), Fraction("1.7"), Fraction("1.1")], 0) == [
        1,
        2,
        1,
    ]


def test_numbers_never_show_a_negative_zero() -> None:
    assert number(-0.04, 1) == "0.0"
    assert number(Fraction(-1, 3), 2, sign=True) == "-0.33"
    assert number(6, 0, sign=True) == "+6"


def test_whole_figures_get_no_decimals_small_ones_two() -> None:
    assert decimals_for([109, Fraction(34)]) == 0
    assert decimals_for([Fraction(1, 4)]) == 2
    assert decimals_for([Fraction(1, 4), 147]) == 1


def test_a_bar_shows_the_least_amount_and_nothing_for_nothing() -> None:
    assert bar(0.001, 100, 20) == "#"
    assert bar(0, 100, 20) == ""
    assert bar(100, 100, 20) == "#" * 20


@given(st.text())
def test_everything_printed_is_one_line_of_ascii(text: str) -> None:
    shown = ascii_only(text)
    assert shown.isascii()
    assert shown.isprintable()


@given(st.text(), st.integers(2, 80))
def test_clipped_text_fits(text: str, width: int) -> None:
    assert len(clip(text, width)) <= width


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=200)), min_size=1))
def test_tables_fit_the_page(rows: list[tuple[str, str]]) -> None:
    assert all(len(line) <= 72 for line in table(rows, "rl"))
