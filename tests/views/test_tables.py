"""Tidy frames, and the tables a notebook shows."""

from __future__ import annotations

import pytest
from msgspec.structs import fields

from costmodel.api import Difference, Differences, Result, Results
from costmodel.ask import Answered, Swept
from costmodel.engine.result import Comparison, Estimate
from costmodel.errors import UsageError
from costmodel.studies.study import Outcome
from costmodel.studies.studyfile import Study
from costmodel.views.tables import comparison_rows, rows
from tests.make import an_estimate
from tests.views.test_text import a_comparison

TABLES = (
    "summary", "causes", "charges", "timeline", "lines", "slots", "ports", "path",
)  # fmt: skip


def a_result() -> Result:
    estimate = an_estimate()
    return Result(*(getattr(estimate, f.name) for f in fields(Estimate)))


def a_difference() -> Difference:
    comparison = a_comparison()
    return Difference(*(getattr(comparison, f.name) for f in fields(Comparison)))


@pytest.mark.parametrize("table", TABLES)
def test_rows_have_a_value_for_every_column(table: str) -> None:
    columns, found = rows([an_estimate()], table)
    assert found
    assert all(list(row) == columns for row in found)


@pytest.mark.parametrize("table", ["summary", "causes", "lines"])
def test_rows_of_a_difference_too(table: str) -> None:
    columns, found = comparison_rows([a_comparison()], table)
    assert found
    assert all(list(row) == columns for row in found)


def test_an_unknown_table_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="causes"):
        rows([], "colours")


def test_frames_are_tidy_and_empty_ones_keep_their_columns() -> None:
    result = a_result()
    causes = result.frame("causes")
    assert list(causes.columns) == ["file", "uarch", "scenario", "cause", "cycles"]
    assert causes.cycles.sum() == result.cycles
    assert list(Results().frame("causes").columns) == list(causes.columns)
    assert a_difference().frame("causes").cycles.sum() == a_difference().delta


def test_html_escapes_what_it_shows() -> None:
    page = Results([a_result()])._repr_html_()
    assert "<td" in page
    assert "skylake" in page
    assert "-&gt;" in Differences([a_difference()])._repr_html_()


def test_results_show_themselves_as_the_commands_do() -> None:
    assert a_result().text().startswith("30 cycles")
    assert "timeline" in a_result().explain()
    assert "delta" in a_difference().text()


def test_the_repr_of_every_result_is_one_short_line() -> None:
    results = (
        a_result(), a_difference(), Results([a_result()]),
        Differences([a_difference()]), an_estimate(), a_comparison(),
        Swept((), ()), Answered(Outcome(Study(title="t", paths={}, questions=()),
                                        ("zen5",), 4, ())),
    )  # fmt: skip
    for result in results:
        assert len(repr(result)) < 120, repr(result)[:200]
        assert "\n" not in repr(result)
    assert "system_call on skylake: 30 cycles" in repr(a_result())
    assert repr(a_difference()).endswith("+5 cycles>")
