"""``costmodel explain``: an estimate taken apart, down to each uop's waits."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from costmodel.engine.result import Edge, Estimate
from costmodel.views.alternatives import alternative_lines
from costmodel.views.assumed import assumption_lines
from costmodel.views.layout import (
    WIDTH,
    bar,
    clip,
    decimals_for,
    number,
    place,
    rounded_parts,
    spelled,
    table,
    wrap,
)
from costmodel.views.text import (
    cause_lines,
    digits_of,
    exact_cycles,
    frame_lines,
    heading,
    memory_lines,
    note_lines,
    single,
    size_lines,
)
from costmodel.views.timeline import timeline_lines
from costmodel.views.whatif import what_if_lines

if TYPE_CHECKING:
    from costmodel.studies.whatif import Relief

__all__ = ["explanation_text"]


def explanation_text(
    estimate: Estimate, width: int = WIDTH, reliefs: Sequence[Relief] = ()
) -> str:
    """Everything about one estimate; only the timeline uses more than 72 columns.

    ``reliefs``: what each limit of the core is worth.
    """
    digits = digits_of(estimate)
    lines = [
        *single(estimate)[:3],
        "",
        *size_lines(estimate),
        "",
        *cause_lines(estimate, digits),
        "",
        *charge_lines(estimate, digits),
    ]
    if reliefs:
        lines += ["", *what_if_lines(reliefs)]
    if estimate.critical_path:
        lines += ["", *critical_path_lines(estimate)]
    if estimate.ports:
        lines += ["", *port_lines(estimate)]
    lines += ["", *memory_lines(estimate)]
    if estimate.pt_regs:
        lines += ["", *frame_lines(estimate)]
    if estimate.path.alternatives:
        lines += ["", *alternative_lines(estimate.path, width)]
    if estimate.timeline:
        title = f"  timeline of {heading(estimate)}"
        lines += ["", title, *timeline_lines(estimate, width)]
    figures = len(estimate.guesses)
    lines += assumption_lines([estimate], figures) + note_lines(estimate)
    return "\n".join(lines)


def charge_lines(estimate: Estimate, digits: int) -> list[str]:
    """Cycles a copy charged to each instruction, in program order, with causes."""
    count = len(estimate.path.steps)
    causes: dict[int, dict[str, int]] = {}
    for step, cause, cycles in estimate.charges:
        if cycles:
            mine = causes.setdefault(step if 0 <= step < count else count, {})
            mine[cause] = mine.get(cause, 0) + cycles
    if not causes:
        return ["  no instruction is charged with a cycle"]
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
    return ["  cycles by instruction", *table(rows, "rlll")]


def critical_path_lines(estimate: Estimate) -> list[str]:
    """The chain of events that ends at the last retirement; waits only."""
    rows = []
    edges = merged_edges(estimate.critical_path)
    last = last_copy(edges, exact_cycles(estimate))
    for edge in last:
        if edge.cycles:
            known = 0 <= edge.step < len(estimate.path.steps)
            insn = estimate.insn(edge.step) if known else None
            rows.append(
                (
                    f"{edge.cycles:+d}",
                    edge.stage,
                    clip(edge.cause, 22),
                    clip(place(insn), 20) if insn else "",
                    spelled(insn) if insn else "",
                )
            )
    if not rows:
        return ["  critical path: no cycles"]
    which = "from the start" if len(last) == len(edges) else "of the last copy"
    return [f"  critical path, {which}", *table(rows, "rllll")]


def last_copy(edges: list[Edge], cycles: Fraction) -> list[Edge]:
    """The edges at the end that make up one copy; all of them if there is but one."""
    left, at = cycles, len(edges)
    while at and left > 0:
        at -= 1
        left -= edges[at].cycles
    return edges[at:]


def merged_edges(edges: tuple[Edge, ...]) -> list[Edge]:
    """Neighbours of the same stage, cause and instruction as one edge."""
    out: list[Edge] = []
    for edge in edges:
        if out:
            last = out[-1]
            same = (last.step, last.stage, last.cause)
            if same == (edge.step, edge.stage, edge.cause):
                cycles = last.cycles + edge.cycles
                out[-1] = Edge(*same, cycles, last.source_step)
                continue
        out.append(edge)
    return out


def port_lines(estimate: Estimate) -> list[str]:
    """Uops each port took, a copy."""
    shares = [Fraction(n, estimate.copies) for _, n in estimate.ports]
    digits = decimals_for(shares)
    largest = max(shares, default=Fraction(0))
    rows = [
        (port, number(share, digits), bar(share, largest, 40))
        for (port, _), share in zip(estimate.ports, shares, strict=True)
    ]
    title = "  uops by port" + ("" if estimate.copies == 1 else ", a copy")
    return [title, *table(rows, "lrl")] if rows else [wrap("no port used", "  ")]
