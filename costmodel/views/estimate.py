"""``estimate`` as a tree: the answer first, then what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

from costmodel import __version__
from costmodel.engine.result import Estimate
from costmodel.scenarios import said
from costmodel.studies.certainty import TOTALS, mark_of, rests_on_guesses
from costmodel.views.accuracy_said import error_said, errors_said
from costmodel.views.assumed import assumption_sections
from costmodel.views.json import estimate_record
from costmodel.views.layout import clip, decimals_for, number, plural
from costmodel.views.sections import (
    assumed_section,
    cause_section,
    charge_section,
    digits_of,
    exact_cycles,
    frame_section,
    memory_section,
    missing_slots,
    note_section,
    pipeline_section,
    port_section,
    size_section,
)
from costmodel.views.tables import rows
from costmodel.views.tree import PAGE, Report, Section, Table, Text
from costmodel.views.unsettled import UNSETTLED


def estimates_report(estimates: Sequence[Estimate]) -> Report:
    """One estimate in full; a table per path for several."""
    columns, found = rows(estimates, "summary")
    flat: dict[str, object] = {
        "data": {"results": [estimate_record(e) for e in estimates]},
        "columns": columns,
        "rows": found,
    }
    if len(estimates) == 1:
        return _single(estimates[0], flat)
    return _several(estimates, flat)


def headed(estimate: Estimate) -> dict[str, object]:
    """Title, answer and lead of a report on one estimate."""
    cycles = number(exact_cycles(estimate), digits_of(estimate))
    lead = [
        f"{said(estimate.scenario)}, on {estimate.title}{offset_said(estimate)}",
        error_said(estimate.core_error, rests_on_guesses(estimate)),
    ]
    if not estimate.settled:
        lead.append(UNSETTLED)
    return {
        "title": heading(estimate),
        "answer": cycles + mark_of(estimate),
        "unit": f"cycles{span_said(estimate)}",
        "lead": tuple(lead),
    }


def _single(e: Estimate, flat: dict[str, object]) -> Report:
    sections = [
        size_section(e),
        cause_section(e),
        *port_section(e, only=PAGE),
        *pipeline_section(e, only=PAGE),
        *charge_section(e, only=PAGE),
        memory_section(e),
        *frame_section(e),
        *assumption_sections([e]),
        *assumed_section(e, only=PAGE),
        *note_section(e),
    ]
    return Report(**headed(e), **flat, sections=tuple(sections))  # type: ignore[arg-type]


def _several(estimates: Sequence[Estimate], flat: dict[str, object]) -> Report:
    """A table per path, a row each core (or scenario)."""
    sections: list[Section] = []
    groups = [
        list(group)
        for _, group in groupby(estimates, key=lambda e: (e.path.origin, e.path.name))
    ]
    for group in groups:
        sections += _table_of(group, titled=len(groups) > 1)
    marked = any(mark_of(e) for e in estimates)
    return Report(
        title=_title(estimates[0]) if len(groups) == 1 else "modelled cycles",
        lead=(_around(estimates),) if estimates else (),
        sections=(*sections, *assumption_sections(estimates)),
        foot=(f"Modelled by costmodel {__version__}, not measured."
              + (f" {TOTALS}" if marked else ""),),
        **flat,  # type: ignore[arg-type]
    )  # fmt: skip


def _title(e: Estimate) -> str:
    return f"{heading(e)}: {plural(e.instructions, 'instruction')}, {e.bytes} bytes"


def _around(estimates: Sequence[Estimate]) -> str:
    names = sorted({e.scenario for e in estimates})
    return "; ".join(map(said, names)) + offset_said(estimates[0])


def _table_of(estimates: Sequence[Estimate], titled: bool) -> list[Section]:
    """Cores that answer alike share a row."""
    digits = decimals_for([exact_cycles(e) for e in estimates])
    sure = any(e.low is not None for e in estimates)
    alike: dict[tuple[str, ...], list[str]] = {}
    for e in estimates:
        top = next(((cause, n) for cause, n in e.causes if n), None)
        mostly = f"{top[0]} {number(Fraction(top[1], e.copies), digits)}" if top else ""
        cells = (
            number(exact_cycles(e), digits)
            + mark_of(e).ljust(2)
            + ("" if e.settled else " unsettled"),
            *([f"{e.low:.4g}-{e.high:.4g}" if e.low is not None else ""] * sure),
            str(e.uops),
            str(e.slots),
            str(len(e.lines)),
            clip(mostly, 24),
        )
        alike.setdefault(cells, []).append(e.uarch)
    rows = tuple((*cells, ", ".join(cores)) for cells, cores in alike.items())
    head = (
        "cycles", *(["90 %"] * sure), "uops", "slots", "lines", "most in", "core",
    )  # fmt: skip
    first = estimates[0]
    align = "rrrrrll" if sure else "rrrrll"
    blocks: list[Table | Text] = [Table(head, rows, align, wrapped=True)]
    if medians := _medians(estimates):
        blocks.append(Text(medians, True))
    known = {e.uarch: e.core_error for e in estimates}
    assumed = [e.uarch for e in estimates if rests_on_guesses(e)]
    blocks.append(Text(errors_said(known, assumed), True))
    if first.pt_regs:
        blocks.append(Text(missing_slots(first.pt_regs), True))
    return [Section(_title(first) if titled else "", tuple(blocks))]


def _medians(estimates: Sequence[Estimate]) -> str:
    """The medians of the draws, where the stated cycles are far from them."""
    told = [
        f"{e.uarch} {e.median:.4g}"
        for e in estimates
        if e.median is not None and not e.central
    ]
    return (
        "median of the draws, not near the cycles: " + ", ".join(told) if told else ""
    )


def span_said(estimate: Estimate) -> str:
    """The 90 % interval, where there is one."""
    if estimate.low is None or estimate.high is None:
        return ""
    span = f" (90 %: {estimate.low:.4g} to {estimate.high:.4g}"
    if estimate.median is not None and not estimate.central:
        span += f", median {estimate.median:.4g}"
    return span + ")"


def offset_said(estimate: Estimate) -> str:
    """Where the code lies, if it is not at the begin of a line."""
    return f", code at line offset {estimate.align}" if estimate.align else ""


def heading(estimate: Estimate) -> str:
    """What was estimated: commit or file and, where it says more, the path's name."""
    if estimate.path.title:
        place = estimate.path.name.rpartition("/")[2]
        return clip(f"{estimate.path.title}: {place}", 120)
    revision, colon, file = estimate.path.origin.rpartition(":")
    origin, name = file.rpartition("/")[2], estimate.path.name
    shown = f"{revision}{colon}{origin}"
    if estimate.path.features:
        return clip(f"{name or shown} [{estimate.path.features}]", 50)
    if not origin or name in (origin, estimate.path.origin, origin.partition(".")[0]):
        return clip(shown or name, 50)
    return clip(f"{shown} {name}" if name else shown, 50)
