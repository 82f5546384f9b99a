"""Stack, string and system instructions as actions on the symbolic machine."""

from __future__ import annotations

from costmodel.code import registers as R
from costmodel.code.insn import Flow, Form, Insn
from costmodel.code.machine import CONST, RIP, ZERO, Machine, Value, signed
from costmodel.code.operands import (
    Action,
    Address,
    Body,
    Reader,
    Symbol,
    Writer,
    address_of,
    reader,
    register_reader,
    register_writer,
    writer,
)

_CLOBBERED = (R.RAX, R.RCX, R.RDX, R.RSI, R.RDI, R.R8, R.R9, R.R10, R.R11)
_MSR_BASE = {
    0xC0000100: R.FS_BASE,
    0xC0000101: R.GS_BASE,
    0xC0000102: R.KERNEL_GS_BASE,
}


def push(form: Form, length: int, symbol: Symbol | None) -> Action:
    size = -form.stack_delta
    source: Address | None = None
    read: Reader | None = None
    call = form.flow in (Flow.CALL, Flow.INDIRECT_CALL)
    if form.operands and form.operands[0].kind == "m":
        source = address_of(form.memory[0], length, symbol)
        symbol = None
    if not call and form.operands:
        read = reader(form, 0, symbol)

    def action(m: Machine, insn: Insn) -> None:
        a = ZERO
        if source is not None:
            a = source(m, insn)
            m.out.append(a)
        if call:
            value = (RIP, signed(insn.address + length))
        else:
            value = read(m, a) if read is not None else (m.flags, 0)
        m.move(R.RSP, -size)
        root, offset = m.roots[R.RSP], m.offsets[R.RSP]
        m.out.append((root, offset))
        m.store(root, offset, size, value)

    return action


def pop(form: Form, length: int, symbol: Symbol | None) -> Action:
    size = form.stack_delta
    width = form.memory[-1].width // 8
    write: Writer | None = None
    target: Address | None = None
    if form.mnemonic == "pop":
        write = writer(form, 0)
        if form.operands[0].kind == "m":
            target = address_of(form.memory[0], length, symbol)

    def action(m: Machine, insn: Insn) -> None:
        a = ZERO
        if target is not None:
            a = target(m, insn)
            m.out.append(a)
        root, offset = m.roots[R.RSP], m.offsets[R.RSP]
        m.out.append((root, offset))
        value = m.load(root, offset, width)
        m.move(R.RSP, size)
        if write is not None:
            write(m, a, value)
        elif form.mnemonic.startswith("popf"):
            m.flags = m.intern(("popf", *value))

    return action


def leave(m: Machine, a: Value) -> None:
    m.roots[R.RSP], m.offsets[R.RSP] = a[0], signed(a[1] + 8)
    m.roots[R.RBP], m.offsets[R.RBP] = m.load(a[0], a[1], 8)


def enter(form: Form) -> Body:
    size = form.operands[0].immediate or 0

    def body(m: Machine, a: Value) -> None:
        m.store(a[0], a[1], 8, (m.roots[R.RBP], m.offsets[R.RBP]))
        m.roots[R.RBP], m.offsets[R.RBP] = a
        m.roots[R.RSP], m.offsets[R.RSP] = a[0], signed(a[1] - (size & 0xFFFF))

    return body


