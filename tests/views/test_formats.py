"""Tables for scripts and pages; one estimate as a page of its own."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

from costmodel import api, data
from costmodel.engine.result import Comparison
from costmodel.views.formats import comparisons_in, table_in
from costmodel.views.html import comparisons_html
from costmodel.views.page import estimate_page
from tests.make import A_GUESS, an_estimate

COLUMNS = ["name", "cycles"]
ROWS = [{"name": "a|b", "cycles": 1.5}, {"name": "<c>", "cycles": None}]
CHANGE = Comparison(an_estimate(window_cycles=30), an_estimate(window_cycles=33))


def test_csv_reads_back() -> None:
    found = list(csv.DictReader(io.StringIO(table_in("csv", COLUMNS, ROWS))))
    assert found == [
        {"name": "a|b", "cycles": "1.5"},
        {"name": "<c>", "cycles": ""},
    ]


def test_markdown_escapes_bars_and_sets_figures_right() -> None:
    assert table_in("markdown", COLUMNS, ROWS).splitlines() == [
        "| name | cycles |",
        "| --- | ---: |",
        "| a\\|b | 1.5 |",
        "| <c> |  |",
    ]


def test_html_escapes_everything() -> None:
    made = table_in("html", COLUMNS, ROWS, "<title>")
    assert "&lt;c&gt;" in made
    assert "<c>" not in made
    assert made.startswith("<!DOCTYPE html>")


def test_a_comparison_is_a_row_a_core() -> None:
    (row,) = csv.DictReader(io.StringIO(comparisons_in("csv", [CHANGE])))
    assert float(row["delta"]) == CHANGE.delta
    assert "causes" in comparisons_in("html", [CHANGE])
    assert "| delta |" in comparisons_in("markdown", [CHANGE])


def test_a_guess_looks_like_one_in_every_format() -> None:
    sure, guessed = an_estimate(), an_estimate(guesses=(A_GUESS,))
    change = Comparison(guessed, sure)
    (row,) = csv.DictReader(io.StringIO(comparisons_in("csv", [change])))
    assert row["guesses"] == "1"
    assert "| guesses |" in comparisons_in("markdown", [change])
    assert "<td>+0?</td>" in comparisons_html([change]).replace(
        ' style="text-align:right"', ""
    )
    assert "?" not in comparisons_html([Comparison(sure, sure)]).split("</caption>")[1]
    assert '<span class="big">30?</span>' in estimate_page(guessed)
    assert '<span class="big">30</span>' in estimate_page(sure)


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
    made = estimate_page(api.estimate(str(stub), "skylake"))
    assert len(made.encode()) < 200_000
    parser = _Balance()
    parser.feed(made)
    assert parser.open == []
    assert parser.links == []
    for word in ("swapgs", "Where the cycles go", "pt_regs", "Assumed", "<svg"):
        assert word in made
