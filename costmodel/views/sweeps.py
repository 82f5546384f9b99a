"""Sweeps and alignment tables in every format."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from costmodel.code.insn import Path
from costmodel.studies.sweep import ALIGN, Point
from costmodel.views.formats import table_in
from costmodel.views.json import document
from costmodel.views.layout import (
    SCENARIOS,
    clip,
    decimals_for,
    number,
    plural,
    table,
    wrap,
)

COLUMNS = [
    "uarch", "scenario", "what", "value", "cycles", "before", "delta", "guesses",
]  # fmt: skip


def sweep_in(style: str, paths: Sequence[Path], points: Sequence[Point]) -> str:
    """``style``: text, json, markdown, csv or html."""
    if style == "text":
        return sweep_text(paths, points)
    rows = [record(p) for p in points]
    if style == "json":
        return document(files=[p.origin or p.name for p in paths], points=rows)
    title = " -> ".join(p.origin or p.name for p in paths)
    return table_in(style, COLUMNS, rows, title)


def record(p: Point) -> dict[str, Any]:
    delta = p.delta
    return {
        "uarch": p.uarch,
        "scenario": p.scenario,
        "what": p.what,
        "value": p.value,
        "cycles": float(p.cycles),
        "before": None if p.before is None else float(p.before),
        "delta": None if delta is None else float(delta),
        "guesses": p.guesses,
    }


def sweep_text(paths: Sequence[Path], points: Sequence[Point]) -> str:
    """Runs of equal results on one line each; then least and most on each core."""
    names = " -> ".join((p.origin or p.name).rpartition("/")[2] for p in paths)
    lines = [clip(names, 72)]
    for core, group in groupby(points, key=lambda p: p.uarch):
        some = list(group)
        first = some[0]
        subject = "offset in line" if first.what == ALIGN else first.what
        lines += [
            "",
            clip(f"  {core}, {SCENARIOS[first.scenario]}", 72),
            *_rows(some, subject),
            wrap(_span(some), "  "),
            *rests_on(max(p.guesses for p in some)),
        ]
    return "\n".join(lines)


def _rows(points: Sequence[Point], subject: str) -> list[str]:
    both = points[0].before is not None
    digits = decimals_for([p.cycles for p in points])
    rows = [(subject, "cycles", *(("before", "delta") if both else ()))]
    for _, run in groupby(points, key=lambda p: (p.cycles, p.before)):
        some = list(run)
        first, last = some[0], some[-1]
        span = f"{first.value:g}" + (f" to {last.value:g}" if len(some) > 1 else "")
        cells = [span, number(first.cycles, digits)]
        if first.before is not None and first.delta is not None:
            cells += [
                number(first.before, digits),
                number(first.delta, digits, sign=bool(first.delta)),
            ]
        rows.append(tuple(cells))
    return table(rows, "lrrr" if both else "lr", "    ")


def rests_on(guesses: int) -> list[str]:
    """One line, if any figure is assumed."""
    if not guesses:
        return []
    return [f"  ? rests on {plural(guesses, 'figure')} assumed, not sourced"]


def _span(points: Sequence[Point]) -> str:
    cycles = [p.cycles for p in points]
    digits = decimals_for(cycles)
    text = (
        f"{plural(len(points), 'point')}: {number(min(cycles), digits)} to "
        f"{number(max(cycles), digits)} cycles"
    )
    deltas = [p.delta for p in points if p.delta is not None]
    if deltas:
        text += (
            f", difference {number(min(deltas), digits, sign=True)} to "
            f"{number(max(deltas), digits, sign=True)}"
        )
    return text