def string(form: Form, length: int) -> Action:
    """One element moved by a string instruction, upwards (the direction flag is 0)."""
    addresses = [address_of(access, length, None) for access in form.memory]
    moved = [access.base for access in form.memory]
    width = max(form.memory[0].width // 8, 1)
    accumulator = register_reader(R.RAX, width * 8)
    load_accumulator = register_writer(R.RAX, width * 8)

    def action(m: Machine, insn: Insn) -> None:
        found = [address(m, insn) for address in addresses]
        m.out += found
        if form.mnemonic.startswith("movs"):
            m.store(*found[0], width, m.load(*found[1], width))
        elif form.mnemonic.startswith("stos"):
            m.store(*found[0], width, accumulator(m, ZERO))
        elif form.mnemonic.startswith("lods"):
            load_accumulator(m, ZERO, m.load(*found[0], width))
        for register in moved:
            m.move(register, width)

    return action


def swapgs(m: Machine, a: Value) -> None:
    for state in (m.roots, m.offsets):
        state[R.GS_BASE], state[R.KERNEL_GS_BASE] = (
            state[R.KERNEL_GS_BASE],
            state[R.GS_BASE],
        )


def syscall(m: Machine, a: Value) -> None:
    for register, name in ((R.RCX, "user rip"), (R.R11, "user rflags")):
        m.roots[register], m.offsets[register] = m.intern(("name", name)), 0


def sysenter(m: Machine, a: Value) -> None:
    m.roots[R.RSP], m.offsets[R.RSP] = m.intern(("name", "sysenter rsp")), 0


def interrupt_return(form: Form) -> Action:
    """IRET and UIRET: RSP is one of the words they pop, the fourth or the third."""
    words = [(m.displacement, max(m.width // 8, 1)) for m in form.memory]
    stack, width = words[2 if form.mnemonic == "uiret" else 3]

    def action(m: Machine, insn: Insn) -> None:
        root, offset = m.roots[R.RSP], m.offsets[R.RSP]
        m.out += [(root, signed(offset + at)) for at, _ in words]
        m.roots[R.RSP], m.offsets[R.RSP] = m.load(root, signed(offset + stack), width)

    return action


def far_call(form: Form, length: int, symbol: Symbol | None) -> Action:
    """LCALL through memory: reads the far pointer, pushes CS and the address after."""
    source = address_of(form.memory[0], length, symbol)
    words = [(m.displacement, max(m.width // 8, 1)) for m in form.memory[1:]]

    def action(m: Machine, insn: Insn) -> None:
        m.out.append(source(m, insn))
        root, offset = m.roots[R.RSP], m.offsets[R.RSP]
        values = (m.intern(("name", "cs")), 0), (RIP, signed(insn.address + length))
        for (at, width), value in zip(words, values, strict=True):
            m.out.append((root, signed(offset + at)))
            m.store(root, signed(offset + at), width, value)
        m.move(R.RSP, form.stack_delta)

    return action


def far_return(form: Form) -> Action:
    """RETF: pops the address and CS, and its immediate more; RSP of a new privilege
    level, which it would load too, is not followed."""
    words = [m.displacement for m in form.memory if m.implicit]

    def action(m: Machine, insn: Insn) -> None:
        root, offset = m.roots[R.RSP], m.offsets[R.RSP]
        m.out += [(root, signed(offset + at)) for at in words]
        m.move(R.RSP, form.stack_delta)

    return action


def wrmsr(m: Machine, a: Value) -> None:
    msr = m.offsets[R.RCX] if m.roots[R.RCX] == CONST else 0
    base = _MSR_BASE.get(msr & 0xFFFFFFFF)
    if base is not None:
        parts = [(m.roots[r], m.offsets[r]) for r in (R.RAX, R.RDX)]
        m.roots[base], m.offsets[base] = m.intern(("msr", *parts[0], *parts[1])), 0


def base_move(form: Form) -> Body:
    base = R.FS_BASE if "fs" in form.mnemonic else R.GS_BASE
    if form.mnemonic.startswith("wr"):
        read = reader(form, 0, None)
        write = register_writer(base, 64)
        return lambda m, a: write(m, a, read(m, a))
    save = writer(form, 0)
    return lambda m, a: save(m, a, (m.roots[base], m.offsets[base]))


def return_from_call(m: Machine, site: int, pushed: int = 8) -> None:
    """What a callee outside the path leaves: RSP back, caller-saved registers its own.

    ``site`` tells calls apart; one call gives the same values in every copy.
    ``pushed``: bytes the call pushed, more where it is a far one.
    """
    m.move(R.RSP, pushed)
    for register in _CLOBBERED:
        name = "handler result" if register == R.RAX else "left by handler"
        key = ("name", name, site, register)
        m.roots[register], m.offsets[register] = m.intern(key), 0
