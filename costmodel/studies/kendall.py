"""Kendall's rank correlation, whole and without pairs too close to tell apart."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence


def kendall_tau_b(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Rank correlation with ties (tau-b), in O(n log n) after Knight (1966).

    None where it is undefined: fewer than two pairs, or one side all equal.
    """
    pairs = sorted(zip(x, y, strict=True))
    n = len(pairs)
    whole = n * (n - 1) // 2
    ties_x = _tied(sorted(a for a, _ in pairs))
    ties_y = _tied(sorted(b for _, b in pairs))
    ties_both = _tied(pairs)
    if whole in (ties_x, ties_y):
        return None
    discordant = _inversions([b for _, b in pairs])
    numerator = whole - ties_x - ties_y + ties_both - 2 * discordant
    return numerator / math.sqrt((whole - ties_x) * (whole - ties_y))


def kendall_tau_apart(
    x: Sequence[float], y: Sequence[float], noise: float
) -> float | None:
    """Rank correlation over the pairs whose ``x`` differ by more than ``noise``.

    ``noise``: share of the smaller ``x``, which are positive. Which of two values
    closer than that is greater is chance, so such pairs say nothing. The share of
    pairs that ``y`` orders the same way, less that it orders the other way; equal
    ``y`` are neither. None where no pair is that far apart. In O(n log n).
    """
    pairs = sorted(zip(x, y, strict=True))
    tree = _Ranks(y)
    far = score = counted = 0
    for value, other in pairs:
        while pairs[far][0] * (1 + noise) < value:
            tree.add(pairs[far][1])
            far += 1
        below, above = tree.around(other)
        score += below - above
        counted += far
    return score / counted if counted else None


def _tied(ordered: Sequence[object]) -> int:
    """Pairs of equal neighbours' runs in a sorted sequence."""
    total = run = 0
    for i in range(1, len(ordered)):
        run = run + 1 if ordered[i] == ordered[i - 1] else 0
        total += run
    return total


def _inversions(values: Sequence[float]) -> int:
    """Pairs i < j with values[i] > values[j]."""
    tree = _Ranks(values)
    total = 0
    for value in values:
        total += tree.around(value)[1]
        tree.add(value)
    return total


class _Ranks:
    """Counts of values added so far, by rank: a Fenwick tree."""

    def __init__(self, values: Sequence[float]) -> None:
        """``values``: all that may come."""
        self._ordered = sorted(set(values))
        self._tree = [0] * (len(self._ordered) + 1)
        self._count = 0

    def add(self, value: float) -> None:
        at = bisect_left(self._ordered, value) + 1
        self._count += 1
        while at < len(self._tree):
            self._tree[at] += 1
            at += at & -at

    def around(self, value: float) -> tuple[int, int]:
        """How many of those added are below, and above, ``value``."""
        rank = bisect_left(self._ordered, value)
        return self._up_to(rank), self._count - self._up_to(rank + 1)

    def _up_to(self, at: int) -> int:
        """How many of the first ``at`` ranks were added."""
        total = 0
        while at:
            total += self._tree[at]
            at &= at - 1
        return total
