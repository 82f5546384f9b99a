"""Execute a sequence symbolically and say which addresses it touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from costmodel.code import registers as R
from costmodel.code.compiler import action_of, needs_flags, nothing, relocated_action
from costmodel.code.decode import form_of_one
from costmodel.code.insn import Flow, Insn
from costmodel.code.machine import Machine, Value
from costmodel.code.system import return_from_call
from costmodel.tuples import NamedTuple

_WAYS_OUT = (Flow.RETURN, Flow.LEAVE_KERNEL)
_SURROUNDINGS = (R.RSP, R.GS_BASE, R.KERNEL_GS_BASE)
_CALLS = (Flow.CALL, Flow.INDIRECT_CALL)


class AccessAt(NamedTuple):
    """One memory access. ``slot`` indexes ``form.memory``; ``width`` is in bytes."""

    step: int
    slot: int
    root: int
    offset: int
    width: int
    reads: bool
    writes: bool


class Execution(NamedTuple):
    """What ``run`` saw, copy by copy, and the machine as the last copy leaves it."""

    copies: tuple[tuple[AccessAt, ...], ...]
    machine: Machine

    def describe(self, root: int, offset: int = 0) -> str:
        return self.machine.describe((root, offset))

    def held(self, root: int, offset: int, width: int = 8) -> Value:
        """The value memory holds at the end."""
        return self.machine.load(root, offset, width)


class Table(NamedTuple):
    """What follows from a form alone."""

    accesses: tuple[tuple[int, int, int, int], ...]  # slot, width, reads, writes
    written: int  # general registers written, one bit each; tracked RSP moves left out
    rsp_immediate: int


@lru_cache(maxsize=1 << 15)
def table_of(data: bytes) -> Table:
    form = form_of_one(data)
    accesses = tuple(
        (slot, max(m.width // 8, 1), int(m.reads), int(m.writes))
        for slot, m in enumerate(form.memory)
        if m.reads or m.writes
    )
    written = 0
    for use in form.writes:
        if use.reg < 16:
            written |= 1 << use.reg
    immediate = 0
    operands = form.operands
    if operands and operands[0].register == (R.RSP, 64, False):
        if form.mnemonic in ("add", "sub") and operands[1].kind == "i":
            immediate = abs(operands[1].immediate or 0)
            written &= ~(1 << R.RSP)
        elif form.mnemonic in ("inc", "dec"):
            immediate = 1
            written &= ~(1 << R.RSP)
    return Table(accesses, written, immediate)


def _returns(insns: Sequence[Insn]) -> list[int]:
    """Calls whose callee is not in the sequence: the next instruction follows them."""
    out = []
    last = len(insns) - 1
    for k, insn in enumerate(insns):
        if k < last and insn.form.flow in _CALLS:
            end = insn.end
            away = insn.target != end or bool(insn.relocations)
            if away and insns[k + 1].address == end:
                out.append(k)
    return out


def _entered_anew(insns: Sequence[Insn]) -> bool:
    """Whether what surrounds the sequence has to bring it back to its beginning.

    So it is after a return, after leaving the kernel, and where SWAPGS was executed an
    odd number of times.
    """
    if not insns:
        return False
    if insns[-1].form.flow in _WAYS_OUT:
        return True
    swaps = sum(1 for insn in insns if insn.form.mnemonic == "swapgs")
    return swaps % 2 == 1


def execute(machine: Machine, insns: Sequence[Insn], copies: int) -> list[list[Value]]:
    """The address of every access, copy by copy."""
    flags = False
    for insn in insns:
        if needs_flags(insn.form.data):
            flags = True
            break
    returns = frozenset(_returns(insns))
    steps = []
    for k, insn in enumerate(insns):
        if insn.relocations:
            action = relocated_action(insn)
        else:
            action = action_of(insn.form.data, flags)
        if action is not nothing:
            steps.append((k, action, insn))
    again = _entered_anew(insns) if copies > 1 else False
    start = [(machine.roots[r], machine.offsets[r]) for r in _SURROUNDINGS]
    runs = []
    for copy in range(copies):
        if again and copy:
            for r, (root, offset) in zip(_SURROUNDINGS, start, strict=True):
                machine.roots[r], machine.offsets[r] = root, offset
        out: list[Value] = []
        machine.out = out
        for k, action, insn in steps:
            action(machine, insn)
            if k in returns:
                return_from_call(machine, k, -insn.form.stack_delta)
        runs.append(out)
    return runs


def run(
    insns: Sequence[Insn],
    copies: int = 1,
    initial: Mapping[int, str] | None = None,
    machine: Machine | None = None,
) -> Execution:
    """Execute ``insns`` ``copies`` times in a row, registers and memory carried over.

    A sequence that ends by returning or by leaving the kernel is entered anew: RSP and
    the GS bases are then at every start what they were at the first.
    ``initial`` names values registers hold at the start: ``{registers.RCX: "user
    rip"}``. ``machine`` is one to start from instead of a fresh one. A call whose
    callee is not in the sequence returns at once.
    """
    machine = Machine() if machine is None else machine
    for register, name in (initial or {}).items():
        machine.roots[register] = machine.intern(("name", name))
    shape = [
        (step, *access)
        for step, insn in enumerate(insns)
        for access in table_of(insn.form.data).accesses
    ]
    out = []
    for addresses in execute(machine, insns, copies):
        out.append(
            tuple(
                AccessAt(step, slot, root, offset, width, bool(reads), bool(writes))
                for (step, slot, width, reads, writes), (root, offset) in zip(
                    shape, addresses, strict=True
                )
            )
        )
    return Execution(tuple(out), machine)
