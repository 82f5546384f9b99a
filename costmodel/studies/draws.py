"""Draws of a core's figures: each from its own interval, the same for every path.

A draw of a figure depends on the figure's path, the seed, and its number among how
many, and on nothing else: not on the order of work, the process, the other figures or
the code that is run. Two variants held against each other therefore meet the very same
cores (common random numbers), and what they share cancels out of the difference.

An interval of a core file states the least and the greatest value, and the one the
figure is as likely below as above; nothing more is known. So half of the draws are
below the stated value and half above, each half a triangle that is highest there: the
stated value is the median of its draws, never an end of them. A whole number is drawn
from the interval widened by a half at both ends and rounded, so that the ends get their
share.
Draws are stratified (a Latin hypercube: one in each of ``count`` equal slices of the
distribution), which makes the quantiles of few draws steadier.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import lru_cache
from math import log2, sqrt
from struct import unpack

from msgspec import Struct

from costmodel.cores.declarations import BY_PATH
from costmodel.cores.load import LoadedCore

SEED = 2014
MOST_DRAWS = 100_000  # hours of work on one core
_WORDS = 2**64
_FEW = 512  # draws of a figure that are kept


class Leaf(Struct, frozen=True):
    """A figure that is not exactly known; values in the unit of its field."""

    path: str
    low: float
    value: float
    high: float
    integer: bool
    binary: bool = False  # a power of two, as are sizes that divide addresses


def leaves(loaded: LoadedCore, rows: Collection[str]) -> list[Leaf]:
    """Figures of a core with an interval that a path using cost ``rows`` can feel."""
    return [leaf for leaf, row in _all_leaves(loaded) if not row or row in rows]


@lru_cache(maxsize=64)
def _all_leaves(loaded: LoadedCore) -> tuple[tuple[Leaf, str], ...]:
    """All figures of a core with an interval; with each its cost row, or ""."""
    found = []
    for path, known in loaded.evidence.items():
        if known.low >= known.high:
            continue
        row = row_of(path) if path.startswith("costs.") else ""
        low, high = known.low, known.high
        if known.integer:
            low, high = float(-(-low // 1)), float(high // 1)
        if low < high:
            declared = BY_PATH.get(path)
            binary = declared is not None and declared.figure.binary
            leaf = Leaf(path, low, known.value, high, known.integer, binary)
            found.append((leaf, row))
    return tuple(found)


def row_of(path: str) -> str:
    """The cost row a figure belongs to: ``costs.imul.r,r``."""
    return ".".join(path.split(".")[:3])


def columns(
    figures: Sequence[Leaf], count: int, seed: int = SEED, only: range | None = None
) -> dict[str, list[float]]:
    """``count`` draws of every figure, or ``only`` some of them, by its path."""
    if only is None:
        only = range(count)
    if only == range(count) and count <= _FEW:
        return {leaf.path: list(_few(leaf, count, seed)) for leaf in figures}
    found = {}
    for leaf in figures:
        of_all = shares(leaf.path, count, seed)
        found[leaf.path] = [drawn(leaf, of_all[k]) for k in only]
    return found


@lru_cache(maxsize=4096)
def _few(leaf: Leaf, count: int, seed: int) -> tuple[float, ...]:
    """The draws of a figure, which the paths of a study on one core share."""
    return tuple([drawn(leaf, share) for share in shares(leaf.path, count, seed)])


def sample(
    figures: Sequence[Leaf], count: int, seed: int = SEED
) -> list[dict[str, float]]:
    """``count`` draws; each is a value for every figure."""
    by_path = columns(figures, count, seed)
    return [{path: column[k] for path, column in by_path.items()} for k in range(count)]


def shares(path: str, count: int, seed: int) -> list[float]:
    """Numbers between 0 and 1, one in each of ``count`` slices, in an order of their
    own."""
    text = f"{seed}|{path}|{count}".encode()
    words = unpack(f">{count}Q", hashlib.shake_128(text).digest(8 * count))
    order = sorted(range(count), key=words.__getitem__)
    out = [0.0] * count
    for place, k in enumerate(order):
        within = (words[k] * 0x9E3779B97F4A7C15) % _WORDS / _WORDS
        out[k] = (place + within) / count
    return out


def drawn(leaf: Leaf, share: float) -> float:
    """The figure below which ``share`` of its distribution lies."""
    half = 0.5 if leaf.integer else 0.0
    value = halved(leaf.low - half, leaf.value, leaf.high + half, share)
    if leaf.integer:
        whole = min(max(round(value), leaf.low), leaf.high)
        return int(2 ** round(log2(whole)) if leaf.binary else whole)
    return value


def halved(low: float, middle: float, high: float, share: float) -> float:
    """Inverse of the cumulative function of two triangles of one half each, which meet
    at their highest, ``middle``.
    """
    if share < 0.5:
        return low + sqrt(2 * share) * (middle - low)
    return high - sqrt(2 * (1 - share)) * (high - middle)


def quantile(values: Sequence[float], share: float) -> float:
    """Linear between order statistics; of an empty sequence: ValueError."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
