"""Which cost row of a core an instruction takes, and under which operation."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from costmodel.code.insn import Form
from costmodel.cores import costs
from costmodel.cores.model import Core, Cost
from costmodel.cores.semantic import Semantic
from costmodel.tuples import NamedTuple

HIGH = "_high"  # operations on AH to DH, where they have rows of their own
_STRINGS = ("movs", "stos", "lods", "cmps", "scas")


class Row(NamedTuple):
    """A cost row. ``cost`` is None where the core has none; ``path`` names it."""

    semantic: Semantic | None
    operation: str
    cost: Cost | None
    path: str = ""


def find_row(core: Core, table: Mapping[str, Semantic], form: Form) -> Row:
    """The row of ``form`` on ``core``. Prefixes change the operation: see the table."""
    semantic = _semantic(form, table)
    if semantic is None:
        return Row(None, form.mnemonic, None)
    names = _operations(core, semantic.operation, form)
    if form.special:
        names = (form.special, *names)
    shapes = _shapes(form, core.rename.folded_below)
    for name in names:
        apart = _high_shapes(form, shapes) if HIGH in name else ()
        for shape in (*apart, *shapes):
            hit = costs.find(core, name, shape)
            if hit is not None:
                own = semantic.operation if name == form.mnemonic else name
                cost = hit.cost
                if cost.whole and hit.composed:  # whole for registers, met by memory
                    cost = msgspec.structs.replace(cost, whole=False)
                return Row(semantic, own, cost, hit.path)
    return Row(semantic, names[0], None)


def _operations(core: Core, operation: str, form: Form) -> tuple[str, ...]:
    """Names rows may have, the most special first."""
    if form.lock and form.mnemonic != "xchg":
        return ("lock_" + operation, "lock")
    if form.repeat and operation.startswith(_STRINGS):
        return ("rep_" + operation,)
    names: tuple[str, ...] = (operation,)
    if form.same_register and operation + "_same" in core.costs:
        names = (operation + "_same", operation)
    if operation in ("adc", "sbb") and _short(form):
        names = ("adc_short", operation)
    if form.mnemonic != operation and form.mnemonic in core.costs:
        names = (form.mnemonic, operation)  # apart from the rest on this core
    if any(use.high for use in (*form.reads, *form.writes)):
        family = "adc" if operation == "sbb" else operation
        names = (form.mnemonic + HIGH, family + HIGH, *names)
        if form.same_register:
            names = (form.mnemonic + HIGH + "_same", *names)
    if operation == "lea":
        return (*_lea_names(form, core.rename.folded_below), *names)
    return names


def _shapes(form: Form, folded_below: int) -> tuple[str, ...]:
    """Shapes rows may have: an implied count of one, and a zero, have their own. A
    constant that is ``folded_below`` counts as a byte's."""
    shape = form.shape
    if shape == "r64,i32" and form.mnemonic in ("add", "sub"):
        if -folded_below < (form.immediate or 0) < folded_below:
            return ("r64,i8", shape)
    if shape.endswith("i8"):
        if form.immediate_bytes == 0:
            return (shape[:-2] + "1",)
        if form.immediate == 0 and shape[0] == "r":
            return (shape[:-2] + "0", shape)
    return (shape,)


def _high_shapes(form: Form, shapes: tuple[str, ...]) -> tuple[str, ...]:
    """The shapes with ``h`` for each operand that is one of AH to DH."""
    high = [o.register is not None and o.register.high for o in form.operands]
    return tuple(
        ",".join(
            "h" + part[1:] if is_high else part
            for part, is_high in zip(shape.split(","), high, strict=True)
        )
        for shape in shapes
        if any(high)
    )


def states_high(path: str) -> bool:
    """Whether the row ``path`` was written for AH to DH and states all they cost:
    it names such an operand, or has none (LAHF)."""
    operation, _, shape = path.rpartition(".")
    return HIGH in operation and ("h" in shape or not shape)


def _semantic(form: Form, table: Mapping[str, Semantic]) -> Semantic | None:
    """Row of the semantic table for a Form, its prefix applied to the operation."""
    name = form.mnemonic
    row = table.get(name)
    if row is None and form.condition:
        for family in ("cmov", "set", "j"):
            if name.startswith(family):
                row = table.get(family + "cc")
                break
    return row


def _short(form: Form) -> bool:
    """Whether it has the encoding for the accumulator, which needs no operand byte."""
    prefixes = b"\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65"
    code = form.data.lstrip(prefixes)
    if code and code[0] & 0xF0 == 0x40:  # REX
        code = code[1:]
    return bool(code) and code[0] in (0x14, 0x15, 0x1C, 0x1D)


def _lea_names(form: Form, folded_below: int) -> tuple[str, ...]:
    """Operations tried before ``lea`` itself: cores may cost address forms apart."""
    memory = form.memory[0]
    if form.operands[0].width < 32:
        parts = (memory.base >= 0, memory.index >= 0, memory.displacement_bytes > 0)
        if memory.rip_relative:
            return ("lea_16_rip", "lea_16_complex", "lea_16")
        if all(parts):
            return ("lea_16_complex", "lea_16")
        return ("lea_16",)
    if memory.rip_relative:
        return ("lea_rip",)
    scaled = memory.index >= 0 and memory.scale > 1
    if memory.base >= 0 and memory.index >= 0 and memory.displacement_bytes:
        return ("lea_scaled_disp", "lea_complex") if scaled else ("lea_complex",)
    if scaled:
        return ("lea_scaled",) if memory.base >= 0 else ("lea_index",)
    if folded_below and abs(memory.displacement) >= folded_below:
        return ()
    if memory.base >= 0 and memory.index < 0:
        return ("lea_disp",) if memory.displacement else ("lea_base",)
    return ()
