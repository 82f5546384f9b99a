"""Many differences as one table: a row a commit, or a row an entry point."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from costmodel import __version__
from costmodel.engine.result import Comparison
from costmodel.studies.compare import delta
from costmodel.studies.series import Row, Series
from costmodel.views.json import comparison_record
from costmodel.views.layout import decimals_for, number
from costmodel.views.tree import Items, Report, Section, Table, Text

_SIDE_BY_SIDE = 5  # cores that fit beside a subject
_WITH_INTERVALS = 2
_COLUMNS = (
    "commit", "subject", "uarch", "before", "after", "delta", "low", "high", "error",
)  # fmt: skip
_ASSUMED = (
    "? rests on figures assumed, not sourced: compare one row by itself, and it"
    " lists them."
)


def series_report(series: Series) -> Report:
    """Cycles each row adds, on each core; then what has no answer, and why."""
    scenarios = {c.after.scenario for row in series.rows for c in row.differences}
    sections = [
        Section("", (_table(series, series.cores[at : at + _SIDE_BY_SIDE]),))
        for at in range(0, len(series.cores), _SIDE_BY_SIDE)
    ]
    refused = tuple(
        f"{row.name}: {' '.join(row.error.split())}" for row in series.rows if row.error
    )
    if refused:
        sections.append(Section("no answer", (Items(refused),), inset=True))
    if series.notes:
        sections.append(Section("", tuple(Text(n, True) for n in series.notes)))
    if any(_mark(c) for row in series.rows for c in row.differences):
        sections.append(Section("", (Text(_ASSUMED),)))
    return Report(
        title=series.title,
        lead=(f"{', '.join(sorted(scenarios))}; cycles added",) if scenarios else (),
        sections=tuple(sections),
        data=_data(series),
        columns=_COLUMNS,
        rows=[record for row in series.rows for record in _records(row)],
        foot=(f"Modelled by costmodel {__version__}, not measured.",),
    )


def _records(row: Row) -> list[dict[str, Any]]:
    """One record a core, or one with the reason there is none."""
    head = {"commit": row.name, "subject": row.subject}
    if row.error:
        return [{**head, "error": row.error.partition("\n")[0]}]
    return [
        {
            **head, "uarch": c.after.uarch, "before": c.before.cycles,
            "after": c.after.cycles, "delta": c.delta, "low": c.low, "high": c.high,
        }
        for c in row.differences
    ]  # fmt: skip


def _data(series: Series) -> dict[str, Any]:
    return {
        "title": series.title,
        "each": [
            {
                "commit": row.name,
                "subject": row.subject,
                "error": row.error or None,
                "results": [comparison_record(c) for c in row.differences],
            }
            for row in series.rows
        ],
        "results": [comparison_record(c) for c in series.whole],
        "notes": list(series.notes),
    }


def _table(series: Series, cores: Sequence[str]) -> Table:
    """Some of the cores side by side; one or two have room for intervals."""
    known = [row for row in series.rows if not row.error]
    shown = [c for row in known for c in row.differences] + list(series.whole)
    digits = min(1, decimals_for([delta(c) for c in shown] or [0]))
    wide = len(cores) <= _WITH_INTERVALS
    subjects = any(row.subject for row in known)
    rows = [
        (row.name, *_cells(row.differences, cores, digits, wide), row.subject)
        for row in known
    ]
    if series.whole:
        rows.append(("all", *_cells(series.whole, cores, digits, wide), ""))
    head = ("", *cores, "")
    align = "l" + "r" * len(cores) + "l"
    if not subjects:
        head, align = head[:-1], align[:-1]
        rows = [row[:-1] for row in rows]
    return Table(head, tuple(rows), align)


def _cells(
    comparisons: Sequence[Comparison], cores: Sequence[str], digits: int, wide: bool
) -> tuple[str, ...]:
    by_core = {c.after.uarch: c for c in comparisons}
    cells = []
    for core in cores:
        c = by_core[core]
        text = _signed(delta(c), digits) + _mark(c)
        if wide and c.low is not None and c.high is not None:
            ends = (_signed(Fraction(end), digits) for end in (c.low, c.high))
            text += f" ({' to '.join(ends)})"
        cells.append(text)
    return tuple(cells)


def _mark(c: Comparison) -> str:
    return "?" if c.before.guesses or c.after.guesses else ""


def _signed(value: Fraction, digits: int) -> str:
    return number(value, digits, sign=bool(value))
