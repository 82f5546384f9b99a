"""What was measured, as text for a mail and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel.measure.cpu import Cpu
from costmodel.measure.judge import Figure
from costmodel.measure.paired import Paired
from costmodel.measure.run import Measured
from costmodel.views.json import document
from costmodel.views.layout import clip, number, plural, table, wrap
from costmodel.views.render.text import section_lines
from costmodel.views.tree import Section, Table, Text

SETTINGS = {
    "ring 0": "through ring 0",
    "system call": "around a system call",
    "lfence": "behind LFENCE",
    "opcache": "op-cache loop",
    "unroll": "copies in a row",
}
_SCENARIOS = {
    "unroll": "copies in a row",
    "opcache": "copies in a loop of about 200 instructions",
    "loop": "a loop of its own",
    "once": "a single pass, the empty bracket subtracted",
}


_NAME = 22  # columns


def cpu_record(cpu: Cpu) -> dict[str, Any]:
    return {
        "vendor": cpu.vendor,
        "family": cpu.family,
        "model": cpu.model,
        "stepping": cpu.stepping,
        "uarch": cpu.uarch or None,
        "name": cpu.name,
        "microcode": cpu.microcode,
        "hypervisor": cpu.hypervisor,
        "kernel": cpu.kernel,
        "mitigations": dict(cpu.mitigations),
    }


def measured_record(m: Measured) -> dict[str, Any]:
    f = m.figure
    return {
        "file": m.path.origin,
        "path": m.path.name,
        "scenario": m.scenario,
        "cycles": _rounded(f.cycles),
        "low": _rounded(f.low),
        "high": _rounded(f.high),
        "kept": f.kept,
        "taken": f.taken,
        "rounds": f.rounds,
        "agreeing": f.agreeing,
        "ghz": _rounded(f.ghz),
        "status": m.status,
        "why": m.failure.says if m.failure else None,
        "notes": list(m.notes),
    }


def paired_record(p: Paired, cpu: Cpu) -> dict[str, Any]:
    """A difference as ``compare --measure --json`` has it."""
    return {
        "delta": _rounded(p.delta.cycles),
        "low": _rounded(p.delta.low),
        "high": _rounded(p.delta.high),
        "setting": p.setting,
        "cpu": cpu.label,
        "before": _rounded(p.before),
        "after": _rounded(p.after),
        "controls": [_rounded(v) for v in p.floor] if p.floor else None,
        "rounds": p.delta.agreeing,
        "kept": p.delta.kept,
        "taken": p.delta.taken,
        "status": p.delta.status if p.failure is None else p.failure.word,
        "why": p.failure.says if p.failure else None,
        "notes": list(p.notes),
    }


def _rounded(value: float | None) -> float | None:
    """To a ten-thousandth of a cycle: the rest is noise."""
    return None if value is None else round(value, 4)


def measured_document(
    cpu: Cpu, results: Sequence[Measured], pairs: Sequence[Paired] = ()
) -> str:
    more: dict[str, Any] = {}
    if pairs:
        more["paired"] = [paired_record(p, cpu) for p in pairs]
    return document(
        cpu=cpu_record(cpu), results=[measured_record(m) for m in results], **more
    )


def cpu_section(cpu: Cpu) -> Section:
    """Where this was measured."""
    parts = [cpu.kernel]
    if cpu.microcode:
        parts.append(f"microcode {cpu.microcode}")
    if cpu.hypervisor:
        parts.append("a virtual machine")
    texts = [Text(", ".join(parts))]
    if cpu.mitigations:
        names = ", ".join(name for name, _ in cpu.mitigations)
        texts.append(Text(f"mitigations for: {names}", True))
    return Section(f"measured on {cpu.label}: {cpu.name or 'unnamed'}", tuple(texts))


def cpu_lines(cpu: Cpu) -> list[str]:
    """The same as text for a mail."""
    return [line[2:] if k == 0 else line
            for k, line in enumerate(section_lines(cpu_section(cpu), 72))]  # fmt: skip


def measured_text(
    cpu: Cpu, results: Sequence[Measured], pairs: Sequence[Paired] = ()
) -> str:
    lines = cpu_lines(cpu)
    scenarios = dict.fromkeys(m.scenario for m in results)
    for scenario in scenarios:
        lines += ["", f"{scenario}: {_SCENARIOS.get(scenario, scenario)}"]
        rows: list[tuple[str, ...]] = [
            ("", "cycles", "agreeing rounds", "samples", "GHz", "")
        ]
        rows += [_row(m) for m in results if m.scenario == scenario]
        lines += table(rows, "lrlrrl")
    notes = dict.fromkeys(note for m in results for note in m.notes)
    lines += [wrap(note, "  ", "    ") for note in notes]
    if pairs:
        lines += ["", *paired_lines(pairs)]
    return "\n".join(lines)


def _row(m: Measured) -> tuple[str, ...]:
    name = _short(m.path.origin or m.path.name)
    f = m.figure
    if f.cycles is None or f.low is None or f.high is None:
        return (name, m.status, "", "", "", "")
    spread = f"{number(f.low, 2)}-{number(f.high, 2)}, {f.agreeing} of {f.rounds}"
    return (
        name,
        number(f.cycles, 2),
        spread,
        f"{f.kept}/{f.taken}",
        number(f.ghz or 0, 2),
        "" if m.status == "ok" else m.status,
    )


def _short(origin: str) -> str:
    """A file's name without its directories, where it is long."""
    name = origin if len(origin) <= _NAME else origin.rpartition("/")[2]
    return clip(name, _NAME)


def paired_lines(pairs: Sequence[Paired]) -> list[str]:
    """``paired_section`` as text for a mail."""
    return section_lines(paired_section(pairs), 72)


def paired_section(pairs: Sequence[Paired]) -> Section:
    """A row a setting: the difference, its quartiles, what placement alone does."""
    head = ("measured", "delta", "90 % interval", "before", "controls")
    rows = tuple((SETTINGS.get(p.setting, p.setting), *_pair_cells(p)) for p in pairs)
    texts = [
        f"{SETTINGS.get(p.setting, p.setting)}: {p.failure.says}"
        for p in pairs
        if p.failure is not None
    ]
    texts += dict.fromkeys(note for p in pairs for note in p.notes)
    counted = max((p.delta.agreeing for p in pairs), default=0)
    texts.append(
        f"medians of {plural(counted, 'round')}, the code lying elsewhere in each; "
        "controls: the first body again and with NOPs behind it; a difference "
        "within what they read is none"
    )
    table = Table(head, rows, "lrlrl")
    return Section("", (table, *(Text(text, True) for text in texts)))


def _pair_cells(p: Paired) -> tuple[str, str, str, str]:
    f: Figure = p.delta
    if f.cycles is None or f.low is None or f.high is None:
        return ((p.failure.word if p.failure else f.status), "", "", "")
    floor = p.floor or (0.0, 0.0)
    return (
        number(f.cycles, 1, sign=True),
        f"{number(f.low, 1, sign=True)} to {number(f.high, 1, sign=True)}",
        number(p.before or 0, 1),
        f"{number(floor[0], 1, sign=True)} to {number(floor[1], 1, sign=True)}",
    )
