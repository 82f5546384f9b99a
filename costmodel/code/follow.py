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

from costmodel.code import registers as R
from costmodel.code.alternatives import crossed, spelled
from costmodel.code.branches import conditional, count_rounds, in_code, indirect, jump
from costmodel.code.events import entered_by
from costmodel.code.features import Features, numbered
from costmodel.code.image import Image
from costmodel.code.insn import Flow, Insn, Path, Replaced
from costmodel.code.machine import Value
from costmodel.code.routines import call, call_of, enter, handler, returned
from costmodel.code.selectors import closest
from costmodel.code.special import specialised
from costmodel.code.takes import Takes
from costmodel.code.traps import TRAPS
from costmodel.code.walk import Walk
from costmodel.errors import InputError

STEP_LIMIT = 20_000
_STOPS = TRAPS | {"hlt"}


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
    count_rounds(walk)
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
            spelled(c.original, c.start, image.name_at),
            spelled(c.running, c.start, image.name_at),
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
        return jump(walk, insn)
    if flow is Flow.CONDITIONAL:
        return conditional(walk, insn)
    if flow is Flow.CALL:
        return call(walk, insn)
    if flow is Flow.INDIRECT_CALL:
        chosen = walk.takes.destination(insn)
        if chosen is not None:
            return enter(walk, insn, chosen)
        target = in_code(walk, walk.known.target(insn))
        if target is not None:
            return call_of(walk, insn, target)
        return handler(walk, insn)
    if flow is Flow.RETURN:
        return returned(walk, insn)
    return indirect(walk, insn, "ends with the indirect jump")


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
    for passed, target in reversed(walk.passed_by):
        if not walk.traps.ends_in_one(target):
            name = walk.image.name_at(target) or hex(target)
            place = walk.image.where(passed.address)
            return f"--take {name} goes on instead (the jump at {place})"
    where = walk.image.name_at(insn.address) or hex(insn.address)
    return f"nothing else is left; --take {where} accepts this end"


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
