"""A line table that lies about its size ends with an error, at once."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.code.dwarf_lines import BROKEN, decode_unit, unit_bounds
from costmodel.code.image import LineRow
from costmodel.code.insn import SourceLine


def unit(program: bytes, *, files: bytes = b"a.S\0\0\0\0\0") -> bytes:
    """A version 3 unit: line base -5, range 14, opcode base 10."""
    tables = b"\0" + files  # no include directories
    head = bytes([1, 1, 0xFB, 14, 10]) + bytes([0, 1, 1, 1, 1, 0, 0, 0, 1]) + tables
    body = struct.pack("<HI", 3, len(head)) + head + program
    return struct.pack("<I", len(body)) + body


SET = b"\0\x09\x02" + struct.pack("<Q", 0x1000)
END = b"\0\x01\x01"


def test_special_and_standard_opcodes_move_address_and_line() -> None:
    # copy; advance pc by 3, line by 4, copy; special: +1 address, +2 lines; end.
    special = bytes([10 + 14 * 1 + (2 + 5)])
    program = SET + b"\x01" + b"\x02\x03\x03\x04\x01" + special + b"\x02\x05" + END
    assert decode_unit(unit(program), 0) == [
        [
            LineRow(0x1000, SourceLine("a.S", 1)),
            LineRow(0x1003, SourceLine("a.S", 5)),
            LineRow(0x1004, SourceLine("a.S", 7)),
            LineRow(0x1009, None),
        ]
    ]


def test_lines_go_backwards_too() -> None:
    program = SET + b"\x03\x09\x01" + b"\x03\x7c\x01" + END
    rows = decode_unit(unit(program), 0)[0]
    assert [row.source.line for row in rows if row.source] == [10, 6]


def test_units_follow_one_another() -> None:
    one = unit(SET + END)
    assert list(unit_bounds(one + one)) == [(0, len(one)), (len(one), 2 * len(one))]


def test_a_table_that_ends_early_is_broken() -> None:
    data = unit(SET + b"\x01" + END)
    with pytest.raises(BROKEN):
        decode_unit(data[:-5], 0)


@given(st.binary(max_size=80))
@settings(deadline=1000)
def test_any_program_ends(program: bytes) -> None:
    with contextlib.suppress(BROKEN):
        decode_unit(unit(program), 0)


@given(st.binary(min_size=8, max_size=120), st.integers(2, 5))
@settings(deadline=1000)
def test_any_header_ends(data: bytes, version: int) -> None:
    body = struct.pack("<H", version) + data
    with contextlib.suppress(BROKEN):
        decode_unit(struct.pack("<I", len(body)) + body, 0)


@pytest.mark.parametrize("form", [0x0B, 0x05, 0x06, 0x07, 0x1E, 0x09, 0x0F, 0x08])
def test_a_count_of_entries_beyond_the_data_ends(form: int) -> None:
    tables = bytes([1, 2, form]) + b"\xff\xff\xff\xff\xff\x7f"  # 2 ** 42 directories
    head = bytes([1, 1, 1, 0xFB, 14, 10]) + bytes([0, 1, 1, 1, 1, 0, 0, 0, 1]) + tables
    body = struct.pack("<HBBI", 5, 8, 0, len(head)) + head
    with pytest.raises(BROKEN):
        decode_unit(struct.pack("<I", len(body)) + body, 0)
