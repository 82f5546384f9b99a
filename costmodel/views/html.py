"""Small tables for notebooks: plain HTML, no style sheet, no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from costmodel.engine.result import Comparison, Estimate
from costmodel.studies.compare import delta
from costmodel.views.layout import decimals_for, number
from costmodel.views.text import exact_cycles, heading

_CAPTION = "modelled cycles; ? rests on assumed figures"


def html_table(
    caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> str:
    """A table; every cell is escaped, cells that are figures stand to the right."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(text: str) -> str:
    figure = text[:1].isdigit() or (text[:1] in "+-" and text[1:2].isdigit())
    style = ' style="text-align:right"' if figure else ""
    return f"<td{style}>{escape(text)}</td>"


def estimates_html(estimates: Sequence[Estimate]) -> str:
    digits = decimals_for([exact_cycles(e) for e in estimates])
    rows = [
        (
            heading(e),
            e.uarch,
            e.scenario,
            number(exact_cycles(e), digits) + _mark(e),
            str(e.instructions),
            str(e.uops),
            str(e.bytes),
            ", ".join(f"{c} {n / e.copies:.3g}" for c, n in e.causes[:4]),
        )
        for e in estimates
    ]
    header = (
        "path", "core", "scenario", "cycles", "instructions", "uops", "bytes", "causes",
    )  # fmt: skip
    return html_table(_CAPTION, header, rows)


def _mark(*estimates: Estimate) -> str:
    return "?" if any(e.guesses or e.unknown for e in estimates) else ""


def comparisons_html(comparisons: Sequence[Comparison]) -> str:
    sides = [exact_cycles(e) for c in comparisons for e in (c.before, c.after)]
    digits = decimals_for(sides)
    rows = [
        (
            c.after.uarch,
            c.after.scenario,
            number(exact_cycles(c.before), digits),
            number(exact_cycles(c.after), digits),
            number(delta(c), digits, sign=True) + _mark(c.before, c.after),
        )
        for c in comparisons
    ]
    caption = _CAPTION
    if comparisons:
        first = comparisons[0]
        caption = f"{heading(first.before)} -> {heading(first.after)}, {caption}"
    return html_table(caption, ("core", "scenario", "before", "after", "delta"), rows)
