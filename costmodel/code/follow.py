"""From a start address to the exact sequence of instructions executed.

The rules, each use of which is noted on the Path:
- direct jumps are taken; a conditional one goes as ``take`` says, else as the numbers
  in sight decide (a constant loop count, ``--with``), else away from an arm that ends
  in a trap (WARN, BUG), else on;
- an indirect call, and a direct call of a C function, is the stand-in for the C
  handler: the path goes on behind it;
- a call of an assembly routine of the same input, of a local label or of a name in
  ``into`` is followed, and its ``ret`` comes back;
- the path ends with SYSRET, SYSEXIT, IRET or ERETU, with ``ret`` where no followed call
  is open, with an indirect jump, at the selector's end or at the end of the code. One
  that runs into a trap is refused, unless the user sent it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from costmodel import lazily
from costmodel.code import registers as R
from costmodel.code.alternatives import crossed, spelled
from costmodel.code.boot import THUNK
from costmodel.code.decode import format_insn
from costmodel.code.events import entered_by
from costmodel.code.features import Features, numbered
from costmodel.code.image import Image
from costmodel.code.insn import Flow, Form, Insn, Path, Replaced
from costmodel.code.machine import Value
from costmodel.code.selectors import closest
from costmodel.code.special import specialised
from costmodel.code.takes import Takes
from costmodel.code.traps import TRAPS
from costmodel.code.walk import Walk
from costmodel.errors import InputError

STEP_LIMIT = 20_000
CALL_LIMIT = 64
_STOPS = TRAPS | {"hlt"}
# Assembly routines of the kernel that are part of the entry path, not its handler.
_PART_OF_ENTRY = lazily.pattern(
    r".*untrain_ret.*|clear_bhb_loop.*|entry_ibpb|write_ibpb|srso_.*|retbleed_.*"
    r"|its_.*thunk.*|__x86_return_thunk|error_entry|paranoid_entry|error_return"
    r"|paranoid_exit|xen_error_entry|.*_return_thunk"
)
# Sections of a linked kernel that hold assembly and nothing else.
_ASSEMBLY = lazily.pattern(r"\.entry\.text.*|\.text\.\.__x86\..*")


def follow(
    image: Image,
    start: int,
    *,
    name: str = "",
    end: int | None = None,
    take: Sequence[str] = (),
    into: Sequence[str] = (),
    given: Mapping[int, int] | None = None,
    features: Features | None = None,
    limit: int = STEP_LIMIT,
) -> Path:
    """The Path from ``start``; ``end`` is exclusive.

    ``take`` entries are explained in ``takes``; ``given``: values of registers at the
    start, by number; ``features``: what boot finds (None: not said). Raises InputError
    for bytes that are no instruction, for a cycle, a trap and past ``limit`` steps;
    UsageError for a bad ``take``.
    """
    if image.patched:
        features = numbered(features or Features(), image.memory)
    walk = Walk(
        image, Takes(image, take), frozenset(into), given or {}, features or Features()
    )
    for symbol in into:
        _check_known(image, symbol)
    # One address in one state twice means for ever: nothing else steers the walk.
    seen: set[tuple[object, ...]] = set()
    stack: Value | None = None
    at: int | None = start
    while at is not None:
        if at == end:
            break
        if image.section_at(at) is None:
            _leave(walk, at)
            break
        insn = walk.fetch(at)
        if insn is None:
            break
        state = (at, walk.calls.state, walk.takes.state, walk.known.state)
        if state in seen:
            raise _cycle(walk, insn)
        if len(walk.steps) >= limit:
            raise InputError(
                f"a path of more than {limit} instructions",
                where=image.where(at),
                expected="a path that ends",
                hint="choose a smaller region, or take fewer rounds of a loop",
            )
        seen.add(state)
        machine = walk.known.machine
        stack = (machine.roots[R.RSP], machine.offsets[R.RSP])
        at = _step(walk, insn)
    if not walk.steps:
        raise InputError(
            "an empty path",
            where=image.where(start),
            expected="at least one instruction between begin and end",
        )
    _count_rounds(walk)
    for entry in walk.takes.unused():
        walk.note(f"take {entry}: no jump on this path goes there")
    return _path(walk, name, start, stack)


def _path(walk: Walk, name: str, start: int, stack: Value | None) -> Path:
    image = walk.image
    begins = image.name_at(start, labels=False)
    whole = "+" not in begins
    event = entered_by(begins.partition("+")[0] or name, walk.steps, stack, whole)
    replaced = tuple(
        Replaced(
            image.where(c.start),
            c.start,
            c.features,
            c.applied,
            spelled(c.original, c.start),
            spelled(c.running, c.start),
        )
        for c in (crossed(walk.patches, walk.steps) if image.patched else ())
    )
    return Path(
        name,
        tuple(walk.steps),
        tuple(walk.notes),
        image.origin,
        event=event,
        alternatives=replaced,
        features=walk.features.text,
        unused=tuple(walk.takes.unused()),
    )


def _check_known(image: Image, symbol: str) -> None:
    if not image.named(symbol):
        close = closest(symbol, [row.name for row in image.symbols])
        raise InputError(
            f"no symbol {symbol!r} to follow calls into",
            where=image.origin,
            expected="a routine of the same input",
            hint="did you mean " + ", ".join(close) + "?" if close else "",
        )


def _step(walk: Walk, insn: Insn) -> int | None:
    """Record ``insn`` and say where control goes; None ends the path."""
    form = insn.form
    flow = form.flow
    if form.mnemonic in _STOPS or flow is Flow.INVALID:
        _stop(walk, insn)
        return None
    if flow is Flow.NEXT:
        if walk.calls.watch(form):
            dropped = "a followed call's return address is dropped"
            walk.note(f"{dropped} {walk.at(insn)}")
        flushes = walk.features.names is not None
        special = specialised(form, walk.known, flushes=flushes)
        if special is not form:
            insn = replace(insn, form=special)
            _tell_special(walk, insn)
        walk.record(insn)
        return insn.end
    if flow is Flow.ENTER_KERNEL:
        walk.record(insn)
        walk.note(f"{form.mnemonic} {walk.at(insn)}: what it enters is not followed")
        return insn.end
    if flow is Flow.LEAVE_KERNEL:
        walk.record(insn)
        walk.note(f"ends with {form.mnemonic} {walk.at(insn)}")
        return None
    if flow is Flow.JUMP:
        return _jump(walk, insn)
    if flow is Flow.CONDITIONAL:
        return _conditional(walk, insn)
    if flow is Flow.CALL:
        return _call(walk, insn)
    if flow is Flow.INDIRECT_CALL:
        chosen = walk.takes.destination(insn)
        if chosen is not None:
            return _enter(walk, insn, chosen)
        target = _in_code(walk, walk.known.target(insn))
        if target is not None:
            return _call_of(walk, insn, target)
        return _handler(walk, insn)
    if flow is Flow.RETURN:
        return _return(walk, insn)
    return _indirect(walk, insn, "ends with the indirect jump")


def _tell_special(walk: Walk, insn: Insn) -> None:
    form = insn.form
    if form.count >= 0:
        walk.note(f"{form.count} bytes: rep {form.mnemonic} {walk.at(insn)}")
    elif form.special == "mov_cr3_flush":
        walk.note(f"flushes the TLB: the write of CR3 {walk.at(insn)}")


def _stop(walk: Walk, insn: Insn) -> None:
    """The end at a trap: refused, unless the user or the input itself leads there."""
    form = insn.form
    trap = form.mnemonic in TRAPS or form.flow is Flow.INVALID
    image = walk.image
    told = walk.told or walk.takes.names(insn)
    told = told or not image.symbols or image.truncated
    if trap and not told:
        raise InputError(
            f"the path runs into {form.mnemonic} at {walk.place(insn.address)}",
            where=walk.image.where(insn.address),
            expected="a path that ends in a return, or one told to end here",
            hint=_way_on(walk, insn),
        )
    walk.record(insn)
    walk.note(f"ends with {form.mnemonic} {walk.at(insn)}")


def _way_on(walk: Walk, insn: Insn) -> str:
    """Which ``--take`` would keep a path out of the trap."""
    for jump, target in reversed(walk.passed_by):
        if not walk.traps.ends_in_one(target):
            name = walk.image.name_at(target) or hex(target)
            place = walk.image.where(jump.address)
            return f"--take {name} goes on instead (the jump at {place})"
    where = walk.image.name_at(insn.address) or hex(insn.address)
    return f"nothing else is left; --take {where} accepts this end"


def _unresolved(insn: Insn) -> str | None:
    """The symbol a direct branch goes to where only the linker knows its address."""
    for relocation in insn.relocations:
        if relocation.offset >= insn.form.opcode_offset:
            return relocation.symbol or "?"
    # e8 00000000 in bytes without relocations: a call nobody has filled in.
    if insn.form.flow is Flow.CALL and insn.form.branch_offset == insn.form.length:
        return "an address not filled in"
    return None


def _jump(walk: Walk, insn: Insn) -> int | None:
    outside = _unresolved(insn)
    walk.record(insn, taken=True)
    if outside is not None:
        walk.note(f"ends: jmp {outside} {walk.at(insn)} leaves this input")
        return None
    assert insn.target is not None
    walk.note(f"followed: jmp {walk.place(insn.target)} {walk.at(insn)}")
    return insn.target


def _conditional(walk: Walk, insn: Insn) -> int | None:
    outside = _unresolved(insn)
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


def _count_rounds(walk: Walk) -> None:
    """What the numbers in the code decided, in the order of the path."""
    insns = {step.insn.address: step.insn for step in walk.steps}
    for address, (passed, taken) in walk.rounds.items():
        insn = insns[address]
        target = walk.place(insn.target or 0)
        what = f"{insn.form.mnemonic} {target} {walk.at(insn)}"
        times = f"{taken} of {taken + passed} times" if taken + passed > 1 else "once"
        verdict = "not taken" if not taken else f"taken {times}"
        walk.note(f"{verdict}, as the numbers in the code decide: {what}")


def _call(walk: Walk, insn: Insn) -> int | None:
    outside = _unresolved(insn)
    target = insn.target
    if outside is not None or target is None or not walk.image.section_at(target):
        return _handler(walk, insn, outside or walk.place(target or 0))
    return _call_of(walk, insn, target)


def _call_of(walk: Walk, insn: Insn, target: int) -> int:
    image = walk.image
    names = image.labels_at(target)
    listed = any(symbol.name in walk.into for symbol in names)
    # A symbol that is a routine is a function of its own; anything else is inner code.
    inner = not any(not symbol.label for symbol in names)
    if listed or inner or _is_assembly(walk, target, [s.name for s in names]):
        return _enter(walk, insn, target)
    return _handler(walk, insn, walk.place(target))


def _is_assembly(walk: Walk, target: int, names: Sequence[str]) -> bool:
    """Whether a routine is assembly, and so part of the path and no C handler."""
    image = walk.image
    if any(_PART_OF_ENTRY.fullmatch(name) for name in names):
        return True
    if walk.features.names is not None and any(n.startswith(THUNK) for n in names):
        return True
    if image.assembled:
        return True
    section = image.section_at(target)
    if section is not None and image.linked and _ASSEMBLY.fullmatch(section.name):
        return True
    if image.linked and _between(image, target, "__entry_text"):
        return True
    line = image.line_at(target)
    return not image.linked and line is not None and line.file.endswith((".S", ".s"))


def _between(image: Image, target: int, prefix: str) -> bool:
    """Whether an address lies in a part the linker script marks by start and end."""
    if image.memory is None:
        return False
    first = image.memory.symbol(f"{prefix}_start")
    last = image.memory.symbol(f"{prefix}_end")
    return bool(first and last and first[0] <= target < last[0])


def _handler(walk: Walk, insn: Insn, name: str = "") -> int:
    walk.record(insn, taken=True, handler=True)
    text = f"call {name}" if name else " ".join(format_insn(insn).split())
    walk.note(f"handler: {text} {walk.at(insn)} stands for the C handler")
    return insn.end


def _enter(walk: Walk, insn: Insn, target: int) -> int:
    if len(walk.calls.state) >= CALL_LIMIT:
        raise InputError(
            f"followed calls nested more than {CALL_LIMIT} deep",
            where=walk.image.where(insn.address),
            expected="calls that return",
            hint="does the routine call itself?",
        )
    walk.record(insn, taken=True)
    walk.calls.enter(insn.end)
    walk.predicted.append(insn.end)
    walk.note(f"followed: call {walk.place(target)} {walk.at(insn)}")
    return target


def _return(walk: Walk, insn: Insn) -> int | None:
    stored = _in_code(walk, walk.known.word_at_stack())
    predicted = walk.predicted.pop() if walk.predicted else None
    if not walk.calls.open:
        if stored is None:
            walk.record(insn)
            walk.note(f"ends with {insn.form.mnemonic} {walk.at(insn)}")
            return None
        return _mispredicted(walk, insn, stored)
    back = walk.calls.leave(insn.form)
    if back is None:
        told = walk.takes.destination(insn)
        return _mispredicted(walk, insn, stored if told is None else told)
    if predicted != back:
        return _mispredicted(walk, insn, back)
    walk.record(insn, taken=True)
    return back


def _mispredicted(walk: Walk, insn: Insn, target: int | None) -> int | None:
    """A RET that goes where no call came from: the predictor has it wrong, always."""
    insn = replace(insn, form=replace(insn.form, mispredicted=True))
    walk.note(f"always mispredicted: {insn.form.mnemonic} {walk.at(insn)}")
    if target is not None:
        walk.record(insn, taken=True)
        return target
    name = insn.symbol.partition("+")[0]
    if name.startswith("__x86_indirect") and walk.calls.open:
        # A retpoline to the handler: what it calls returns to the caller.
        walk.record(insn, taken=True, handler=True)
        walk.note(f"handler: {name} {walk.at(insn)} leads to the C handler")
        if walk.predicted:
            walk.predicted.pop()
        return walk.calls.leave(insn.form)
    walk.record(insn, taken=True)
    reason = "ends with a return to an address the code itself stored"
    walk.note(f"{reason} {walk.at(insn)}: say where it goes with AT=TARGET")
    return None


def _in_code(walk: Walk, address: int | None) -> int | None:
    if address is None or walk.image.section_at(address) is None:
        return None
    return address


def _indirect(walk: Walk, insn: Insn, reason: str) -> int | None:
    chosen = walk.takes.destination(insn)
    told = chosen is not None
    if chosen is None:
        chosen = _in_code(walk, walk.known.target(insn))
    walk.record(insn, taken=True)
    if chosen is None:
        walk.note(f"{reason} {walk.at(insn)}: say where it goes with AT=TARGET")
        return None
    how = "as told" if told else "as the numbers in the code decide"
    walk.note(f"followed: to {walk.place(chosen)} {walk.at(insn)}, {how}")
    return chosen


def _leave(walk: Walk, at: int) -> None:
    if not walk.steps:
        return
    last = walk.steps[-1].insn
    if at == last.end:
        section = walk.image.section_at(last.address)
        walk.note(f"ends at the end of {section.name if section else 'the code'}")
    else:
        walk.note(f"ends: {walk.place(at)} is outside this input, {walk.at(last)}")


def _cycle(walk: Walk, insn: Insn) -> InputError:
    back = walk.steps[-1].insn
    addresses = [step.insn.address for step in reversed(walk.steps)]
    length = addresses.index(insn.address) + 1
    return InputError(
        f"an endless cycle of {length} instructions: {walk.place(insn.address)}"
        f" is reached again from {walk.place(back.address)}",
        where=walk.image.where(back.address),
        expected="a path that ends",
        hint="LABEL*N takes a jump N times; a region ends the path sooner",
    )
