"""Region comments in assembly: found in the source, carried through the assembler.

``# COSTMODEL-BEGIN name`` ... ``# COSTMODEL-END [name]`` (or LLVM-MCA-BEGIN/END, after
``#``, ``//`` or in ``/* */``) become, on the same line, a numeric label recorded in a
section of its own. So a marker stands exactly where it was written, also inside macros
and included conditionals, and line numbers do not move.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from costmodel import lazily
from costmodel.code.image import Region, Section
from costmodel.code.objfile import MARKER_SECTION
from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

_MARK = r"(?:COSTMODEL|LLVM-MCA)-(BEGIN|END)\b[ \t]*([^\s*]*)"
_TOKEN = lazily.pattern(
    r'"(?:\\.|[^"\\\n])*"'
    r"|/\*(?P<block>.*?)\*/"
    rf"|(?://++|(?<!\#)\#++)[ \t]*+(?P<line>{_MARK})[^\n]*"
    r"|//[^\n]*",
    re.S,
)
_IN_BLOCK = lazily.pattern(_MARK)
_LABEL = 99887  # a numeric label nobody else uses; it may be defined many times


class Mark(NamedTuple):
    begin: bool
    name: str
    line: int


def plant(text: str) -> tuple[str, tuple[Mark, ...]]:
    """The source with every marker comment made into a recorded label."""
    marks: list[Mark] = []
    if not _IN_BLOCK.search(text):
        return text, ()

    def replace(match: re.Match[str]) -> str:
        comment = match["block"] if match["block"] is not None else match["line"]
        found = _IN_BLOCK.search(comment) if comment else None
        if found is None:
            return match[0]
        line = text.count("\n", 0, match.start()) + 1
        mark = Mark(found[1] == "BEGIN", found[2], line)
        index = len(marks)
        marks.append(mark)
        newlines = "\n" * match[0].count("\n")
        return (
            f'; {_LABEL}: .pushsection {MARKER_SECTION},"",@progbits;'
            f" .quad {_LABEL}b; .long {index}; .popsection; {newlines}"
        )

    return _TOKEN.sub(replace, text), tuple(marks)


def collect(
    found: Sequence[tuple[int, int]],
    marks: Sequence[Mark],
    sections: Sequence[Section],
    origin: str,
) -> tuple[Region, ...]:
    """Pair the markers, in the order of their addresses, into regions.

    An END without a name closes the region opened last. Raises InputError for an END
    without BEGIN and for a name used twice.
    """
    regions: dict[str, Region] = {}
    open_names: list[str] = []
    # The sort keeps the order of the source at one address: regions touch and nest.
    for address, index in sorted(found, key=lambda row: row[0]):
        mark = marks[index]
        where = f"{origin}:{mark.line}"
        if mark.begin:
            name = mark.name or f"region{len(regions)}"
            if name in regions:
                raise InputError(
                    f"a second region named {name!r}",
                    where=where,
                    expected="one place per name (a macro may repeat its markers)",
                    hint="mark the lines that invoke the macro instead",
                )
            regions[name] = Region(name, address, None)
            open_names.append(name)
            continue
        closes = mark.name or (open_names[-1] if open_names else "")
        if closes not in open_names:
            raise InputError(
                f"the end of a region {closes!r} that is not open".replace(" ''", ""),
                where=where,
                expected="COSTMODEL-BEGIN before it, in the same section",
            )
        open_names.remove(closes)
        regions[closes] = regions[closes]._replace(end=address)
    return tuple(_clip(region, sections) for region in regions.values())


def _clip(region: Region, sections: Sequence[Section]) -> Region:
    for section in sections:
        inside = section.address <= region.start <= section.end
        if inside and region.end is not None and region.end > section.end:
            return region._replace(end=section.end)
    return region
