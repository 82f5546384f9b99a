"""What a linked file says its data are: tables, constants, pointers boot goes by.

Only memory nobody writes is believed, but for the words the kernel itself reads while
it patches its code (``pv_ops``): those are asked for by ``initial``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from costmodel import lazily
from costmodel.code.elf import SHF_ALLOC, SHF_WRITE, SHT_NOBITS, Elf, Header

_WORD = struct.Struct("<Q")
_ENTRY = struct.Struct("<IBBHQQ")
_BANNER = lazily.pattern(rb"Linux version (\d+)\.(\d+)")


class Memory:
    """The data of one file, read when asked for. Nothing is copied before."""

    def __init__(
        self,
        elf: Elf,
        table: tuple[bytes, bytes] | None,
        pointers: Mapping[str, Mapping[int, int]] | None = None,
    ) -> None:
        """``table``: .symtab and its strings. ``pointers``, of an object: addresses of
        code that its tables hold, by symbol and offset."""
        self._elf = elf
        self._pointers = pointers or {}
        self._raw, self._strings = table or (b"", b"")
        self._sections = [
            header
            for header in elf.headers
            if header.flags & SHF_ALLOC and header.kind != SHT_NOBITS and header.size
        ]
        self._symbols: dict[str, tuple[int, int] | None] = {}

    def constant(self, address: int, size: int) -> bytes | None:
        """``size`` bytes nobody writes; None where there are none."""
        header = self._holder(address, size)
        if header is None or (
            header.flags & SHF_WRITE and not _is_constant(header.name)
        ):
            return None
        return self._bytes(header, address, size)

    def initial(self, address: int, size: int = 8) -> bytes | None:
        """What ``size`` bytes hold when the kernel starts."""
        header = self._holder(address, size)
        return None if header is None else self._bytes(header, address, size)

    def pointer(self, symbol: str, offset: int) -> int | None:
        """Where the word at an offset from a symbol of an object leads."""
        return self._pointers.get(symbol, {}).get(offset)

    def symbol(self, name: str) -> tuple[int, int] | None:
        """Address and size of a symbol, code or data; None if there is none."""
        if name not in self._symbols:
            self._symbols[name] = self._look_up(name)
        return self._symbols[name]

    def version(self) -> tuple[int, int] | None:
        """The kernel's version, from its banner."""
        place = self.symbol("linux_banner")
        text = self.initial(place[0], 64) if place else None
        found = _BANNER.match(text) if text else None
        return (int(found[1]), int(found[2])) if found else None

    def strings(self, name: str) -> Mapping[int, str]:
        """The texts an array of pointers leads to, by index; empty without it."""
        place = self.symbol(name)
        raw = self.initial(*place) if place else None
        found = {}
        for index, (at,) in enumerate(_WORD.iter_unpack(raw or b"")):
            text = self.initial(at, 32) if at else None
            if text:
                found[index] = text.split(b"\0", 1)[0].decode("ascii", "replace")
        return found

    def _holder(self, address: int, size: int) -> Header | None:
        for header in self._sections:
            if header.address <= address < header.address + header.size:
                inside = address + size <= header.address + header.size
                return header if inside and header.address else None
        return None

    def _bytes(self, header: Header, address: int, size: int) -> bytes:
        at = header.offset + address - header.address
        return bytes(self._elf.data[at : at + size])

    def _look_up(self, name: str) -> tuple[int, int] | None:
        wanted = name.encode() + b"\0"
        at = self._strings.find(b"\0" + wanted) + 1
        if not at:
            return None
        place = struct.pack("<I", at)
        row = self._raw.find(place)
        while row >= 0 and row % _ENTRY.size:
            row = self._raw.find(place, row + 1)
        if row < 0:
            return None
        _, _, _, _, value, size = _ENTRY.unpack_from(self._raw, row)
        return value, size


def _is_constant(name: str) -> bool:
    """Some kernels mark their read-only section writable: boot protects it later."""
    return name.startswith(".rodata")
