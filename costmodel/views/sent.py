"""What people measured and sent, beside the model: part of ``record``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from costmodel.measure.records import Beside
from costmodel.views.formats import table_in
from costmodel.views.json import document
from costmodel.views.layout import clip, number, table, wrap

_COLUMNS = [
    "vendor", "family", "model", "uarch", "date", "file", "scenario", "status",
    "cycles", "low", "high", "modelled",
]  # fmt: skip


def sent_in(style: str, sent: Sequence[Beside]) -> str:
    """``style``: text, json, markdown, csv or html."""
    if style == "text":
        return "\n".join(sent_lines(sent)) or "nothing was added yet"
    rows = [_record(b) for b in sent]
    if style == "json":
        return document(sent=rows)
    return table_in(style, _COLUMNS, rows, "measured records")


def with_sent(style: str, shown: str, sent: Sequence[Beside]) -> str:
    """The record as shown, with what was sent behind it where the form has room."""
    if not sent or style not in ("text", "json"):
        return shown
    if style == "text":
        return "\n".join([shown, "", *sent_lines(sent)])
    whole: dict[str, Any] = json.loads(shown)
    whole["sent"] = [_record(b) for b in sent]
    return json.dumps(whole, indent=1, allow_nan=False)


def _record(b: Beside) -> dict[str, Any]:
    cpu, entry = b.cpu, b.entry
    return {
        "vendor": cpu.vendor, "family": cpu.family, "model": cpu.model,
        "uarch": cpu.uarch, "date": b.date, "file": entry.file,
        "scenario": entry.scenario, "status": entry.status, "cycles": entry.cycles,
        "low": entry.low, "high": entry.high, "modelled": b.modelled,
    }  # fmt: skip


def sent_lines(sent: Sequence[Beside]) -> list[str]:
    lines: list[str] = []
    for label, group in groupby(sent, key=lambda b: b.cpu.label):
        rows = [("path", "scenario", "measured", "modelled", "date")]
        for b in group:
            entry = b.entry
            measured = entry.status if entry.cycles is None else number(entry.cycles, 2)
            modelled = "" if b.modelled is None else number(b.modelled, 2)
            name = clip(entry.file.rpartition("/")[2] or "stdin", 24)
            rows.append((name, clip(entry.scenario, 10), clip(measured, 16), modelled,
                         clip(b.date, 10)))  # fmt: skip
        lines += ["", wrap(f"sent, measured on {label}"), *table(rows, "llrrl")]
    return lines[1:]
