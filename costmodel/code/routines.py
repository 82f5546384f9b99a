"""Which calls of a path are followed, which stand for the C handler, and how they
return. Each returns where control goes; None ends the path.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from costmodel import lazily
from costmodel.code.boot import THUNK
from costmodel.code.branches import in_code, unresolved
from costmodel.code.decode import format_insn
from costmodel.code.image import Image
from costmodel.code.insn import Insn
from costmodel.code.walk import Walk
from costmodel.errors import InputError

CALL_LIMIT = 64
# Assembly routines of the kernel that are part of the entry path, not its handler.
_PART_OF_ENTRY = lazily.pattern(
    r".*untrain_ret.*|clear_bhb_loop.*|entry_ibpb|write_ibpb|srso_.*|retbleed_.*"
    r"|its_.*thunk.*|__x86_return_thunk|error_entry|paranoid_entry|error_return"
    r"|paranoid_exit|xen_error_entry|.*_return_thunk"
)
# Sections of a linked kernel that hold assembly and nothing else.
_ASSEMBLY = lazily.pattern(r"\.entry\.text.*|\.text\.\.__x86\..*")


def call(walk: Walk, insn: Insn) -> int | None:
    outside = unresolved(insn)
    target = insn.target
    if outside is not None or target is None or not walk.image.section_at(target):
        return handler(walk, insn, outside or walk.place(target or 0))
    return call_of(walk, insn, target)


def call_of(walk: Walk, insn: Insn, target: int) -> int:
    image = walk.image
    names = image.labels_at(target)
    listed = any(symbol.name in walk.into for symbol in names)
    # A symbol that is a routine is a function of its own; anything else is inner code.
    inner = not any(not symbol.label for symbol in names)
    if listed or inner or _is_assembly(walk, target, [s.name for s in names]):
        return enter(walk, insn, target)
    return handler(walk, insn, walk.place(target))


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


def handler(walk: Walk, insn: Insn, name: str = "") -> int:
    walk.record(insn, taken=True, handler=True)
    text = f"call {name}" if name else " ".join(format_insn(insn).split())
    walk.note(f"handler: {text} {walk.at(insn)} stands for the C handler")
    return insn.end


def enter(walk: Walk, insn: Insn, target: int) -> int:
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


def returned(walk: Walk, insn: Insn) -> int | None:
    stored = in_code(walk, walk.known.word_at_stack())
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
