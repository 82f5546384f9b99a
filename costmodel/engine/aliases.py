"""Loads that look like the load of an older store's bytes, 4096 bytes away.

Cores compare the low twelve bits of addresses first. Only addresses known to count from
one place can be told to differ by a multiple of 4096 and nothing else.
"""

from __future__ import annotations

from costmodel.code.values import FARTHEST, Linkage

PAGE = 4096
_WIDEST = 64  # bytes of an access
_FARTHEST = 1 << 22  # places further apart are only taken to be so (``machine``)


def alias(k: int, linked: Linkage) -> tuple[int, int]:
    """The youngest older store access ``k`` seems to meet, and copies back to it;
    (-1, 0): none. ``k`` meets no store in truth."""
    root, offset, width = linked.root[k], linked.offset[k], linked.width[k]
    best, nearest = -1, FARTHEST + 1
    for j, writes in enumerate(linked.writes):
        if not writes or linked.root[j] != root:
            continue
        gap = linked.offset[j] - offset
        if abs(gap) > _FARTHEST:
            continue
        stride = linked.stride[k]
        older = linked.step[j] < linked.step[k]
        steady = (
            linked.persistent[k] and linked.persistent[j] and linked.stride[j] == stride
        )
        farthest = FARTHEST if steady and stride else int(bool(steady))
        if abs(gap) + farthest * abs(stride) < PAGE - _WIDEST:
            continue
        for copies in range(0 if older else 1, farthest + 1):
            if copies > nearest:
                break
            apart = gap - stride * copies
            near = -linked.width[j] < apart < width
            low = (apart + linked.width[j] - 1) % PAGE
            if not near and low < linked.width[j] + width - 1:
                best, nearest = j, copies
                break
    return (best, nearest) if best >= 0 else (-1, 0)
