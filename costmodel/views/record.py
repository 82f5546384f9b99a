"""The record as text for a mail and in the formats of scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from costmodel import __version__
from costmodel.studies.measured import Cell
from costmodel.studies.record import CANNOT_SAY, Finding, Measured
from costmodel.views.formats import table_in
from costmodel.views.json import document
from costmodel.views.layout import number, table, wrap

COLUMNS = [
    "id", "source", "cpu", "claim", "uarch", "value", "low", "high", "unit",
    "expect_low", "expect_high", "verdict", "why", "study", "guesses",
]  # fmt: skip


def record_in(
    style: str,
    findings: Sequence[Finding],
    table_: Measured | None,
    measured: Sequence[Cell],
) -> str:
    """``style``: text, json, markdown, csv or html."""
    if style == "text":
        return record_text(findings, table_, measured)
    rows = [_plain(f, COLUMNS) for f in findings]
    if style == "json":
        names = list(Cell.__slots__)
        return document(rows=rows, measured=[_plain(c, names) for c in measured])
    return table_in(style, COLUMNS, rows, "costs on record")


def _plain(row: Finding | Cell, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def record_text(
    findings: Sequence[Finding], table_: Measured | None, measured: Sequence[Cell]
) -> str:
    """Rows in order; what the model says on each core, and why it differs."""
    counts = Counter(f.verdict for f in findings)
    lines = [
        "costs on record, and what the model says",
        "  " + ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())),
    ]
    for _, group in groupby(findings, key=lambda f: f.id):
        lines += ["", *_row_lines(list(group))]
    if table_ is not None and measured:
        lines += ["", *measured_lines(table_, measured)]
    basis = f"Modelled by costmodel {__version__}, not measured."
    if any(f.guesses for f in findings):
        basis += " ?: rests on assumed figures of the core (--json counts them)."
    lines += ["", wrap(basis)]
    return "\n".join(lines)


def _row_lines(found: Sequence[Finding]) -> list[str]:
    first = found[0]
    lines = [
        wrap(f"{first.id}  {first.claim}", "", "    "),
        wrap(f"{first.source}; {first.cpu}", "    ", "      "),
    ]
    if first.value is None:
        return [*lines, wrap(f"{CANNOT_SAY}: {first.why}", "    ", "      ")]
    lines.append(wrap(f"found {_span(first)}; {first.study}", "    ", "      "))
    same: dict[tuple[str, str], list[str]] = {}
    for f in found:
        same.setdefault((_figures(f), f.verdict), []).append(f.uarch)
    lines += [
        wrap(f"{figures}  {verdict}: {_names(cores, len(found))}", "    ", "      ")
        for (figures, verdict), cores in same.items()
    ]
    reasons = dict.fromkeys(f.why for f in found if f.why)
    return lines + [wrap(f"({why})", "    ", "      ") for why in reasons]


def _names(cores: Sequence[str], asked: int) -> str:
    return "all cores" if len(cores) == asked > 3 else ", ".join(cores)


def _span(f: Finding) -> str:
    low, high = _short(f.expect_low), _short(f.expect_high)
    return f"{low} {f.unit}" if low == high else f"{low} to {high} {f.unit}"


def _figures(f: Finding) -> str:
    value = _short(f.value) + ("?" if f.guesses else "")
    if f.low is None or f.low == f.high or f.low != f.low:
        return value
    return f"{value} ({_short(f.low)} to {_short(f.high)})"


def _short(value: float | None) -> str:
    return "" if value is None else number(round(value, 6), 1).removesuffix(".0")


_ACROSS = 3  # settings side by side in 72 columns


def measured_lines(table_: Measured, measured: Sequence[Cell]) -> list[str]:
    """A row a variant, a column a setting: measured, then modelled."""
    by = {(c.says, c.setting): c for c in measured if c.says}
    settings = list(dict.fromkeys(c.setting for c in measured if c.says))
    lines = [wrap(f"{table_.core}, measured -> modelled: {table_.source}")]
    for first in range(0, len(settings), _ACROSS):
        here = settings[first : first + _ACROSS]
        rows = [("cycles added", *here)]
        for row in table_.rows:
            rows.append((row.says, *(_cell(by[row.says, s]) for s in here)))
        lines += [*table(rows, "l" + "l" * len(here)), ""]
    lines[-1] = f"  * more than {table_.tolerance:g} cycle off"
    for setting in table_.settings:
        starred = any(by[r.says, setting.says].why for r in table_.rows)
        if setting.tolerance:
            lines.append(
                wrap(
                    f"{setting.says}: * more than {setting.tolerance:g} off",
                    "  ",
                    "    ",
                )
            )
        if setting.why and starred:
            lines.append(wrap(f"{setting.says}: {setting.why}", "  ", "    "))
    silent = [c for c in measured if not c.says]
    return lines + [
        wrap(f"{c.setting}: {c.verdict}, {c.why}", "  ", "    ") for c in silent
    ]


def _cell(c: Cell) -> str:
    if c.measured is None or c.modelled is None:
        return ""
    mark = "*" if c.why else ""
    return f"{c.measured:+.1f} -> {c.modelled:+.1f}{mark}"
