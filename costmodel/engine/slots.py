"""Slots and flags of an instruction: in issue, the decoders and the uop cache."""

from __future__ import annotations

from costmodel.code import registers as R
from costmodel.code.insn import Flow, Form, MemoryAccess
from costmodel.cores.model import Core, Cost, Decode, Rename
from costmodel.engine import layout as L
from costmodel.engine.dataflow import Dataflow
from costmodel.engine.lowered import Terms, Uop


# --- issue slots ----------------------------------------------------------------------
def count(uops: list[Uop]) -> int:
    """Issue slots the uops take."""
    return sum(1 for u in uops if u.flags & L.NEW_SLOT)


def in_slots(uops: list[Uop], wanted: int) -> list[Uop]:
    """The same uops in ``wanted`` issue slots: shared ones are split from the start."""
    starts = [bool(u.flags & L.NEW_SLOT) for u in uops]
    starts[0] = True
    k = 0
    while sum(starts) < wanted and k < len(starts):
        starts[k] = True
        k += 1
    k = len(starts) - 1
    while sum(starts) > wanted and k > 0:
        starts[k] = False
        k -= 1
    return [
        u._replace(flags=(u.flags | L.NEW_SLOT) if s else (u.flags & ~L.NEW_SLOT))
        for u, s in zip(uops, starts, strict=True)
    ]


def unlaminated(
    form: Form,
    uops: list[Uop],
    accesses: tuple[MemoryAccess, ...],
    flow: Dataflow,
    rename: Rename,
) -> list[Uop]:
    """The uops with the issue slots that indexed addressing splits."""
    if not any(a.index >= 0 and not a.implicit for a in accesses):
        return uops
    rule = rename.unlaminate_loads
    split_load = rule == "all" or (
        rule == "no_destination_read" and not _stays_fused(form, uops, flow)
    )
    out = []
    for k, uop in enumerate(uops):
        previous = uops[k - 1].kind if k else L.K_NONE
        split = (previous == L.K_LOAD and uop.kind != L.K_LOAD and split_load) or (
            uop.kind == L.K_STORE_DATA and rename.unlaminate_stores
        )
        out.append(uop._replace(flags=uop.flags | L.NEW_SLOT) if split else uop)
    return out


def _stays_fused(form: Form, uops: list[Uop], flow: Dataflow) -> bool:
    """A fused load needs both address registers and one more input: it keeps its slot
    only while the destination is that input, and the flags are not one too."""
    first = form.operands[0].register if form.operands else None
    if first is None or first not in form.writes:
        return False
    register = flow.register(first)
    read = (
        first in form.reads
        or register in flow.merged
        or any(register in dict(u.inputs) for u in uops)
    )
    return read and not any(use.reg in R.FLAG_REGISTERS for use in form.reads)


# --- decoders and uop cache -----------------------------------------------------------
def simple_after(cost: Cost, decode: int, special: bool, front: Decode) -> int:
    """Simple decoders usable in the cycle the instruction is decoded in."""
    if cost.simple_after is not None:
        return cost.simple_after
    if special and front.simple_after:
        table = front.simple_after
        return table[min(decode, len(table)) - 1]
    return front.width - 1


def immediates(form: Form, core: Core) -> int:
    """32-bit slots the immediate and displacement take in a cached line."""
    least = 1 if core.front_end.uop_cache.short_immediates else 4
    slots = 1 if form.displacement_bytes >= least else 0
    if form.immediate_bytes >= 8:
        return slots + 2
    return slots + 1 if form.immediate_bytes >= least else slots


def prefix_stall(form: Form, front: Decode) -> tuple[int, Terms]:
    """Cycles too many prefixes cost, and the figures they are a sum of."""
    if not front.prefix_limit or form.prefixes <= front.prefix_limit:
        return 0, ()
    fours = (form.prefixes - front.prefix_limit - 1) // 4
    return front.prefix_stall + fours * front.prefix_stall_more, (
        ("front_end.decode.prefix_stall", 1),
        ("front_end.decode.prefix_stall_more", fours),
    )


# --- flags ----------------------------------------------------------------------------
def flags_of(form: Form, operation: str, cost: Cost, taken: bool, core: Core) -> int:
    """The instruction's flags (see ``layout``), all but COMPLEX for its slots."""
    front = core.front_end.decode
    flags = _branch_flags(form, operation, taken, front) | _stack_flags(form, core)
    if front.slot0_length and form.length > front.slot0_length:
        flags |= L.LONG
    if form.length_changing_prefix:
        flags |= L.LCP
    if cost.waits:
        flags |= L.WAIT_RETIRE
        if cost.waits == "stores":
            flags |= L.WAIT_STORES
    if cost.holds:
        flags |= L.HOLDS
    if cost.refetch:
        flags |= L.REFETCH
        if cost.refetch == "decode":
            flags |= L.REFETCH_DECODE
    if form.mnemonic == "pop" and form.operands:
        register = form.operands[0].register
        if register is not None and register.reg in (R.RSP, 12):
            flags |= L.COMPLEX if front.pop_r12_complex else 0
            flags |= L.ENDS_GROUP if front.ends_after_pop_r12 else 0
    return flags


def _branch_flags(form: Form, operation: str, taken: bool, front: Decode) -> int:
    if form.flow is Flow.NEXT or operation == "endbr":
        return 0
    flags = L.BRANCH
    if taken or form.flow is not Flow.CONDITIONAL:
        flags |= L.TAKEN
    if flags & L.TAKEN or front.ends_after_branch:
        flags |= L.ENDS_GROUP
    return flags


def _stack_flags(form: Form, core: Core) -> int:
    flags = 0
    uses = any(
        R.RSP in (m.base, m.index) and not m.implicit for m in form.memory
    ) or any(use.reg == R.RSP for use in form.reads)
    sets = any(use.reg == R.RSP for use in form.writes)
    if uses and (sets or core.rename.stack_engine.sync_reads):
        flags |= L.USES_RSP
    if sets:
        flags |= L.SETS_RSP
    return flags
