"""One thing varied, all else as stated: a figure of the core, or the code's place."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

from costmodel.code.insn import Path
from costmodel.cores.load import LoadedCore, load_core, with_values
from costmodel.engine.cold import Cold
from costmodel.engine.estimate import default_scenario
from costmodel.engine.guesses import guesses
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation
from costmodel.studies.compare import common_scenario
from costmodel.studies.settings import Sweep, Values, of_core, whole, with_settings

ALIGN = "align"
LINE = 64


class Point(Struct, frozen=True):
    """Cycles at one value of what is varied; ``before`` of a comparison's old side."""

    uarch: str
    scenario: str
    what: str  # path of the figure, or "align"
    value: float
    cycles: Fraction
    before: Fraction | None = None
    guesses: int = 0  # assumed figures it rests on
    settled: bool = True  # both sides: whether copies were found to repeat

    @property
    def delta(self) -> Fraction | None:
        return None if self.before is None else self.cycles - self.before


def sweep(
    paths: Sequence[Path],
    core: str,
    varied: Sweep | None,
    *,
    scenario: str | None = None,
    align: int | None = None,
    values: Values = (),
    cold: Cold = (),
) -> list[Point]:
    """One path, or the two of a comparison, on one core at every point.

    ``varied`` None: at each of the 64 places of a line instead. Raises CoreError for a
    figure the core does not have or a value it cannot take.
    """
    chosen = default_scenario(paths[0]) if scenario is None else scenario
    for path in paths[1:] if scenario is None else ():
        chosen = common_scenario(chosen, default_scenario(path))
    loaded = with_settings(load_core(core), values)
    fixed = frozenset(path for path, _ in values)
    sides = [Simulation(path, loaded) for path in paths]
    points: list[tuple[float, int | None, dict[str, float]]]
    if varied is None:
        points = [(float(at), at, {}) for at in range(LINE)]
    else:
        points = [
            (point, align, {of_core(loaded, varied.path): whole(point)})
            for point in varied.points
        ]
    rests_on: dict[tuple[int, Settings], set[str]] = {}
    found = []
    for value, at, figures in points:
        settings = Settings.of(loaded.core, chosen, at, cold)
        stated = [side.rate(settings, checked(loaded, figures)) for side in sides]
        cycles = [side.cycles for side in stated]
        assumed: set[str] = set()
        for number, side in enumerate(sides):
            key = number, settings
            if key not in rests_on:
                rests_on[key] = {guess.what for guess in guesses(side, settings)}
            assumed |= rests_on[key]
        found.append(
            Point(
                loaded.name, chosen, varied.path if varied else ALIGN, value,
                cycles[-1], cycles[0] if len(cycles) > 1 else None,
                len(assumed - figures.keys() - fixed),
                all(side.settled for side in stated),
            )
        )  # fmt: skip
    return found


def checked(loaded: LoadedCore, figures: dict[str, float]) -> dict[str, float]:
    """The figures, if the core can have them. Raises CoreError."""
    with_values(loaded, figures)
    return figures
