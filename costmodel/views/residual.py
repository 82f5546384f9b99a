"""What ran, measured and modelled side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel import __version__
from costmodel.studies.residual import Held, Residuals
from costmodel.views.json import document, estimate_record
from costmodel.views.layout import SCENARIOS, clip, number, table, wrap


def residuals_in(style: str, found: Sequence[Residuals]) -> str:
    """``style`` is text or json."""
    if style == "json":
        return document(results=[_record(r) for r in found])
    return "\n\n".join("\n".join(_lines(r)) for r in found)


def _record(r: Residuals) -> dict[str, Any]:
    return {
        "uarch": r.estimate.uarch,
        "path": r.estimate.path.name,
        "runs": r.runs,
        "other_runs": r.others,
        "measured": r.measured,
        "modelled": r.modelled,
        "residual": None if r.measured is None else r.modelled - r.measured,
        "stretches": [
            {
                "from": s.first,
                "to": s.last,
                "instructions": s.instructions,
                "measured": s.measured,
                "measured_low": s.low,
                "measured_high": s.high,
                "samples": s.samples,
                "mispredicted": s.mispredicted,
                "modelled": s.modelled,
                "residual": s.residual,
            }
            for s in r.stretches
        ],
        "estimate": estimate_record(r.estimate),
    }


def _lines(r: Residuals) -> list[str]:
    e = r.estimate
    mark = "?" if e.guesses else ""
    measured = (
        "not measured" if r.measured is None else f"{_cycles(r.measured)} measured"
    )
    lines = [
        clip(
            f"{_cycles(r.modelled)}{mark} cycles modelled, {measured}  {e.path.name}",
            72,
        ),
        f"  {SCENARIOS.get(e.scenario, e.scenario)}, on {e.title}",
        *(wrap(note, "  ", "    ") for note in e.path.notes),
        "",
    ]
    shown = [s.modelled for s in r.stretches]
    shown += [s.measured for s in r.stretches if s.measured is not None]
    digits = 0 if all(value == int(value) for value in shown) else 1
    rows: list[tuple[str, ...]] = [
        ("measured", "(range)", "modelled", "residual", "insns", "stretch from")
    ]
    rows += [_row(s, digits) for s in r.stretches]
    rows.append(
        (
            "" if r.measured is None else _cycles(r.measured, digits), "",
            _cycles(r.modelled, digits),
            "" if r.measured is None else _signed(r.modelled - r.measured, digits),
            str(sum(s.instructions for s in r.stretches)), "in all",
        )
    )  # fmt: skip
    lines += table(rows, "rlrrrl")
    if any(s.mispredicted for s in r.stretches):
        lines += ["", wrap(
            "* ends in a branch that was mispredicted in some samples: what follows"
            " waited for the right target, which the model does not charge.",
            "  ", "    ",
        )]  # fmt: skip
    lines += ["", wrap(
        "The first stretch is modelled from an empty pipeline; perf measures it from"
        " the branch before. Caches are warm in the model.", "  ",
    )]  # fmt: skip
    lines.append(
        wrap(f"Modelled by costmodel {__version__}; measured by perf, elsewhere.", "  ")
    )
    return lines


def _row(s: Held, digits: int) -> tuple[str, ...]:
    spread = "" if s.low == s.high else f"({s.low:g}-{s.high:g})"
    return (
        "-" if s.measured is None else _cycles(s.measured, digits),
        spread,
        _cycles(s.modelled, digits),
        "" if s.residual is None else _signed(s.residual, digits),
        str(s.instructions),
        s.first + (" *" if s.mispredicted else ""),
    )


def _cycles(value: float, digits: int | None = None) -> str:
    if digits is None:
        digits = 0 if value == int(value) else 1
    return number(value, digits)


def _signed(value: float, digits: int) -> str:
    return number(value, digits, sign=bool(value))
