"""What ran in ring 0 of a guest, as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel.measure.cpu import Cpu
from costmodel.measure.ring0 import Ring0, Slot
from costmodel.measure.ring0costs import GuestCosts
from costmodel.views.json import document
from costmodel.views.layout import number, plural, table, wrap
from costmodel.views.measuring import cpu_lines, cpu_record


def ring0_document(cpu: Cpu, results: Sequence[Ring0]) -> str:
    return document(cpu=cpu_record(cpu), results=[_record(r) for r in results])


def _record(r: Ring0) -> dict[str, Any]:
    f = r.cycles
    return {
        "file": r.path.origin,
        "path": r.path.name,
        "scenario": "ring0",
        "works": r.works,
        "frame": [_slot_record(slot) for slot in r.slots],
        "registers": [_slot_record(slot) for slot in r.registers],
        "cycles": f.cycles if f else None,
        "low": f.low if f else None,
        "high": f.high if f else None,
        "kept": f.kept if f else 0,
        "taken": f.taken if f else 0,
        "ghz": f.ghz if f else None,
        "bare": r.bare if f else None,
        "status": "failed" if r.failed else "refused" if r.refused else "ok",
        "why": r.failed or r.refused or None,
        "notes": list(r.notes),
    }


def _slot_record(slot: Slot) -> dict[str, Any]:
    return {
        "slot": slot.name,
        "modelled": slot.modelled or None,
        "expected": None if slot.expected is None else f"{slot.expected:#x}",
        "found": f"{slot.found:#x}",
        "differs": slot.differs,
    }


def ring0_text(cpu: Cpu, results: Sequence[Ring0]) -> str:
    lines = cpu_lines(cpu)
    for r in results:
        lines += ["", *_lines(r)]
    return "\n".join(lines)


def _lines(r: Ring0) -> list[str]:
    title = f"{r.path.origin or r.path.name}: one pass through ring 0"
    if r.failed:
        return [wrap(f"{title} failed: {r.failed}", "", "  ")]
    compared = [s for s in r.slots if s.expected is not None]
    unwritten = sum(1 for s in r.slots if not s.modelled)
    kept = [s for s in r.registers if s.expected is not None]
    wrong = [s for s in (*r.slots, *r.registers) if s.differs]
    lines = [wrap(f"{title}{', ' + ', '.join(r.notes) if r.notes else ''}", "", "  ")]
    if r.slots:
        lines.append(
            wrap(
                f"pt_regs: {plural(len(compared), 'slot')} compared with the model's "
                f"table, {unwritten} left unwritten by the path",
                "  ", "    ",
            )
        )  # fmt: skip
    lines.append(f"  the user's registers after the return: {len(kept)} of 16 compared")
    if wrong:
        rows = [("DIFFERS", "the model", "expected", "found")]
        rows += [
            (s.name, s.modelled, f"{s.expected or 0:#x}", f"{s.found:#x}")
            for s in wrong
        ]
        lines += table(rows, "llrr")
    else:
        lines.append("  all as the model says")
    if r.refused:
        lines.append(wrap(f"no times: {r.refused}", "  ", "    "))
    elif r.cycles is not None and r.cycles.cycles is not None:
        f = r.cycles
        span = f"{number(f.low or 0, 1)} to {number(f.high or 0, 1)}"
        lines.append(
            wrap(
                f"{number(r.cycles.cycles, 1)} cycles a round trip ({span}), "
                f"{number(r.bare or 0, 1)} of them to enter and to return",
                "  ", "    ",
            )
        )  # fmt: skip
    return lines


def costs_record(found: GuestCosts) -> dict[str, Any]:
    return {
        "bare": found.bare,
        "refused": found.refused or None,
        "costs": [{"what": what, "cycles": cycles} for what, cycles in found.costs],
    }


def costs_lines(found: GuestCosts) -> list[str]:
    """System instructions, each as it adds to the bare round trip."""
    if found.refused:
        return [wrap(f"ring 0, no times: {found.refused}", "", "  ")]
    rows = [("ring 0, cycles added to SYSCALL and SYSRETQ", "measured")]
    for what, cycles in found.costs:
        rows.append((what, "" if cycles is None else number(cycles, 1)))
    return table(rows, "lr")
