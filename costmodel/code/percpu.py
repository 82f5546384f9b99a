"""Names of per-CPU variables: what ``%gs:0x6014`` of a linked kernel is.

x86-64 kernels link their per-CPU section at address 0, so a variable's address is its
offset from the GS base.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from msgspec.structs import replace

from costmodel import lazily
from costmodel.code.elf import Elf
from costmodel.code.insn import Insn, Path, Step

SECTION = ".data..percpu"
_ENTRY = 24  # bytes of an ELF64 symbol
_LINE = 64
_NUMBER = lazily.pattern(r"(per-CPU |%gs:)(0x[0-9a-f]+)")
_FAR = 1 << 16  # a variable is never this large: beyond, the address is something else


class PerCpu:
    """The variables of a linked kernel, unpacked when the first is asked for."""

    def __init__(self, raw: bytes, strings: bytes, section: int) -> None:
        self._raw = raw
        self._strings = strings
        self._section = section
        self._rows: list[tuple[int, str]] | None = None

    def name(self, address: int) -> str:
        """``cpu_tss_rw+0x14``; empty where no variable is known."""
        rows = self._all()
        index = bisect_right(rows, (address, "\U0010ffff"))
        if not index or address - rows[index - 1][0] >= _FAR:
            return ""
        start, name = rows[index - 1]
        return f"{name}+{address - start:#x}" if address > start else name

    def _all(self) -> list[tuple[int, str]]:
        if self._rows is None:
            raw = self._raw[: len(self._raw) - len(self._raw) % _ENTRY]
            # Columns: st_name, st_info, st_other, st_shndx, st_value, st_size.
            owners = memoryview(raw).cast("H")[3::12].tolist()
            values = memoryview(raw).cast("Q")[1::3]
            names = memoryview(raw).cast("I")[::6]
            rows: dict[int, str] = {}
            for row, owner in enumerate(owners):
                if owner == self._section and (name := self._text(names[row])):
                    # The end of one variable may carry a marker's name.
                    if not name.startswith("__") or values[row] not in rows:
                        rows[values[row]] = name
            self._rows = sorted(rows.items())
        return self._rows

    def _text(self, start: int) -> str:
        end = self._strings.find(b"\0", start)
        return self._strings[start:end].decode("utf-8", "replace")


def per_cpu(elf: Elf) -> PerCpu | None:
    """The per-CPU variables of a linked file, if it has any."""
    table = elf.symbol_table()
    for number, header in enumerate(elf.headers):
        if header.name == SECTION and table is not None:
            return PerCpu(table[1], table[2], number)
    return None


def address_of(insn: Insn) -> int | None:
    """The offset from the GS base of a variable an instruction names."""
    if insn.relocations:
        return None
    for access in insn.form.memory:
        if access.segment == "gs" and access.base < 0 and access.index < 0:
            shift = insn.end if access.rip_relative else 0
            return (access.displacement + shift) & ((1 << 64) - 1)
    return None


def named(path: Path, variables: PerCpu) -> Path:
    """The path with a comment on each instruction that names a per-CPU variable."""
    return replace(path, steps=tuple(_named(s, variables) for s in path.steps))


def _named(step: Step, variables: PerCpu) -> Step:
    address = address_of(step.insn)
    name = "" if address is None else variables.name(address)
    return step._replace(insn=replace(step.insn, comment=name)) if name else step


def in_words(lines: list[str], path: Path) -> list[str]:
    """Names of lines with the variables of the path's comments for their numbers."""
    known = {
        address: step.insn.comment
        for step in path.steps
        if step.insn.comment and (address := address_of(step.insn)) is not None
    }
    return [_in_words(line, known) for line in lines] if known else lines


def _in_words(line: str, known: dict[int, str]) -> str:
    def named(found: re.Match[str]) -> str:
        start = int(found[2], 16)
        # A whole line is called by the first variable the path uses of it.
        span = _LINE if found[1] == "per-CPU " else 1
        inside = [at for at in known if start <= at < start + span]
        return found[1] + (known[min(inside)] if inside else found[2])

    return _NUMBER.sub(named, line)
