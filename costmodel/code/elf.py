"""The few ELF64 structures needed here, checked: headers, symbols, relocations.

Works on any buffer (bytes or a mapped file), so that a large vmlinux costs only the
pages touched. Source: System V ABI, x86-64 supplement.
"""

from __future__ import annotations

import mmap
import struct
import zlib

from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

Buffer = bytes | mmap.mmap

SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_DYNSYM = 2, 4, 8, 11
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_COMPRESSED = 0x1, 0x2, 0x4, 0x800
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
STT_NOTYPE, STT_FUNC, STT_SECTION = 0, 2, 3
R_64, R_PC32, R_PLT32, R_32, R_PC8 = 1, 2, 4, 10, 15
SHN_RESERVED = 0xFF00

_MACHINES = {
    3: "32-bit x86 (i386)",
    8: "MIPS",
    20: "PowerPC",
    21: "64-bit PowerPC",
    22: "S/390",
    40: "32-bit ARM",
    183: "64-bit ARM (AArch64)",
    243: "RISC-V",
    258: "LoongArch",
}
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELA = struct.Struct("<QQq")
MAX_UNPACKED = 1 << 30  # bytes; a vmlinux's whole line table is far below
EXPECTED = "an x86-64 ELF object or vmlinux"


class Header(NamedTuple):
    """A section header."""

    name: str
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int


class ElfSymbol(NamedTuple):
    name: str
    kind: int
    is_global: bool
    section: int
    value: int
    size: int


class Rela(NamedTuple):
    offset: int
    kind: int
    symbol: int
    addend: int


class Elf(NamedTuple):
    """A checked ELF64 x86-64 file."""

    data: Buffer
    origin: str
    type: int
    headers: tuple[Header, ...]

    def header(self, name: str) -> Header | None:
        return next((h for h in self.headers if h.name == name), None)

    def contents(self, header: Header | None) -> bytes:
        """A section's bytes, decompressed; empty for None and for .bss."""
        if header is None or header.kind == SHT_NOBITS:
            return b""
        raw = bytes(self.data[header.offset : header.offset + header.size])
        if header.flags & SHF_COMPRESSED:
            kind, _, _, _ = struct.unpack_from("<IIQQ", raw)
            if kind != 1:
                raise broken(self.origin, f"{header.name} is not compressed by zlib")
            unpacker = zlib.decompressobj()
            unpacked = unpacker.decompress(raw[24:], MAX_UNPACKED + 1)
            if len(unpacked) > MAX_UNPACKED:
                raise broken(self.origin, f"{header.name} unpacks without an end")
            if not unpacker.eof:
                raise broken(self.origin, f"{header.name} is cut short")
            return unpacked
        return raw

    def symbol_table(self) -> tuple[Header, bytes, bytes] | None:
        """The header, the raw entries and the string table of .symtab."""
        for kind in (SHT_SYMTAB, SHT_DYNSYM):
            for header in self.headers:
                if header.kind == kind and header.link < len(self.headers):
                    strings = self.contents(self.headers[header.link])
                    return header, self.contents(header), strings
        return None

    def relas(self, target: int) -> list[Rela]:
        """The relocations of section number ``target``."""
        found = []
        for header in self.headers:
            if header.kind == SHT_RELA and header.info == target:
                raw = self.contents(header)
                usable = len(raw) - len(raw) % _RELA.size
                for offset, info, addend in _RELA.iter_unpack(raw[:usable]):
                    found.append(Rela(offset, info & 0xFFFFFFFF, info >> 32, addend))
        return found


def broken(origin: str, found: str) -> InputError:
    return InputError(
        found,
        where=origin,
        expected=EXPECTED,
        hint="was the file copied completely? 'readelf -S' shows what is left of it",
    )


def symbols(raw: bytes, strings: bytes) -> list[ElfSymbol]:
    """All entries, in table order. ``name`` is empty where the string is missing."""
    out = []
    usable = len(raw) - len(raw) % _SYMBOL.size
    for name, info, _, section, value, size in _SYMBOL.iter_unpack(raw[:usable]):
        end = strings.find(b"\0", name)
        text = strings[name:end].decode("utf-8", "replace") if end > name else ""
        out.append(ElfSymbol(text, info & 15, info >= 16, section, value, size))
    return out


def parse(data: Buffer, origin: str) -> Elf:
    """Check the header and read the section table. Raises InputError."""
    size = len(data)
    if size < 20:
        raise broken(origin, f"a truncated ELF file: {size} bytes")
    if data[4] not in (1, 2):
        raise broken(origin, "a damaged ELF header: it says neither 32 nor 64 bits")
    if data[4] == 1:
        machine = struct.unpack_from("<H", data, 18)[0]
        what = _MACHINES.get(machine, f"machine {machine}")
        raise _foreign(origin, f"a 32-bit ELF file for {what}")
    if data[5] != 1:
        raise _foreign(origin, "a big-endian ELF file")
    if size < 64:
        raise broken(origin, f"a truncated ELF file: {size} bytes, no whole header")
    kind, machine = struct.unpack_from("<HH", data, 16)
    if machine != 62:
        what = _MACHINES.get(machine, f"machine {machine}")
        raise _foreign(origin, f"an ELF file for {what}")
    if kind not in (ET_REL, ET_EXEC, ET_DYN):
        raise broken(origin, f"an ELF file of type {kind} (a core dump is 4)")
    table = struct.unpack_from("<Q", data, 40)[0]
    entry_size, count, names = struct.unpack_from("<HHH", data, 58)
    if not table:
        raise broken(origin, "an ELF file without sections")
    if entry_size != _SECTION.size or table + count * entry_size > size:
        end = table + count * entry_size
        raise broken(
            origin, f"a truncated ELF file: {size} bytes, section table ends at {end}"
        )
    rows = [_SECTION.unpack_from(data, table + i * entry_size) for i in range(count)]
    for row in rows:
        if row[1] != SHT_NOBITS and row[4] + row[5] > size:
            raise broken(
                origin,
                f"a truncated ELF file: {size} bytes, a section ends at"
                f" {row[4] + row[5]}",
            )
    if names >= count:
        raise broken(origin, "an ELF file without section names")
    strings = bytes(data[rows[names][4] : rows[names][4] + rows[names][5]])
    headers = []
    for name, sh_type, flags, address, offset, length, link, info, align, _ in rows:
        end = strings.find(b"\0", name)
        text = strings[name:end].decode("utf-8", "replace")
        headers.append(
            Header(text, sh_type, flags, address, offset, length, link, info, align)
        )
    return Elf(data, origin, kind, tuple(headers))


def _foreign(origin: str, found: str) -> InputError:
    return InputError(
        found,
        where=origin,
        expected=EXPECTED,
        hint="build it with ARCH=x86_64, 64-bit",
    )
