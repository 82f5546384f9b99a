"""``explain`` as a tree: an estimate taken apart, down to each uop's waits."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from costmodel.engine.result import Edge, Estimate
from costmodel.views.alternatives import alternative_section
from costmodel.views.assumed import assumption_sections
from costmodel.views.estimate import headed, heading
from costmodel.views.json import explanation_record
from costmodel.views.layout import clip, place, spelled
from costmodel.views.sections import (
    cause_section,
    charge_section,
    exact_cycles,
    frame_section,
    memory_section,
    note_section,
    pipeline_section,
    port_section,
    size_section,
)
from costmodel.views.tables import rows
from costmodel.views.tree import Report, Section, Table, Text
from costmodel.views.whatif import what_if_section

if TYPE_CHECKING:
    from costmodel.studies.whatif import Relief


def explanation_report(e: Estimate, reliefs: Sequence[Relief] = ()) -> Report:
    """Everything about one estimate. ``reliefs``: what each limit of the core is worth.

    The flat table is that of charges: a row an instruction and cause.
    """
    columns, charges = rows([e], "charges")
    sections = [
        size_section(e),
        cause_section(e),
        *charge_section(e),
        *([what_if_section(reliefs)] if reliefs else []),
        *critical_path_section(e),
        *port_section(e),
        memory_section(e),
        *frame_section(e),
        *alternative_section(e.path),
        *pipeline_section(e, f"timeline of {heading(e)}"),
        *assumption_sections([e], len(e.guesses)),
        *note_section(e),
    ]
    return Report(
        **headed(e),  # type: ignore[arg-type]
        sections=tuple(sections),
        data={"results": [explanation_record(e, reliefs)]},
        columns=columns,
        rows=charges,
    )


def critical_path_section(estimate: Estimate, only: str = "") -> list[Section]:
    """The chain of events that ends at the last retirement; waits only."""
    if not estimate.critical_path:
        return []
    edges = merged_edges(estimate.critical_path)
    last = last_copy(edges, exact_cycles(estimate))
    cells = []
    for edge in last:
        if edge.cycles:
            inside = 0 <= edge.step < len(estimate.path.steps)
            insn = estimate.insn(edge.step) if inside else None
            cells.append(
                (
                    f"{edge.cycles:+d}",
                    edge.stage,
                    clip(edge.cause, 22),
                    clip(place(insn), 20) if insn else "",
                    spelled(insn) if insn else "",
                )
            )
    if not cells:
        return [Section("critical path", (Text("no cycles"),), only=only)]
    which = "from the start" if len(last) == len(edges) else "of the last copy"
    table = Table((), tuple(cells), "rllll")
    return [Section(f"critical path, {which}", (table,), only=only)]


def last_copy(edges: list[Edge], cycles: Fraction) -> list[Edge]:
    """The edges at the end that make up one copy; all of them if there is but one."""
    left, at = cycles, len(edges)
    while at and left > 0:
        at -= 1
        left -= edges[at].cycles
    return edges[at:]


def merged_edges(edges: tuple[Edge, ...]) -> list[Edge]:
    """Neighbours of the same stage, cause and instruction as one edge."""
    merged: list[Edge] = []
    for edge in edges:
        if merged:
            last = merged[-1]
            same = (last.step, last.stage, last.cause)
            if same == (edge.step, edge.stage, edge.cause):
                cycles = last.cycles + edge.cycles
                merged[-1] = Edge(*same, cycles, last.source_step)
                continue
        merged.append(edge)
    return merged
