"""Where in an image a path begins: names, offsets, regions."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from costmodel import lazily
from costmodel.code.image import Image, Section
from costmodel.code.symbols import Symbol
from costmodel.errors import InputError, UsageError
from costmodel.tuples import NamedTuple

FORMS = "SYM, SYM+0x12, SYM+0x12/0x40, 0xADDRESS, a label or a region"
_NUMBER = r"(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})"
_SELECTOR = lazily.pattern(
    rf"(?P<name>[^\s+/]+?)(?:\+(?P<offset>{_NUMBER}))?(?:/(?P<size>{_NUMBER}))?"
)


_ENTRY_SECTION = ".entry.text"
_ENTRY_ENDS = ("__entry_text_start", "__entry_text_end")
_WANTED = ("entry_SYSCALL_64", "system_call", "asm_exc_page_fault")
# Names that tools make, which nobody means.
_NOISE = lazily.pattern(
    r"__entry_text_|__irqentry_|__pfx_|__cfi_|__UNIQUE_|\.L|_stext$|_text$|_etext$|_einittext$"
)


class Selector(NamedTuple):
    """``name+offset/size``: ``size`` is the function's, as an oops prints it."""

    name: str
    offset: int = 0
    size: int | None = None


class Start(NamedTuple):
    """Where to begin, where to stop at the latest, and what was assumed."""

    name: str
    address: int
    end: int | None
    notes: tuple[str, ...]


def parse(text: str) -> Selector:
    """Raises UsageError. A trailing `` [module]`` of an oops line is ignored."""
    bare = re.sub(r"\s+\[[^\]]*\]$", "", text.strip())
    match = _SELECTOR.fullmatch(bare)
    if match is None:
        raise UsageError(f"selector {text!r}", expected=FORMS)
    offset, size = match["offset"], match["size"]
    return Selector(
        match["name"], _value(offset or "0"), None if size is None else _value(size)
    )


def _value(text: str) -> int:
    return int(text, 16) if text[:2] in ("0x", "0X") else int(text)


def address_of(image: Image, text: str) -> tuple[int, tuple[str, ...]]:
    """The address a selector names, and notes. Raises InputError or UsageError."""
    selector = parse(text)
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", selector.name):
        base = int(selector.name, 16)
        notes: tuple[str, ...] = ()
    else:
        symbol, notes = _choose(image, selector)
        base = symbol.address
    address = base + selector.offset
    if image.section_at(address) is None:
        raise InputError(
            f"{text} is outside the code",
            where=image.origin,
            expected="an address in " + ", ".join(map(_span, image.sections[:4])),
        )
    return address, notes


def _span(section: Section) -> str:
    return f"{section.name} {section.address:#x}-{section.end:#x}"


def _choose(image: Image, selector: Selector) -> tuple[Symbol, tuple[str, ...]]:
    found = image.named(selector.name)
    if not found:
        raise _unknown(image, selector.name)
    notes: list[str] = []
    if selector.size is not None:
        sized = [s for s in found if s.size == selector.size]
        if not sized and found[0].size:
            notes.append(
                f"{selector.name} is {found[0].size:#x} bytes long here,"
                f" not {selector.size:#x}: another build?"
            )
        found = sized or found
    found.sort(key=lambda symbol: symbol.label)
    if len({symbol.address for symbol in found}) > 1:
        notes.append(
            f"{len(found)} symbols are named {selector.name}; taken is the one at"
            f" {found[0].address:#x}"
        )
    limit = found[0].size if selector.size is None else selector.size
    if limit and selector.offset >= limit:
        raise UsageError(
            f"offset {selector.offset:#x} is past the end of {selector.name}",
            where=image.origin,
            expected=f"less than {limit:#x}",
        )
    return found[0], tuple(notes)


def offered(image: Image, most: int = 8) -> list[str]:
    """Names worth offering: routines of entry code first, then others, no labels."""
    routines = entry_routines(image)
    sized = [s.name for s in routines if s.size] or [s.name for s in routines]
    chosen = sized or [s.name for s in image.symbols if not s.name.startswith(".L")]
    preferred = [name for name in chosen if name in _WANTED]
    return list(dict.fromkeys(preferred + chosen))[:most]


