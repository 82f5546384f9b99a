"""Many differences as one table: a row a commit, or a row an entry point."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from costmodel import __version__
from costmodel.engine.result import Comparison
from costmodel.errors import UsageError
from costmodel.studies.compare import delta
from costmodel.studies.series import Row, Series
from costmodel.views.json import comparison_record, document
from costmodel.views.layout import ascii_only, clip, decimals_for, number, table, wrap

STYLES = ("text", "json", "markdown", "csv")
_SIDE_BY_SIDE = 5  # cores that fit beside a subject
_COLUMNS = (
    "commit", "subject", "uarch", "before", "after", "delta", "low", "high", "error",
)  # fmt: skip
_ASSUMED = (
    "? rests on figures assumed, not sourced: compare one row by itself, and it"
    " lists them."
)
_FOOTER = f"Modelled by costmodel {__version__}, not measured."


def series_in(style: str, series: Series) -> str:
    """``style`` is one of STYLES."""
    if style == "json":
        return _json(series)
    if style == "csv":
        return _csv(series)
    if style == "markdown":
        return _markdown(series)
    if style == "text":
        return _text(series)
    raise UsageError(f"--format {style} of several changes", expected=", ".join(STYLES))


def _csv(series: Series) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in series.rows:
        writer.writerows(_records(row))
    return stream.getvalue().rstrip("\n")


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


def _json(series: Series) -> str:
    return document(
        title=series.title,
        each=[
            {
                "commit": row.name,
                "subject": row.subject,
                "error": row.error or None,
                "results": [comparison_record(c) for c in row.differences],
            }
            for row in series.rows
        ],
        results=[comparison_record(c) for c in series.whole],
        notes=list(series.notes),
    )


def _markdown(series: Series) -> str:
    """A pipe table with a column a core."""
    rows = _block(series, series.cores, wide=True)
    body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---", *("---:" for _ in body[0][1:])]
    lines = ["| " + " | ".join(row) + " |" for row in (body[0], rule, *body[1:])]
    refused = [f"- {row.name}: {_reason(row)}" for row in series.rows if row.error]
    return "\n\n".join(
        text
        for text in (
            f"**{ascii_only(series.title)}: cycles added**",
            "\n".join(lines),
            "\n".join(refused),
            *series.notes,
            _ASSUMED if _guessed(series) else "",
            _FOOTER,
        )
        if text
    )


def _reason(row: Row) -> str:
    return ascii_only(" ".join(row.error.split()))


def _guessed(series: Series) -> bool:
    return any(_mark(c) for row in series.rows for c in row.differences)


def _text(series: Series) -> str:
    lines = [clip(series.title, 72)]
    scenarios = {c.after.scenario for row in series.rows for c in row.differences}
    lines += [f"  {', '.join(sorted(scenarios))}; cycles added"] if scenarios else []
    for start in range(0, len(series.cores), _SIDE_BY_SIDE):
        cores = series.cores[start : start + _SIDE_BY_SIDE]
        rows = _block(series, cores, wide=len(cores) < 3)
        taken = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
        if any(row[1] for row in rows[1:]):
            room = max(12, 72 - 2 - sum(taken) + taken[1])
            rows = [[row[0], clip(row[1], room), *row[2:]] for row in rows]
            align = "ll" + "r" * (len(rows[0]) - 2)
        else:
            rows = [[row[0], *row[2:]] for row in rows]
            align = "l" + "r" * (len(rows[0]) - 1)
        lines += ["", *table(rows, align)]
    refused = [row for row in series.rows if row.error]
    if refused:
        lines += ["", "  no answer:"]
        lines += [
            wrap(f"{row.name}: {_reason(row)}", "    ", "      ") for row in refused
        ]
    if series.notes:
        lines += ["", *(wrap(note, "  ", "    ") for note in series.notes)]
    if _guessed(series):
        lines += ["", wrap(_ASSUMED, "  ")]
    lines += ["", wrap(_FOOTER, "  ")]
    return "\n".join(lines)


def _block(series: Series, cores: Sequence[str], wide: bool) -> list[list[str]]:
    """Head and rows for some of the cores; ``wide``: with intervals, if known."""
    known = [row for row in series.rows if not row.error]
    shown = [c for row in known for c in row.differences] + list(series.whole)
    digits = min(1, decimals_for([delta(c) for c in shown] or [0]))
    wide = wide and any(c.low is not None for c in shown)
    rows = [["", "", *cores]]
    for row in known:
        cells = _cells(row.differences, cores, digits, wide)
        rows.append([ascii_only(row.name), ascii_only(row.subject), *cells])
    if series.whole:
        rows.append(["all", "", *_cells(series.whole, cores, digits, wide)])
    return rows


def _cells(
    comparisons: Sequence[Comparison], cores: Sequence[str], digits: int, wide: bool
) -> list[str]:
    by_core = {c.after.uarch: c for c in comparisons}
    cells = []
    for core in cores:
        c = by_core[core]
        text = _signed(delta(c), digits) + _mark(c)
        if wide and c.low is not None and c.high is not None:
            ends = (_signed(Fraction(end), digits) for end in (c.low, c.high))
            text += f" ({' to '.join(ends)})"
        cells.append(text)
    return cells


def _mark(c: Comparison) -> str:
    return "?" if c.before.guesses or c.after.guesses else ""


def _signed(value: Fraction, digits: int) -> str:
    return number(value, digits, sign=bool(value))
