"""The parts a report on an estimate is made of: each a section, made once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from costmodel.code.touched import FrameSlot
from costmodel.engine.result import Estimate
from costmodel.views.assumed import spoken
from costmodel.views.layout import (
    clip,
    decimals_for,
    number,
    place,
    plural,
    rounded_parts,
    spelled,
)
from costmodel.views.tree import Items, Pipeline, Section, Table, Text


def exact_cycles(estimate: Estimate) -> Fraction:
    """Cycles a copy, without the error of a float."""
    return Fraction(estimate.window_cycles, estimate.copies)


def digits_of(estimate: Estimate) -> int:
    """Decimals for an estimate and its causes alike."""
    shares = (Fraction(n, estimate.copies) for _, n in estimate.causes)
    return decimals_for([exact_cycles(estimate), *shares])


def size_section(estimate: Estimate) -> Section:
    """How much code it is."""
    text = (
        f"{plural(estimate.instructions, 'instruction')}, {estimate.bytes} bytes, "
        f"{plural(estimate.fetch_windows, 'fetch window')}; "
        f"{plural(estimate.uops, 'uop')}, {plural(estimate.slots, 'slot')}"
    )
    return Section("", (Text(text),))


def cause_section(estimate: Estimate, only: str = "") -> Section:
    """Causes with bars; the printed figures add up to the printed total."""
    digits = digits_of(estimate)
    causes = [(cause, n) for cause, n in estimate.causes if n]
    exact = [Fraction(n, estimate.copies) for _, n in causes]
    shown = rounded_parts(exact, digits, exact_cycles(estimate))
    rows = [
        (number(value, digits), clip(cause, 34))
        for (cause, _), value in zip(causes, shown, strict=True)
    ]
    rows.append((number(exact_cycles(estimate), digits), "total"))
    table = Table((), tuple(rows), "rl", bars=tuple(exact))
    return Section("where the cycles go", (table,), only=only)


def charge_section(estimate: Estimate, only: str = "") -> list[Section]:
    """Cycles a copy charged to each instruction, in program order, with causes."""
    digits = digits_of(estimate)
    count = len(estimate.path.steps)
    causes: dict[int, dict[str, int]] = {}
    for step, cause, cycles in estimate.charges:
        if cycles:
            mine = causes.setdefault(step if 0 <= step < count else count, {})
            mine[cause] = mine.get(cause, 0) + cycles
    title = "cycles by instruction"
    if not causes:
        said = Text("no instruction is charged with a cycle")
        return [Section(title, (said,), only=only)]
    order = sorted(causes)
    exact = [Fraction(sum(causes[step].values()), estimate.copies) for step in order]
    rows = []
    for step, value in zip(order, rounded_parts(exact, digits), strict=True):
        names = [c for _, c in sorted((-n, c) for c, n in causes[step].items())]
        if step == count:
            text, at = "(outside the path)", ""
        else:
            insn = estimate.insn(step)
            text, at = clip(spelled(insn), 26), clip(place(insn), 20)
        rows.append((number(value, digits), text, at, ", ".join(names)))
    return [Section(title, (Table((), tuple(rows), "rlll"),), only=only)]


def memory_section(estimate: Estimate, only: str = "") -> Section:
    """Lines touched, with their commits; store buffer; unknown addresses."""
    title = "lines touched"
    if not estimate.lines:
        return Section("", (Text("touches no memory"),), only=only)
    cold = bool(estimate.cold)
    head = (title, "loads", "stores", "commits", *(("from", "asked by") * cold))
    rows = []
    for use in estimate.lines:
        counts = (str(use.loads), str(use.stores), str(use.commits))
        origin = (use.level, use.filled_by) if cold else ()
        rows.append((clip(use.where, 30 if cold else 42), *counts, *origin))
    table = Table(head, tuple(rows), "lrrrll" if cold else "lrrr")
    remarks = [fills_said(estimate)] if cold else []
    if estimate.store_buffer_peak:
        remarks.append(
            f"{plural(estimate.store_buffer_peak, 'store')} waiting to commit at most"
        )
    if _all_merge(estimate):
        remarks.append(
            "no line is written by itself: every store merges with a line written "
            "shortly before, in the trip before as well"
        )
    if estimate.unknown_addresses:
        remarks.append(
            f"{plural(estimate.unknown_addresses, 'access', 'accesses')} at unknown "
            "addresses, taken to be disjoint from all others"
        )
    more = (Text("; ".join(remarks)),) if remarks else ()
    return Section(title, (table, *more), only=only)


def _all_merge(estimate: Estimate) -> bool:
    stores = sum(use.stores for use in estimate.lines)
    return stores > 0 and not any(use.commits for use in estimate.lines)


def fills_said(estimate: Estimate) -> str:
    """``3 line fills, 1 asked for by stores (RFO), and 2 lines of code``."""
    text = f"{plural(estimate.fills, 'line fill')}, "
    text += f"{estimate.ownership_requests} asked for by stores (RFO)"
    code = estimate.code_fills
    return text + (f", and {plural(code, 'line')} of code" if code else "")


def frame_section(estimate: Estimate, only: str = "") -> list[Section]:
    """The pt_regs slots as the path leaves them; nothing if it builds none."""
    if not estimate.pt_regs:
        return []
    rows = []
    for slot in estimate.pt_regs:
        written = slot.step >= 0
        rows.append(
            (
                slot.name,
                str(slot.offset),
                slot.line,
                clip(slot.value, 22) if written else "-- not written --",
                place(estimate.insn(slot.step)) if written else "",
            )
        )
    head = ("pt_regs", "top-", "line", "value", "written at")
    missing = Text(missing_slots(estimate.pt_regs), True)
    blocks = (Table(head, tuple(rows), "lrlll"), missing)
    return [Section("pt_regs", blocks, only=only)]


def missing_slots(frame: Sequence[FrameSlot]) -> str:
    """One sentence: the slots the path leaves unset."""
    missing = [slot.name for slot in frame if slot.step < 0]
    if not missing:
        return "every pt_regs slot is written"
    return "not written: " + ", ".join(missing)


def port_section(estimate: Estimate, only: str = "") -> list[Section]:
    """Uops each port took, a copy."""
    shares = [Fraction(n, estimate.copies) for _, n in estimate.ports]
    digits = decimals_for(shares)
    rows = [
        (port, number(share, digits))
        for (port, _), share in zip(estimate.ports, shares, strict=True)
    ]
    if not rows:
        return []
    title = "uops by port" + ("" if estimate.copies == 1 else ", a copy")
    table = Table((), tuple(rows), "lr", bars=tuple(shares))
    return [Section(title, (table,), only=only)]


def pipeline_section(
    estimate: Estimate, title: str = "timeline", only: str = ""
) -> list[Section]:
    """The pipeline diagram, where the engine kept a log."""
    if not estimate.timeline:
        return []
    return [Section(title, (Pipeline(estimate),), only=only)]


def note_section(estimate: Estimate, only: str = "") -> list[Section]:
    """What was followed and assumed to get the path, and the engine's own remarks."""
    notes = tuple(dict.fromkeys((*estimate.path.notes, *estimate.notes)))
    return [Section("the path", (Items(notes),), only=only)] if notes else []


def assumed_section(estimate: Estimate, only: str = "") -> list[Section]:
    """Every assumed figure with its interval, as a table."""
    rows = [
        (_figure(g.what), f"{g.value:g}", f"{g.low:g} to {g.high:g}", g.reason)
        for g in estimate.guesses
    ]
    rows += [(name, "", "", "not known to the model") for name in estimate.unknown]
    if not rows:
        return []
    head = ("figure", "value", "interval", "why")
    table = Table(head, tuple(rows), "lrll", wrapped=True)
    return [Section("assumed figures, all of them", (table,), only=only, closed=True)]


def _figure(path: str) -> str:
    """A figure of a cost in words, one of the core by its path."""
    return spoken(path) if path.startswith("costs.") else path
