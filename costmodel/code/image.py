"""Code as it was read, before any path is chosen: sections, names, lines, regions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from costmodel.code.insn import Relocation, SourceLine
from costmodel.code.symbols import ElfSymbols, Symbol
from costmodel.tuples import NamedTuple

if TYPE_CHECKING:
    from costmodel.code.alternatives import Alternative
    from costmodel.code.executed import Executed
    from costmodel.code.memory import Memory
    from costmodel.code.percpu import PerCpu

ADDRESSES = 1 << 64  # bytes that can be addressed


class Section(NamedTuple):
    """Executable bytes at an address. Sections of one image never overlap."""

    name: str
    address: int
    data: bytes

    @property
    def end(self) -> int:
        return self.address + len(self.data)


class Region(NamedTuple):
    """What stands between two marker comments of the source; ``end`` is exclusive."""

    name: str
    start: int
    end: int | None  # None: to the end of the section


class LineRow(NamedTuple):
    """From ``address`` on, code comes from ``source``; None ends a sequence."""

    address: int
    source: SourceLine | None


class Image(Struct, frozen=True):
    """Everything later steps may ask of the input.

    ``symbols`` and ``lines`` are sorted by address. ``relocations`` maps the address
    of a field the linker would fill in to its Relocation, whose offset is 0 here.
    ``linked`` tells an executable (a vmlinux) from pieces that start at address 0.
    ``patched`` lists the entries of run-time alternatives, by address. ``memory``: the
    data of a linked file. ``assembled``: assembly source, so its routines are assembly.
    ``truncated`` is true where the input is a window cut out of memory, so that its
    last bytes may be part of an instruction.
    """

    origin: str
    sections: tuple[Section, ...]
    symbols: Sequence[Symbol] = ()
    lines: tuple[LineRow, ...] = ()
    relocations: dict[int, Relocation] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()
    entry: int | None = None  # where the input itself says to begin
    linked: bool = False
    truncated: bool = False
    patched: tuple[Alternative, ...] = ()
    memory: Memory | None = None
    assembled: bool = False
    notes: tuple[str, ...] = ()
    variables: PerCpu | None = None  # of the GS base, by name
    executed: Executed | None = None  # what ran, if that is what the input tells
    title: str = ""  # what headings call it, where that is not the origin

    def section_at(self, address: int) -> Section | None:
        for section in self.sections:
            if section.address <= address < section.end:
                return section
        return None

    def line_at(self, address: int) -> SourceLine | None:
        index = bisect_right(self.lines, address, key=lambda row: row.address)
        return self.lines[index - 1].source if index else None

    def named(self, name: str) -> list[Symbol]:
        """Every symbol of that name, by address."""
        if isinstance(self.symbols, ElfSymbols):
            return self.symbols.named(name)
        return [symbol for symbol in self.symbols if symbol.name == name]

    def labels_at(self, address: int) -> list[Symbol]:
        """Every symbol that names exactly this address, routines before labels."""
        symbols = self.symbols
        index = bisect_right(symbols, address, key=lambda row: row.address)
        found = []
        while index and symbols[index - 1].address == address:
            index -= 1
            found.append(symbols[index])
        return sorted(found, key=lambda symbol: (symbol.label, symbol.name))

    def name_at(self, address: int, *, labels: bool = True) -> str:
        """``symbol`` or ``symbol+0x12``; empty where no symbol precedes.

        With ``labels`` false, offsets count from routines, not from ``.L`` labels. Of
        names for one place, one with a size is that of code, one without may only mark
        where a part of the image ends.
        """
        section = self.section_at(address)
        floor = section.address if section else 0
        symbols = self.symbols
        index = bisect_right(symbols, address, key=lambda row: row.address)
        best: Symbol | None = None
        while index:
            index -= 1
            symbol = symbols[index]
            if best and symbol.address < best.address:
                break
            if symbol.address < floor and address >= symbol.address + symbol.size:
                break  # not a routine of which the section is a part
            if section and symbol.section not in ("", section.name):
                continue  # the end of the section before
            exact = labels and symbol.address == address
            if exact or not (symbol.alone or symbol.name.startswith(".L")):
                if best is None or _rank(best) > _rank(symbol):
                    best = symbol
        if best is None:
            if section and self.linked:
                return f"{section.name}+{address - section.address:#x}"
            return ""
        offset = address - best.address
        return f"{best.name}+{offset:#x}" if offset else best.name

    def where(self, address: int) -> str:
        """``file:line`` where known, else the symbol, else the bare address."""
        line = self.line_at(address)
        if line is not None:
            return f"{line.file}:{line.line}"
        name = self.name_at(address)
        return f"{self.origin}: {name or hex(address)}"


def _rank(symbol: Symbol) -> tuple[bool, bool, str]:
    return not symbol.size, symbol.label, symbol.name
