"""A comparison with what this CPU measured beside what the model says of its core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from costmodel.measure.cpu import Cpu
from costmodel.measure.paired import Paired, disagrees, nearest
from costmodel.studies.studyfile import Silicon
from costmodel.views.layout import number
from costmodel.views.measuring import (
    SETTINGS,
    cpu_section,
    paired_record,
    paired_section,
)
from costmodel.views.tree import Report, Section, Text

if TYPE_CHECKING:
    from costmodel.engine.result import Comparison

_COLUMNS = ("measured", "measured_low", "measured_high", "measured_setting")


def beside(
    report: Report,
    comparisons: Sequence[Comparison],
    cpu: Cpu,
    results: Sequence[Paired],
) -> Report:
    """``report`` on ``comparisons``, with what was measured first and in full below."""
    said = _verdict(comparisons, cpu, results)
    first = (Section("", (Text(said),)),) if said else ()
    below = (cpu_section(cpu), paired_section(results))
    return replace(
        report,
        sections=(*first, *report.sections, *below),
        data=_data(report, comparisons, cpu, results),
        columns=(*report.columns, *_COLUMNS),
        rows=_rows(report, comparisons, cpu, results),
    )


def silicon(
    comparisons: Sequence[Comparison], cpu: Cpu, results: Sequence[Paired]
) -> tuple[Silicon, ...]:
    """What was measured, as a plot of differences draws it: none where it failed."""
    c = _native(comparisons, cpu)
    chosen = nearest(results, c.after.scenario if c is not None else "roundtrip")
    if chosen is None or chosen.delta.cycles is None:
        return ()
    delta = chosen.delta
    value = chosen.delta.cycles
    return (
        Silicon(
            uarch=cpu.uarch or "",
            value=value,
            low=value if delta.low is None else delta.low,
            high=value if delta.high is None else delta.high,
            source=f"measured here, {chosen.setting}",
        ),
    )


def _native(comparisons: Sequence[Comparison], cpu: Cpu) -> Comparison | None:
    return next((c for c in comparisons if c.after.uarch == cpu.uarch), None)


def _data(
    report: Report,
    comparisons: Sequence[Comparison],
    cpu: Cpu,
    results: Sequence[Paired],
) -> dict[str, Any]:
    everything = [paired_record(p, cpu) for p in results]
    records = [dict(record) for record in report.data["results"]]
    for record, c in zip(records, comparisons, strict=True):
        if c.after.uarch != cpu.uarch:
            continue
        chosen = nearest(results, c.after.scenario)
        record["measured"] = paired_record(chosen, cpu) if chosen else None
        record["measured_all"] = everything
        record["measured_disagrees"] = bool(
            chosen and disagrees(chosen, c.delta, c.low, c.high)
        )
    whole = {**report.data, "results": records}
    if _native(comparisons, cpu) is None:
        whole["measured_all"] = everything
    return whole


def _verdict(
    comparisons: Sequence[Comparison], cpu: Cpu, results: Sequence[Paired]
) -> str:
    """Measured against modelled in one sentence; a disagreement is said as such."""
    c = _native(comparisons, cpu)
    if c is None:
        return ""
    chosen = nearest(results, c.after.scenario)
    if chosen is None or chosen.delta.cycles is None:
        return f"{cpu.uarch}: nothing could be measured here"
    f = chosen.delta
    said = (
        f"{cpu.uarch}: measured {_span(chosen.delta.cycles, f.low, f.high)} "
        f"{SETTINGS.get(chosen.setting, chosen.setting)}, modelled "
        f"{_span(c.delta, c.low, c.high)} ({c.after.scenario})"
    )
    if disagrees(chosen, c.delta, c.low, c.high):
        said = f"DISAGREES: {said}: beyond both intervals"
    return said


def _span(value: float, low: float | None, high: float | None) -> str:
    text = number(value, 1, sign=True)
    if low is None or high is None:
        return text
    return f"{text} ({number(low, 1, sign=True)} to {number(high, 1, sign=True)})"


def _rows(
    report: Report,
    comparisons: Sequence[Comparison],
    cpu: Cpu,
    results: Sequence[Paired],
) -> list[dict[str, Any]]:
    """The model's rows with the measured difference behind that of this CPU's core."""
    rows = [dict(row) for row in report.rows]
    for row, c in zip(rows, comparisons, strict=True):
        chosen = None
        if c.after.uarch == cpu.uarch:
            chosen = nearest(results, c.after.scenario)
        if chosen is not None:
            f = chosen.delta
            values = (f.cycles, f.low, f.high, chosen.setting)
            row.update(zip(_COLUMNS, values, strict=True))
    return rows
