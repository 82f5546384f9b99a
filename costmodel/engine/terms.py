"""Which numbers of a trace are sums with a figure of the core in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from costmodel.cores.model import Core
from costmodel.engine.layout import InsnRow, Term, Trace, UopRow
from costmodel.engine.lowered import Lowered, Terms

_LATENCY, _BUSY = UopRow._fields.index("latency"), UopRow._fields.index("busy")
_COLUMN = {name: k for k, name in enumerate(InsnRow._fields)}
Place = Callable[[str], int]  # of a figure in the vector, by its path


def terms(
    trace: Trace, lowered: Sequence[Lowered | None], loaded: Core, place: Place
) -> list[Term]:
    """The cells of a packed trace that follow figures of the core, by ``place``."""
    found: list[Term] = []

    def add(cell: int, figures: Terms) -> None:
        for path, sign in figures:
            found.append(Term(cell, place(path), sign))

    for k, low in enumerate(lowered):
        if low is None:
            continue
        if low.row or low.redirect or low.prefix_stall_of:
            for column, figures in _of_insn(low).items():
                add(trace.insn_cell(k, _COLUMN[column]), figures)
        first = trace.insns[k].last_uop - len(low.uops)
        for n, uop in enumerate(low.uops, first):
            if uop.latency_of:
                add(trace.uop_cell(n, _LATENCY), uop.latency_of)
            if uop.busy_of:
                add(trace.uop_cell(n, _BUSY), uop.busy_of)
            if not uop.late_by_latency:
                continue
            end = trace.uops[n].inputs_last
            early = [(p, -s) for p, s in uop.latency_of if p != "memory.chase_saves"]
            for operand in range(end - uop.late_by_latency, end):
                add(trace.input_cell(operand), tuple(early))
    for k in range(len(loaded.window.schedulers)):
        add(trace.scheduler_cell(k), ((f"window.schedulers.{k}.entries", 1),))
    return found


def _of_insn(low: Lowered) -> dict[str, Terms]:
    """Columns of an instruction's row that follow figures."""
    columns: dict[str, Terms] = {}
    if low.redirect:
        columns["redirect"] = (("front_end.redirect", 1),)
    if low.prefix_stall_of:
        columns["prefixes"] = low.prefix_stall_of
    if low.row:
        columns["latency"] = ((low.row + ".latency", 1),)
        if low.lines:
            columns["latency"] += ((low.row + ".line_cycles", low.lines),)
        if low.after_older:
            columns["after_older"] = ((low.row + ".after_older", 1),)
        if low.fillers:
            columns["fillers"] = ((low.row + ".filler", 1),)
        if low.microcode_stated:
            columns["microcode"] = ((low.row + ".microcode", 1),)
    return columns