def entry_routines(image: Image) -> list[Symbol]:
    """The routines of ``.entry.text``, which a vmlinux marks by two symbols; all there
    are in an input without such code."""
    ends = [image.named(name) for name in _ENTRY_ENDS]
    symbols: Sequence[Symbol] = image.symbols
    if all(ends):
        first, last = (
            bisect_left(symbols, found[0].address, key=lambda row: row.address)
            for found in ends
        )
        symbols = symbols[first:last]
    elif any(section.name == _ENTRY_SECTION for section in image.sections):
        symbols = [s for s in symbols if s.section == _ENTRY_SECTION]
    # A local routine of assembly (error_entry) has a size, a label has none.
    return [s for s in symbols if (s.size or not s.label) and not _NOISE.match(s.name)]


def _sharing(name: str, names: list[str]) -> list[str]:
    """Names that share most words with ``name``, the first where as many do."""
    words = set(re.split(r"[_.\W]+", name.lower())) - {""}
    shared = [
        (len(words & set(re.split(r"[_.\W]+", other.lower()))), other)
        for other in names
    ]
    best = max((count for count, _ in shared), default=0)
    if best < min(2, len(words)):
        return []
    return [other for count, other in shared if count == best][:3]


def _unknown(image: Image, name: str) -> InputError:
    every = dict.fromkeys(symbol.name for symbol in image.symbols)
    names = [other for other in every if not _NOISE.match(other)]
    names += [region.name for region in image.regions]
    close = closest(name, names) or _sharing(name, names)
    shown = offered(image)
    if close:
        hint = "did you mean " + ", ".join(close) + "?"
    elif shown:
        more = len(names) > len(shown)
        hint = "there are " + ", ".join(shown) + (" ..." if more else "")
    else:
        hint = "the input names nothing; leave the symbol out"
    return InputError(
        f"no symbol {name!r}", where=image.origin, expected=FORMS, hint=hint
    )


def closest(name: str, names: list[str]) -> list[str]:
    """Up to three names like ``name``."""
    if len(names) > 5000:  # difflib is quadratic: keep to names that share a part
        parts = {p for p in re.split(r"[_.\W]+", name.lower()) if len(p) > 2}
        names = [n for n in names if parts and any(p in n.lower() for p in parts)]
        length = len(name)
        names = sorted(names, key=lambda n: (abs(len(n) - length), n))[:2000]
    import difflib  # most names are right

    return difflib.get_close_matches(name, names, n=3, cutoff=0.6)


def select(image: Image, symbol: str | None = None, region: str | None = None) -> Start:
    """Where the path begins. Raises InputError or UsageError."""
    if symbol is not None and region is not None:
        raise UsageError(
            "both a symbol and a region", expected="one of them", where=image.origin
        )
    if region is not None:
        return _region(image, region)
    if symbol is not None:
        names = {row.name for row in image.regions}
        if symbol in names and not image.named(symbol):
            return _region(image, symbol)
        address, notes = address_of(image, symbol)
        return Start(symbol, address, None, notes)
    return _default(image)


def _region(image: Image, name: str) -> Start:
    for region in image.regions:
        if region.name == name:
            notes = () if region.end is not None else (f"region {name} is never ended",)
            return Start(name, region.start, region.end, notes)
    names = [region.name for region in image.regions]
    close = closest(name, names) or names
    raise InputError(
        f"no region {name!r}",
        where=image.origin,
        expected="a comment '# COSTMODEL-BEGIN NAME' in the source",
        hint="there are " + ", ".join(close) if close else "",
    )


def _default(image: Image) -> Start:
    if len(image.regions) == 1:
        start = _region(image, image.regions[0].name)
        note = f"region {start.name} of the source"
        return start._replace(notes=(note, *start.notes))
    # Several regions are the parts of a whole: the whole is meant unless one is named.
    if image.entry is not None:
        name = image.name_at(image.entry) or image.origin
        return Start(name, image.entry, None, ())
    if image.linked and len(image.symbols) > 1:
        raise UsageError(
            "a linked file and no symbol",
            where=image.origin,
            expected=FORMS,
            hint=f"--symbol {shown[0]}; there are {', '.join(shown)} ..."
            if (shown := offered(image, 5))
            else "it has no symbols: --symbol 0xADDRESS",
        )
    section = next((s for s in image.sections if s.name == ".text"), image.sections[0])
    notes: list[str] = []
    routines = (s.name for s in image.symbols if not s.name.startswith(".L"))
    if len(image.sections) > 1 or len(list(routines)) > 1:
        first = image.name_at(section.address) or hex(section.address)
        notes.append(f"no symbol chosen: begins at {first}, start of {section.name}")
    name = image.name_at(section.address, labels=False) or image.origin
    return Start(name, section.address, None, tuple(notes))
