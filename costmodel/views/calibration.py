"""What ``calibrate`` found: the table of agreement, text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.measure.calibrate import Calibration, Line, Solved
from costmodel.measure.cpu import Cpu
from costmodel.measure.windows import Size
from costmodel.views.json import document
from costmodel.views.layout import clip, number, table, wrap
from costmodel.views.measuring import cpu_lines, cpu_record

if TYPE_CHECKING:
    from costmodel.measure.ring0costs import GuestCosts

_NAME = 34  # columns


def calibration_document(
    cpu: Cpu, found: Calibration, guest: GuestCosts | None = None
) -> str:
    more: dict[str, Any] = {}
    if guest is not None:
        from costmodel.views.guest import costs_record

        more["ring0"] = costs_record(guest)
    return document(
        cpu=cpu_record(cpu),
        uarch=found.uarch,
        agreeing=sum(1 for line in found.lines if line.agrees),
        compared=sum(1 for line in found.lines if line.agrees is not None),
        forms=[_line_record(line) for line in found.lines],
        windows=[
            _size_record(size, now)
            for size, now in zip(found.sizes, found.window_now, strict=True)
        ],
        figures=[solved._asdict() for solved in found.solved],
        **more,
    )


def _line_record(line: Line) -> dict[str, Any]:
    form, measured = line.form, line.measured
    return {
        "form": form.name,
        "kind": form.kind,
        "scenario": form.scenario,
        "asm": form.asm,
        "hex": form.code.hex(),
        "per": form.per,
        "cycles": None if line.cycles is None else round(line.cycles, 4),
        "low": _per(measured.low, form.per),
        "high": _per(measured.high, form.per),
        "modelled": None if line.modelled is None else round(line.modelled, 4),
        "agrees": line.agrees,
        "status": line.status,
    }


def _per(value: float | None, count: int) -> float | None:
    return None if value is None else round(value / count, 4)


def _size_record(size: Size, now: float | None) -> dict[str, Any]:
    return {
        "structure": size.window.name,
        "figure": size.window.figure,
        "entries": size.entries,
        "modelled": now,
        "sweep": [list(point) for point in size.sweep],
    }


def calibration_text(
    cpu: Cpu, found: Calibration, guest: GuestCosts | None = None
) -> str:
    """Disagreements first: they are what there is to do."""
    compared = [line for line in found.lines if line.agrees is not None]
    apart = [line for line in compared if not line.agrees]
    silent = [line for line in found.lines if line.agrees is None]
    lines = cpu_lines(cpu)
    lines += [
        "",
        f"{len(compared) - len(apart)} of {len(compared)} forms agree with "
        f"{found.uarch} (within 5 %, or 0.05 cycle a copy)",
    ]
    if apart:
        lines += ["", "disagree", *_table(apart)]
    lines += ["", "agree", *_table([line for line in compared if line.agrees])]
    if silent:
        names = ", ".join(f"{line.form.name} ({line.status})" for line in silent)
        lines += ["", wrap(f"not told: {names}", "", "  ")]
    if found.sizes:
        lines += ["", *_windows(found)]
    changed = [s for s in found.solved if abs(s.value - s.now) > 1e-9]
    if changed:
        lines += ["", *_figures(changed)]
    if guest is not None:
        from costmodel.views.guest import costs_lines

        lines += ["", *costs_lines(guest)]
    return "\n".join(lines)


def _table(some: Sequence[Line]) -> list[str]:
    rows = [("cycles an instruction", "", "measured", "modelled")]
    for line in some:
        kind = "lat" if line.form.kind == "latency" else "tp"
        rows.append(
            (
                clip(line.form.name, _NAME),
                kind,
                number(line.cycles or 0, 2),
                number(line.modelled or 0, 2),
            )
        )
    return table(rows, "llrr")


def _windows(found: Calibration) -> list[str]:
    rows = [("entries", "measured", "modelled")]
    for size, now in zip(found.sizes, found.window_now, strict=True):
        entries = "no step" if size.entries is None else str(size.entries)
        rows.append((size.window.name, entries, "" if now is None else f"{now:g}"))
    return table(rows, "lrr")


def _figures(changed: Sequence[Solved]) -> list[str]:
    rows = [("figure", "file", "measured", "by")]
    for solved in changed:
        rows.append(
            (
                clip(solved.path, _NAME),
                f"{solved.now:g}",
                f"{solved.value:g}",
                clip(solved.by, 20),
            )
        )
    return ["figures that would differ (--write)", *table(rows, "lrrl")]
