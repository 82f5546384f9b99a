"""Tables for scripts and pages; one estimate as a page of its own."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest

from costmodel import api, data
from costmodel.engine.result import Comparison
from costmodel.errors import UsageError
from costmodel.views.notebook import comparisons_html
from costmodel.views.render import FORMATS, LOGS, rendered
from costmodel.views.tree import Report, Section, Table
from tests.make import A_GUESS, an_estimate
from tests.shown import comparisons_in, estimates_in, explained_in

COLUMNS = ["name", "cycles"]
ROWS = [{"name": "a|b", "cycles": 1.5}, {"name": "<c>", "cycles": None}]
CHANGE = Comparison(an_estimate(window_cycles=30), an_estimate(window_cycles=33))


def table_in(style: str, columns: list[str], rows: list[dict[str, object]]) -> str:
    """A report that is one table."""
    cells = tuple(
        tuple("" if row[c] is None else str(row[c]) for c in columns) for row in rows
    )
    sections = (Section("", (Table(tuple(columns), cells, "lr"),)),)
    report = Report("<title>", sections=sections, columns=columns, rows=rows)
    return rendered(style, report)


def test_csv_reads_back() -> None:
    found = list(csv.DictReader(io.StringIO(table_in("csv", COLUMNS, ROWS))))
    assert found == [
        {"name": "a|b", "cycles": "1.5"},
        {"name": "<c>", "cycles": ""},
    ]


def test_markdown_escapes_bars_and_sets_figures_right() -> None:
    assert table_in("markdown", COLUMNS, ROWS).splitlines()[2:] == [
        "| name | cycles |",
        "| --- | ---: |",
        "| a\\|b | 1.5 |",
        "| <c> |  |",
    ]


def test_html_escapes_everything() -> None:
    made = table_in("html", COLUMNS, ROWS)
    assert "&lt;c&gt;" in made
    assert "<c>" not in made
    assert made.startswith("<!DOCTYPE html>")


def test_a_comparison_is_a_row_a_core() -> None:
    (row,) = csv.DictReader(io.StringIO(comparisons_in("csv", [CHANGE])))
    assert float(row["delta"]) == CHANGE.delta
    assert "by cause" in comparisons_in("html", [CHANGE]).replace(
        "no cause", "by cause"
    )
    assert "| delta |" in comparisons_in("markdown", [CHANGE])


def test_a_guess_looks_like_one_in_every_format() -> None:
    sure, guessed = an_estimate(), an_estimate(guesses=(A_GUESS,))
    change = Comparison(guessed, sure)
    (row,) = csv.DictReader(io.StringIO(comparisons_in("csv", [change])))
    assert row["guesses"] == "1"
    for style in ("text", "markdown", "html"):
        assert "0?" in comparisons_in(style, [change])
        assert "swapgs * latency 20 (10-40)" in comparisons_in(style, [change]).replace(
            "\\*", "*"
        )
    assert "<td>0?</td>" in comparisons_html([change]).replace(
        ' style="text-align:right"', ""
    )
    assert "?" not in comparisons_html([Comparison(sure, sure)]).split("</caption>")[1]
    assert '<span class="big">30??</span>' in estimates_in("html", [guessed])
    assert '<span class="big">30</span>' in estimates_in("html", [sure])


class _Balance(HTMLParser):
    """Tags that are opened and never closed."""

    VOID = ("meta", "br", "line", "rect")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_a_page_stands_alone_and_is_small() -> None:
    stub = data.stubs_dir() / "top-of-stack" / "v3.16-fast.S"
    made = api.estimate(str(stub), "skylake").render("html")
    assert len(made.encode()) < 200_000
    parser = _Balance()
    parser.feed(made)
    assert parser.open == []
    assert parser.links == []
    for word in ("swapgs", "Where the cycles go", "pt_regs", "assumed figures", "<svg"):
        assert word in made


def test_every_format_is_asked_for_by_name_and_no_other_is_known() -> None:
    for style in (*FORMATS, *LOGS):
        assert explained_in(style, an_estimate())
    with pytest.raises(UsageError, match="no format 'pdf'"):
        explained_in("pdf", an_estimate())


def test_a_page_of_a_difference_has_plot_causes_path_and_timeline() -> None:
    made = comparisons_in("html", [CHANGE])
    assert 'src="data:image/svg+xml;base64,' in made
    for word in ("critical path", "timeline", "system_call", "prefers-color-scheme"):
        assert word in made


def test_a_run_that_did_not_settle_is_told_in_every_format() -> None:
    wild = an_estimate(settled=False)
    for style in ("text", "markdown", "html"):
        assert "did not settle" in estimates_in(style, [wild])
        assert "did not settle" in comparisons_in(style, [Comparison(wild, wild)])
        assert "unsettled" in estimates_in(style, [wild, an_estimate(uarch="zen5")])
        assert "settle" not in estimates_in(style, [an_estimate()])
    assert '"settled": false' in estimates_in("json", [wild])
    assert '"settled": false' in comparisons_in(
        "json", [Comparison(wild, CHANGE.after)]
    )
    (row,) = csv.DictReader(io.StringIO(estimates_in("csv", [wild])))
    assert row["settled"] == "False"


def test_a_kanata_log_ends_every_uop_and_never_goes_back() -> None:
    lines = explained_in("kanata", an_estimate()).splitlines()
    assert lines[0] == "Kanata\t0004"
    assert lines[1].startswith("C=\t")
    events = [line.split("\t") for line in lines[2:]]
    assert all(int(e[1]) > 0 for e in events if e[0] == "C")
    uops = len(an_estimate().timeline)
    for kind in "IR":
        assert len([e for e in events if e[0] == kind]) == uops
    running: set[tuple[str, str]] = set()
    for event in events:
        if event[0] == "S":
            running.add((event[1], event[3]))
        elif event[0] == "E":
            running.remove((event[1], event[3]))
        elif event[0] == "R":
            assert not [u for u, _ in running if u == event[1]]
    assert not running


def test_folded_stacks_add_up_to_the_cycles_of_the_window() -> None:
    lines = explained_in("folded", an_estimate()).splitlines()
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == 30
    assert lines[0].startswith("system_call;entry.S:10 swapgs;serialising ")
    assert all(line.count(";") == 2 for line in lines)
