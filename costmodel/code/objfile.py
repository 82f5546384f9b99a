"""From an ELF file to an Image: lay out, resolve what can be, keep what cannot.

A relocatable object is laid out section after section, each on a page of its own, and
branches between its sections are resolved as a linker would. Fields that need another
object stay zero and are listed by name. A linked file (vmlinux) is taken as it is.
"""

from __future__ import annotations

import re
import struct
import zlib

from costmodel import lazily
from costmodel.code.alternatives import sites
from costmodel.code.dwarf_lines import BROKEN, decode_unit, unit_bounds
from costmodel.code.elf import (
    ET_REL,
    R_32,
    R_64,
    R_PC8,
    R_PC32,
    R_PLT32,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHN_RESERVED,
    SHT_NOBITS,
    STT_FUNC,
    STT_NOTYPE,
    STT_SECTION,
    Buffer,
    Elf,
    ElfSymbol,
    Rela,
    broken,
    parse,
    symbols,
)
from costmodel.code.image import ADDRESSES, Image, LineRow, Section
from costmodel.code.insn import Relocation
from costmodel.code.memory import Memory
from costmodel.code.percpu import per_cpu
from costmodel.code.symbols import ElfSymbols, Symbol
from costmodel.errors import InputError

PAGE = 4096
MARKER_SECTION = ".costmodel.regions"
_ANONYMOUS = lazily.pattern(r"$|\.Ltmp\d|L?\d+[\x01\x02]")  # made by the assembler
_SET_ADDRESS = lazily.pattern(rb"\x00\x09\x02(.{8})", re.S)


def read_image(data: Buffer, origin: str) -> Image:
    """Raises InputError where the file is truncated or foreign."""
    elf = parse(data, origin)
    code = [
        index
        for index, header in enumerate(elf.headers)
        if header.flags & SHF_EXECINSTR and header.kind != SHT_NOBITS and header.size
    ]
    if not code:
        raise InputError(
            "no executable code",
            where=origin,
            expected="a section with instructions, as .text",
            hint="'objdump -h' lists the sections",
        )
    try:
        if elf.type == ET_REL:
            return _read_relocatable(elf, code)
        return _read_linked(elf, code)
    except (struct.error, IndexError, ValueError, zlib.error) as error:
        raise broken(origin, f"a damaged ELF file ({error})") from None


def read_markers(data: bytes, origin: str) -> list[tuple[int, int]]:
    """(address, index) of every region marker, in the layout of ``read_image``."""
    elf = parse(data, origin)
    bases = _layout(elf)
    table = _all_symbols(elf)
    found = []
    for number, header in enumerate(elf.headers):
        if header.name != MARKER_SECTION:
            continue
        contents = elf.contents(header)
        for rela in elf.relas(number):
            symbol = table[rela.symbol]
            if symbol.section in bases:
                address = bases[symbol.section] + symbol.value + rela.addend
                (index,) = struct.unpack_from("<I", contents, rela.offset + 8)
                found.append((address, index))
    return found


