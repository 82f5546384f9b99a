"""What ran, measured and modelled: the residual of each stretch.

perf's figure for a stretch is the time from the retirement of one branch to that of the
next. The model's is the sum of the cycles after which its instructions retire: the same
quantity.
"""

from __future__ import annotations

from statistics import median

from msgspec import Struct

from costmodel.code.executed import Chosen
from costmodel.engine.result import Estimate


class Held(Struct, frozen=True):
    """One stretch. ``measured``: median of its samples; None: perf gave no cycles."""

    first: str  # where it begins and ends, as symbol+offset
    last: str
    instructions: int
    modelled: float
    measured: float | None
    low: float | None  # least and most measured
    high: float | None
    samples: int
    mispredicted: int  # of the samples

    @property
    def residual(self) -> float | None:
        """Cycles modelled too many (too few: negative)."""
        return None if self.measured is None else self.modelled - self.measured


class Residuals(Struct, frozen=True):
    """A path that ran, on one core."""

    estimate: Estimate
    stretches: tuple[Held, ...]
    runs: int
    others: int

    @property
    def measured(self) -> float | None:
        """Sum over the stretches with cycles; None if there is none."""
        known = [s.measured for s in self.stretches if s.measured is not None]
        return sum(known) if known else None

    @property
    def modelled(self) -> float:
        """Sum over the same stretches; over all where nothing was measured."""
        known = [s for s in self.stretches if s.measured is not None]
        return sum(s.modelled for s in known or self.stretches)


def residuals(found: Chosen, estimate: Estimate) -> Residuals:
    """Hold the estimate of the run's path against the run's own cycles."""
    charged = [0] * len(estimate.path.steps)
    for step, _, share in estimate.retirement:
        if 0 <= step < len(charged):
            charged[step] += share
    held, at = [], 0
    for number, stretch in enumerate(found.stretches):
        count = len(stretch.insns)
        seen = [run.stretches[number] for run in found.runs]
        cycles = [s.cycles for s in seen if s.cycles is not None]
        held.append(
            Held(
                stretch.insns[0].symbol or f"{stretch.insns[0].address:#x}",
                stretch.insns[-1].symbol or f"{stretch.insns[-1].address:#x}",
                count,
                sum(charged[at : at + count]) / estimate.copies,
                float(median(cycles)) if cycles else None,
                float(min(cycles)) if cycles else None,
                float(max(cycles)) if cycles else None,
                len(cycles),
                sum(s.mispredicted for s in seen),
            )
        )
        at += count
    return Residuals(estimate, tuple(held), len(found.runs), found.others)
