"""What cannot be run in user mode, and what cannot be laid out in copies."""

from __future__ import annotations

from costmodel.code.decode import format_insn
from costmodel.code.insn import Flow, Insn, Path, Step

_PRIVILEGED = frozenset(
    "swapgs sti cli hlt in insb insw insd out outsb outsw outsd lgdt lidt lldt ltr lmsw"
    " clts invd wbinvd wbnoinvd invlpg invlpga invlpgb tlbsync invpcid wrmsr wrmsrns"
    " rdmsr rdpmc xsetbv monitor mwait lkgs smsw sgdt sidt sldt str clgi stgi vmrun"
    " vmload vmsave skinit vmcall vmmcall vmlaunch vmresume vmptrld vmptrst vmclear"
    " vmread vmwrite vmxoff vmxon encls encodekey128 getsec rsm clac stac".split()
)
_ENTER_OR_LEAVE = (Flow.ENTER_KERNEL, Flow.LEAVE_KERNEL)
_CALLS = (Flow.CALL, Flow.INDIRECT_CALL)


def privileged(insn: Insn) -> bool:
    """Whether user mode forbids it, or it changes the mode."""
    form = insn.form
    if form.mnemonic in _PRIVILEGED or form.flow in _ENTER_OR_LEAVE:
        return True
    return any(operand.kind in "cd" for operand in form.operands)


def place_of(insn: Insn) -> str:
    """The instruction as messages name it: text and, where known, its line."""
    text = format_insn(insn).partition(" #")[0]
    if insn.source is None:
        return text
    return f"{text} at {insn.source.file}:{insn.source.line}"


def followed(steps: tuple[Step, ...], k: int) -> bool:
    """Whether step ``k``, a call, is followed into its callee."""
    return k + 1 < len(steps) and steps[k + 1].insn.address != steps[k].insn.end


def calls_next(insn: Insn) -> bool:
    """Whether it only pushes its own end: a call of the next instruction."""
    return insn.target == insn.end and not insn.relocations


def is_call(step: Step) -> bool:
    return step.insn.form.flow in _CALLS


def vector(path: Path) -> Insn | None:
    """The first instruction that touches registers the model does not have."""
    return next((s.insn for s in path.steps if s.insn.form.vector), None)
