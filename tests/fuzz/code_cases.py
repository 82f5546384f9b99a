"""Code as hostile input: bytes, objects, assembly, listings and oopses."""
# ruff: noqa: E501 the tables of bad values

from __future__ import annotations

import random
from contextlib import suppress
from functools import cache

from tests.code.conftest import make_elf

STUB = b"f: mov %rax,8(%rsp)\n\tjz 1f\n\tpush %rbx\n\tpop %rbx\n1:\tret\n"
NAMES = (
    "f", "entry_SYSCALL_64", ".L1", "a b", "x\x1b[31m", "new\nline", "\u202eabc", "é",
    "n" * 300, "", "--", "0x10", "f+0x1",
)  # fmt: skip
WORDS = (0, 1, 7, 63, 64, 255, 4096, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 47)
KERNEL = 0xFFFFFFFF81000000
EDGES = (*WORDS, KERNEL, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 16)
OPENINGS = (
    "50", "58", "c3", "90", "0f05", "480f07", "48cf", "0f01f8", "0f0b", "cc", "f4",
    "4801d8", "480fafc3", "48894424%02x", "488b4424%02x", "65488b042510600000",
    "65488b250460007f", "e800000000", "eb00", "7400", "ebfe", "ff19", "ff18", "ff10",
    "48ff2c24", "f30f01ec", "f30f01ca", "cb", "ca0800", "c8100001", "c9", "f3aa", "f348a5",
    "48b8ffffffffffffff7f", "48b80000000000000080", "488904c0", "48c1e03f", "0fae00",
    "c5f877", "0f58c1", "d9e8", "0faee8", "0f09", "0f30", "0f32", "0f31", "9d", "9c",
    "cd80", "f048ff00", "66f048ff00", "480fc708", "8f00", "ff3424", "48832424f0", "a4",
)  # fmt: skip


