"""What people measured and sent, beside the model: part of ``record``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from costmodel.measure.records import Beside
from costmodel.views.layout import clip, number
from costmodel.views.tree import Report, Section, Table

_COLUMNS = (
    "vendor", "family", "model", "uarch", "date", "file", "scenario", "status",
    "cycles", "low", "high", "modelled",
)  # fmt: skip


def sent_report(sent: Sequence[Beside]) -> Report:
    """Only what was sent."""
    rows = [_record(b) for b in sent]
    return Report(
        title="measured records" if sent else "nothing was added yet",
        sections=tuple(_sections(sent)),
        data={"sent": rows},
        columns=_COLUMNS,
        rows=rows,
    )


def with_sent(report: Report, sent: Sequence[Beside]) -> Report:
    """The record, with what was sent behind it; its flat table stays the record's."""
    if not sent:
        return report
    return replace(
        report,
        sections=(*report.sections, *_sections(sent)),
        data={**report.data, "sent": [_record(b) for b in sent]},
    )


def _record(b: Beside) -> dict[str, Any]:
    cpu, entry = b.cpu, b.entry
    return {
        "vendor": cpu.vendor, "family": cpu.family, "model": cpu.model,
        "uarch": cpu.uarch, "date": b.date, "file": entry.file,
        "scenario": entry.scenario, "status": entry.status, "cycles": entry.cycles,
        "low": entry.low, "high": entry.high, "modelled": b.modelled,
    }  # fmt: skip


def _sections(sent: Sequence[Beside]) -> list[Section]:
    sections = []
    for label, group in groupby(sent, key=lambda b: b.cpu.label):
        rows = []
        for b in group:
            entry = b.entry
            measured = entry.status if entry.cycles is None else number(entry.cycles, 2)
            modelled = "" if b.modelled is None else number(b.modelled, 2)
            name = clip(entry.file.rpartition("/")[2] or "stdin", 24)
            rows.append((name, clip(entry.scenario, 10), clip(measured, 16), modelled,
                         clip(b.date, 10)))  # fmt: skip
        head = ("path", "scenario", "measured", "modelled", "date")
        table = Table(head, tuple(rows), "llrrl")
        sections.append(Section(f"sent, measured on {label}", (table,)))
    return sections
