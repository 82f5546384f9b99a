"""Line rows for data among code: assemblers give rows to instructions only.

Bytes of a ``.byte`` would pass for the line of the instruction before them. Where such
a directive stands between two rows' lines, and all there are amount to no more than
what lies between the instructions, each gets a row of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from costmodel import lazily
from costmodel.code.decode import decode_form
from costmodel.code.image import LineRow, Section
from costmodel.code.insn import SourceLine
from costmodel.errors import InputError

_SIZES = {
    "byte": 1, "dc.b": 1, "2byte": 2, "short": 2, "value": 2, "word": 2, "hword": 2,
    "4byte": 4, "int": 4, "long": 4, "8byte": 8, "quad": 8, "octa": 16,
}  # fmt: skip
_DATA = lazily.pattern(
    r"(?:^|[;:])\s*\.(" + "|".join(map(re.escape, _SIZES)) + r")\s+([^;#\n]+)"
)
_MACRO = lazily.pattern(r"^\s*\.(macro|endm)\b")
_MOST = 64  # bytes between two instructions


def with_data(
    rows: Sequence[LineRow], text: str, name: str, sections: Sequence[Section]
) -> tuple[LineRow, ...]:
    """``rows`` of the source ``text`` called ``name``, and those of its data."""
    sizes = dict(_data_lines(text))
    if not sizes:
        return tuple(rows)
    out: list[LineRow] = []
    for row, after in pairwise((*rows, LineRow(1 << 64, None))):
        out.append(row)
        if row.source is not None and row.source.file == name:
            out += _between(row.source, row.address, after, sizes, sections)
    return tuple(out)


def _data_lines(text: str) -> Iterator[tuple[int, int]]:
    """Line and bytes of each data directive outside macros."""
    inside = 0
    for number, line in enumerate(text.split("\n"), 1):
        if "." not in line:
            continue
        macro = _MACRO.match(line)
        if macro:
            inside += 1 if macro[1] == "macro" else -1
        elif inside <= 0:
            found = _DATA.findall(line)
            size = sum(_SIZES[unit] * (1 + args.count(",")) for unit, args in found)
            if size:
                yield number, size


def _between(
    source: SourceLine,
    address: int,
    after: LineRow,
    sizes: dict[int, int],
    sections: Sequence[Section],
) -> Iterator[LineRow]:
    """Rows of the data behind one instruction, before the next row."""
    last = after.source.line if after.source is not None else None
    lines = [n for n in sizes if n > source.line and (last is None or n < last)]
    section = next((s for s in sections if s.address <= address < s.end), None)
    if not lines or section is None:
        return
    start = address - section.address
    try:
        at = address + decode_form(section.data[start : start + 15]).length
    except InputError:
        return
    end = min(after.address, section.end)
    if not 0 < end - at <= _MOST:
        return
    for line in lines:
        if at >= end:
            return
        yield LineRow(at, source._replace(line=line))
        at += sizes[line]
