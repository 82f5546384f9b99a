"""Where the oracle's accesses are."""

from __future__ import annotations

from dataclasses import dataclass

from costmodel.engine import layout as L

NOWHERE = -1

Line = tuple[int, int, int]  # root, copy if the root is fresh, number


@dataclass(slots=True, eq=False)
class Access:
    """One memory access of the body, addresses by copy."""

    number: int
    store: int  # access number of the store a load meets
    distance: int
    forward: int
    root: int
    stride: int
    offset: int
    fresh: int
    width: int
    segment: int
    cold: tuple[int, ...] = ()  # numbers of the cold lines it touches, from 1 on
    turn: int = 0  # renamed, it takes a turn of the store buffer

    def offset_in(self, copy: int) -> int:
        """Bytes from the root; an address has 64 bits."""
        return L.signed(self.offset + copy * self.stride)

    def root_in(self, copy: int) -> tuple[int, int]:
        return self.root, copy if self.fresh else NOWHERE

    def touched(self, copy: int, size: int) -> tuple[tuple[int, int], int, set[int]]:
        """Root, first line, and banks of ``size`` bytes within a line."""
        offset = self.offset_in(copy)
        bytes_ = range(offset, offset + self.width)
        return self.root_in(copy), offset // 64, {byte % 64 // size for byte in bytes_}

    def crosses(self, copy: int, boundary: int) -> bool:
        offset = self.offset_in(copy)
        return offset // boundary != (offset + self.width - 1) // boundary
