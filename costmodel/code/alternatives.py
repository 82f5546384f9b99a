"""Where a kernel patches itself at boot: ``.altinstructions``, applied as boot does.

The static image holds one form of each site; which one runs depends on the processor
and on the command line. Every version of the table is 12, 13 or 14 bytes an entry:

- 3.x and 5.12 to 6.2: 12, number of the feature in 16 bits, from 5.12 on with the top
  bit for "not";
- 4.0 to 5.11: 13, the last byte counts the padding;
- 6.3 on: 14, 16 bits of flags after the number (1: not, 2: the call is made direct).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from costmodel.code.decode import decode_form, format_insn
from costmodel.code.elf import Elf, ElfSymbol
from costmodel.code.insn import Flow, Insn, Relocation, Step
from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

if TYPE_CHECKING:
    from costmodel.code.features import Features
    from costmodel.code.image import Image

_LAYOUTS = (
    struct.Struct("<iiHBB"),
    struct.Struct("<iiHHBB"),
    struct.Struct("<iiHBBB"),
)
_NEGATED, _NOT, _DIRECT = 0x8000, 1, 2
_NOPS = tuple(
    bytes.fromhex(text)
    for text in (
        "", "90", "6690", "0f1f00", "0f1f4000", "0f1f440000", "660f1f440000",
        "0f1f8000000000", "0f1f840000000000",
    )
)  # fmt: skip
_LONGEST_NOP = len(_NOPS) - 1
_NO_OPERATION = ("nop_func", "_paravirt_nop")


class Alternative(NamedTuple):
    """One entry: what may replace ``length`` bytes at ``start``, and when."""

    start: int
    length: int
    replacement: int  # its address
    replacement_length: int
    feature: int  # number of an X86_FEATURE
    negated: bool  # applied where the feature is absent
    direct: bool  # the indirect call at the site becomes a direct one
    jumps: bool  # of a kernel that jumps over padding longer than a NOP

    @property
    def end(self) -> int:
        return self.start + self.length


class Choice(NamedTuple):
    """What was done at one site of a path. ``feature``: that of the entry in force, or
    of the first entry where none is."""

    start: int
    end: int
    features: tuple[str, ...]  # all that have an entry here; "!name": where absent
    applied: str  # the one in force, "" for none
    running: bytes  # what runs here
    original: bytes  # what the file has


def sites(
    elf: Elf,
    bases: Mapping[int, int] | None = None,
    table: Sequence[ElfSymbol] = (),
) -> tuple[Alternative, ...]:
    """All entries by address; none where the layout of the table is not known.

    ``bases`` and ``table``: where the sections of a relocatable object were laid out,
    and its symbols.
    """
    header = elf.header(".altinstructions")
    raw = elf.contents(header)
    if header is None or not raw:
        return ()
    fields = None if bases is None else _fields(elf, bases, table)
    held = [
        (h.address if bases is None else bases.get(index, -1), h.size)
        for index, h in enumerate(elf.headers)
        if h.name == ".altinstr_replacement"
    ]
    for layout in _LAYOUTS:
        if len(raw) % layout.size:
            continue
        found = _entries(raw, layout, header.address, fields, held)
        if found is not None:
            return tuple(sorted(found, key=lambda entry: entry.start))
    return ()


def _fields(
    elf: Elf, bases: Mapping[int, int], table: Sequence[ElfSymbol]
) -> dict[int, int]:
    """What the linker would put into each field: address by offset in the table."""
    number = next(i for i, h in enumerate(elf.headers) if h.name == ".altinstructions")
    found = {}
    for rela in elf.relas(number):
        symbol = table[rela.symbol]
        if symbol.section in bases:
            found[rela.offset] = bases[symbol.section] + symbol.value + rela.addend
    return found


def _entries(
    raw: bytes,
    layout: struct.Struct,
    base: int,
    fields: Mapping[int, int] | None,
    held: Sequence[tuple[int, int]],
) -> list[Alternative] | None:
    """The entries as ``layout`` has them; None where that makes no sense."""
    found = []
    for k, (site, other, feature, *rest) in enumerate(layout.iter_unpack(raw)):
        at = k * layout.size
        if fields is not None:
            if at not in fields or at + 4 not in fields:
                if rest[-1] or at not in fields:
                    return None
            start, replacement = fields[at], fields.get(at + 4, held[0][0])
        else:
            start, replacement = base + at + site, base + at + 4 + other
        flags = rest.pop(0) if layout is _LAYOUTS[1] else 0
        length, size = rest[0], rest[1]
        inside = any(
            first <= replacement and replacement + size <= first + whole
            for first, whole in held
        )
        if not inside or size > length or flags > 3:
            return None
        if layout is _LAYOUTS[0] and feature & _NEGATED:
            feature, flags = feature & ~_NEGATED, _NOT
        found.append(
            Alternative(
                start, length, replacement, size, feature, bool(flags & _NOT),
                bool(flags & _DIRECT), layout is _LAYOUTS[1],
            )
        )  # fmt: skip
    return found


class Patches:
    """The sites of an image as boot leaves them with a set of features.

    Sites are worked out when a path comes by. ``features`` None: nobody said what the
    processor has, so only what every bare-metal boot does is done.
    """

    def __init__(self, image: Image, features: Features) -> None:
        self._image = image
        self._features = features
        self._starts = [entry.start for entry in image.patched]
        self._done: dict[int, Choice] = {}
        self._moved: dict[int, Relocation] = {}

    def window(self, at: int, data: bytes) -> bytes:
        """``data``, the bytes at ``at``, with every site in it patched."""
        end = at + len(data)
        out = bytearray(data)
        index = bisect_right(self._starts, at)
        first = max(index - 4, 0)
        while first < len(self._starts) and self._starts[first] < end:
            choice = self._choice(self._starts[first])
            low, high = max(choice.start, at), min(choice.end, end)
            if low < high:
                piece = choice.running[low - choice.start : high - choice.start]
                out[low - at : high - at] = piece
            first += 1
        return bytes(out)

    def choice_at(self, address: int) -> Choice | None:
        """What was done at the site that holds ``address``."""
        index = bisect_right(self._starts, address)
        while index and self._starts[index - 1] + 256 > address:
            choice = self._choice(self._starts[index - 1])
            if choice.start <= address < choice.end:
                return choice
            index -= 1
        return None

    def relocation(self, address: int) -> Relocation | None:
        """The field a replacement brought with it, to be filled in by the linker."""
        return self._moved.get(address)

    def _choice(self, start: int) -> Choice:
        found = self._done.get(start)
        if found is None:
            found = self._done[start] = self._apply(start)
        return found

    def _apply(self, start: int) -> Choice:
        image = self._image
        index = bisect_right(self._starts, start)
        entries: list[Alternative] = []
        while index and self._starts[index - 1] == start:
            index -= 1
            entries.insert(0, image.patched[index])
        length = max(entry.length for entry in entries)
        now = _read(image, start, length)
        applied = ""
        names = []
        for entry in entries:
            name = self._features.name(entry.feature)
            shown = f"!{name}" if entry.negated else name
            names.append(shown)
            boot_only = entry.direct or self._asks_at_boot(start, now)
            if not self._features.applies(name, entry.negated, boot_only):
                continue
            new = self._replaced(entry, now)
            if new is not None:
                now, applied = new.ljust(length, b"\x90"), shown
        merged = merge_nops(now, any(entry.jumps for entry in entries))
        original = _read(image, start, length)
        return Choice(start, start + length, tuple(names), applied, merged, original)

    def _asks_at_boot(self, start: int, now: bytes) -> bool:
        """Whether a site jumps to code that stands in for it until it is patched."""
        try:
            form = decode_form(now)
        except InputError:
            return False
        if form.flow is not Flow.JUMP or form.branch_offset is None:
            return False
        section = self._image.section_at(start + form.branch_offset)
        return section is not None and section.name == ".altinstr_aux"

    def _replaced(self, entry: Alternative, now: bytes) -> bytes | None:
        new = _read(self._image, entry.replacement, entry.replacement_length)
        if entry.direct:
            return self._direct(entry, now)
        moved = bytearray(new)
        distance = entry.replacement - entry.start
        at = 0
        while at < len(new):
            try:
                form = decode_form(new[at:])
            except InputError:
                break
            open_at = [
                offset
                for offset in range(form.length)
                if entry.replacement + at + offset in self._image.relocations
            ]
            for offset in open_at:
                known = self._image.relocations[entry.replacement + at + offset]
                self._moved[entry.start + at + offset] = known
            field = at + form.length - 4
            if open_at:
                pass
            elif form.branch_offset is not None and form.length >= 5:
                target = at + form.branch_offset
                if not 0 <= target <= len(new):
                    _shift(moved, field, distance)
                    if form.flow is Flow.JUMP:
                        _shorten(moved, at, form.length)
            elif form.memory and form.memory[0].rip_relative:
                _shift(moved, field - form.immediate_bytes, distance)
            at += form.length
        return bytes(moved)

    def _direct(self, entry: Alternative, now: bytes) -> bytes | None:
        """The call through a pointer at the site, made straight to where it leads."""
        try:
            form = decode_form(now)
        except InputError:
            return None
        target = pointed_at(self._image, form.memory, entry.start + form.length)
        if target is None:
            return None
        if any(s.name in _NO_OPERATION for s in self._image.labels_at(target)):
            return b""
        return b"\xe8" + struct.pack("<i", target - entry.start - 5)


def pointed_at(image: Image, memory: Sequence[object], end: int) -> int | None:
    """Where a call through a pointer in the image's own memory leads at boot."""
    from costmodel.code.insn import MemoryAccess

    access = memory[0] if memory else None
    if not isinstance(access, MemoryAccess) or image.memory is None:
        return None
    if access.base >= 0 or access.index >= 0 or access.segment:
        return None
    address = access.displacement + (end if access.rip_relative else 0)
    word = image.memory.initial(address & (1 << 64) - 1)
    target = int.from_bytes(word, "little") if word else 0
    return target if target and image.section_at(target) else None


