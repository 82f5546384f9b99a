"""The record as a tree: what was found, and what the model says to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from costmodel import __version__
from costmodel.studies.measured import Cell
from costmodel.studies.record import AGREES, CANNOT_SAY, DISAGREES, Finding, Measured
from costmodel.views.layout import number
from costmodel.views.tree import Block, Report, Section, Table, Text
from costmodel.views.unsettled import unsettled_said

COLUMNS = [
    "id", "source", "cpu", "claim", "uarch", "value", "low", "high", "unit",
    "expect_low", "expect_high", "verdict", "why", "study", "guesses",
    "settled",
]  # fmt: skip
STATIC = ("bytes", "lines")  # units of rows that need no model
MIXED = "differ by core"
_ACROSS = 3  # settings side by side in 72 columns


def record_report(
    findings: Sequence[Finding],
    measured: Sequence[tuple[Measured, Sequence[Cell]]] = (),
) -> Report:
    """Rows in order; what the model says on each core, and why it differs."""
    rows = [_plain(f, COLUMNS) for f in findings]
    sections = [_row(list(some)) for _, some in groupby(findings, key=lambda f: f.id)]
    sections += [_measured(table, some) for table, some in measured if some]
    basis = f"Modelled by costmodel {__version__}, not measured."
    if any(f.low is not None and f.low != f.high for f in findings):
        basis += " In brackets: the 90 % interval (docs/trust.md)."
    if any(f.guesses for f in findings):
        basis += " ?: rests on assumed figures of the core (--json counts them)."
    return Report(
        title="costs on record, and what the model says",
        lead=(_counted(findings),),
        sections=tuple(sections),
        foot=(basis,),
        data={
            "rows": rows,
            "measured": [
                _plain(cell, list(Cell.__struct_fields__))
                for _, some in measured
                for cell in some
            ],
        },
        columns=COLUMNS,
        rows=rows,
    )  # fmt: skip


def _counted(findings: Sequence[Finding]) -> str:
    """Rows by verdict; those that only count bytes or lines apart."""
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for _, some in groupby(findings, key=lambda f: f.id):
        cores = list(some)
        verdicts = {f.verdict for f in cores}
        verdict = verdicts.pop() if len(verdicts) == 1 else MIXED
        counts[cores[0].unit in STATIC][verdict] += 1
    text = f"rows: {_told(counts[False])}"
    if counts[True]:
        text += f"; static counts, without a cycle in them: {_told(counts[True])}"
    return text


def _told(counts: Counter[str]) -> str:
    """``27 agree, 1 disagrees``"""
    one = {MIXED: "differs by core"}
    many = {AGREES: "agree", DISAGREES: "disagree"}
    return ", ".join(
        f"{n} {(one if n == 1 else many).get(v, v)}" for v, n in sorted(counts.items())
    )


def _plain(row: Finding | Cell, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _row(some: Sequence[Finding]) -> Section:
    first = some[0]
    title = f"{first.id}  {first.claim}"
    blocks: list[Block] = [Text(f"{first.source}; {first.cpu}", hanging=True)]
    if first.value is None:
        blocks.append(Text(f"{CANNOT_SAY}: {first.why}", hanging=True))
        return Section(title, tuple(blocks), inset=True)
    blocks.append(Text(f"found {_span(first)}; {first.study}", hanging=True))
    same: dict[tuple[str, str], list[str]] = {}
    for f in some:
        same.setdefault((_figures(f), f.verdict), []).append(f.uarch)
    for (figures, verdict), cores in same.items():
        names = _names(cores, len(some))
        blocks.append(Text(f"{figures}  {verdict}: {names}", hanging=True))
    if unsettled := unsettled_said(f.uarch for f in some if not f.settled):
        blocks.append(Text(unsettled, hanging=True))
    for why in dict.fromkeys(f.why for f in some if f.why):
        blocks.append(Text(f"({why})", hanging=True))
    return Section(title, tuple(blocks), inset=True)


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


def _measured(table: Measured, measured: Sequence[Cell]) -> Section:
    """A row a variant, a column a setting: measured, then modelled; the base first."""
    by = {(c.says, c.setting): c for c in measured if c.says}
    settings = list(dict.fromkeys(c.setting for c in measured if c.says))
    bases = {c.setting: c for c in measured if c.says}
    blocks: list[Block] = []
    for first in range(0, len(settings), _ACROSS):
        here = settings[first : first + _ACROSS]
        rows = [("the base itself", *(_base(bases[s]) for s in here))]
        rows += [(row.says, *(_cell(by[row.says, s]) for s in here))
                 for row in table.rows]  # fmt: skip
        head = ("cycles added", *here)
        blocks.append(Table(head, tuple(rows), "l" + "l" * len(here)))
    blocks.append(Text(f"* more than {table.tolerance:g} cycle off"))
    for setting in table.settings:
        starred = any(by[r.says, setting.says].why for r in table.rows)
        if setting.tolerance:
            text = f"{setting.says}: * more than {setting.tolerance:g} off"
            blocks.append(Text(text, hanging=True))
        if setting.behind in ("call", "syscall"):
            text = f"{setting.says}: measured, the base holds a whole kernel, which is "
            text += "not on record and not modelled: only the differences compare"
            blocks.append(Text(text, hanging=True))
        if setting.why and starred:
            blocks.append(Text(f"{setting.says}: {setting.why}", hanging=True))
    blocks += [
        Text(f"{c.setting}: {c.verdict}, {c.why}", hanging=True)
        for c in measured
        if not c.says
    ]
    return Section(f"{table.core}, measured -> modelled: {table.source}", tuple(blocks))


def _base(c: Cell) -> str:
    if c.base_measured is None or c.base_modelled is None:
        return ""
    return f"{c.base_measured:.1f} -> {c.base_modelled:.1f}"


def _cell(c: Cell) -> str:
    if c.measured is None or c.modelled is None:
        return ""
    mark = "*" if c.why else ""
    return f"{c.measured:+.1f} -> {c.modelled:+.1f}{mark}"
