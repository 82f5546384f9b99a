"""What a difference is sensitive to: figures screened, then ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from costmodel.code.insn import Path
from costmodel.engine.recipes import LoweredForms
from costmodel.engine.result import Comparison
from costmodel.studies.draws import SEED, sample
from costmodel.studies.settings import Values
from costmodel.studies.uncertainty import DRAWS, Task, prepared


@dataclass(frozen=True, slots=True)
class Effect:
    """What one figure does to a quantity."""

    path: str
    share: float  # of the variance over draws: squared rank correlation
    at_low: float  # the quantity with this figure at its low end, others as stated
    at_high: float
    low: float
    high: float


def sensitivities(
    comparison: Comparison,
    paths: tuple[Path, Path],
    core: str,
    *,
    draws: int = DRAWS,
    values: Values = (),
) -> list[Effect]:
    """What a comparison's difference is sensitive to, most first."""
    after = comparison.after
    before, new = (
        Task(path, core, after.scenario, after.align, draws, SEED, values, after.cold)
        for path in paths
    )
    return effects(before, new)


def effects(before: Task, after: Task, most: int = 6) -> list[Effect]:
    """Figures that explain the difference of two tasks on one core, most first.

    Screening: each figure alone is moved to both ends of its interval, the others as
    stated; those that move the difference are kept. Ranking: the squared rank
    correlation with the difference over the draws, the share of its variance a monotone
    effect explains. Costs two runs a figure and path besides the draws.
    """
    shared: LoweredForms = {}
    sides = [prepared(task, shared) for task in (before, after)]
    fixed = dict(after.values)
    figures = {leaf.path: leaf for _, some in sides for leaf in some}
    drawn = sample(list(figures.values()), after.draws, after.seed)

    def delta(values: dict[str, float]) -> Fraction:
        old, new = (again.cycles({**values, **fixed}) for again, _ in sides)
        return new - old

    stated = delta({})
    moved = []
    for leaf in figures.values():
        ends = []
        for end in (leaf.low, leaf.high):
            value = int(end) if leaf.integer else end
            ends.append(delta({leaf.path: value}) if value != leaf.value else stated)
        moved.append((leaf, float(ends[0]), float(ends[1])))
    felt = [one for one in moved if set(one[1:]) != {float(stated)}]
    results = [float(delta(values)) for values in drawn] if felt else []
    ranks = [
        Effect(
            leaf.path,
            rank_correlation([d[leaf.path] for d in drawn], results) ** 2,
            low, high, leaf.low, leaf.high,
        )
        for leaf, low, high in felt
    ]  # fmt: skip
    ranks.sort(key=lambda e: (-e.share, -abs(e.at_high - e.at_low), e.path))
    return ranks[:most]


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's, ties given their mean rank; 0 where either does not vary."""
    if len(x) < 2:
        return 0.0
    a, b = _ranks(x), _ranks(y)
    mean = (len(x) + 1) / 2
    products = sum((p - mean) * (q - mean) for p, q in zip(a, b, strict=True))
    squares = sum((p - mean) ** 2 for p in a) * sum((q - mean) ** 2 for q in b)
    return products / squares**0.5 if squares else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    for k in range(1, len(order) + 1):
        if k == len(order) or values[order[k]] != values[order[start]]:
            for place in order[start:k]:
                ranks[place] = (start + k + 1) / 2
            start = k
    return ranks