def _read(image: Image, at: int, length: int) -> bytes:
    section = image.section_at(at)
    if section is None:
        return b""
    return section.data[at - section.address : at - section.address + length]


def _shift(code: bytearray, field: int, distance: int) -> None:
    (value,) = struct.unpack_from("<i", code, field)
    if -(1 << 31) <= value + distance < 1 << 31:
        struct.pack_into("<i", code, field, value + distance)


def _shorten(code: bytearray, at: int, length: int) -> None:
    """A long jump that need not be: boot makes it the two-byte one."""
    (value,) = struct.unpack_from("<i", code, at + length - 4)
    short = value + length - 2
    if length == 5 and -128 <= short <= 127:
        code[at : at + 5] = b"\xeb" + struct.pack("<b", short) + b"\x90" * 3


def merge_nops(code: bytes, jumps: bool = False) -> bytes:
    """Runs of one-byte NOPs as long ones; ``jumps``: over what is longer than one."""
    out = bytearray(code)
    at = 0
    while at < len(code):
        try:
            length = decode_form(code[at:]).length
        except InputError:
            break
        run = 0
        while code[at + run : at + run + 1] == b"\x90":
            run += 1
        if run > 1:
            out[at : at + run] = _padding(run, jumps)
        at += run or length
    return bytes(out)