def _layout(elf: Elf) -> dict[int, int]:
    """The address of each executable section of a relocatable object."""
    bases, at = {}, 0
    for index, header in enumerate(elf.headers):
        if header.flags & SHF_EXECINSTR and header.size:
            bases[index] = at
            step = max(PAGE, header.align)
            at = -(-(at + header.size) // step) * step
    return bases


def _all_symbols(elf: Elf) -> list[ElfSymbol]:
    table = elf.symbol_table()
    return symbols(table[1], table[2]) if table else []


def _read_relocatable(elf: Elf, code: list[int]) -> Image:
    bases = _layout(elf)
    table = _all_symbols(elf)
    sections, relocations = [], {}
    labels = _labels(table)
    for index in code:
        data = bytearray(elf.contents(elf.headers[index]))
        for rela in elf.relas(index):
            where = bases[index] + rela.offset
            if not _resolve(data, rela, table, bases, where):
                relocations[where] = _named(rela, table, labels, elf)
        sections.append(Section(elf.headers[index].name, bases[index], bytes(data)))
    names = [
        Symbol(
            symbol.name,
            bases[symbol.section] + symbol.value,
            symbol.size,
            not symbol.is_global and symbol.kind != STT_FUNC,
            elf.headers[symbol.section].name,
        )
        for symbol in table
        if symbol.section in bases
        and symbol.kind in (STT_NOTYPE, STT_FUNC)
        and not _ANONYMOUS.match(symbol.name)
    ]
    return Image(
        elf.origin,
        tuple(sections),
        tuple(sorted(names, key=lambda row: row.address)),
        _object_lines(elf, table, bases),
        relocations,
        patched=sites(elf, bases, table),
        memory=Memory(elf, None, _pointers(elf, table, bases)),
    )


def _pointers(
    elf: Elf, table: list[ElfSymbol], bases: dict[int, int]
) -> dict[str, dict[int, int]]:
    """Addresses of code that data of an object hold, by symbol and offset from it."""
    found: dict[str, dict[int, int]] = {}
    for number, header in enumerate(elf.headers):
        if header.flags & SHF_EXECINSTR or not header.flags & SHF_ALLOC:
            continue
        words = {
            rela.offset: bases[at.section] + at.value + rela.addend
            for rela in elf.relas(number)
            if rela.kind == R_64 and (at := table[rela.symbol]).section in bases
        }
        if not words or header.flags & SHF_WRITE:
            continue
        names = [(s.name, s.value) for s in table if s.section == number and s.name]
        for name, value in (*names, (header.name, 0)):
            found[name] = {offset - value: target for offset, target in words.items()}
    return found


def _resolve(
    data: bytearray,
    rela: Rela,
    table: list[ElfSymbol],
    bases: dict[int, int],
    where: int,
) -> bool:
    """Fill in a PC-relative field whose target is code of this object."""
    symbol = table[rela.symbol]
    if symbol.section not in bases:
        return False
    value = bases[symbol.section] + symbol.value + rela.addend - where
    if rela.kind in (R_PC32, R_PLT32) and -(1 << 31) <= value < 1 << 31:
        struct.pack_into("<i", data, rela.offset, value)
        return True
    if rela.kind == R_PC8 and -128 <= value < 128:
        struct.pack_into("<b", data, rela.offset, value)
        return True
    return False


def _labels(table: list[ElfSymbol]) -> dict[tuple[int, int], str]:
    """The first name of every place, by section and offset."""
    labels: dict[tuple[int, int], str] = {}
    for symbol in table:
        if symbol.kind != STT_SECTION and symbol.name:
            labels.setdefault((symbol.section, symbol.value), symbol.name)
    return labels


def _named(
    rela: Rela, table: list[ElfSymbol], labels: dict[tuple[int, int], str], elf: Elf
) -> Relocation:
    """The symbol of a field left open; a section symbol by the label it hides."""
    symbol = table[rela.symbol]
    addend = rela.addend
    if symbol.kind != STT_SECTION:
        return Relocation(0, symbol.name, addend)
    bias = 4 if rela.kind in (R_PC32, R_PLT32) else 0
    label = labels.get((symbol.section, addend + bias))
    if label is not None:
        return Relocation(0, label, -bias)
    known = symbol.section < min(len(elf.headers), SHN_RESERVED)
    name = elf.headers[symbol.section].name if known else ""
    return Relocation(0, name, addend)


def _object_lines(
    elf: Elf, table: list[ElfSymbol], bases: dict[int, int]
) -> tuple[LineRow, ...]:
    """The line table of an object, its relocations applied; empty if unreadable."""
    number = next(
        (i for i, header in enumerate(elf.headers) if header.name == ".debug_line"), 0
    )
    if not number:
        return ()
    data = bytearray(elf.contents(elf.headers[number]))
    dropped = 1 << 62  # where code of no executable section goes
    for rela in elf.relas(number):
        symbol = table[rela.symbol]
        value = symbol.value + rela.addend
        if rela.kind == R_64:
            value += bases.get(symbol.section, dropped)
            struct.pack_into("<Q", data, rela.offset, value)
        elif rela.kind == R_32:
            struct.pack_into("<I", data, rela.offset, value & 0xFFFFFFFF)
    line_str = elf.contents(elf.header(".debug_line_str"))
    names = elf.contents(elf.header(".debug_str"))
    rows: list[LineRow] = []
    try:
        for start, _ in unit_bounds(bytes(data)):
            for sequence in decode_unit(bytes(data), start, line_str, names):
                if sequence[0].address < dropped:
                    rows += sequence
    except BROKEN:
        return ()  # a line table is a comfort; code without one is still code
    return _sorted_rows(rows)


def _sorted_rows(rows: list[LineRow]) -> tuple[LineRow, ...]:
    # At one address the last row of the table is the one that holds.
    ordered = sorted(enumerate(rows), key=lambda item: (item[1].address, item[0]))
    unique = {row.address: row for _, row in ordered if row.source is not None}
    ends = {row.address: row for _, row in ordered if row.source is None}
    return tuple(sorted((ends | unique).values(), key=lambda row: row.address))


def _read_linked(elf: Elf, code: list[int]) -> Image:
    table = elf.symbol_table()
    owners = {index: elf.headers[index].name for index in code}
    names = ElfSymbols(table[1], table[2], owners) if table else ()
    chosen = [elf.headers[i] for i in code]
    for header in chosen:
        if header.address + header.size > ADDRESSES:
            raise broken(elf.origin, f"{header.name} ends past the last address")
    sections = tuple(Section(h.name, h.address, elf.contents(h)) for h in chosen)
    memory = Memory(elf, table[1:] if table else None)
    patched = sites(elf)
    return Image(
        elf.origin, sections, names, linked=True, patched=patched, memory=memory,
        variables=per_cpu(elf),
    )  # fmt: skip


def lines_near(data: Buffer, address: int, origin: str) -> tuple[LineRow, ...]:
    """The line table of the unit of a linked file that holds ``address``.

    Decoding all of a kernel's table takes seconds. The sequence wanted is the one that
    sets the greatest address at or below ours, so only its unit is decoded.
    """
    elf = parse(data, origin)
    table = elf.contents(elf.header(".debug_line"))
    best, where = -1, -1
    for match in _SET_ADDRESS.finditer(table):
        start = int.from_bytes(match[1], "little")
        if best < start <= address:
            best, where = start, match.start()
    if where < 0:
        return ()
    line_str = elf.contents(elf.header(".debug_line_str"))
    names = elf.contents(elf.header(".debug_str")) if not line_str else b""
    try:
        for start, end in unit_bounds(table):
            if start <= where < end:
                rows = [
                    row
                    for sequence in decode_unit(table, start, line_str, names)
                    for row in sequence
                ]
                return _sorted_rows(rows)
    except BROKEN:
        pass
    return ()
