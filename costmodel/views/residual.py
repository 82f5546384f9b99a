"""What ran, measured and modelled side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel import __version__
from costmodel.studies.residual import Held, Residuals
from costmodel.views.json import estimate_record
from costmodel.views.layout import number
from costmodel.views.tree import Report, Section, Table, Text

_COLUMNS = (
    "uarch", "path", "from", "to", "instructions", "measured", "measured_low",
    "measured_high", "samples", "mispredicted", "modelled", "residual",
)  # fmt: skip
_MISSED = (
    "* ends in a branch that was mispredicted in some samples: what follows waited for"
    " the right target, which the model does not charge."
)
_BASIS = (
    "The first stretch is modelled from an empty pipeline; perf measures it from the"
    " branch before. Caches are warm in the model."
)


def residuals_report(found: Sequence[Residuals]) -> Report:
    """The stretches of one path that ran, on each core."""
    first = found[0]
    sections = [section for r in found for section in _sections(r, len(found) > 1)]
    if any(s.mispredicted for s in first.stretches):
        sections.append(Section("", (Text(_MISSED, True),)))
    sections.append(Section("", (Text(_BASIS),)))
    lead = ("once, from a drained pipeline", *first.estimate.path.notes)
    return Report(
        title=first.estimate.path.name if len(found) > 1 else _said(first),
        lead=lead,
        sections=tuple(sections),
        data={"results": [_record(r) for r in found]},
        columns=_COLUMNS,
        rows=[
            {"uarch": r.estimate.uarch, "path": r.estimate.path.name, **_stretch(s)}
            for r in found
            for s in r.stretches
        ],
        foot=(f"Modelled by costmodel {__version__}; measured by perf, elsewhere.",),
    )


def _said(r: Residuals) -> str:
    e = r.estimate
    mark = "?" if e.guesses else ""
    measured = (
        "not measured" if r.measured is None else f"{_number(r.measured)} measured"
    )
    return f"{_number(r.modelled)}{mark} cycles modelled, {measured}  {e.path.name}"


def _sections(r: Residuals, several: bool) -> list[Section]:
    title = f"on {r.estimate.title}" + (f": {_said(r)}" if several else "")
    shown = [s.modelled for s in r.stretches]
    shown += [s.measured for s in r.stretches if s.measured is not None]
    digits = 0 if all(value == int(value) for value in shown) else 1
    rows = [_row(s, digits) for s in r.stretches]
    whole = (
        "-" if r.measured is None else _number(r.measured, digits), "",
        _number(r.modelled, digits),
        "" if r.measured is None else _signed(r.modelled - r.measured, digits),
        str(sum(s.instructions for s in r.stretches)), "in all",
    )  # fmt: skip
    head = ("measured", "(range)", "modelled", "residual", "insns", "stretch from")
    return [Section(title, (Table(head, (*rows, whole), "rlrrrl"),))]


def _row(s: Held, digits: int) -> tuple[str, ...]:
    return (
        "-" if s.measured is None else _number(s.measured, digits),
        "" if s.low == s.high else f"({s.low:g}-{s.high:g})",
        _number(s.modelled, digits),
        "" if s.residual is None else _signed(s.residual, digits),
        str(s.instructions),
        s.first + (" *" if s.mispredicted else ""),
    )


def _record(r: Residuals) -> dict[str, Any]:
    return {
        "uarch": r.estimate.uarch,
        "path": r.estimate.path.name,
        "runs": r.runs,
        "other_runs": r.others,
        "measured": r.measured,
        "modelled": r.modelled,
        "residual": None if r.measured is None else r.modelled - r.measured,
        "stretches": [_stretch(s) for s in r.stretches],
        "estimate": estimate_record(r.estimate),
    }


def _stretch(s: Held) -> dict[str, Any]:
    return {
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


def _number(value: float, digits: int | None = None) -> str:
    if digits is None:
        digits = 0 if value == int(value) else 1
    return number(value, digits)


def _signed(value: float, digits: int) -> str:
    return number(value, digits, sign=bool(value))