def instructions(rng: random.Random, most: int) -> bytes:
    """Instructions of all sorts, known ones among them."""
    data = b""
    for _ in range(rng.choice((1, 1, 2, 3, 5, 8, most))):
        if rng.random() < 0.7:
            text = rng.choice(OPENINGS)
            data += bytes.fromhex(text % rng.randrange(128) if "%" in text else text)
        else:
            prefix = rng.choice(
                (b"", b"\x48", b"\x66", b"\xf3", b"\xf2", b"\x65", b"\xf0")
            )
            opcode = rng.choice((b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a"))
            data += prefix + opcode + rng.randbytes(rng.choice((2, 3, 6)))
            data += bytes(rng.choice((0, 4)))
    return data


def hex_text(rng: random.Random, short: bool = False) -> bytes:
    data = instructions(rng, 8 if short else 60)
    text = data.hex()
    style = rng.randrange(7)
    if style == 0:
        text = data.hex(" ")
    elif style == 1:
        text = ",".join(f"0x{byte:02x}" for byte in data)
    elif style == 2:
        text = "".join(f"\\x{byte:02x}" for byte in data)
    elif style == 3:
        text = text * rng.choice((1, 2, 30)) + "c3"
    return mutated(rng, text.encode() + b"\n", 0.1)


def mutated(rng: random.Random, data: bytes, share: float = 0.6) -> bytes:
    """``data``, in ``share`` of the cases with some of it changed."""
    if rng.random() >= share or not data:
        return data
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at = rng.randrange(len(changed)) if changed else 0
        how = rng.randrange(7)
        if how == 0:
            changed[at : at + 1] = bytes([rng.randrange(256)])
        elif how == 1:
            del changed[at : at + rng.choice((1, 2, 8, 64, 4096))]
        elif how == 2:
            size = rng.choice((1, 2, 4, 8))
            number = rng.choice(EDGES) & ((1 << 8 * size) - 1)
            changed[at : at + size] = number.to_bytes(size, "little")
        elif how == 3:
            piece = changed[at : at + rng.choice((4, 16, 64))]
            changed[at:at] = piece * rng.choice((1, 2, 20))
        elif how == 4:
            changed[at:at] = rng.choice(
                (
                    b"\0",
                    b"\r",
                    b"\x1b[2J",
                    b"\xff",
                    b"\n",
                    b"\t",
                    b"\x0b",
                    b"-1",
                    b"9" * 30,
                )
            )
        elif how == 5 and len(changed) > 1:
            changed[at] ^= 1 << rng.randrange(8)
        else:
            del changed[at:]
    return bytes(changed)


@cache
def _bases() -> tuple[bytes, ...]:
    """Whole objects: made by hand, and by an assembler where there is one."""
    code = bytes.fromhex("0f01f8488944240850e800000000750258c30f05480f07")
    made = [
        make_elf(code, [("f", KERNEL, 10), ("g", KERNEL + 10, 13)]),
        make_elf(code, [("f", 0, 23)], base=0),
        make_elf(code, [(name, KERNEL + k, 1) for k, name in enumerate(NAMES)]),
        make_elf(code, [("f", (1 << 64) - 32, 23)], base=(1 << 64) - 32),
        make_elf(code, [("f", (1 << 63) - 8, 23)], base=(1 << 63) - 8),
    ]
    from costmodel.code.assemble import Source, assemble
    from costmodel.errors import InputError

    text = (
        STUB.decode()
        + "g: call f\n call h\n mov x(%rip),%rax\n jmp f\n.data\nx: .quad f\n"
    )
    with suppress(InputError):
        made.append(assemble(Source(text, "f.S")))
    return tuple(made)


def elf(rng: random.Random) -> bytes:
    return mutated(rng, rng.choice(_bases()), 0.9)


def selector(rng: random.Random) -> str:
    name = rng.choice((*NAMES, hex(rng.choice(EDGES)), "f", "g", "f", "g"))
    tail = rng.choice(
        ("", "", f"+{rng.choice(EDGES):#x}", "+5", f"+0/{rng.choice(EDGES)}")
    )
    return (name + tail).replace("\0", "")


def assembly(rng: random.Random) -> bytes:
    """Lines by a small grammar: instructions, labels, directives, region comments."""
    registers = ("rax", "ebx", "cl", "rsp", "r12", "ah", "cr3", "gs", "xmm0", "zax")
    names = (
        "mov",
        "add",
        "push",
        "pop",
        "jmp",
        "jz",
        "call",
        "lea",
        "xchg",
        "imul",
        "nop",
    )

    def operand() -> str:
        kind = rng.randrange(6)
        register = "%" + rng.choice(registers)
        if kind == 0:
            return f"${rng.choice((0, 1, -1, 127, 128, 2**31, 2**63, 2**64))}"
        if kind == 1:
            return f"{rng.choice(('', '8', '-4096', 'x', 'x+8'))}({register})"
        if kind == 2:
            return rng.choice(("1f", "1b", "f", "nowhere", "%gs:8", "x(%rip)", "*%rax"))
        return register

    def line() -> str:
        kind = rng.randrange(12)
        if kind < 7:
            count = rng.randrange(3)
            return f"{rng.choice(names)} " + ",".join(operand() for _ in range(count))
        return rng.choice(
            (
                "1:", "f:", "g: .globl g", ".rept 3", ".endr", ".macro m a", ".endm", "m 1",
                ".space 40", ".org 64", ".org 0", ".byte 0x90,0xcc", ".section .text.x",
                "# COSTMODEL-BEGIN a", "# COSTMODEL-END a", "# COSTMODEL-END",
                '#include "none.h"', "#error x", "#define X(a) a", "X(nop)", ".rept 1<<30",
                ".fill 1<<20", "/* open", ".intel_syntax noprefix", '.ascii "\\0"', ".if 1",
            )
        )  # fmt: skip

    text = (
        "f:\n" + "\n".join(line() for _ in range(rng.choice((1, 2, 4, 8)))) + "\nret\n"
    )
    return mutated(rng, text.encode(), 0.1)


def listing(rng: random.Random) -> bytes:
    """What objdump, gdb and oopses print, more or less."""
    data = instructions(rng, 20)
    if rng.random() < 0.35:
        at = rng.randrange(len(data))
        tokens = [f"{byte:02x}" for byte in data]
        tokens[at] = rng.choice((f"<{tokens[at]}>", f"({tokens[at]})", tokens[at]))
        offset, size = rng.choice((*EDGES, at)), rng.choice((*EDGES, len(data)))
        text = f"RIP: 0010:{rng.choice(NAMES)}+{offset:#x}/{size:#x}\nCode: "
        return mutated(rng, (text + " ".join(tokens) + "\n").encode(), 0.4)
    base = rng.choice((0, 0x1000, KERNEL, KERNEL, *EDGES))
    lines = ["x.o:     file format elf64-x86-64", "", "Disassembly of section .text:"]
    at = 0
    while at < len(data):
        size = rng.choice((1, 2, 3, 5, 7))
        piece = data[at : at + size]
        if rng.random() < 0.3:
            lines.append(f"{base + at:016x} <{rng.choice(NAMES)}>:")
        lines.append(f" {base + at:x}:\t{piece.hex(' ')}\t insn")
        if rng.random() < 0.15:
            addend = rng.choice(
                ("", "-0x4", "+0x7fffffffffffffff", "-0xffffffffffffffff")
            )
            lines.append(
                f"\t\t\t{base + at:x}: R_X86_64_PC32\t{rng.choice(NAMES)}{addend}"
            )
        if rng.random() < 0.1:
            lines.append(f"/src/entry.S:{rng.choice(EDGES)}")
        at += size
    text = "\n".join(lines) + "\n"
    return mutated(rng, text.encode("utf-8", "surrogateescape"), 0.4)
