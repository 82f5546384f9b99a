"""Kendall's rank correlation, as fast as sorting."""

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


def _tied(ordered: Sequence[object]) -> int:
    """Pairs of equal neighbours' runs in a sorted sequence."""
    total = run = 0
    for i in range(1, len(ordered)):
        run = run + 1 if ordered[i] == ordered[i - 1] else 0
        total += run
    return total


def _inversions(values: Sequence[float]) -> int:
    """Pairs i < j with values[i] > values[j], with a Fenwick tree over the ranks."""
    ranks = sorted(set(values))
    tree = [0] * (len(ranks) + 1)
    total = 0
    for seen, value in enumerate(values):
        rank = bisect_left(ranks, value) + 1
        not_above, at = 0, rank
        while at:
            not_above += tree[at]
            at &= at - 1
        total += seen - not_above
        at = rank
        while at < len(tree):
            tree[at] += 1
            at += at & -at
    return total
