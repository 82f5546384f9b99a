"""A core drawn from its file: front end, window, ports and caches, in ASCII."""

from __future__ import annotations

import re
from collections.abc import Sequence

from costmodel import lazily
from costmodel.cores.model import Core
from costmodel.views.layout import wrap

_WIDTH = 68  # of a box, its sides included
_INDENT = "  "
_STEM = 8  # column of the line that joins boxes
# Classes core files name only to share rows: "p015" is ports 0, 1 and 5.
_SHORTHAND = lazily.pattern(r"p\d+b?$")


def block_diagram(core: Core) -> list[str]:
    """Boxes from fetch to memory, 72 columns at most; only what the core has."""
    boxes = [
        _front_end(core),
        _queue(core),
        _rename(core),
        *_schedulers(core),
        _caches(core),
    ]
    lines: list[str] = []
    for number, box in enumerate(boxes):
        if number:
            lines.append(_INDENT + " " * _STEM + "|")
        lines += _box(box)
    return lines


def _box(content: Sequence[str]) -> list[str]:
    edge = _INDENT + "+" + "-" * (_WIDTH - 2) + "+"
    inner = _WIDTH - 4
    rows = [
        row
        for text in content
        for row in wrap(text, "", _hanging(text), inner).splitlines()
    ]
    return [edge, *(f"{_INDENT}| {row:<{inner}} |" for row in rows), edge]


def _hanging(text: str) -> str:
    """Where the lines after the first begin: under the words, not the label."""
    label = re.match(r"\S+(?: \S+)*?:? {2,}", text)
    return " " * (label.end() if label else 2)


def _front_end(core: Core) -> list[str]:
    front = core.front_end
    decode, cache, before = front.decode, front.uop_cache, front.predecode
    out = [f"fetch       {front.fetch_bytes} bytes a cycle"]
    if before.width:
        out.append(f"predecode   {before.width} a cycle, {before.queue} queued")
    out.append(f"decode      {decode.width} instructions, {decode.uops} uops a cycle")
    if cache.window:
        out.append(
            f"uop cache   {cache.capacity} {cache.counts}, lines of {cache.line_uops}"
            f" in {cache.window} bytes, {cache.uops_per_cycle} a cycle"
        )
    out.append(f"microcode   {front.microcode_uops} uops a cycle")
    if front.loop_buffer:
        out.append(f"loop buffer {front.loop_buffer} uops")
    return out


def _queue(core: Core) -> list[str]:
    return [f"uop queue   {core.front_end.uop_queue}"]


def _rename(core: Core) -> list[str]:
    window, rename = core.window, core.rename
    sizes = {
        "loads": window.load_buffer,
        "stores": window.store_buffer,
        "integer registers": window.int_registers,
        "flag registers": window.flag_registers,
    }
    held = ", ".join(f"{size} {name}" for name, size in sizes.items() if size)
    return [
        f"rename      {rename.width} slots a cycle",
        f"in flight   ROB {window.rob}" + (f", {held}" if held else ""),
        f"retire      {window.retire} slots a cycle",
    ]


def _schedulers(core: Core) -> list[list[str]]:
    """A box a scheduler; ports no scheduler feeds have one of their own."""
    fed = [
        (f"scheduler   {one.entries} entries", tuple(one.ports))
        for one in core.window.schedulers
    ]
    loose = tuple(p for p in core.ports.names if not any(p in some for _, some in fed))
    if loose:
        fed.append(("unscheduled", loose))
    return [[title, *_port_rows(core, ports)] for title, ports in fed]


def _port_rows(core: Core, ports: Sequence[str]) -> list[str]:
    """Ports with the classes they serve; those that serve the same share a row."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for port in ports:
        classes = tuple(
            name.replace("_", " ")
            for name, some in core.ports.classes.items()
            if port in some and not _SHORTHAND.match(name)
        )
        rows.setdefault(classes, []).append(port)
    return [
        f"{'port ' + ' '.join(some):<11} {', '.join(classes) or 'nothing'}"
        if len(" ".join(some)) < 7
        else f"port {' '.join(some)}  {', '.join(classes) or 'nothing'}"
        for classes, some in rows.items()
    ]


def _caches(core: Core) -> list[str]:
    memory = core.memory
    return [
        f"L1D         load {memory.load_latency} cycles, forward "
        f"{memory.forward_latency}, commit {memory.commit_per_cycle} a cycle, "
        "lines of 64 bytes",
        f"L2          {memory.l2_latency} cycles, {memory.fill_buffers} fills at once",
        f"L3          {memory.l3_latency} cycles; memory {memory.memory_latency}",
    ]
