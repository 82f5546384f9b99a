"""``costmodel estimate`` as text: the answer first, then what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import groupby

from costmodel.cores.accuracy import MeasuredError
from costmodel.engine.result import Estimate, FrameSlot
from costmodel.views.assumed import assumption_lines
from costmodel.views.layout import (
    SCENARIOS,
    bar,
    clip,
    decimals_for,
    number,
    place,
    plural,
    rounded_parts,
    table,
    wrap,
)

_BAR = 28


def exact_cycles(estimate: Estimate) -> Fraction:
    """Cycles a copy, without the error of a float."""
    return Fraction(estimate.window_cycles, estimate.copies)


def digits_of(estimate: Estimate) -> int:
    """Decimals for an estimate and its causes alike."""
    shares = (Fraction(n, estimate.copies) for _, n in estimate.causes)
    return decimals_for([exact_cycles(estimate), *shares])


def estimates_text(estimates: Sequence[Estimate]) -> str:
    """One block for one estimate, a table per path for several."""
    if len(estimates) == 1:
        return "\n".join(single(estimates[0]))
    blocks = [
        "\n".join(several(list(group))) for _, group in groupby(estimates, key=_what)
    ]
    return "\n\n".join(blocks)


def _what(estimate: Estimate) -> tuple[str, str, str]:
    path = estimate.path
    return path.origin, path.name, path.features


def single(estimate: Estimate) -> list[str]:
    """One estimate in full."""
    cycles = exact_cycles(estimate)
    digits = digits_of(estimate)
    mark = "?" if estimate.guesses or estimate.unknown else ""
    lines = [
        f"{number(cycles, digits)}{mark} cycles{span_said(estimate)}  "
        f"{heading(estimate)}",
        f"  {SCENARIOS.get(estimate.scenario, estimate.scenario)}, "
        f"on {estimate.title}{_offset(estimate)}",
        f"  {error_said(estimate.core_error)}",
        "",
        *size_lines(estimate),
        "",
        *cause_lines(estimate, digits),
        "",
        *memory_lines(estimate),
    ]
    if estimate.pt_regs:
        lines += ["", *frame_lines(estimate)]
    return lines + assumption_lines([estimate]) + note_lines(estimate)


def several(estimates: Sequence[Estimate]) -> list[str]:
    """One path on several cores (or in several scenarios): a row each."""
    first = estimates[0]
    digits = decimals_for([exact_cycles(e) for e in estimates])
    sure = any(e.low is not None for e in estimates)
    rows: list[tuple[str, ...]] = [
        ("core", "cycles", *(["90 %"] if sure else []), "uops", "slots", "lines",
         "where most of them go")
    ]  # fmt: skip
    for e in estimates:
        mark = "?" if e.guesses or e.unknown else " "
        top = ", ".join(
            f"{cause} {number(Fraction(n, e.copies), digits)}"
            for cause, n in e.causes[:3]
        )
        rows.append(
            (
                e.uarch,
                number(exact_cycles(e), digits) + mark,
                *([_span(e)] if sure else []),
                str(e.uops),
                str(e.slots),
                str(len(e.lines)),
                top,
            )
        )
    scenarios = sorted({e.scenario for e in estimates})
    lines = [
        clip(f"{heading(first)}: {plural(first.instructions, 'instruction')}, "
             f"{first.bytes} bytes", 72),
        "  " + "; ".join(SCENARIOS.get(s, s) for s in scenarios) + _offset(first),
        "",
        *table(rows, "lrrrrrl" if sure else "lrrrrl"),
    ]  # fmt: skip
    lines += ["", *error_lines(estimates)]
    if first.pt_regs:
        lines += ["", *missing_slots(first.pt_regs)]
    return lines + assumption_lines(estimates)


def error_said(known: MeasuredError | None) -> str:
    """One phrase: how far the core's estimates were from measured blocks."""
    if known is None:
        return "no measured blocks"
    return f"measured on {known.rows:,} blocks: {_mean(known)} mean error"


def _mean(known: MeasuredError) -> str:
    low, high = f"{known.low:.1f}", f"{known.high:.1f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def error_lines(estimates: Sequence[Estimate]) -> list[str]:
    """The same for several cores, those without measured blocks together."""
    return [wrap(errors_said({e.uarch: e.core_error for e in estimates}), "  ", "    ")]


def errors_said(known: Mapping[str, MeasuredError | None]) -> str:
    """How far each core's estimates were from measured blocks, in one phrase."""
    said = [
        f"{name} {_mean(error)} mean of {error.rows:,} blocks"
        for name, error in known.items()
        if error is not None
    ]
    bare = [name for name, error in known.items() if error is None]
    if not said:
        return "no measured blocks on any of these cores"
    if bare:
        others = ", ".join(bare) if len(bare) < 4 else f"the other {len(bare)}"
        said.append(f"no measured blocks: {others}")
    return "measured error: " + "; ".join(said)


