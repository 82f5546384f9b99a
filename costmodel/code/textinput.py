"""Code given as text that is not assembly: hex bytes, oopses, objdump listings."""

from __future__ import annotations

import re
import struct
from bisect import bisect_right

from costmodel import lazily
from costmodel.code.decode import decode_form
from costmodel.code.image import ADDRESSES, Image, LineRow, Section
from costmodel.code.insn import Flow, Relocation, SourceLine
from costmodel.code.kinds import code_line, hex_digits
from costmodel.code.symbols import Symbol
from costmodel.errors import InputError, shortened

RIP_LABEL = "RIP"  # names the marked byte of an oops
_OOPS_BASE = 0x1000  # room for the part of the function before the window
_LARGEST = 1 << 31  # bytes of a function
_MOST_PIECES = 20_000  # stretches of bytes in a listing

_RIP = lazily.pattern(
    r"\bE?R?IP:?[^\n]{0,160}?([A-Za-z_.$][\w.$]{0,255})\+0x([0-9a-f]+)/0x([0-9a-f]+)",
    re.I,
)
_FORMAT = lazily.pattern(r"file format (\S+)")
_SECTION = lazily.pattern(r"^[>| ]*Disassembly of section (\S+):")
_HEADER = lazily.pattern(r"^[>| ]*([0-9a-f]+) <(.+?)(?:\+0x([0-9a-f]+))?>:\s*$", re.I)
_BYTES = lazily.pattern(
    r"^[>|\s]*([0-9a-f]+):[ \t]+((?:[0-9a-f]{2} )*[0-9a-f]{2})(?=\s|$)", re.I
)
_RELOC = lazily.pattern(r"^[>|\s]*([0-9a-f]+):\s+(R_X86_64_\w+)\s+(\S+)", re.I)
_TARGET = lazily.pattern(r"^(.*?)([+-]0x[0-9a-f]+)?$", re.I)
_LINE = lazily.pattern(r"^(\S[^\n]*\.[A-Za-z]\w*):(\d+)(?: \(discriminator \d+\))?$")


def read_hex(text: str, origin: str) -> Image:
    """Raw bytes: ``4889e5``, ``48 89 e5``, ``0x48,0x89`` or ``\\x48\\x89``."""
    digits = hex_digits(text)
    if not digits:
        raise InputError(
            "text that is not whole hex bytes", where=origin, expected="48 89 e5 ..."
        )
    return Image(origin, (Section("hex", 0, bytes.fromhex(digits)),))


def _number(digits: str, where: str, what: str) -> int:
    """A hexadecimal number of 64 bits. Raises InputError."""
    value = int(digits, 16)
    if value < ADDRESSES:
        return value
    raise InputError(
        f"{what} {digits}",
        where=where,
        expected="at most 16 hexadecimal digits",
        hint="is the line of another listing, or a number with something before it?",
    )


def read_oops(text: str, origin: str) -> Image:
    """The window of bytes around RIP that an oops prints.

    The window may begin inside an instruction. The code begins at the function's start
    where the RIP line tells it, else at the first byte from which decoding runs
    straight to RIP's own.
    """
    match = code_line(text)
    if match is None:
        raise InputError("no Code: line", where=origin, expected="Code: 48 89 <e5> ...")
    tokens = match[1].split()
    data = bytes(int(token.strip("<>()"), 16) for token in tokens)
    marked = next((i for i, token in enumerate(tokens) if token[0] in "<("), None)
    base = _OOPS_BASE
    symbols: list[Symbol] = []
    notes = [f"{len(data)} bytes of an oops"]
    if marked is None or text[match.end() :].lstrip(" \t").startswith(">"):
        # journalctl ends a line it cut off with ">".
        notes.append("the Code: line is cut short or RIP's own byte is not marked")
    begin = 0
    if marked is not None:
        rip = _RIP.search(text)
        offset = int(rip[2], 16) if rip else 0
        if rip and (offset > _LARGEST or int(rip[3], 16) > _LARGEST):
            raise InputError(
                f"an offset into {rip[1]} of {shortened(rip[2])} bytes, of"
                f" {shortened(rip[3])}",
                where=origin,
                expected=f"a function of at most {_LARGEST:#x} bytes",
            )
        if rip:
            base = max(_OOPS_BASE, offset)  # so that the function starts at >= 0
            start = base + marked - offset
            symbols.append(Symbol(rip[1], start, int(rip[3], 16)))
        begin = _straight_start(data, marked)
        if rip and offset <= marked:
            begin = marked - offset
        symbols.append(
            Symbol(RIP_LABEL, base + marked, label=True, alone=rip is not None)
        )
        notes.append(
            f"begins {marked - begin} bytes before RIP"
            + (f", {begin} bytes in front of it left out" if begin else "")
        )
    return Image(
        origin,
        (Section("oops", base, data),),
        tuple(sorted(symbols, key=lambda row: row.address)),
        entry=base + begin,
        truncated=True,
        notes=tuple(notes),
    )


def _straight_start(data: bytes, marked: int) -> int:
    """The least offset from which decoding falls through to ``marked``."""
    reaches = [False] * marked + [True]
    for offset in range(marked - 1, -1, -1):
        try:
            form = decode_form(data[offset : offset + 15])
        except InputError:
            continue
        onward = form.flow in (Flow.NEXT, Flow.CONDITIONAL, Flow.CALL)
        onward = onward or form.flow is Flow.INDIRECT_CALL
        after = offset + form.length
        reaches[offset] = onward and after <= marked and reaches[after]
    return reaches.index(True)


