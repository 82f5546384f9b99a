"""The DWARF line table (versions 2 to 5), read straight from .debug_line.

Only what maps an address to file and line is decoded; columns, views and
discriminators are stepped over. Source: DWARF 5 standard, section 6.2.
"""

from __future__ import annotations

import posixpath
import struct
from collections.abc import Iterator

from costmodel.code.image import LineRow
from costmodel.code.insn import SourceLine
from costmodel.tuples import NamedTuple

_DW_FORM_SIZES = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}
_STRING, _LINE_STRP, _STRP, _UDATA, _BLOCK = 0x08, 0x1F, 0x0E, 0x0F, 0x09
_PATH, _DIRECTORY = 1, 2

BROKEN = (struct.error, IndexError, ValueError, ArithmeticError)


class Reader:
    """A cursor over bytes; running off the end raises IndexError or struct.error."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def u8(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def fixed(self, layout: str) -> int:
        (value,) = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return int(value)

    def uleb(self) -> int:
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def sleb(self) -> int:
        start = self.at
        value = self.uleb()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> (bits - 1) & 1 else value

    def string(self) -> str:
        end = self.data.index(b"\0", self.at)
        text = self.data[self.at : end].decode("utf-8", "replace")
        self.at = end + 1
        return text


class _Unit(NamedTuple):
    end: int
    minimum: int
    default_is_stmt: bool
    line_base: int
    line_range: int
    opcode_base: int
    lengths: list[int]
    files: list[str]
    first_file: int


def _strp(strings: bytes, offset: int) -> str:
    return strings[offset : strings.index(b"\0", offset)].decode("utf-8", "replace")


def _entries(
    reader: Reader, wide: bool, line_str: bytes, names: bytes
) -> list[tuple[str, int]]:
    """A version 5 directory or file table as (path, directory index)."""
    layout = [(reader.uleb(), reader.uleb()) for _ in range(reader.u8())]
    count = reader.uleb()
    if not layout:
        return []  # entries of no bytes: a damaged count could not be held to the data
    entries = []
    for _ in range(count):
        path, directory = "", 0
        for content, form in layout:
            value: int | str = 0
            if form == _STRING:
                value = reader.string()
            elif form in (_LINE_STRP, _STRP):
                offset = reader.fixed("<Q" if wide else "<I")
                value = _strp(line_str if form == _LINE_STRP else names, offset)
            elif form == _UDATA:
                value = reader.uleb()
            elif form == _BLOCK:
                reader.at += reader.uleb()
            elif form in _DW_FORM_SIZES:
                size = _DW_FORM_SIZES[form]
                raw = reader.data[reader.at : reader.at + size]
                value = int.from_bytes(raw, "little")
                reader.at += size
            else:
                raise struct.error(f"line table form {form:#x}")
            if reader.at > len(reader.data):
                raise IndexError("an entry past the end of the line table")
            if content == _PATH:
                path = str(value)
            elif content == _DIRECTORY and isinstance(value, int):
                directory = value
        entries.append((path, directory))
    return entries


def _header(reader: Reader, line_str: bytes, names: bytes) -> _Unit:
    length = reader.fixed("<I")
    wide = length == 0xFFFFFFFF
    if wide:
        length = reader.fixed("<Q")
    end = reader.at + length
    version = reader.fixed("<H")
    if not 2 <= version <= 5:
        raise struct.error(f"line table version {version}")
    if version >= 5:
        reader.at += 2  # address and segment selector size
    program = reader.fixed("<Q" if wide else "<I")
    program += reader.at
    minimum = reader.u8()
    if version >= 4:
        reader.at += 1  # maximum operations per instruction
    default_is_stmt = bool(reader.u8())
    line_base = reader.fixed("<b")
    line_range, opcode_base = reader.u8(), reader.u8()
    lengths = [reader.u8() for _ in range(opcode_base - 1)]
    if version >= 5:
        directories = [path for path, _ in _entries(reader, wide, line_str, names)]
        entries = _entries(reader, wide, line_str, names)
        first = 0
    else:
        directories, entries, first = [""], [], 1
        while path := reader.string():
            directories.append(path)
        while path := reader.string():
            entries.append((path, reader.uleb()))
            for _ in ("time", "size"):
                reader.uleb()
    files = []
    for path, index in entries:
        # Directory 0 is where the compiler ran: paths relative to it stay short.
        if index and index < len(directories) and not path.startswith("/"):
            path = posixpath.join(directories[index], path)
        files.append(path)
    reader.at = program
    return _Unit(
        end, minimum, default_is_stmt, line_base, line_range, opcode_base, lengths,
        files, first,
    )  # fmt: skip


def unit_bounds(data: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of every unit in .debug_line."""
    at = 0
    while at + 4 <= len(data):
        (length,) = struct.unpack_from("<I", data, at)
        head = 4
        if length == 0xFFFFFFFF:
            (length,) = struct.unpack_from("<Q", data, at + 4)
            head = 12
        yield at, at + head + length
        at += head + length


def decode_unit(
    data: bytes, start: int, line_str: bytes = b"", names: bytes = b""
) -> list[list[LineRow]]:
    """The sequences of the unit at ``start``; the last row of each has no source.

    Raises one of BROKEN where the table is broken.
    """
    reader = Reader(data, start)
    unit = _header(reader, line_str, names)
    sequences: list[list[LineRow]] = []
    rows: list[LineRow] = []
    address, file, line = 0, 1, 1
    while reader.at < unit.end:
        opcode = reader.u8()
        emit = False
        if opcode >= unit.opcode_base:
            adjusted = opcode - unit.opcode_base
            address += adjusted // unit.line_range * unit.minimum
            line += unit.line_base + adjusted % unit.line_range
            emit = True
        elif opcode == 0:
            length = reader.uleb()
            after = reader.at + length
            extended = reader.u8()
            if extended == 1:  # end of sequence
                rows.append(LineRow(address, None))
                sequences.append(rows)
                rows = []
                address, file, line = 0, 1, 1
            elif extended == 2:
                raw = data[reader.at : after]
                address = int.from_bytes(raw, "little")
            reader.at = after
        elif opcode == 1:
            emit = True
        elif opcode == 2:
            address += reader.uleb() * unit.minimum
        elif opcode == 3:
            line += reader.sleb()
        elif opcode == 4:
            file = reader.uleb()
        elif opcode == 8:  # as the special opcode 255, without a row
            address += (255 - unit.opcode_base) // unit.line_range * unit.minimum
        elif opcode == 9:
            address += reader.fixed("<H")
        else:
            for _ in range(unit.lengths[opcode - 1]):
                reader.uleb()
        if emit:
            index = file - unit.first_file
            known = 0 <= index < len(unit.files)
            name = unit.files[index] if known else "?"
            rows.append(LineRow(address, SourceLine(name, line)))
    return sequences