def span_said(estimate: Estimate) -> str:
    """The 90 % interval, where there is one."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f" (90 %: {estimate.low:.4g} to {estimate.high:.4g})"


def _span(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low:.4g}-{estimate.high:.4g}"


def heading(estimate: Estimate) -> str:
    """What was estimated: revision, file and, where it says more, the path's name."""
    revision, colon, file = estimate.path.origin.rpartition(":")
    origin, name = file.rpartition("/")[2], estimate.path.name
    shown = f"{revision}{colon}{origin}"
    if estimate.path.features:
        return clip(f"{name or shown} [{estimate.path.features}]", 50)
    if not origin or name in (origin, estimate.path.origin, origin.partition(".")[0]):
        return clip(shown or name, 50)
    return clip(f"{shown} {name}" if name else shown, 50)


def _offset(estimate: Estimate) -> str:
    return f", code at line offset {estimate.align}" if estimate.align else ""


def size_lines(estimate: Estimate) -> list[str]:
    return [
        f"  {plural(estimate.instructions, 'instruction')}, {estimate.bytes} bytes, "
        f"{plural(estimate.fetch_windows, 'fetch window')}; "
        f"{plural(estimate.uops, 'uop')}, {plural(estimate.slots, 'slot')}"
    ]


def cause_lines(estimate: Estimate, digits: int) -> list[str]:
    """Causes with bars; the printed figures add up to the printed total."""
    causes = [(cause, n) for cause, n in estimate.causes if n]
    exact = [Fraction(n, estimate.copies) for _, n in causes]
    shown = rounded_parts(exact, digits, exact_cycles(estimate))
    largest = max(exact, default=Fraction(0))
    rows = [
        (number(value, digits), clip(cause, 34), bar(value, largest, _BAR))
        for (cause, _), value in zip(causes, shown, strict=True)
    ]
    rows.append((number(exact_cycles(estimate), digits), "total", ""))
    return ["  where the cycles go", *table(rows, "rll")]


def memory_lines(estimate: Estimate) -> list[str]:
    """Lines touched, with their commits; store buffer; unknown addresses."""
    if not estimate.lines:
        return ["  touches no memory"]
    cold = bool(estimate.cold)
    rows: list[tuple[str, ...]] = [("lines touched", "loads", "stores", "commits")]
    if cold:
        rows[0] = (*rows[0], "from", "asked by")
    for use in estimate.lines:
        counts = (str(use.loads), str(use.stores), str(use.commits))
        origin = (use.level, use.filled_by) if cold else ()
        rows.append((clip(use.where, 30 if cold else 42), *counts, *origin))
    lines = table(rows, "lrrrll" if cold else "lrrr")
    remarks = [fills_said(estimate)] if cold else []
    if estimate.store_buffer_peak:
        remarks.append(
            f"{plural(estimate.store_buffer_peak, 'store')} waiting to commit at most"
        )
    if estimate.unknown_addresses:
        remarks.append(
            f"{plural(estimate.unknown_addresses, 'access')} at unknown addresses, "
            "taken to be disjoint from all others".replace("accesss", "accesses")
        )
    if remarks:
        lines.append(wrap("; ".join(remarks), "  "))
    return lines


def fills_said(estimate: Estimate) -> str:
    """``3 line fills, 1 asked for by stores (RFO), and 2 lines of code``."""
    said = f"{plural(estimate.fills, 'line fill')}, "
    said += f"{estimate.ownership_requests} asked for by stores (RFO)"
    code = estimate.code_fills
    return said + (f", and {plural(code, 'line')} of code" if code else "")


def frame_lines(estimate: Estimate) -> list[str]:
    """The pt_regs slots as the path leaves them."""
    rows = [("pt_regs", "top-", "line", "value", "written at")]
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
    return [*table(rows, "lrlll"), *missing_slots(estimate.pt_regs)]


def missing_slots(frame: Sequence[FrameSlot]) -> list[str]:
    """One sentence: the slots the path leaves unset."""
    missing = [slot.name for slot in frame if slot.step < 0]
    if not missing:
        return ["  every pt_regs slot is written"]
    return [wrap("not written: " + ", ".join(missing), "  ", "    ")]


def note_lines(estimate: Estimate) -> list[str]:
    """What was followed and assumed to get the path, and the engine's own remarks."""
    notes = dict.fromkeys((*estimate.path.notes, *estimate.notes))
    if not notes:
        return []
    return ["", "  the path", *(wrap(n, "    ", "      ") for n in notes)]
