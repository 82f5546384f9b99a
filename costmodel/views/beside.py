"""A comparison with what this CPU measured beside what the model says of its core."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.measure.cpu import Cpu
from costmodel.measure.paired import Paired, disagrees, nearest
from costmodel.views.comparison import comparisons_text
from costmodel.views.formats import comparisons_in, csv_text, markdown
from costmodel.views.json import comparisons_document
from costmodel.views.layout import number, wrap
from costmodel.views.measuring import SETTINGS, cpu_lines, paired_lines, paired_record

if TYPE_CHECKING:
    from costmodel.engine.result import Comparison
    from costmodel.studies.sensitivity import Effect


def beside_in(
    style: str,
    comparisons: Sequence[Comparison],
    felt: Sequence[Effect] | None,
    cpu: Cpu,
    results: Sequence[Paired],
) -> str:
    """``style``: text, json, markdown, csv or html."""
    if style == "json":
        return _document(comparisons, felt, cpu, results)
    if style == "text":
        parts = [
            _verdict(comparisons, cpu, results),
            comparisons_text(comparisons, felt or ()),
            "\n".join([*cpu_lines(cpu), *paired_lines(results)]),
        ]
        return "\n\n".join(part for part in parts if part)
    shown = comparisons_in(style, comparisons)
    if style == "markdown":
        return f"{shown}\n\n{_markdown(comparisons, cpu, results)}"
    if style == "csv":
        return _csv(shown, comparisons, cpu, results)
    return shown.replace("</body>", _html(cpu, results) + "</body>")


def plot_rows(
    comparisons: Sequence[Comparison], cpu: Cpu, results: Sequence[Paired]
) -> list[tuple[str, float, float | None, float | None]]:
    """The measured row of a plot of differences, if there is one."""
    c = _native(comparisons, cpu)
    chosen = nearest(results, c.after.scenario if c is not None else "roundtrip")
    if chosen is None or chosen.delta.cycles is None:
        return []
    f = chosen.delta
    return [(f"{cpu.uarch or 'here'}, measured", chosen.delta.cycles, f.low, f.high)]


def _native(comparisons: Sequence[Comparison], cpu: Cpu) -> Comparison | None:
    return next((c for c in comparisons if c.after.uarch == cpu.uarch), None)


def _document(
    comparisons: Sequence[Comparison],
    felt: Sequence[Effect] | None,
    cpu: Cpu,
    results: Sequence[Paired],
) -> str:
    whole: dict[str, Any] = json.loads(comparisons_document(comparisons, felt))
    everything = [paired_record(p, cpu) for p in results]
    for record, c in zip(whole["results"], comparisons, strict=True):
        if c.after.uarch != cpu.uarch:
            continue
        chosen = nearest(results, c.after.scenario)
        record["measured"] = paired_record(chosen, cpu) if chosen else None
        record["measured_all"] = everything
        record["measured_disagrees"] = bool(
            chosen and disagrees(chosen, c.delta, c.low, c.high)
        )
    if _native(comparisons, cpu) is None:
        whole["measured_all"] = everything
    return json.dumps(whole, indent=1, allow_nan=False)


def _verdict(
    comparisons: Sequence[Comparison], cpu: Cpu, results: Sequence[Paired]
) -> str:
    """Measured against modelled in one sentence; a disagreement is said as such."""
    c = _native(comparisons, cpu)
    if c is None:
        return ""
    chosen = nearest(results, c.after.scenario)
    if chosen is None or chosen.delta.cycles is None:
        return wrap(f"{cpu.uarch}: nothing could be measured here")
    apart = disagrees(chosen, c.delta, c.low, c.high)
    f = chosen.delta
    said = (
        f"{cpu.uarch}: measured {_span(chosen.delta.cycles, f.low, f.high)} "
        f"{SETTINGS.get(chosen.setting, chosen.setting)}, modelled "
        f"{_span(c.delta, c.low, c.high)} ({c.after.scenario})"
    )
    if apart:
        said = f"DISAGREES: {said}: beyond both intervals"
    return wrap(said, "", "  ")


def _span(value: float, low: float | None, high: float | None) -> str:
    text = number(value, 1, sign=True)
    if low is None or high is None:
        return text
    return f"{text} ({number(low, 1, sign=True)} to {number(high, 1, sign=True)})"


_COLUMNS = ("setting", "delta", "low", "high", "before", "after", "status")


def _cells(results: Sequence[Paired]) -> list[tuple[str, ...]]:
    rows = []
    for p in results:
        values = (p.delta.cycles, p.delta.low, p.delta.high, p.before, p.after)
        shown = ["" if v is None else number(v, 2) for v in values]
        status = p.failure.word if p.failure else p.delta.status
        rows.append((SETTINGS.get(p.setting, p.setting), *shown, status))
    return rows


def _markdown(
    comparisons: Sequence[Comparison], cpu: Cpu, results: Sequence[Paired]
) -> str:
    said = _verdict(comparisons, cpu, results).replace("\n", " ")
    return "\n".join(
        [
            *([said, ""] if said else []),
            f"Measured on {cpu.label}:",
            "",
            markdown(_COLUMNS, _cells(results)),
        ]
    )


def _csv(
    shown: str, comparisons: Sequence[Comparison], cpu: Cpu, results: Sequence[Paired]
) -> str:
    """The model's rows with the measured difference behind that of this CPU's core."""
    header, *rows = csv.reader(shown.splitlines())
    header += ["measured", "measured_low", "measured_high", "measured_setting"]
    for row, c in zip(rows, comparisons, strict=True):
        chosen = None
        if c.after.uarch == cpu.uarch:
            chosen = nearest(results, c.after.scenario)
        if chosen is None:
            row += [""] * 4
            continue
        f = chosen.delta
        values = (f.cycles, f.low, f.high)
        row += ["" if v is None else number(v, 4) for v in values]
        row.append(chosen.setting)
    return csv_text(header, rows).rstrip("\n")


def _html(cpu: Cpu, results: Sequence[Paired]) -> str:
    from html import escape

    head = "".join(f"<th>{escape(name)}</th>" for name in _COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in _cells(results)
    )
    title = escape(f"Measured on {cpu.label}")
    return f"<h2>{title}</h2><table><tr>{head}</tr>{body}</table>"