class _Listing:
    """What has been read of an objdump listing so far."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.section = ".text"
        self.shift = 0  # added to the listing's addresses: objects restart at 0
        self.starts_section = True
        self.pieces: list[tuple[str, int, bytearray]] = []
        self.bases: dict[str, int] = {}
        self.symbols: dict[str, Symbol] = {}
        self.lines: list[LineRow] = []
        self.relocations: list[tuple[int, str, str, int, str]] = []
        self.source: SourceLine | None = None

    def add(self, address: int, data: bytes, where: str) -> None:
        if address + self.shift + len(data) > ADDRESSES:
            raise InputError(
                f"bytes at {address:x} that end past the last address",
                where=where,
                expected="addresses of 64 bits",
            )
        if self.starts_section:
            highest = max((at + len(d) for _, at, d in self.pieces), default=0)
            # Sections of an object all begin at 0; a page apart they cannot collide.
            clash = any(at <= address < at + len(d) for _, at, d in self.pieces)
            self.shift = -(-highest // 4096) * 4096 if clash else 0
            self.bases.setdefault(self.section, self.shift)
            self.starts_section = False
        at = address + self.shift
        last = self.pieces[-1] if self.pieces else None
        if last and last[0] == self.section and last[1] + len(last[2]) == at:
            last[2].extend(data)
        else:
            if len(self.pieces) >= _MOST_PIECES:
                raise InputError(
                    f"bytes in more than {_MOST_PIECES} places",
                    where=where,
                    expected="a listing of code that lies together",
                    hint="leave what is not on the path out of it",
                )
            self.pieces.append((self.section, at, bytearray(data)))
        if self.source and (not self.lines or self.lines[-1].source != self.source):
            self.lines.append(LineRow(at, self.source))


def read_objdump(text: str, origin: str) -> Image:
    """``objdump -d`` text, of GNU or LLVM, with -r and -l where they were given."""
    listing = _Listing(origin)
    headers: list[tuple[int, str, int]] = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{origin}:{number}"
        if match := _FORMAT.search(line):
            if "x86-64" not in match[1] and "x86_64" not in match[1]:
                raise InputError(
                    f"a listing of {match[1]} code",
                    where=f"{origin}:{number}",
                    expected="file format elf64-x86-64",
                )
        elif match := _SECTION.match(line):
            _place(listing, headers)
            listing.section, listing.starts_section = match[1], True
        elif match := _HEADER.match(line):
            address = _number(match[1], where, "the address")
            offset = _number(match[3] or "0", where, "the offset")
            if offset > address:
                raise InputError(
                    f"{match[2]}+{offset:#x} at {address:#x}",
                    where=where,
                    expected="an offset no larger than the address",
                )
            headers.append((address, match[2], offset))
        elif match := _RELOC.match(line):
            symbol = _TARGET.match(match[3])
            assert symbol is not None
            at = _number(match[1], where, "the address") + listing.shift
            sign = -1 if (symbol[2] or "").startswith("-") else 1
            digits = (symbol[2] or "0").lstrip("+-")
            addend = sign * _number(digits, where, "the addend")
            entry = (at, match[2], symbol[1], addend, where)
            listing.relocations.append(entry)
        elif match := _BYTES.match(line):
            address = _number(match[1], where, "the address")
            listing.add(address, bytes.fromhex(match[2]), where)
            _place(listing, headers)
        elif match := _LINE.match(line):
            listing.source = SourceLine(match[1], int(match[2][:9]))
    if not listing.pieces:
        raise InputError(
            "a listing without instruction bytes",
            where=origin,
            expected="objdump -d output with the bytes shown",
            hint="leave out --no-show-raw-insn",
        )
    return _finish(listing)


def _place(listing: _Listing, headers: list[tuple[int, str, int]]) -> None:
    """Name the addresses of headers whose section's shift is now known."""
    if listing.starts_section:
        return
    for address, name, offset in headers:
        start = address - offset + listing.shift
        symbol = Symbol(name, start, 0, name.startswith(".L"), listing.section)
        listing.symbols.setdefault(name, symbol)
    headers.clear()


def _finish(listing: _Listing) -> Image:
    names = {symbol.name: symbol.address for symbol in listing.symbols.values()}
    targets = listing.bases | names
    left: dict[int, Relocation] = {}
    pieces = sorted(listing.pieces, key=lambda p: p[1])
    starts = [p[1] for p in pieces]
    for at, kind, name, addend, where in listing.relocations:
        before = bisect_right(starts, at) - 1
        piece = pieces[before] if before >= 0 else None
        if piece and at + 4 > piece[1] + len(piece[2]):
            piece = None
        if kind in ("R_X86_64_PC32", "R_X86_64_PLT32") and name in targets and piece:
            value = targets[name] + addend - at
            if not -(1 << 31) <= value < 1 << 31:
                raise InputError(
                    f"{kind} {name}{addend:+#x} is {value:#x} bytes away",
                    where=where,
                    expected="a distance of 32 bits",
                )
            struct.pack_into("<i", piece[2], at - piece[1], value)
        else:
            left[at] = Relocation(0, name, addend)
    return Image(
        listing.origin,
        tuple(Section(name, at, bytes(data)) for name, at, data in listing.pieces),
        tuple(sorted(listing.symbols.values(), key=lambda row: row.address)),
        tuple(sorted(listing.lines, key=lambda row: row.address)),
        left,
    )
