"""Every instruction the decoder knows has a form, an action and a text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from iced_x86 import Decoder

from costmodel.code import registers as R
from costmodel.code.decode import decode_bytes, format_insn
from costmodel.code.execution import run, table_of
from costmodel.code.values import linkage

PREFIXES = (b"", b"\x66", b"\xf2", b"\xf3", b"\x48", b"\x66\x48", b"\xf3\x48", b"\xf0")
MAPS = (b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a")
# Every group member with a memory and a register operand, and the odd ones beside them.
MODRM = tuple(range(0, 64, 8)) + tuple(range(0xC0, 0x100))
TAIL = bytes(12)


def candidates() -> Iterator[bytes]:
    for prefix in PREFIXES:
        for opcode_map in MAPS:
            for opcode in range(256):
                for modrm in MODRM:
                    yield prefix + opcode_map + bytes((opcode, modrm)) + TAIL


@cache
def forms() -> tuple[bytes, ...]:
    """One encoding of every form: the same operation with and without memory."""
    kept: dict[tuple[int, int, bool], bytes] = {}
    for data in candidates():
        decoder = Decoder(64, data)
        instr = decoder.decode()
        if not decoder.last_error:
            key = instr.code, instr.memory_base, instr.has_lock_prefix
            kept.setdefault(key, data[: instr.len])
    return tuple(kept.values())


def test_every_form_touches_the_addresses_it_says() -> None:
    assert len(forms()) > 1500
    for data in forms():
        insns = decode_bytes(data)
        assert format_insn(insns[0])
        first, second = run(insns, 2).copies
        assert len(first) == len(second) == len(table_of(data).accesses), data.hex()


def test_every_form_can_be_linked_with_itself() -> None:
    for data in forms():
        linkage(decode_bytes(data), always=True)


def test_far_calls_push_what_far_returns_pop() -> None:
    for code, word in (("ff19cb", 4), ("48ff1948cb", 8)):
        insns = decode_bytes(bytes.fromhex(code))
        called, back = insns[0].form.memory[1:], insns[1].form.memory
        assert [m.displacement + 2 * word for m in called[::-1]] == [
            m.displacement for m in back
        ]
        # The callee outside returns by itself, and then the path does once more.
        assert run(insns, 1).machine.offsets[R.RSP] == 2 * word


def test_uiret_takes_its_stack_pointer_from_the_third_word() -> None:
    execution = run(decode_bytes(bytes.fromhex("f30f01ec")), 1)
    machine = execution.machine
    assert [access.offset for access in execution.copies[0]] == [0, 8, 16]
    assert machine.describe((machine.roots[R.RSP], machine.offsets[R.RSP])) == (
        "[rsp+0x10]"
    )
