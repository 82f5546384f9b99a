"""Cycles as folded stacks, one line each: ``path;instruction;cause cycles``.

The line format of FlameGraph's collapse scripts, so that its tools and those that read
the same draw it. Figures are whole cycles of the window of ``copies`` copies that was
measured, and add up to its cycles.
"""

from __future__ import annotations

from costmodel.views.tree import Report


def render(report: Report, width: int) -> str:
    """A line for each instruction and cause."""
    (result,) = report.data["results"]
    root = _frame(result["path"] or result["file"] or "path")
    cycles: dict[tuple[str, str], int] = {}
    steps = result["steps"]
    for charge in result["charges"]:
        inside = 0 <= charge["step"] < len(steps)
        step = steps[charge["step"]] if inside else None
        where = f"{step['at']} {step['text']}" if step else "(outside the path)"
        key = _frame(where), _frame(charge["cause"])
        whole = round(charge["cycles"] * result["copies"])
        cycles[key] = cycles.get(key, 0) + whole
    return "\n".join(f"{root};{a};{b} {n}" for (a, b), n in cycles.items() if n)


def _frame(text: str) -> str:
    """A frame may hold blanks, but not what parts frames."""
    return text.replace(";", ",")
