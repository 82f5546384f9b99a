"""Operands of an instruction as functions of the symbolic machine.

Each is made once per encoding: the address of a memory operand, the value of an operand
(zero-extended to 64 bits) and the way a result is put back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from costmodel.code import registers as R
from costmodel.code.insn import Form, Insn, MemoryAccess
from costmodel.code.machine import CONST, RIP, Machine, Value, signed

Action: TypeAlias = Callable[[Machine, Insn], None]
Address: TypeAlias = Callable[[Machine, Insn], Value]
Body: TypeAlias = Callable[[Machine, Value], None]
Reader: TypeAlias = Callable[[Machine, Value], Value]
Writer: TypeAlias = Callable[[Machine, Value, Value], None]
Symbol: TypeAlias = tuple[str, int]  # name, addend as the address or value sees it

_SEGMENT_BASE = {"fs": R.FS_BASE, "gs": R.GS_BASE}


def address_of(access: MemoryAccess, length: int, symbol: Symbol | None) -> Address:
    base, index, scale = access.base, access.index, access.scale
    displacement = access.displacement
    segment = _SEGMENT_BASE.get(access.segment, -1)
    if symbol is None and segment < 0 and index < 0:
        if access.rip_relative:
            after = length + displacement

            def relative(m: Machine, insn: Insn) -> Value:
                return RIP, signed(insn.address + after)

            return relative
        if base < 0:
            constant = (CONST, displacement)
            return lambda m, insn: constant

        def plain(m: Machine, insn: Insn) -> Value:
            return m.roots[base], signed(m.offsets[base] + displacement)

        return plain

    def general(m: Machine, insn: Insn) -> Value:
        root, offset = CONST, displacement
        if symbol is not None:
            root, offset = m.symbol(symbol[0]), symbol[1]
        elif access.rip_relative:
            offset += insn.address + length
            if segment >= 0:  # off a per-CPU base: the sum wraps
                root, offset = CONST, signed(offset)
            else:
                root = RIP
        if base >= 0:
            root = m.sum(root, m.roots[base])
            offset += m.offsets[base]
        if index >= 0:
            offset += m.offsets[index] * scale
            root = m.sum(root, m.roots[index], scale)
        if segment >= 0:
            root = m.sum(m.roots[segment], root)
            offset += m.offsets[segment]
        return root, signed(offset)

    return general


def reader(form: Form, k: int, symbol: Symbol | None) -> Reader:
    """The value of operand ``k``, zero-extended; immediates sign-extended first."""
    operand = form.operands[k]
    if operand.kind == "m":
        bits = form.memory[0].width
        width = max(bits // 8, 1)
        if bits >= 64:
            return lambda m, a: m.load(a[0], a[1], width)
        return lambda m, a: m.narrow(m.load(a[0], a[1], width), bits)
    if operand.register is not None:
        register, bits, high = operand.register
        if operand.kind == "s" or bits >= 64:
            return lambda m, a: (m.roots[register], m.offsets[register])

        def part(m: Machine, a: Value) -> Value:
            return m.narrow((m.roots[register], m.offsets[register]), bits, high)

        return part
    if symbol is not None:
        name, addend = symbol
        return lambda m, a: (m.symbol(name), addend)
    value = operand.immediate or 0
    if form.operands[0].width == 32 and form.mnemonic != "push":
        value &= 0xFFFFFFFF
    constant = (CONST, value)
    return lambda m, a: constant


def writer(form: Form, k: int) -> Writer:
    operand = form.operands[k]
    if operand.register is not None:
        return register_writer(*operand.register)
    width = max(form.memory[0].width // 8, 1)

    def memory(m: Machine, a: Value, v: Value) -> None:
        m.store(a[0], a[1], width, v)

    return memory


def register_writer(register: int, bits: int, high: bool = False) -> Writer:
    if bits >= 64 or register >= 16:

        def whole(m: Machine, a: Value, v: Value) -> None:
            m.roots[register], m.offsets[register] = v
            if R.FS <= register <= R.GS:
                base = R.FS_BASE if register == R.FS else R.GS_BASE
                m.roots[base], m.offsets[base] = m.intern(("selector", *v)), 0

        return whole
    if bits == 32:

        def half(m: Machine, a: Value, v: Value) -> None:
            m.roots[register], m.offsets[register] = m.narrow(v, 32)

        return half

    def part(m: Machine, a: Value, v: Value) -> None:
        old = m.roots[register], m.offsets[register]
        new = m.insert(old, v, bits, high)
        m.roots[register], m.offsets[register] = new

    return part


def register_reader(register: int, bits: int) -> Reader:
    return lambda m, a: m.narrow((m.roots[register], m.offsets[register]), bits)
