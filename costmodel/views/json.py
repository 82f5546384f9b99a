"""Results as JSON documents, schema 1. Keys are only ever added within a schema.

Cycles are numbers a copy; ``breakdown`` adds up to ``cycles``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel import __version__
from costmodel.cores.accuracy import MeasuredError
from costmodel.engine.result import Comparison, Estimate, Guess
from costmodel.studies.compare import (
    Part,
    by_cause,
    by_instruction,
    by_stretch,
    code_change,
)
from costmodel.views.layout import place, spelled
from costmodel.views.whatif import what_if_record

if TYPE_CHECKING:
    from costmodel.studies.sensitivity import Effect
    from costmodel.studies.whatif import Relief

SCHEMA = 1


def document(**content: Any) -> str:
    """One JSON document: the schema, the version, then ``content``."""
    whole = {"schema": SCHEMA, "version": __version__, **content}
    import json  # only this format needs it

    return json.dumps(whole, indent=1, allow_nan=False)


def estimate_record(e: Estimate) -> dict[str, Any]:
    """What ``estimate`` says of one path on one core."""
    return {
        "file": e.path.origin,
        "path": e.path.name,
        "uarch": e.uarch,
        "scenario": e.scenario,
        "align": e.align,
        "cycles": e.cycles,
        "settled": e.settled,
        "instructions": e.instructions,
        "uops": e.uops,
        "slots": e.slots,
        "bytes": e.bytes,
        "fetch_windows": e.fetch_windows,
        "breakdown": e.breakdown(),
        "lines_touched": len(e.lines),
        "lines": [
            {
                "line": use.where,
                "loads": use.loads,
                "stores": use.stores,
                "commits": use.commits,
                "level": use.level,
                "filled_by": use.filled_by,
            }
            for use in e.lines
        ],
        "cold": dict(e.cold),
        "fills": e.fills,
        "code_fills": e.code_fills,
        "ownership_requests": e.ownership_requests,
        "frame": [
            {
                "slot": slot.name,
                "offset": slot.offset,
                "line": slot.line,
                "written": slot.step >= 0,
                "value": slot.value if slot.step >= 0 else None,
                "at": place(e.insn(slot.step)) if slot.step >= 0 else None,
            }
            for slot in e.pt_regs
        ],
        "critical_path": _critical_path(e),
        "store_buffer_peak": e.store_buffer_peak,
        "unknown_addresses": e.unknown_addresses,
        "low": e.low,
        "high": e.high,
        "median": e.median,
        "central": e.central if e.median is not None else None,
        "core_error": error_record(e.core_error),
        "event": e.path.event,
        "features": e.path.features or None,
        "alternatives": [
            {
                "site": one.site,
                "address": one.address,
                "features": list(one.features),
                "applied": one.applied or None,
                "original": list(one.original),
                "running": list(one.running),
            }
            for one in e.path.alternatives
        ],
        "unknown": list(e.unknown),
        "guesses": [_guess(g) for g in e.guesses],
        "notes": list(dict.fromkeys((*e.path.notes, *e.notes))),
    }


def explanation_record(e: Estimate, reliefs: Sequence[Relief] = ()) -> dict[str, Any]:
    """An estimate with its instructions, charges, ports and timeline; and what each
    limit of the core is worth, if that was asked."""
    charges: list[dict[str, Any]] = [
        {"step": step, "cause": cause, "cycles": cycles / e.copies}
        for step, cause, cycles in e.charges
    ]
    record = {
        **estimate_record(e),
        "window_cycles": e.window_cycles,
        "copies": e.copies,
        "steps": [
            {
                "text": spelled(step.insn),
                "hex": step.insn.form.data.hex(),
                "address": step.insn.address,
                "at": place(step.insn),
                "taken": step.taken,
                "handler": step.handler,
            }
            for step in e.path.steps
        ],
        "charges": charges,
        "ports": {port: uops / e.copies for port, uops in e.ports},
        "timeline": [uop._asdict() for uop in e.timeline],
    }
    if reliefs:
        record["what_if"] = what_if_record(reliefs)
    return record


def effect_record(e: Effect) -> dict[str, Any]:
    return {
        "figure": e.path,
        "low": e.low,
        "high": e.high,
        "delta_at_low": e.at_low,
        "delta_at_high": e.at_high,
        "first_order": e.share,
        "total": e.total,
        "total_half_width": e.half,
    }


def comparison_record(c: Comparison) -> dict[str, Any]:
    """What ``compare`` says of one change on one core."""
    change = code_change(c)
    return {
        "uarch": c.after.uarch,
        "scenario": c.after.scenario,
        "align": c.after.align,
        "before": c.before.cycles,
        "after": c.after.cycles,
        "delta": c.delta,
        "settled": c.settled,
        "low": c.low,
        "high": c.high,
        "median": c.median,
        "spread": c.spread,
        "central": c.central if c.median is not None else None,
        "draws": c.draws,
        "causes": [{"cause": p.cause, "cycles": float(p.cycles)} for p in by_cause(c)],
        "stretches": {name: float(n) for name, n in by_stretch(c)},
        "instructions": [_part(p) for p in by_instruction(c)],
        "code": {name: getattr(change, name) for name in change.__struct_fields__},
        "lines_touched": [len(c.before.lines), len(c.after.lines)],
        "core_error": error_record(c.after.core_error),
        "cold": dict(c.after.cold),
        "memory": [_memory(c.before), _memory(c.after)],
        "files": [c.before.path.origin, c.after.path.origin],
        "unknown": sorted({*c.before.unknown, *c.after.unknown}),
        "guesses": [
            _guess(g) for g in dict.fromkeys((*c.before.guesses, *c.after.guesses))
        ],
    }


def _memory(e: Estimate) -> dict[str, int]:
    return {
        "lines": len(e.lines),
        "fills": e.fills,
        "code_fills": e.code_fills,
        "ownership_requests": e.ownership_requests,
        "commits": sum(use.commits for use in e.lines),
        "store_buffer_peak": e.store_buffer_peak,
    }


def error_record(known: MeasuredError | None) -> dict[str, Any] | None:
    """Mean errors in percent; null for a core without measured blocks."""
    if known is None:
        return None
    return {
        "rows": known.rows,
        "scenarios": list(known.scenarios),
        "sets": list(known.sets),
        "same_scenario": known.same_scenario,
        "mean_low": known.low,
        "mean_high": known.high,
        "interval_factors": [known.below, known.above],
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "text": spelled(part.insn) if part.insn else "",
        "at": place(part.insn) if part.insn else "",
        "change": part.change,
        "cycles": float(part.cycles),
    }


def _guess(guess: Guess) -> dict[str, Any]:
    return guess._asdict()


def _critical_path(e: Estimate) -> list[dict[str, Any]]:
    return [
        {
            "step": edge.step,
            "stage": edge.stage,
            "cause": edge.cause,
            "cycles": edge.cycles,
            "from": edge.source_step,
            "at": place(e.insn(edge.step)) if edge.step >= 0 else "",
        }
        for edge in e.critical_path
    ]
