"""``compare`` as a tree: the difference first, then why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from costmodel import __version__
from costmodel.engine.result import Comparison
from costmodel.scenarios import said
from costmodel.studies.certainty import (
    DIFFERENCES,
    UNDRAWN,
    mark_of_difference,
    rests_on_guesses,
)
from costmodel.studies.compare import (
    Part,
    by_cause,
    by_instruction,
    by_stretch,
    code_change,
    delta,
)
from costmodel.views.accuracy_said import errors_said
from costmodel.views.assumed import assumption_sections, spoken
from costmodel.views.estimate import heading
from costmodel.views.explain import critical_path_section
from costmodel.views.json import comparison_record, effect_record
from costmodel.views.known import known_record, known_texts, points_of
from costmodel.views.layout import (
    clip,
    decimals_for,
    number,
    place,
    plural,
    rounded_parts,
    spelled,
)
from costmodel.views.sections import (
    exact_cycles,
    missing_slots,
    note_section,
    pipeline_section,
)
from costmodel.views.tables import comparison_rows
from costmodel.views.tree import PAGE, Block, Picture, Report, Section, Table, Text
from costmodel.views.unsettled import unsettled_said

if TYPE_CHECKING:
    from costmodel.studies.families import Family
    from costmodel.studies.onrecord import Known
    from costmodel.studies.sensitivity import Effect
    from costmodel.views.figure import Plot

_MOST_PARTS = 8
_SEVERAL_PARTS = 3
_MOST_TIMELINES = 3  # cores whose pipelines a page draws: each is 100 kB


def comparisons_report(
    comparisons: Sequence[Comparison],
    felt: Sequence[Effect] | None = None,
    families: Callable[[], Sequence[Family]] = tuple,
    known: Sequence[Known] = (),
) -> Report:
    """The block for a cover letter: all cores, then causes for each.

    ``felt``: what the difference of the one core is sensitive to, if it was looked for.
    ``families``: the cores by descent, asked for when a plot is drawn. ``known``: what
    was measured of this change, or is on record.
    """
    more = {} if felt is None else {"sensitivity": [effect_record(e) for e in felt]}
    records = [
        {
            **comparison_record(c),
            "known": [known_record(k) for k in known if k.uarch == c.after.uarch],
        }
        for c in comparisons
    ]
    data = {"results": records, **more}
    columns, flat = comparison_rows(comparisons, "summary")
    if not comparisons:
        return Report(title="no core", data=data, columns=columns, rows=flat)
    first = comparisons[0]
    sides = [exact_cycles(e) for c in comparisons for e in (c.before, c.after)]
    digits = max(decimals_for(sides), *(_digits(c) for c in comparisons))
    most = _MOST_PARTS if len(comparisons) == 1 else _SEVERAL_PARTS
    lead = [", ".join(map(said, _scenarios(comparisons)))]
    if cold := ", ".join(f"{kind} in {level}" for kind, level in first.after.cold):
        lead.append(f"cold when a trip starts: {cold}")
    if said_so := unsettled_said(c.after.uarch for c in comparisons if not c.settled):
        lead.append(said_so)
    sections = [
        Section("", (difference_table(comparisons, digits),)),
        *([Section("", known_texts(known))] if known else []),
        Section("", (_plot(comparisons, families, known),), only=PAGE),
        Section("", code_texts(first)),
    ]
    for alike in _alike(comparisons, digits, most):
        sections.append(reason_section(alike, digits, most))
    moving = [e for e in felt or () if e.total or e.at_low != e.at_high]
    if moving:
        sections.append(sensitivity_section(moving, delta(first), digits))
    sections += _pipelines(comparisons)
    both = [e for c in comparisons for e in (c.before, c.after)]
    sections += assumption_sections(both)
    sections += note_section(first.after, only=PAGE)
    return Report(
        title=f"{heading(first.before)} -> {heading(first.after)}",
        lead=tuple(lead),
        sections=tuple(sections),
        data=data,
        columns=columns,
        rows=flat,
        foot=(_foot(comparisons),),
    )


def _foot(comparisons: Sequence[Comparison]) -> str:
    errors = errors_said(
        {c.after.uarch: c.after.core_error for c in comparisons},
        [c.after.uarch for c in comparisons if rests_on_guesses(c.after)],
    )
    text = f"Modelled by costmodel {__version__}, not measured; {errors}."
    if draws := max(c.draws for c in comparisons):
        text += (
            f" Interval: of {plural(draws, 'draw')} of the cores' figures, and the "
            "model's own error (docs/trust.md)."
        )
    marked = any(mark_of_difference(c) or c.after.guesses for c in comparisons)
    if not marked:
        return text
    return f"{text} {DIFFERENCES if draws else UNDRAWN}"


def _plot(
    comparisons: Sequence[Comparison],
    families: Callable[[], Sequence[Family]],
    known: Sequence[Known],
) -> Picture:
    def draw() -> Plot:
        from costmodel.views.plots import difference_plot

        return difference_plot(comparisons, families(), points_of(known))

    return Picture("differences", "cycles added on each core", draw)


def _pipelines(comparisons: Sequence[Comparison]) -> list[Section]:
    """Path and timeline of both sides, folded away; only of a few cores."""
    sections = []
    for c in comparisons[:_MOST_TIMELINES]:
        for name, side in (("before", c.before), ("after", c.after)):
            sections += [
                Section(s.title, s.blocks, only=PAGE, closed=True)
                for title in (f"{side.uarch}, {name}",)
                for s in (
                    *_titled(critical_path_section(side), f"{title}: critical path"),
                    *pipeline_section(side, f"{title}: timeline"),
                )
            ]
    if sections and len(comparisons) > _MOST_TIMELINES:
        text = f"Paths and timelines are of the first {_MOST_TIMELINES} cores."
        sections.append(Section("", (Text(text),), only=PAGE))
    return sections


def _titled(sections: Sequence[Section], title: str) -> list[Section]:
    return [Section(title, s.blocks) for s in sections]


def sensitivity_section(
    felt: Sequence[Effect], stated: Fraction, digits: int
) -> Section:
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
    return Section(title, (Table(head, tuple(rows), "lllrr"),), inset=True)


def _signed(value: float | Fraction, digits: int) -> str:
    return number(Fraction(value), digits, sign=bool(value))


def _digits(comparison: Comparison) -> int:
    """One decimal where causes are not whole, so that small ones can be seen."""
    return min(1, decimals_for([part.cycles for part in by_cause(comparison)]))


def _scenarios(comparisons: Sequence[Comparison]) -> list[str]:
    return list(dict.fromkeys(c.after.scenario for c in comparisons))


def difference_table(comparisons: Sequence[Comparison], digits: int) -> Table:
    """The difference, then both sides; cores that answer alike share a row."""
    intervals = any(c.low is not None for c in comparisons)
    head = ("delta", *(("90 % interval",) if intervals else ()),
            "before", "after", "core")  # fmt: skip
    alike: dict[tuple[str, ...], list[str]] = {}
    for c in comparisons:
        span = ""
        if c.low is not None and c.high is not None:
            span = f"{_signed(c.low, digits)} to {_signed(c.high, digits)}"
            if c.median is not None and not c.central:
                span += f", median {_signed(c.median, digits)}"
        row = (
            _signed(delta(c), digits) + mark_of_difference(c).ljust(2),
            *((span,) if intervals else ()),
            number(exact_cycles(c.before), digits),
            number(exact_cycles(c.after), digits),
        )
        alike.setdefault(row, []).append(c.after.uarch)
    rows = tuple((*row, ", ".join(cores)) for row, cores in alike.items())
    return Table(head, rows, "rlrrl" if intervals else "rrrl", wrapped=True)


def memory_said(comparison: Comparison) -> Text:
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
    parts = [f"{name} {a} -> {b}" for name, a, b in pairs if a or b]
    return Text("memory: " + ", ".join(parts), hanging=True)


def code_texts(comparison: Comparison) -> tuple[Block, ...]:
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
    texts = ["code: " + ", ".join(counts)]
    if new - old:
        texts.append("lines now touched: " + ", ".join(sorted(new - old)))
    if old - new:
        texts.append("lines no longer touched: " + ", ".join(sorted(old - new)))
    if old and old == new:
        texts.append(f"the same {plural(len(old), 'data line')} touched")
    if comparison.after.pt_regs:
        texts.append(missing_slots(comparison.after.pt_regs))
    return tuple(Text(text, hanging=True) for text in texts)


def _alike(
    comparisons: Sequence[Comparison], digits: int, most: int
) -> list[list[Comparison]]:
    """Cores whose differences have the same reasons, together."""
    groups: dict[tuple[Block, ...], list[Comparison]] = {}
    for c in comparisons:
        groups.setdefault(reasons(c, digits, most), []).append(c)
    return list(groups.values())


def reason_section(alike: Sequence[Comparison], digits: int, most: int) -> Section:
    """Causes and instructions of the difference, on the cores that share them."""
    first = alike[0]
    cores = ", ".join(c.after.uarch for c in alike)
    title = f"{cores}: {_signed(delta(first), digits)}"
    causes, instructions = by_cause(first), by_instruction(first)
    if causes:
        title += " by cause"
    elif instructions:
        title += " by instruction, no cause differs"
    else:
        title += ", no cause differs"
    return Section(title, reasons(first, digits, most), inset=True)


def reasons(comparison: Comparison, digits: int, most: int) -> tuple[Block, ...]:
    """Causes, stretches and instructions of one core's difference; each adds up to
    it."""
    causes, instructions = by_cause(comparison), by_instruction(comparison)
    blocks: list[Block] = []
    if causes:
        rows = [
            (amount, clip(part.cause, 50))
            for amount, part in _shown(causes, digits, most)
        ]
        blocks.append(Table((), tuple(rows), "rl"))
    stretches = by_stretch(comparison) if causes or instructions else ()
    if stretches:
        parts = [f"{name} {_signed(n, digits)}" for name, n in stretches]
        blocks.append(Text("by stretch: " + ", ".join(parts)))
    if instructions:
        wide = [
            (amount, part.change, clip(spelled(part.insn), 36), place(part.insn))
            if part.insn
            else (amount, " ", part.cause or "(between copies)", "")
            for amount, part in _shown(instructions, digits, most)
        ]
        if causes:
            blocks.append(Text("by instruction"))
        blocks.append(Table((), tuple(wide), "rlll"))
    if comparison.after.cold:
        blocks.append(memory_said(comparison))
    return tuple(blocks)


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
