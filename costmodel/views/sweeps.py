"""Sweeps and alignment tables as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from costmodel.code.insn import Path
from costmodel.scenarios import said
from costmodel.studies.sweep import ALIGN, Point
from costmodel.views.layout import decimals_for, number, plural
from costmodel.views.tree import Block, Report, Section, Table, Text
from costmodel.views.unsettled import unsettled_said

COLUMNS = [
    "uarch", "scenario", "what", "value", "cycles", "before", "delta", "guesses",
    "settled",
]  # fmt: skip


def sweep_report(paths: Sequence[Path], points: Sequence[Point]) -> Report:
    """Runs of equal results on one line each; then least and most on each core."""
    rows = [record(p) for p in points]
    sections = []
    for core, group in groupby(points, key=lambda p: p.uarch):
        some = list(group)
        subject = "offset in line" if some[0].what == ALIGN else some[0].what
        blocks: tuple[Block, ...] = (
            _table(some, subject),
            Text(_span(some)),
            *rests_on(some),
            *unsettled(some),
        )
        title = f"{core}, {said(some[0].scenario)}"
        sections.append(Section(title, blocks, inset=True))
    return Report(
        title=" -> ".join((p.origin or p.name).rpartition("/")[2] for p in paths),
        sections=tuple(sections),
        data={"files": [p.origin or p.name for p in paths], "points": rows},
        columns=COLUMNS,
        rows=rows,
    )


def record(p: Point) -> dict[str, Any]:
    """A point with the keys of ``COLUMNS``; cycles are a copy's."""
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
        "settled": p.settled,
    }


def _table(points: Sequence[Point], subject: str) -> Table:
    both = points[0].before is not None
    digits = decimals_for([p.cycles for p in points])
    head = (subject, "cycles", *(("before", "delta") if both else ()))
    rows = []
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
    return Table(head, tuple(rows), "lrrr" if both else "lr")


def rests_on(points: Sequence[Point]) -> tuple[Text, ...]:
    """One line, if any figure is assumed."""
    guesses = max(p.guesses for p in points)
    if not guesses:
        return ()
    return (Text(f"? rests on {plural(guesses, 'figure')} assumed, not sourced"),)


def unsettled(points: Sequence[Point]) -> tuple[Text, ...]:
    """At which values no repeating state was found."""
    said_so = unsettled_said(f"{p.value:g}" for p in points if not p.settled)
    return (Text(said_so, hanging=True),) if said_so else ()


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
