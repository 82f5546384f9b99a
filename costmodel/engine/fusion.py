"""Instructions that become one: compares with jumps, moves with what follows them."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code import registers as R
from costmodel.code.insn import Flow, Form
from costmodel.cores.model import Core
from costmodel.engine import layout as L
from costmodel.engine.lowered import Item, Lowered

_NEGATION = {
    "o": "no", "b": "ae", "e": "ne", "be": "a", "s": "ns", "p": "np", "l": "ge",
    "le": "g",
}  # fmt: skip
_BASE = {negative: name for name, negative in _NEGATION.items()}


def fuses(core: Core, first: Form, second: Form) -> bool:
    """Whether ``second``, a conditional jump, joins the instruction before it."""
    fusion = core.fusion
    if second.flow is not Flow.CONDITIONAL or not second.condition:
        return False
    conditions = fusion.pairs.get(first.mnemonic)
    if conditions is None:
        return False
    condition = second.condition
    base = _BASE.get(condition, condition)
    if not ({"all", condition, base} & set(conditions)):
        return False
    memory = [m for m in first.memory if m.reads or m.writes]
    if not memory:
        return True
    if any(m.writes for m in memory) or not fusion.memory:
        return False
    if any(m.rip_relative for m in memory) and not fusion.rip_relative:
        return False
    return first.immediate is None or fusion.memory_immediate


def kept_apart(core: Core, items: Sequence[Item], base: int) -> frozenset[int]:
    """Instructions at a boundary that pairs do not fuse across, the first of ``items``
    being at ``base``; -1: copies are anywhere, and all fuse."""
    boundary = core.fusion.boundary
    if base < 0 or not boundary:
        return frozenset()
    found = []
    at = base
    for k, item in enumerate(items):
        at = item.address if item.address >= 0 else at
        if at % boundary == 0:
            found.append(k)
        at += item.form.length
    return frozenset(found)


def fuse(first: Lowered, second: Lowered) -> Lowered:
    """The pair as one: the last compute uop becomes the branch."""
    branch = second.uops[-1]
    uops = list(first.uops)
    last = uops[-1]
    uops[-1] = last._replace(
        kind=branch.kind, port_class=branch.port_class, flags=last.flags
    )
    return first._replace(uops=tuple(uops), flags=first.flags | L.FUSED_PAIR)


def moves_into(core: Core, first: Form, second: Form) -> bool:
    """Whether ``first`` is a register move that joins ``second``, the operation on the
    register it wrote: both of one width, the other operand a third register or an
    immediate."""
    if second.mnemonic not in core.fusion.after_move or first.mnemonic != "mov":
        return False
    if first.memory or second.memory or len(second.operands) != 2:
        return False
    target, source = first.operands[0].register, first.operands[1].register
    changed, other = second.operands[0].register, second.operands[1].register
    if target is None or source is None or changed is None or target != changed:
        return False
    if target.width not in core.rename.move_elimination.widths:
        return False
    if R.RSP in (target.reg, source.reg) or target.reg == source.reg:
        return False
    return other is None or other.reg != target.reg


def join(first: Lowered, second: Lowered) -> Lowered:
    """A move and the operation after it, in the move's slot."""
    operation = second.uops[0]
    joined = operation._replace(flags=operation.flags & ~L.NEW_SLOT)
    uops = (*first.uops, joined, *second.uops[1:])
    return first._replace(
        uops=uops, flags=first.flags | L.FUSED_PAIR, immediates=second.immediates
    )


def absorbs(first: Form, lowered: Lowered, second: Form) -> bool:
    """Whether ``second`` is a NOP that takes no slot beside ``first``: one NOP joins an
    instruction that runs on to it and is not a pair or microcode already."""
    return (
        second.mnemonic == "nop"
        and first.flow is Flow.NEXT
        and not lowered.microcode
        and not lowered.flags & L.FUSED_PAIR
    )


def absorb(first: Lowered, _nop: Lowered) -> Lowered:
    """An instruction and the NOP after it, in the instruction's slot."""
    return first._replace(flags=first.flags | L.FUSED_PAIR)
