"""Loads that look like the load of an older store's bytes, 4096 bytes away.

Cores compare the low twelve bits of addresses first. Only addresses known to count from
one place can be told to differ by a multiple of 4096 and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code.values import FARTHEST, Linkage

PAGE = 4096
_WIDEST = 64  # bytes of an access
_FARTHEST = 1 << 22  # places further apart are only taken to be so (``machine``)


def alias(k: int, linked: Linkage, stores: Sequence[int]) -> tuple[int, int]:
    """The youngest older store of ``stores`` that access ``k`` seems to meet, and
    copies back to it; (-1, 0): none. ``k`` meets no store in truth."""
    root, offset, stride = linked.root[k], linked.offset[k], linked.stride[k]
    best, nearest = -1, FARTHEST + 1
    for j in stores:
        gap = linked.offset[j] - offset
        if linked.root[j] != root or abs(gap) > _FARTHEST:
            continue
        if not stride and abs(gap) < PAGE - _WIDEST:
            continue
        copies = _seen(gap, j, k, linked, min(nearest, FARTHEST))
        if copies >= 0:
            best, nearest = j, copies
    return (best, nearest) if best >= 0 else (-1, 0)


def _seen(gap: int, j: int, k: int, linked: Linkage, most: int) -> int:
    """Fewest copies back, at most ``most``, in which store ``j`` shares low address
    bits with ``k`` and no byte; -1: in none. ``gap``: from ``k`` to ``j`` in one
    copy."""
    stride, width = linked.stride[k], linked.width[k]
    steady = (
        linked.persistent[k] and linked.persistent[j] and linked.stride[j] == stride
    )
    farthest = min(most, FARTHEST if steady and stride else int(bool(steady)))
    if abs(gap) + farthest * abs(stride) < PAGE - _WIDEST:
        return -1
    first = 0 if linked.step[j] < linked.step[k] else 1
    for copies in range(first, farthest + 1):
        apart = gap - stride * copies
        near = -linked.width[j] < apart < width
        low = (apart + linked.width[j] - 1) % PAGE
        if not near and low < linked.width[j] + width - 1:
            return copies
    return -1
