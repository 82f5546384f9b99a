"""uops.info form names ("ADC (M64, R64)") to bytes, through the GNU assembler.

A development tool: it needs ``as`` and ``objcopy``; the package does not.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from costmodel.code.decode import decode_form
from costmodel.code.insn import Form

_REGISTERS = {
    "R64": ("rbx", "rdx", "rsi"),
    "R32": ("ebx", "edx", "esi"),
    "R16": ("bx", "dx", "si"),
    "R8l": ("bl", "dl"),
    "R8h": ("bh", "dh"),
}
_WIDTHS = {
    "8": "byte ptr ",
    "16": "word ptr ",
    "32": "dword ptr ",
    "64": "qword ptr ",
    "128": "xmmword ptr ",
    "80": "",
    "512": "",
}
_IMMEDIATES = {
    "I8": "2",
    "I16": "0x1234",
    "I32": "0x12345678",
    "I64": "0x123456789abcdef0",
}
_LITERAL = frozenset("0 1 CL AL AX EAX RAX DX FS GS".split())
_OTHER = {"SEG": "ds", "CR": "cr3", "DR": "dr7", "Rel8": ".+10", "Rel32": ".+1000"}
_SAME_AS = {
    "CALL_NEAR": "call",
    "RET_NEAR": "ret",
    "MOV_CR": "mov",
    "MOV_DR": "mov",
    "PREFETCH_EXCLUSIVE": "prefetch",
    "XLAT": "xlatb",
    "PUSHF": ".byte 0x66; pushfq",
    "POPF": ".byte 0x66; popfq",
    "LEAVE_W": ".byte 0x66; leave",
}
_NOT_ENCODED = frozenset({"CALL_FAR", "RET_FAR", "ENTER_W"})
_LEA = {"B": "rdx", "I": "r9*1", "IS": "r9*8", "D8": "8", "D32": "0x1000", "R": "rip"}
_PREFIX = {"LOCK": "lock ", "REPE": "rep ", "REPNE": "repne "}


def text_of(name: str, indexed: bool = False, same: bool = False) -> str | None:
    """Intel-syntax text of one instance; None for forms the tool does not encode."""
    match = re.fullmatch(r"(\w+)(?: \((.*)\))?", name)
    if match is None:
        return None
    mnemonic, inside = match.groups()
    operands = [o.strip() for o in inside.split(",")] if inside else []
    if mnemonic.startswith("LEA_") and mnemonic != "LEA_W":
        address = "+".join(_LEA[part] for part in mnemonic[4:].split("_"))
        if mnemonic == "LEA_B_I":
            address = address.replace("*1", "")
        return f"lea {_REGISTERS[operands[0]][0]}, [{address}]"
    prefix = ""
    prefixed = re.fullmatch(r"(\w+?)_(LOCK|REPE|REPNE)(_REX64)?", mnemonic)
    if prefixed is not None:
        if prefixed[3]:
            return None
        mnemonic, prefix = prefixed[1], _PREFIX[prefixed[2]]
    if mnemonic in _NOT_ENCODED:
        return None
    base = _SAME_AS.get(mnemonic, mnemonic.lower())
    base = re.sub(r"_([0-9a-f]{2}|r[04]|imm[bz]|cl)$", "", base)
    if base in ("push_w", "pop_w"):
        base = f".byte 0x66; {base[:-2]}"
    written: list[str] = []
    registers = 0
    for operand in operands:
        if operand in _REGISTERS:
            names = _REGISTERS[operand]
            written.append(names[0 if same else min(registers, len(names) - 1)])
            registers += 1
        elif operand in _IMMEDIATES:
            written.append(_IMMEDIATES[operand])
        elif operand in _OTHER:
            written.append(_OTHER[operand])
        elif operand in _LITERAL:
            written.append(operand.lower())
        elif operand.startswith("Moffs"):
            written.append("[0x123456789abcdef0]")
            base = "movabs"
        elif operand[0] == "M" and operand[1:] in _WIDTHS:
            where = "[rdi+r9+8]" if indexed else "[rdi+8]"
            written.append(_WIDTHS[operand[1:]] + where)
        else:
            return None
    return f"{prefix}{base} {', '.join(written)}".strip()


def assemble(lines: list[str]) -> list[bytes | None]:
    """The bytes of each line; None where the assembler refuses it."""
    refused: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "a.s"), Path(folder, "a.o")
        while True:
            body = ["nop" if n in refused else line for n, line in enumerate(lines)]
            labelled = "".join(f"L{n}: {line}\n" for n, line in enumerate(body))
            table = "".join(f".long L{n}-L0\n" for n in range(len(lines)))
            source.write_text(
                ".intel_syntax noprefix\n.text\n"
                f"{labelled}.data\n{table}.long E-L0\n.text\nE:\n"
            )
            done = subprocess.run(
                ["as", "--64", "-o", output, source],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0:
                break
            wrong = re.findall(r"a\.s:(\d+): Error", done.stderr)
            if not wrong:
                raise SystemExit(done.stderr)
            refused |= {int(line) - 3 for line in wrong}
        code, where = (_section(output, name) for name in (".text", ".data"))
    ends = [int.from_bytes(where[i : i + 4], "little") for i in range(0, len(where), 4)]
    return [
        None if n in refused else code[ends[n] : ends[n + 1]] for n in range(len(lines))
    ]


def _section(output: Path, name: str) -> bytes:
    raw = output.with_suffix(name)
    subprocess.run(
        ["objcopy", "-O", "binary", "-j", name, output, raw],
        check=True,
    )
    return raw.read_bytes()


def forms_of(
    names: list[str], indexed: bool = False, same: bool = False
) -> dict[str, Form]:
    """The decoded Form of every name that can be encoded."""
    texts = [(name, text_of(name, indexed, same)) for name in names]
    kept = [(name, text) for name, text in texts if text is not None]
    encoded = assemble([text for _, text in kept])
    return {
        name: decode_form(data)
        for (name, _), data in zip(kept, encoded, strict=True)
        if data is not None
    }
