"""Which inputs of a function matter: effects screened, then shares of the variance.

Screening is Morris's, in its radial form (Campolongo, Saltelli, Cariboni 2011): from
each of a few base points every input alone is moved to another draw of it, and the mean
of the absolute effects says which inputs do anything at all, wherever the others are.

Shares are Sobol's indices, by Saltelli's design: two independent samples A and B and,
for each input, A with that one column of B. The first-order share (Saltelli 2010) is
what fixing the input alone would take off the variance; the total one (Jansen 1999) is
what would be left if all others were fixed, interactions included. Both come with the
half width of a 90 % interval of their own, for a few hundred rows are not many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt

from msgspec import Struct

from costmodel.studies.draws import SEED, Leaf, sample

ROWS = 256  # of each sample
BASES = 8  # points screening starts from
_Z90 = 1.6449  # of a normal distribution, 5 % above
Function = Callable[[Mapping[str, float]], float]


class Share(Struct, frozen=True):
    """One input's share of the variance, 0 to 1, each with its half width."""

    path: str
    first: float
    first_half: float
    total: float
    total_half: float


def screened(
    function: Function, figures: Sequence[Leaf], bases: int = BASES, seed: int = SEED
) -> dict[str, float]:
    """The mean absolute effect of every figure that has one, greatest first.

    Calls ``function`` once for each base point, and once for each figure there.
    """
    start, other = sample(figures, bases, seed), sample(figures, bases, seed + 1)
    found = dict.fromkeys((leaf.path for leaf in figures), 0.0)
    for base, moved in zip(start, other, strict=True):
        here = function(base)
        for path in found:
            if moved[path] != base[path]:
                there = function({**base, path: moved[path]})
                found[path] += abs(there - here) / bases
    kept = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return {path: effect for path, effect in kept if effect}


def variance_shares(
    function: Function, figures: Sequence[Leaf], rows: int = ROWS, seed: int = SEED
) -> list[Share]:
    """The shares of each figure, in the order given; the others are not drawn.

    Calls ``function`` for rows x (figures + 2) points, those that come back but once.
    """
    known: dict[tuple[float, ...], float] = {}
    names = [leaf.path for leaf in figures]

    def at(point: Mapping[str, float]) -> float:
        key = tuple(point[name] for name in names)
        if key not in known:
            known[key] = float(function(point))
        return known[key]

    a, b = sample(figures, rows, seed), sample(figures, rows, seed + 1)
    at_a, at_b = [at(point) for point in a], [at(point) for point in b]
    middle = sum(at_a + at_b) / (2 * rows)
    variance = sum((y - middle) ** 2 for y in at_a + at_b) / (2 * rows - 1)
    out = []
    for name in names:
        mixed = [
            at({**one, name: other[name]}) for one, other in zip(a, b, strict=True)
        ]
        if not variance:
            out.append(Share(name, 0.0, 0.0, 0.0, 0.0))
            continue
        triples = list(zip(at_a, at_b, mixed, strict=True))
        first = [(y - middle) * (m - x) / variance for x, y, m in triples]
        total = [(x - m) ** 2 / (2 * variance) for x, y, m in triples]
        out.append(Share(name, *_mean(first), *_mean(total)))
    return out


def _mean(terms: Sequence[float]) -> tuple[float, float]:
    """Their mean within 0 and 1, and the half width of its 90 % interval."""
    count = len(terms)
    mean = sum(terms) / count
    spread = sum((term - mean) ** 2 for term in terms) / max(count - 1, 1)
    return min(max(mean, 0.0), 1.0), _Z90 * sqrt(spread / count)
