"""Which cost row of a core an instruction takes, and under which operation."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from costmodel.code.insn import Form
from costmodel.cores import costs
from costmodel.cores.model import Core, Cost
from costmodel.cores.semantic import Semantic
from costmodel.tuples import NamedTuple

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
    for name in names:
        for shape in _shapes(form):
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
    if form.mnemonic != operation and form.mnemonic in core.costs:
        names = (form.mnemonic, operation)  # apart from the rest on this core
    return (*_lea_names(form), *names) if operation == "lea" else names


def _shapes(form: Form) -> tuple[str, ...]:
    """Shapes rows may have: an implied count of one, and a zero, have their own."""
    shape = form.shape
    if shape.endswith("i8"):
        if form.immediate_bytes == 0:
            return (shape[:-2] + "1",)
        if form.immediate == 0 and shape[0] == "r":
            return (shape[:-2] + "0", shape)
    return (shape,)


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


def _lea_names(form: Form) -> tuple[str, ...]:
    """Operations tried before ``lea`` itself: cores may cost address forms apart."""
    memory = form.memory[0]
    if form.operands[0].width < 32:
        return ("lea_16",)
    if memory.rip_relative:
        return ("lea_rip",)
    scaled = memory.index >= 0 and memory.scale > 1
    if memory.base >= 0 and memory.index >= 0 and memory.displacement_bytes:
        return ("lea_scaled_disp", "lea_complex") if scaled else ("lea_complex",)
    if scaled:
        return ("lea_scaled",) if memory.base >= 0 else ("lea_index",)
    if memory.base >= 0 and memory.index < 0:
        return ("lea_disp",) if memory.displacement else ("lea_base",)
    return ()
