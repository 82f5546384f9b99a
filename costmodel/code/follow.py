"""From a start address to the exact sequence of instructions executed.

The rules, each use of which is noted on the Path:
- direct jumps are taken; conditional ones are not, unless ``take`` names them;
- an indirect call, and a direct call of another routine, is the stand-in for the C
  handler: the path goes on behind it;
- a call of a local label, of a name in ``into`` or of one of the kernel's return-thunk
  and branch-history routines is followed, and its ``ret`` comes back;
- the path ends with SYSRET, SYSEXIT, IRET or ERETU, with ``ret`` where no followed call
  is open, with an indirect jump, at the selector's end or at the end of the code.
"""

from __future__ import annotations

from collections.abc import Sequence

from costmodel import lazily
from costmodel.code.calls import Calls
from costmodel.code.decode import decode_form, format_insn
from costmodel.code.image import Image
from costmodel.code.insn import Flow, Insn, Path, Relocation, Step
from costmodel.code.selectors import closest
from costmodel.code.takes import Takes
from costmodel.errors import InputError

STEP_LIMIT = 20_000
CALL_LIMIT = 64
_STOPS = {"ud2", "ud1", "ud0", "int3", "hlt"}
# Assembly routines of the kernel that are part of the entry path, not its handler.
_PART_OF_ENTRY = lazily.pattern(
    r".*untrain_ret.*|clear_bhb_loop.*|entry_ibpb|write_ibpb|srso_.*|retbleed_.*"
    r"|its_.*thunk.*|__x86_return_thunk"
)
_MAX_INSN = 15


class _Walk:
    """One path as it grows."""

    __slots__ = ("calls", "image", "into", "notes", "steps", "takes")

    def __init__(self, image: Image, takes: Takes, into: frozenset[str]) -> None:
        self.image = image
        self.takes = takes
        self.into = into
        self.steps: list[Step] = []
        self.notes: dict[str, None] = {}  # in order, each once
        self.calls = Calls()

    def note(self, text: str) -> None:
        self.notes[text] = None

    def at(self, insn: Insn) -> str:
        return f"at {self.image.where(insn.address)}"

    def place(self, address: int) -> str:
        return self.image.name_at(address) or hex(address)


def follow(
    image: Image,
    start: int,
    *,
    name: str = "",
    end: int | None = None,
    take: Sequence[str] = (),
    into: Sequence[str] = (),
    limit: int = STEP_LIMIT,
) -> Path:
    """The Path from ``start``; ``end`` is exclusive.

    ``take`` entries are explained in ``takes``. Raises InputError for bytes that are no
    instruction, for a cycle and past ``limit`` steps; UsageError for a bad ``take``.
    """
    walk = _Walk(image, Takes(image, take), frozenset(into))
    for symbol in into:
        _check_known(image, symbol)
    # One address in one state twice means for ever: nothing else steers the walk.
    seen: set[tuple[object, ...]] = set()
    insns: dict[int, Insn] = {}
    at: int | None = start
    while at is not None:
        if at == end:
            break
        if image.section_at(at) is None:
            _leave(walk, at)
            break
        insn = insns.get(at)
        if insn is None:
            found = _fetch(walk, at)
            if found is None:
                break
            insn = insns[at] = found
        state = (at, walk.calls.state, walk.takes.state)
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
        at = _step(walk, insn)
    if not walk.steps:
        raise InputError(
            "an empty path",
            where=image.where(start),
            expected="at least one instruction between begin and end",
        )
    unused = tuple(walk.takes.unused())
    for entry in unused:
        walk.note(f"take {entry}: no jump on this path goes there")
    return Path(name, tuple(walk.steps), tuple(walk.notes), image.origin, unused=unused)


def _check_known(image: Image, symbol: str) -> None:
    if not image.named(symbol):
        close = closest(symbol, [row.name for row in image.symbols])
        raise InputError(
            f"no symbol {symbol!r} to follow calls into",
            where=image.origin,
            expected="a routine of the same input",
            hint="did you mean " + ", ".join(close) + "?" if close else "",
        )


def _fetch(walk: _Walk, at: int) -> Insn | None:
    image = walk.image
    section = image.section_at(at)
    assert section is not None
    offset = at - section.address
    window = section.data[offset : offset + _MAX_INSN]
    try:
        form = decode_form(window)
    except InputError as error:
        if image.truncated and len(window) < _MAX_INSN and walk.steps:
            walk.note(f"ends where the bytes end, {len(window)} of them undecoded")
            return None
        shown = window[:8].hex(" ")
        hint = error.hint
        if image.relocations or image.symbols:
            hint = hint or "data among the code? choose a symbol or a region without it"
        raise InputError(
            f"bytes that are no instruction at {walk.place(at)}: {shown}",
            where=image.where(at),
            expected=error.expected or "x86-64 code",
            hint=hint,
        ) from None
    return Insn(
        form,
        at,
        image.line_at(at),
        image.name_at(at, labels=False),
        _relocations(image, at, form.length),
    )


def _relocations(image: Image, at: int, length: int) -> tuple[Relocation, ...]:
    if not image.relocations:
        return ()
    found = []
    for offset in range(length):
        relocation = image.relocations.get(at + offset)
        if relocation is not None:
            found.append(relocation._replace(offset=offset))
    return tuple(found)


