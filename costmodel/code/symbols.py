"""Symbols by address and by name, without unpacking a kernel's 200,000 of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import overload

from costmodel.tuples import NamedTuple

_ENTRY = 24  # bytes of an ELF64 symbol
_FUNC, _NOTYPE = 2, 0


class Symbol(NamedTuple):
    """A name for an address. ``size`` is 0 where unknown.

    ``label`` is true of a name that is local and not a function (a ``.L`` label, a
    plain ``name:`` never declared global): code inside a routine rather than one.
    ``alone``: it names its own address, and none behind it.
    """

    name: str
    address: int
    size: int = 0
    label: bool = False
    section: str = ""
    alone: bool = False


class ElfSymbols(Sequence[Symbol]):
    """The code symbols of a linked file, sorted by address, unpacked when asked for.

    ``raw`` is .symtab, ``strings`` its string table, ``sections`` the names of the
    executable sections by number; symbols of other sections are left out.
    """

    def __init__(self, raw: bytes, strings: bytes, sections: Mapping[int, str]) -> None:
        raw = raw[: len(raw) - len(raw) % _ENTRY]
        # Columns: st_name, st_info, st_shndx, st_value, st_size (System V ABI).
        self._names = memoryview(raw).cast("I")[::6].tolist()
        self._infos = raw[4::_ENTRY]
        self._owners = memoryview(raw).cast("H")[3::12].tolist()
        self._values = memoryview(raw).cast("Q")[1::3].tolist()
        self._sizes = memoryview(raw).cast("Q")[2::3]
        self._strings = strings
        self._sections = sections
        columns = zip(self._owners, self._names, self._infos, strict=True)
        self._rows = [
            row
            for row, (owner, name, info) in enumerate(columns)
            if owner in sections and name and info & 15 in (_FUNC, _NOTYPE)
        ]
        self._rows.sort(key=self._values.__getitem__)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Symbol: ...
    @overload
    def __getitem__(self, index: slice) -> list[Symbol]: ...
    def __getitem__(self, index: int | slice) -> Symbol | list[Symbol]:
        if isinstance(index, slice):
            return [self._unpack(row) for row in self._rows[index]]
        return self._unpack(self._rows[index])

    def _unpack(self, row: int) -> Symbol:
        start = self._names[row]
        end = self._strings.find(b"\0", start)
        info = self._infos[row]
        return Symbol(
            self._strings[start:end].decode("utf-8", "replace"),
            self._values[row],
            self._sizes[row],
            info < 16 and info & 15 != _FUNC,
            self._sections[self._owners[row]],
        )

    def named(self, name: str) -> list[Symbol]:
        """Every symbol of that name, by address.

        A string may be the tail of a longer one, so each place it occurs counts.
        """
        wanted = name.encode() + b"\0"
        places = set()
        at = self._strings.find(wanted)
        while at >= 0:
            places.add(at)
            at = self._strings.find(wanted, at + 1)
        names = self._names
        return [self._unpack(row) for row in self._rows if names[row] in places]