def _padding(length: int, jumps: bool) -> bytes:
    if jumps and length > _LONGEST_NOP:
        head = (
            b"\xeb" + bytes([length - 2])
            if length < 128
            else b"\xe9" + struct.pack("<i", length - 5)
        )
        return head.ljust(length, b"\xcc")
    longest, rest = divmod(length, _LONGEST_NOP)
    return _NOPS[-1] * longest + _NOPS[rest]


def spelled(
    code: bytes, address: int, name_at: Callable[[int], str]
) -> tuple[str, ...]:
    """The instructions of a site, as far as they are any. ``name_at``: what a place
    that jumps go to is called, "" if nothing."""
    out = []
    at = 0
    while at < len(code):
        try:
            form = decode_form(code[at:])
        except InputError:
            break
        if form.mnemonic == "int3":  # padding behind a jump
            break
        insn = Insn(form, address + at)
        if insn.target is not None:
            insn = replace(insn, goes=name_at(insn.target))
        out.append(" ".join(format_insn(insn).split()))
        at += form.length
    return tuple(out)


def crossed(patches: Patches, steps: Sequence[Step]) -> tuple[Choice, ...]:
    """The sites a path goes through, in its order."""
    found: dict[int, Choice] = {}
    for step in steps:
        choice = patches.choice_at(step.insn.address)
        if choice is not None:
            found.setdefault(choice.start, choice)
    return tuple(found.values())