def _step(walk: _Walk, insn: Insn) -> int | None:
    """Record ``insn`` and say where control goes; None ends the path."""
    form = insn.form
    flow = form.flow
    if form.mnemonic in _STOPS or flow is Flow.INVALID:
        walk.steps.append(Step(insn))
        walk.note(f"ends with {form.mnemonic} {walk.at(insn)}")
        return None
    if flow is Flow.NEXT:
        if walk.calls.watch(form):
            dropped = "a followed call's return address is dropped"
            walk.note(f"{dropped} {walk.at(insn)}")
        walk.steps.append(Step(insn))
        return insn.end
    if flow is Flow.ENTER_KERNEL:
        walk.steps.append(Step(insn))
        walk.note(f"{form.mnemonic} {walk.at(insn)}: what it enters is not followed")
        return insn.end
    if flow is Flow.LEAVE_KERNEL:
        walk.steps.append(Step(insn))
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
        return _handler(walk, insn)
    if flow is Flow.RETURN:
        return _return(walk, insn)
    return _indirect(walk, insn, "ends with the indirect jump")


def _unresolved(insn: Insn) -> str | None:
    """The symbol a direct branch goes to where only the linker knows its address."""
    for relocation in insn.relocations:
        if relocation.offset >= insn.form.opcode_offset:
            return relocation.symbol or "?"
    # e8 00000000 in bytes without relocations: a call nobody has filled in.
    if insn.form.flow is Flow.CALL and insn.form.branch_offset == insn.form.length:
        return "an address not filled in"
    return None


def _jump(walk: _Walk, insn: Insn) -> int | None:
    outside = _unresolved(insn)
    if outside is not None:
        walk.steps.append(Step(insn, taken=True))
        walk.note(f"ends: jmp {outside} {walk.at(insn)} leaves this input")
        return None
    assert insn.target is not None
    walk.steps.append(Step(insn, taken=True))
    walk.note(f"followed: jmp {walk.place(insn.target)} {walk.at(insn)}")
    return insn.target


def _conditional(walk: _Walk, insn: Insn) -> int | None:
    outside = _unresolved(insn)
    target = insn.target
    shown = outside or walk.place(target or 0)
    what = f"{insn.form.mnemonic} {shown} {walk.at(insn)}"
    if not walk.takes.takes(insn, outside, target):
        walk.steps.append(Step(insn))
        walk.note(f"not taken: {what}")
        return insn.end
    walk.steps.append(Step(insn, taken=True))
    walk.note(f"taken: {what}")
    if outside is not None:
        walk.note(f"ends: {what} leaves this input")
        return None
    return target


def _call(walk: _Walk, insn: Insn) -> int:
    outside = _unresolved(insn)
    target = insn.target
    if outside is not None or target is None or not walk.image.section_at(target):
        return _handler(walk, insn, outside or walk.place(target or 0))
    names = walk.image.labels_at(target)
    listed = any(symbol.name in walk.into for symbol in names)
    part = any(_PART_OF_ENTRY.fullmatch(symbol.name) for symbol in names)
    # A symbol that is a routine is a function of its own; anything else is inner code.
    if listed or part or not any(not symbol.label for symbol in names):
        return _enter(walk, insn, target)
    return _handler(walk, insn, walk.place(target))


def _handler(walk: _Walk, insn: Insn, name: str = "") -> int:
    walk.steps.append(Step(insn, taken=True, handler=True))
    text = f"call {name}" if name else " ".join(format_insn(insn).split())
    walk.note(f"handler: {text} {walk.at(insn)} stands for the C handler")
    return insn.end


def _enter(walk: _Walk, insn: Insn, target: int) -> int:
    if len(walk.calls.state) >= CALL_LIMIT:
        raise InputError(
            f"followed calls nested more than {CALL_LIMIT} deep",
            where=walk.image.where(insn.address),
            expected="calls that return",
            hint="does the routine call itself?",
        )
    walk.steps.append(Step(insn, taken=True))
    walk.calls.enter(insn.end)
    walk.note(f"followed: call {walk.place(target)} {walk.at(insn)}")
    return target


def _return(walk: _Walk, insn: Insn) -> int | None:
    if not walk.calls.open:
        walk.steps.append(Step(insn))
        walk.note(f"ends with {insn.form.mnemonic} {walk.at(insn)}")
        return None
    back = walk.calls.leave(insn.form)
    if back is None:
        reason = "ends with a return to an address the code itself stored"
        return _indirect(walk, insn, reason)
    walk.steps.append(Step(insn, taken=True))
    return back


def _indirect(walk: _Walk, insn: Insn, reason: str) -> int | None:
    chosen = walk.takes.destination(insn)
    walk.steps.append(Step(insn, taken=True))
    if chosen is None:
        walk.note(f"{reason} {walk.at(insn)}: say where it goes with AT=TARGET")
        return None
    walk.note(f"followed: to {walk.place(chosen)} {walk.at(insn)}, as told")
    return chosen


def _leave(walk: _Walk, at: int) -> None:
    if not walk.steps:
        return
    last = walk.steps[-1].insn
    if at == last.end:
        section = walk.image.section_at(last.address)
        walk.note(f"ends at the end of {section.name if section else 'the code'}")
    else:
        walk.note(f"ends: {walk.place(at)} is outside this input, {walk.at(last)}")


def _cycle(walk: _Walk, insn: Insn) -> InputError:
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
