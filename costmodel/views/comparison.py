"""``costmodel compare`` as text: the difference first, then why."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from costmodel import __version__
from costmodel.engine.result import Comparison
from costmodel.studies.compare import (
    Part,
    by_cause,
    by_instruction,
    by_stretch,
    code_change,
    delta,
)
from costmodel.views.assumed import assumption_lines, spoken
from costmodel.views.layout import (
    SCENARIOS,
    clip,
    decimals_for,
    number,
    place,
    plural,
    rounded_parts,
    spelled,
    table,
    wrap,
)
from costmodel.views.text import (
    error_lines,
    exact_cycles,
    heading,
    missing_slots,
)

if TYPE_CHECKING:
    from costmodel.studies.sensitivity import Effect

_MOST_PARTS = 8
_SEVERAL_PARTS = 3


def comparisons_text(
    comparisons: Sequence[Comparison], felt: Sequence[Effect] = ()
) -> str:
    """The block for a cover letter: all cores, then causes for each.

    ``felt``: what the difference of the one core is sensitive to.
    """
    if not comparisons:
        return ""
    first = comparisons[0]
    sides = [exact_cycles(e) for c in comparisons for e in (c.before, c.after)]
    digits = max(decimals_for(sides), *(_digits(c) for c in comparisons))
    most = _MOST_PARTS if len(comparisons) == 1 else _SEVERAL_PARTS
    lines = [
        *_change(first),
        "  " + ", ".join(SCENARIOS.get(s, s) for s in _scenarios(comparisons)),
        *([f"  cold when a trip starts: {cold}"] if (cold := _cold(first)) else []),
        "",
        *difference_table(comparisons, digits),
        "",
        *code_lines(first),
    ]
    for comparison in comparisons:
        lines += ["", *reason_lines(comparison, digits, most)]
    if felt:
        lines += ["", *sensitivity_lines(felt, delta(first), digits)]
    lines += assumption_lines([e for c in comparisons for e in (c.before, c.after)])
    lines += ["", wrap(f"Modelled by costmodel {__version__}, not measured.", "  ")]
    lines += error_lines([c.after for c in comparisons])
    return "\n".join(lines)


def sensitivity_lines(
    felt: Sequence[Effect], stated: Fraction, digits: int
) -> list[str]:
    """Figures that move the difference: its value at either end of theirs, and shares
    of its variance over draws of them all."""
    rows = [
        (
            spoken(effect.path),
            f"{effect.low:g} to {effect.high:g}",
            f"{_signed(effect.at_low, digits)} to {_signed(effect.at_high, digits)}",
            f"{100 * effect.share:.0f} %",
            f"{100 * effect.total:.0f} +- {100 * effect.half:.0f} %",
        )
        for effect in felt
    ]
    widest = max(len(row[0]) for row in rows)
    room = 72 - 4 - 8 - sum(max(len(row[k]) for row in rows) for k in (1, 2, 3, 4))
    if widest > room:
        rows = [(clip(row[0], max(room, 12)), *row[1:]) for row in rows]
    title = (
        f"sensitive to (delta: the figure alone at its ends, "
        f"{_signed(stated, digits)} as stated; shares of the variance: "
        "alone, and with others)"
    )
    head = ("figure", "interval", "delta", "alone", "in all")
    return [wrap(title, "  ", "    "), *table([head, *rows], "lllrr", "    ")]


def _signed(value: float | Fraction, digits: int) -> str:
    return number(Fraction(value), digits, sign=bool(value))


def _digits(comparison: Comparison) -> int:
    """One decimal where causes are not whole, so that small ones can be seen."""
    return min(1, decimals_for([part.cycles for part in by_cause(comparison)]))


def _change(comparison: Comparison) -> list[str]:
    """From what to what; commits with their subjects need a line each."""
    old, new = heading(comparison.before), heading(comparison.after)
    if comparison.after.path.title:
        return [old, clip(f"-> {new}", 72)]
    return [clip(f"{old} -> {new}", 72)]


def _cold(comparison: Comparison) -> str:
    return ", ".join(f"{kind} in {level}" for kind, level in comparison.after.cold)


def _scenarios(comparisons: Sequence[Comparison]) -> list[str]:
    return list(dict.fromkeys(c.after.scenario for c in comparisons))


def difference_table(comparisons: Sequence[Comparison], digits: int) -> list[str]:
    """A row a core: the difference, then both sides as printed."""
    intervals = any(c.low is not None for c in comparisons)
    rows = [("core", "delta", "90 % interval" if intervals else "", "before", "after")]
    for c in comparisons:
        before, after = exact_cycles(c.before), exact_cycles(c.after)
        shown = delta(c)
        known = c.low is not None and c.high is not None
        interval = (
            f"{number(Fraction(c.low or 0), digits, sign=True)} to "
            f"{number(Fraction(c.high or 0), digits, sign=True)}"
        )
        assumed = any(e.guesses or e.unknown for e in (c.before, c.after))
        mark = "?" if assumed else ""
        rows.append(
            (
                c.after.uarch,
                number(shown, digits, sign=bool(shown)) + mark,
                interval if known else "",
                number(before, digits),
                number(after, digits),
            )
        )
    if not intervals:
        return table([(r[0], r[1], r[3], r[4]) for r in rows], "lrrr")
    return table(rows, "lrlrr")


def memory_said(comparison: Comparison) -> str:
    """What both sides ask of the memory system, on one core."""
    old, new = comparison.before, comparison.after
    pairs = [
        ("data lines", len(old.lines), len(new.lines)),
        ("fills", old.fills, new.fills),
        ("RFOs", old.ownership_requests, new.ownership_requests),
        ("code fills", old.code_fills, new.code_fills),
        ("commits", *(sum(use.commits for use in e.lines) for e in (old, new))),
        ("stores waiting at most", old.store_buffer_peak, new.store_buffer_peak),
    ]
    said = [f"{name} {a} -> {b}" for name, a, b in pairs if a or b]
    return wrap("memory: " + ", ".join(said), "    ", "      ")


def code_lines(comparison: Comparison) -> list[str]:
    """What changed in the code and in memory, the same on every core."""
    change = code_change(comparison)
    counts = [
        f"{value:+d} {name if abs(value) != 1 else name[:-1]}"
        for name, value in (
            ("instructions", change.instructions),
            ("bytes", change.bytes),
            ("loads", change.loads),
            ("stores", change.stores),
        )
    ]
    old = {use.where for use in comparison.before.lines}
    new = {use.where for use in comparison.after.lines}
    lines = [wrap("code: " + ", ".join(counts), "  ")]
    if new - old:
        lines.append(wrap("lines now touched: " + ", ".join(sorted(new - old)), "  "))
    if old - new:
        gone = ", ".join(sorted(old - new))
        lines.append(wrap(f"lines no longer touched: {gone}", "  "))
    if old and old == new:
        lines.append(f"  the same {plural(len(old), 'data line')} touched")
    if comparison.after.pt_regs:
        lines += missing_slots(comparison.after.pt_regs)
    return lines


def reason_lines(comparison: Comparison, digits: int, most: int) -> list[str]:
    """Causes and instructions of one core's difference; both add up to it."""
    total = delta(comparison)
    causes, instructions = by_cause(comparison), by_instruction(comparison)
    title = f"  {comparison.after.uarch}: {number(total, digits, sign=bool(total))}"
    if not causes and not instructions:
        lines = [title + ", no cause differs"]
        return [*lines, memory_said(comparison)] if comparison.after.cold else lines
    rows = [
        (amount, clip(part.cause, 50)) for amount, part in _shown(causes, digits, most)
    ]
    lines = [f"{title} by cause", *table(rows, "rl", "    ")]
    stretches = by_stretch(comparison)
    if stretches:
        said = [f"{name} {number(n, digits, sign=bool(n))}" for name, n in stretches]
        lines.append("    by stretch: " + ", ".join(said))
    if instructions:
        wide = [
            (amount, part.change, clip(spelled(part.insn), 36), place(part.insn))
            if part.insn
            else (amount, " ", part.cause or "(between copies)", "")
            for amount, part in _shown(instructions, digits, most)
        ]
        lines += ["    by instruction", *table(wide, "rlll", "    ")]
    if comparison.after.cold:
        lines.append(memory_said(comparison))
    return lines


def _shown(parts: Sequence[Part], digits: int, most: int) -> list[tuple[str, Part]]:
    """The largest parts as printed, what is left gathered into one row."""
    kept, rest = list(parts[:most]), parts[most:]
    if rest:
        amount = sum((part.cycles for part in rest), Fraction(0))
        others = "other" if len(rest) == 1 else "others"
        kept.append(Part(f"({len(rest)} {others})", None, " ", amount))
    rounded = rounded_parts([part.cycles for part in kept], digits)
    return [
        (number(value, digits, sign=bool(value)), part)
        for value, part in zip(rounded, kept, strict=True)
    ]
