"""How sure the cycles of one path are, not only a difference of two.

The ends of the interval over draws of the core's figures are multiplied by what
measured blocks say the model's own error needs (``studies.calibration``). A core
without measured blocks gets the factors of the widest one that has some.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import replace

from costmodel.code.insn import Path
from costmodel.cores.accuracy import widening
from costmodel.engine.result import Estimate
from costmodel.studies.draws import SEED
from costmodel.studies.settings import Values
from costmodel.studies.uncertainty import Progress, Task, interval, run_all

Kind = TypeVar("Kind", bound=Estimate)


def with_intervals(
    estimates: Sequence[Kind],
    paths: Sequence[Path],
    *,
    draws: int,
    cores: Sequence[str] | None = None,
    values: Sequence[Values] | None = None,
    progress: Progress | None = None,
) -> list[Kind]:
    """The estimates, each with the 90 % interval of its cycles.

    ``paths``: what each was made of, as read; ``cores``: names or files, if not their
    cores' names; ``values``: what the user set on each.
    """
    names = cores or [e.uarch for e in estimates]
    given = values or [()] * len(estimates)
    tasks = [
        Task(path, name, e.scenario, e.align, draws, SEED, fixed, e.cold)
        for e, path, name, fixed in zip(estimates, paths, names, given, strict=True)
    ]
    out = []
    for estimate, found in zip(estimates, run_all(tasks, None, progress), strict=True):
        known = interval(
            estimate.cycles,
            [float(one) for one in found.drawn] or [estimate.cycles],
            factors=factors(estimate.uarch, estimate.scenario),
        )
        out.append(
            replace(
                estimate,
                low=known.low,
                high=known.high,
                median=known.median,
                central=known.central,
            )
        )
    return out


def factors(uarch: str, scenario: str) -> tuple[float, float]:
    """What the ends of a path's interval are multiplied by."""
    return widening(uarch, scenario) or (1.0, 1.0)
