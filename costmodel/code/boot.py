"""What else boot makes of calls: tracing, static calls, ``pv_ops``, thunks.

``.altinstructions`` has tables for its sites; these are recognised by where they lead.
"""

from __future__ import annotations

import struct

from costmodel.code.alternatives import merge_nops, pointed_at
from costmodel.code.decode import decode_form
from costmodel.code.features import Features
from costmodel.code.image import Image
from costmodel.code.insn import Flow, Form
from costmodel.errors import InputError

_GENERAL = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
THUNK = "__x86_indirect_thunk_"
_ITS_THUNK = "__x86_indirect_its_thunk_"
_TRACING = ("__fentry__", "mcount")
_STATIC_CALL = "__SCT__"
_RETURN = "__x86_return_thunk"
_NOTHING = ("nop_func", "_paravirt_nop", "__static_call_nop")
# The first of these features a kernel has says which return thunk it jumps to.
_RETURN_THUNKS = (
    ("call_depth", ("call_depth_return_thunk",)),
    ("srso_alias", ("srso_alias_return_thunk",)),
    ("srso", ("srso_return_thunk",)),
    ("unret", ("retbleed_return_thunk", "zen_return_thunk", _RETURN)),
    ("indirect_thunk_its", ("its_return_thunk", _RETURN)),
)


def rewritten(
    image: Image, features: Features, at: int, form: Form, outside: str | None
) -> bytes | None:
    """The bytes boot leaves in place of a call or jump at ``at``; None: the same.

    ``outside``: the symbol it goes to where only the linker knows the address.
    """
    length = form.length
    if form.flow is Flow.INDIRECT_CALL:
        return _paravirt(image, at, form)
    if form.flow not in (Flow.CALL, Flow.JUMP) or form.branch_offset is None:
        return None
    target = at + form.branch_offset
    names = [outside] if outside else [s.name for s in image.labels_at(target)]
    for name in names:
        if name in _TRACING or name in _NOTHING:
            return merge_nops(b"\x90" * length) if form.flow is Flow.CALL else None
        if name.startswith(_STATIC_CALL) and not outside:
            return _static_call(image, at, form, target)
        if name.startswith(THUNK) and features.names is not None:
            return _thunk(image, features, at, form, name.removeprefix(THUNK))
        if name == _RETURN and form.flow is Flow.JUMP:
            return _return(image, features, at, form, outside)
    return None


def _branch(form: Form, distance: int) -> bytes | None:
    """The same jump or call over another distance, counted from its end."""
    if not -(1 << 31) <= distance < 1 << 31 or form.length < 5:
        return None
    return form.data[:-4] + struct.pack("<i", distance)


def _to(image: Image, at: int, form: Form, names: tuple[str, ...]) -> bytes | None:
    for name in names:
        for symbol in image.named(name)[:1]:
            return _branch(form, symbol.address - at - form.length)
    return None


def _paravirt(image: Image, at: int, form: Form) -> bytes | None:
    """A call through ``pv_ops`` becomes a direct one, or nothing."""
    if image.memory is None or not form.memory:
        return None
    place = image.memory.symbol("pv_ops")
    access = form.memory[0]
    if place is None or access.base >= 0 or access.index >= 0 or form.length < 6:
        return None
    address = access.displacement + (at + form.length if access.rip_relative else 0)
    if not place[0] <= address & (1 << 64) - 1 < place[0] + place[1]:
        return None
    target = pointed_at(image, form.memory, at + form.length)
    if target is None:
        return None
    if any(s.name in _NOTHING for s in image.labels_at(target)):
        return merge_nops(b"\x90" * form.length)
    call = b"\xe8" + struct.pack("<i", target - at - 5)
    return call + merge_nops(b"\x90" * (form.length - 5))


def _static_call(image: Image, at: int, form: Form, target: int) -> bytes | None:
    """A call of a trampoline becomes a call of what the trampoline jumps to."""
    section = image.section_at(target)
    if section is None:
        return None
    offset = target - section.address
    try:
        there = decode_form(section.data[offset : offset + 15])
    except InputError:
        return None
    leads = target + (there.branch_offset or 0)
    back = any(symbol.name == _RETURN for symbol in image.labels_at(leads))
    if form.flow is Flow.CALL and (there.flow is Flow.RETURN or back):
        return merge_nops(b"\x90" * form.length)  # of nothing
    if there.flow is Flow.JUMP and there.branch_offset is not None:
        return _branch(form, target + there.branch_offset - at - form.length)
    return None


def _thunk(
    image: Image, features: Features, at: int, form: Form, register: str
) -> bytes | None:
    """A call through a register by a thunk: kept with retpolines, else made plain."""
    if features.has("indirect_thunk_its"):
        return _to(image, at, form, (_ITS_THUNK + register,))
    fence = features.has("retpoline_lfence")
    if (features.has("retpoline") and not fence) or register not in _GENERAL:
        return None
    number = _GENERAL.index(register)
    operation = 0xD0 if form.flow is Flow.CALL else 0xE0
    plain = b"\x41" * (number > 7) + bytes([0xFF, operation | number & 7])
    if fence:
        plain = b"\x0f\xae\xe8" + plain
    if len(plain) > form.length:
        return None
    return merge_nops(plain.ljust(form.length, b"\x90"))


def _return(
    image: Image, features: Features, at: int, form: Form, outside: str | None
) -> bytes | None:
    """A jump to the return thunk: RET, or the thunk the mitigation chose."""
    if features.names is None and not outside:
        return None
    if features.has("rethunk") and not outside:
        for feature, names in _RETURN_THUNKS:
            if features.has(feature):
                return _to(image, at, form, names)
    return b"\xc3".ljust(form.length, b"\xcc")
