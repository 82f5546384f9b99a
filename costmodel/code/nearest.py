"""The youngest older store of a load, found by address where there are many stores.

Going through all stores for every load is quadratic, and a path may have thousands.
Here every byte knows the stores that touch it, so a load asks its own bytes only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from costmodel.code.machine import signed

if TYPE_CHECKING:
    from costmodel.code.values import Linkage

MANY = 48  # stores through one root that make the index worth it


class Nearest:
    """Stores of one root, by the bytes they touch in one copy.

    ``at`` are the offsets of all accesses; ``farthest``: copies back to look.
    """

    def __init__(
        self, linked: Linkage, stores: Sequence[int], at: Sequence[int], farthest: int
    ) -> None:
        self._linked, self._farthest = linked, farthest
        self._by_byte: dict[int, list[int]] = {}  # stores, in program order
        self._moving: dict[int, dict[int, int]] = {}  # stride -> byte -> last store
        for j in stores:
            for byte in range(at[j], at[j] + linked.width[j]):
                self._by_byte.setdefault(byte, []).append(j)
                if linked.persistent[j]:
                    moving = self._moving.setdefault(linked.stride[j], {})
                    moving[byte] = j

    def find(self, offset: int, width: int, step: int, stride: int | None) -> list[int]:
        """The store a load of ``step`` meets first and copies back to it, or nothing.

        ``stride`` None: the load's address does not last from copy to copy.
        """
        steps = self._linked.step
        best = -1
        for byte in range(offset, offset + width):
            touching = self._by_byte.get(byte)
            if touching:
                older = bisect_left(touching, step, key=steps.__getitem__)
                if older:
                    best = max(best, touching[older - 1])
        if best >= 0:
            return [best, 0]
        if stride is None or stride not in self._moving:
            return []
        moving = self._moving[stride]
        for copies in range(1, 2 if not stride else self._farthest + 1):
            start = signed(offset + stride * copies)
            found = [moving.get(start + k, -1) for k in range(width)]
            if max(found) >= 0:
                return [max(found), copies]
        return []
