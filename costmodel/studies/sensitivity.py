"""What a difference is sensitive to: figures screened, then ranked by variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from costmodel.code.insn import Path
from costmodel.engine.result import Comparison
from costmodel.studies.draws import SEED, Leaf
from costmodel.studies.settings import Values
from costmodel.studies.uncertainty import DRAWS, Progress, Task, prepared
from costmodel.studies.variance import BASES, ROWS, Share, screened, variance_shares

MOST = 6  # figures ranked


class Effect(Struct, frozen=True):
    """What one figure does to a quantity."""

    path: str
    share: float  # of the variance: first-order, what this figure alone explains
    at_low: float  # the quantity with this figure at its low end, others as stated
    at_high: float
    low: float
    high: float
    total: float = 0.0  # of the variance, with what it does together with others
    half: float = 0.0  # half width of the 90 % interval of ``total``


def sensitivities(
    comparison: Comparison,
    paths: tuple[Path, Path],
    core: str,
    *,
    draws: int = DRAWS,
    values: Values = (),
    progress: Progress | None = None,
) -> list[Effect]:
    """What a comparison's difference is sensitive to, most first."""
    after = comparison.after
    before, new = (
        Task(path, core, after.scenario, after.align, draws, SEED, values, after.cold)
        for path in paths
    )
    return effects(before, new, progress=progress)


def effects(
    before: Task, after: Task, most: int = MOST, progress: Progress | None = None
) -> list[Effect]:
    """The figures that explain the difference of two tasks on one core, most first.

    Screening finds the ``most`` figures of the greatest effect; the variance over draws
    of these, the others as stated, is shared among them (``studies.variance``). A
    difference that no figure moves has no effects.
    """
    rows = max(ROWS, after.draws)  # and so many runs, whatever the interval's draws
    sides = [prepared(task) for task in (before, after)]
    figures = {leaf.path: leaf for *_, some in sides for leaf in some}

    whole = BASES * (len(figures) + 1) + rows * (min(most, len(figures)) + 2)
    done = 0

    def delta(values: Mapping[str, float]) -> float:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, whole - 1), whole)
        old, new = (again.cycles(settings, values) for again, settings, _ in sides)
        return float(new - old)

    felt = screened(delta, list(figures.values()), seed=after.seed)
    chosen = [figures[path] for path in list(felt)[:most]]
    found = variance_shares(delta, chosen, rows, after.seed)
    ranked = [
        _effect(leaf, share, [delta({leaf.path: end}) for end in _ends(leaf)])
        for leaf, share in zip(chosen, found, strict=True)
    ]
    if progress is not None:
        progress(whole, whole)
    ranked.sort(key=lambda e: (-e.total, -abs(e.at_high - e.at_low), e.path))
    return ranked


def _ends(leaf: Leaf) -> Sequence[float]:
    return [int(end) if leaf.integer else end for end in (leaf.low, leaf.high)]


def _effect(leaf: Leaf, share: Share, ends: Sequence[float]) -> Effect:
    return Effect(
        leaf.path, share.first, ends[0], ends[1], leaf.low, leaf.high, share.total,
        share.total_half,
    )  # fmt: skip
