"""Which way a jump of a path goes, and what is noted of it.

Direct jumps are taken. A conditional one goes as ``take`` says, else as the numbers in
sight decide, else away from an arm that ends in a trap, else on. Each returns where
control goes; None ends the path.
"""

from __future__ import annotations

from costmodel.code.insn import Flow, Form, Insn
from costmodel.code.walk import Walk


def unresolved(insn: Insn) -> str | None:
    """The symbol a direct branch goes to where only the linker knows its address."""
    for relocation in insn.relocations:
        if relocation.offset >= insn.form.opcode_offset:
            return relocation.symbol or "?"
    # e8 00000000 in bytes without relocations: a call nobody has filled in.
    if insn.form.flow is Flow.CALL and insn.form.branch_offset == insn.form.length:
        return "an address not filled in"
    return None


def jump(walk: Walk, insn: Insn) -> int | None:
    outside = unresolved(insn)
    walk.record(insn, taken=True)
    if outside is not None:
        walk.note(f"ends: jmp {outside} {walk.at(insn)} leaves this input")
        return None
    assert insn.target is not None
    walk.note(f"followed: jmp {walk.place(insn.target)} {walk.at(insn)}")
    return insn.target


def conditional(walk: Walk, insn: Insn) -> int | None:
    outside = unresolved(insn)
    target = insn.target
    shown = outside or walk.place(target or 0)
    what = f"{insn.form.mnemonic} {shown} {walk.at(insn)}"
    said = walk.takes.takes(insn, outside, target)
    walk.told = said is True
    if said is not None:
        taken = said
        walk.note(f"{'taken' if taken else 'not taken'}: {what}")
    elif (known := walk.known.decides(insn.form)) is not None:
        taken = known
        walk.rounds.setdefault(insn.address, [0, 0])[taken] += 1
    else:
        taken = _guessed(walk, insn, outside, what)
    walk.record(insn, taken=taken)
    if not taken:
        return insn.end
    if outside is not None:
        walk.note(f"ends: {what} leaves this input")
        return None
    return target


def _guessed(walk: Walk, insn: Insn, outside: str | None, what: str) -> bool:
    """Whether a jump nothing is known of is taken: only away from rare arms."""
    target = insn.target
    if outside is None and target is not None:
        doomed = walk.traps.ends_in_one
        if doomed(insn.end) and not doomed(target):
            walk.note(f"taken: {what}; the other arm ends in a trap")
            return True
        if _flush_pending(walk, insn):
            walk.note(f"taken: {what}; no flush of the TLB is pending")
            return True
        walk.passed_by.append((insn, target))
        if target in walk.visited:
            walk.note(f"not taken: {what}; a loop of unknown count, one round")
            return False
    walk.note(f"not taken: {what}")
    return False


def _flush_pending(walk: Walk, insn: Insn) -> bool:
    """Whether the arm that follows clears the very bit in memory just tested.

    So the kernel asks whether an address space waits to be flushed: rarely.
    """
    tested = walk.steps[-1].insn.form if walk.steps else None
    if tested is None or tested.mnemonic != "bt" or not tested.memory:
        return False
    at = insn.end
    for _ in range(3):
        form = walk.form_at(at)
        if form is None or form.flow is not Flow.NEXT:
            return False
        if form.mnemonic == "btr" and form.memory:
            return _place(form) == _place(tested)
        at += form.length
    return False


def _place(form: Form) -> tuple[int, int, str]:
    access = form.memory[0]
    # Relative addresses differ by the lengths between them: the segment is enough.
    offset = 0 if access.rip_relative else access.displacement
    return access.base, offset, access.segment


def count_rounds(walk: Walk) -> None:
    """What the numbers in the code decided, in the order of the path."""
    insns = {step.insn.address: step.insn for step in walk.steps}
    for address, (passed, taken) in walk.rounds.items():
        insn = insns[address]
        target = walk.place(insn.target or 0)
        what = f"{insn.form.mnemonic} {target} {walk.at(insn)}"
        times = f"{taken} of {taken + passed} times" if taken + passed > 1 else "once"
        verdict = "not taken" if not taken else f"taken {times}"
        walk.note(f"{verdict}, as the numbers in the code decide: {what}")


def indirect(walk: Walk, insn: Insn, reason: str) -> int | None:
    chosen = walk.takes.destination(insn)
    told = chosen is not None
    if chosen is None:
        chosen = in_code(walk, walk.known.target(insn))
    walk.record(insn, taken=True)
    if chosen is None:
        walk.note(f"{reason} {walk.at(insn)}: say where it goes with AT=TARGET")
        return None
    how = "as told" if told else "as the numbers in the code decide"
    walk.note(f"followed: to {walk.place(chosen)} {walk.at(insn)}, {how}")
    return chosen


def in_code(walk: Walk, address: int | None) -> int | None:
    if address is None or walk.image.section_at(address) is None:
        return None
    return address
