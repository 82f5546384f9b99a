"""One thing varied, all else as stated: a figure of the core, or the code's place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from costmodel.code.insn import Path
from costmodel.cores.load import load_core
from costmodel.engine.cold import Cold
from costmodel.engine.estimate import default_scenario
from costmodel.engine.rerun import Rerun
from costmodel.scenarios import checked, checked_align
from costmodel.studies.compare import common_scenario
from costmodel.studies.settings import Sweep, Values, whole
from costmodel.studies.uncertainty import compilable

ALIGN = "align"
LINE = 64


@dataclass(frozen=True, slots=True)
class Point:
    """Cycles at one value of what is varied; ``before`` of a comparison's old side."""

    uarch: str
    scenario: str
    what: str  # path of the figure, or "align"
    value: float
    cycles: Fraction
    before: Fraction | None = None
    guesses: int = 0  # assumed figures it rests on

    @property
    def delta(self) -> Fraction | None:
        return None if self.before is None else self.cycles - self.before


def sweep(
    paths: Sequence[Path],
    core: str,
    varied: Sweep | None,
    *,
    scenario: str | None = None,
    align: int = 0,
    values: Values = (),
    cold: Cold = (),
) -> list[Point]:
    """One path, or the two of a comparison, on one core at every point.

    ``varied`` None: at each of the 64 places of a line instead. Raises CoreError for a
    figure the core does not have or a value it cannot take.
    """
    checked_align(align)
    if scenario is None:
        chosen = default_scenario(paths[0])
        for path in paths[1:]:
            chosen = common_scenario(chosen, default_scenario(path))
    else:
        chosen = checked(scenario)
    loaded = load_core(core)
    fixed = dict(values)
    quick = compilable()
    if varied is None:
        points = [(float(at), at, fixed) for at in range(LINE)]
    else:
        points = [
            (point, align, {**fixed, varied.path: whole(point)})
            for point in varied.points
        ]
    made: dict[tuple[int, int], Rerun] = {}
    rests_on: dict[tuple[int, int], set[str]] = {}
    out = []
    for value, at, figures in points:
        found = []
        assumed: set[str] = set()
        for number, path in enumerate(paths):
            key = number, at
            if key not in made:
                made[key] = Rerun(path, loaded, chosen, at, quick, cold)
                rests_on[key] = {guess.what for guess in made[key].guesses()}
            found.append(made[key].cycles(figures))
            assumed |= rests_on[key]
        out.append(
            Point(
                loaded.name, chosen, varied.path if varied else ALIGN, value,
                found[-1], found[0] if len(found) > 1 else None,
                len(assumed - set(figures)),
            )
        )  # fmt: skip
    return out
