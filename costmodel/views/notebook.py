"""Small tables for notebooks: plain HTML that needs no style sheet and no script."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.engine.result import Comparison, Estimate
from costmodel.studies.certainty import mark_of, mark_of_difference
from costmodel.studies.compare import delta
from costmodel.views.estimate import heading
from costmodel.views.layout import decimals_for, number
from costmodel.views.render.html import html_table
from costmodel.views.sections import exact_cycles

_CAPTION = "modelled cycles; ? rests on assumed figures, ?? much"


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    made = html_table(head, rows, caption=caption)
    return made.replace(' class="r"', ' style="text-align:right"')


def estimates_html(estimates: Sequence[Estimate]) -> str:
    """A row an estimate."""
    digits = decimals_for([exact_cycles(e) for e in estimates])
    rows = [
        (
            heading(e),
            e.uarch,
            e.scenario,
            number(exact_cycles(e), digits) + mark_of(e),
            str(e.instructions),
            str(e.uops),
            str(e.bytes),
            ", ".join(f"{c} {n / e.copies:.3g}" for c, n in e.causes[:4]),
        )
        for e in estimates
    ]
    head = (
        "path", "core", "scenario", "cycles", "instructions", "uops", "bytes", "causes",
    )  # fmt: skip
    return _table(_CAPTION, head, rows)


def comparisons_html(comparisons: Sequence[Comparison]) -> str:
    """A row a core, with the interval where there is one."""
    sides = [exact_cycles(e) for c in comparisons for e in (c.before, c.after)]
    digits = decimals_for(sides)
    rows = [
        (
            c.after.uarch,
            c.after.scenario,
            number(exact_cycles(c.before), digits),
            number(exact_cycles(c.after), digits),
            number(delta(c), digits, sign=True) + mark_of_difference(c),
            "" if c.low is None or c.high is None else f"{c.low:+.4g} to {c.high:+.4g}",
        )
        for c in comparisons
    ]
    caption = _CAPTION
    if comparisons:
        first = comparisons[0]
        caption = f"{heading(first.before)} -> {heading(first.after)}, {caption}"
    head = ("core", "scenario", "before", "after", "delta", "90 % interval")
    return _table(caption, head, rows)
