"""What plain instructions do to a symbolic machine.

Moves, additions and shifts are followed exactly. Everything else gives a derived value,
interned on the operation and its inputs. Each function makes a Body: it takes the
machine and the address of the memory operand, whose access is noted by its caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from costmodel.code import registers as R
from costmodel.code import system
from costmodel.code.insn import Form
from costmodel.code.machine import CONST, ZERO, Key, Machine, Value, signed
from costmodel.code.operands import (
    Body,
    Symbol,
    reader,
    register_reader,
    register_writer,
    writer,
)

Arithmetic: TypeAlias = Callable[[Machine, Value, Value], Value]

FLAGS = frozenset({R.CF, R.OF, R.ZAPS})


def _add(m: Machine, x: Value, y: Value) -> Value:
    offset = signed(x[1] + y[1])
    return (x[0] if y[0] == CONST else m.sum(x[0], y[0])), offset


def _subtract(m: Machine, x: Value, y: Value) -> Value:
    offset = signed(x[1] - y[1])
    if y[0] == CONST:
        return x[0], offset
    if x[0] == y[0]:
        return CONST, offset
    return m.intern(("-", x[0], y[0])), offset


def _logic(name: str) -> Arithmetic:
    def logic(m: Machine, x: Value, y: Value) -> Value:
        if x == y:
            return ZERO if name == "xor" else x
        if x[0] == CONST and y[0] == CONST:
            if name == "and":
                return CONST, x[1] & y[1]
            return CONST, (x[1] | y[1]) if name == "or" else (x[1] ^ y[1])
        if ZERO in (x, y):
            return ZERO if name == "and" else (x if y == ZERO else y)
        if x[1] == 0 and name != "xor":
            made = m.names[x[0]]
            if made[0] == name and made[-2:] == y:
                return x  # the same mask a second time
        return m.intern((name, *x, *y)), 0

    return logic


_ARITHMETIC: dict[str, Arithmetic] = {
    "add": _add,
    "sub": _subtract,
    "xor": _logic("xor"),
    "and": _logic("and"),
    "or": _logic("or"),
}


def _two_operands(form: Form, symbol: Symbol | None) -> Body:
    function = _ARITHMETIC[form.mnemonic]
    left = reader(form, 0, None)
    right = reader(form, 1, symbol)
    write = writer(form, 0)
    if form.same_register and form.mnemonic in ("xor", "sub"):
        return lambda m, a: write(m, a, ZERO)

    def body(m: Machine, a: Value) -> None:
        root, offset = function(m, left(m, a), right(m, a))
        if root == CONST:
            offset = signed(offset)
        write(m, a, (root, offset))

    return body


def _step_by(form: Form, step: int) -> Body:
    read, write = reader(form, 0, None), writer(form, 0)

    def body(m: Machine, a: Value) -> None:
        root, offset = read(m, a)
        write(m, a, (root, signed(offset + step)))

    return body


def _move(form: Form, symbol: Symbol | None) -> Body:
    read, write = reader(form, 1, symbol), writer(form, 0)
    return lambda m, a: write(m, a, read(m, a))


def _sign_extending(form: Form) -> Body:
    if form.mnemonic == "cdqe":
        bits, source = 32, register_reader(R.RAX, 32)
        write = register_writer(R.RAX, 64)
    else:
        bits, source = form.operands[1].width, reader(form, 1, None)
        write = writer(form, 0)
    return lambda m, a: write(m, a, m.sign_extend(source(m, a), bits))


def _shift_left(form: Form) -> Body:
    read, write = reader(form, 0, None), writer(form, 0)
    mask = 63 if form.operands[0].width == 64 else 31
    count = (form.immediate or 0) & mask
    scale = 1 << count

    def body(m: Machine, a: Value) -> None:
        root, offset = read(m, a)
        if root != CONST and count:
            root = m.sum(CONST, root, scale)
        offset *= scale
        write(m, a, (root, signed(offset)))

    return body


def _exchange(form: Form) -> Body:
    left, right = reader(form, 0, None), reader(form, 1, None)
    write_left, write_right = writer(form, 0), writer(form, 1)

    def body(m: Machine, a: Value) -> None:
        x, y = left(m, a), right(m, a)
        write_left(m, a, y)
        write_right(m, a, x)

    return body


def inputs_of(form: Form, with_old: bool) -> Callable[[Machine, Value], Key]:
    """The values a result depends on, as a key."""
    registers = [use for use in form.reads if use.reg < 16 or use.reg >= R.ES]
    if with_old:
        registers += [u for u in form.writes if u.reg < 16 and u.width < 32]
    uses_flags = any(use.reg in FLAGS for use in form.reads)
    loads = any(access.reads for access in form.memory[:1])
    width = max(form.memory[0].width // 8, 1) if form.memory else 0

    def inputs(m: Machine, a: Value) -> Key:
        key: list[object] = []
        for register, bits, high in registers:
            value = (m.roots[register], m.offsets[register])
            key += m.narrow(value, bits, high) if register < 16 else value
        if loads:
            key += m.load(a[0], a[1], width)
        if uses_flags:
            key.append(m.flags)
        return tuple(key)

    return inputs


def identity_of(form: Form) -> str:
    numbers = [op.immediate for op in form.operands if op.immediate is not None]
    kinds = form.shape.replace("m", "r")
    return f"{form.mnemonic}{form.condition} {kinds} {numbers} {form.repeat}"


def leave_all(machine: Machine, a: Value) -> None:
    """The body of instructions that only access memory."""


def _derived(form: Form) -> Body:
    """Any other operation: every result is its own function of all inputs."""
    inputs = inputs_of(form, with_old=True)
    identity = identity_of(form)
    results = [
        (register_writer(*use), min(use.width, 64) if use.width >= 32 else 64)
        for use in form.writes
        if use.reg < 16 or R.ES <= use.reg <= R.GS
    ]
    stores = [max(access.width // 8, 1) for access in form.memory[:1] if access.writes]
    if not results and not stores:
        return leave_all

    def body(m: Machine, a: Value) -> None:
        key = inputs(m, a)
        for k, (write, bits) in enumerate(results):
            write(m, a, (m.intern((identity, k, *key), bits), 0))
        for width in stores:
            m.store(a[0], a[1], width, (m.intern((identity, -1, *key)), 0))

    return body


def body_of(form: Form, symbol: Symbol | None) -> Body:
    name = form.mnemonic
    shape = [operand.kind for operand in form.operands]
    plain = all(kind in "rmi" for kind in shape)
    if name in ("mov", "movzx") and not {"c", "d"} & set(shape):
        return _move(form, symbol)
    if name in _ARITHMETIC and plain:
        return _two_operands(form, symbol)
    if name in ("inc", "dec") and form.operands[0].width >= 32:
        return _step_by(form, 1 if name == "inc" else -1)
    if name in ("movsx", "movsxd") and form.operands[1].width < 64:
        return _sign_extending(form)
    if name == "cdqe":
        return _sign_extending(form)
    if name == "shl" and shape[-1] == "i" and form.operands[0].width >= 32:
        return _shift_left(form)
    if name == "xchg":
        return _exchange(form)
    if name in ("rdfsbase", "rdgsbase", "wrfsbase", "wrgsbase"):
        return system.base_move(form)
    simple: dict[str, Body] = {
        "leave": system.leave,
        "swapgs": system.swapgs,
        "syscall": system.syscall,
        "sysenter": system.sysenter,
        "wrmsr": system.wrmsr,
    }
    if name in simple:
        return simple[name]
    return system.enter(form) if name == "enter" else _derived(form)
