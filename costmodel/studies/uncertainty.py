"""How sure a difference is.

One path on one core gives ``Draws``: its cycles at the stated figures and at every draw
of them. Draw k of one path and draw k of another on the same core are of the same core,
so any quantity made of several paths (a difference, a share) is made draw by draw, and
its interval is that of the results.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from costmodel import scenarios
from costmodel.code.insn import Path
from costmodel.cores.accuracy import difference_margin
from costmodel.cores.load import LoadedCore, load_core
from costmodel.engine.cold import Cold
from costmodel.engine.guesses import guesses
from costmodel.engine.result import Comparison
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation
from costmodel.errors import UsageError
from costmodel.studies.draws import MOST_DRAWS, SEED, Leaf, columns, leaves, quantile
from costmodel.studies.processes import processes
from costmodel.studies.settings import Values, with_settings
from costmodel.tuples import NamedTuple

DRAWS = 32  # of a comparison, unless asked for others
PARALLEL_ABOVE = 40_000  # runs that make up for starting processes
ROOM = 1e-9  # of a cycle: an end itself is inside
PART = 10_000  # runs one process is given at a time
Progress = Callable[[int, int], None]
Kind = TypeVar("Kind", bound=Comparison)


class Task(NamedTuple):
    """One path on one core: what a worker needs to make its ``Draws``."""

    path: Path
    core: str  # name, or path of a core file
    scenario: str
    align: int | None = None
    draws: int = DRAWS
    seed: int = SEED
    values: Values = ()  # set by the user: not drawn
    cold: Cold = ()  # lines that start elsewhere than in L1


class Draws(Struct, frozen=True):
    """Cycles of one path: at the stated figures, and at each draw."""

    stated: Fraction
    drawn: tuple[Fraction, ...]
    figures: tuple[str, ...]  # paths of the figures drawn
    guesses: tuple[str, ...] = ()  # paths of the assumed figures it rests on
    settled: bool = True  # whether copies repeat at the stated figures


class Interval(Struct, frozen=True):
    """A quantity at the stated figures, the median of its draws, and the interval that
    holds it in 90 % of cases: the model's own error included.

    ``spread``: from the 5 % to the 95 % quantile of the draws alone. ``central``:
    whether the value lies in the middle half of the draws.
    """

    value: float
    median: float
    low: float
    high: float
    draws: int
    spread: float = 0.0
    central: bool = True


class Part(NamedTuple):
    """Some draws of tasks on one core, which share what they can."""

    tasks: tuple[Task, ...]
    part: int = 0  # of ``parts`` about equal ones, in order
    parts: int = 1

    @property
    def runs(self) -> int:
        return sum(task.draws + 1 for task in self.tasks) // self.parts


def checked_draws(draws: int) -> int:
    """``draws`` if so many can be made. Raises UsageError."""
    if not 0 <= draws <= MOST_DRAWS:
        raise UsageError(f"{draws} draws", expected=f"0 to {MOST_DRAWS}")
    return draws


def run(task: Task) -> Draws:
    """The draws of one task, in this process."""
    return run_part(Part((task,)))[0]


def run_part(part: Part) -> list[Draws]:
    """The draws of each task that are in ``part``."""
    return [_run(task, part) for task in part.tasks]


def _run(task: Task, part: Part) -> Draws:
    simulation, settings, figures = prepared(task)
    ends = [task.draws * k // part.parts for k in (part.part, part.part + 1)]
    drawn = columns(figures, task.draws, task.seed, range(*ends))
    stated = simulation.rate(settings)
    return Draws(
        stated.cycles,
        tuple(simulation.draws(settings, drawn, ends[1] - ends[0])),
        tuple(leaf.path for leaf in figures),
        tuple(guess.what for guess in guesses(simulation, settings)),
        stated.settled,
    )


def prepared(task: Task) -> tuple[Simulation, Settings, list[Leaf]]:
    """A task's path on its core, the settings it is run with, and the figures that are
    drawn: those the path can feel and the user has not set."""
    loaded = _loaded(task.core, task.values)
    simulation = Simulation(task.path, loaded)
    settings = Settings.of(loaded.core, task.scenario, task.align, task.cold)
    return simulation, settings, leaves(loaded, simulation.rows(settings))


@lru_cache(maxsize=64)
def _loaded(core: str, values: Values) -> LoadedCore:
    """The core with the user's figures: one for all tasks, which then share what the
    core's instructions lower to."""
    return with_settings(load_core(core), values)


def run_all(
    tasks: Sequence[Task],
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Draws]:
    """The draws of every task, in order.

    ``executor`` is anything with the interface of ``concurrent.futures``: a Dask client
    through ``get_executor``, an ``MPIPoolExecutor``. None: local processes if there is
    enough to do, else this process. ``progress`` is told how many of how many are done.
    """
    groups: dict[str, list[int]] = {}
    for number, task in enumerate(tasks):
        scenarios.checked(task.scenario)
        checked_draws(task.draws)
        groups.setdefault(task.core, []).append(number)
    work = [
        part
        for numbers in groups.values()
        for part in _parts([tasks[n] for n in numbers])
    ]
    found: dict[int, Draws] = {}
    with _pool(work, executor) as pool:
        waiting: Iterator[list[Draws]]
        if pool is None:
            waiting = map(run_part, work)
        else:
            futures = [pool.submit(run_part, part) for part in work]
            waiting = (future.result() for future in futures)
        for part, draws in zip(work, waiting, strict=True):
            for number, some in zip(groups[part.tasks[0].core], draws, strict=True):
                known = found.get(number)
                found[number] = some if known is None else _joined(known, some)
            if progress is not None and part.part + 1 == part.parts:
                progress(len(found), len(tasks))
    return [found[n] for n in range(len(tasks))]


def _parts(tasks: Sequence[Task]) -> list[Part]:
    """The work of one core in parts that are worth a process each."""
    runs = Part(tuple(tasks)).runs
    parts = max(1, min(runs // PART, min(task.draws for task in tasks)))
    return [Part(tuple(tasks), k, parts) for k in range(parts)]


def _joined(first: Draws, then: Draws) -> Draws:
    return replace(first, drawn=first.drawn + then.drawn)


@contextmanager
def _pool(work: Sequence[Part], executor: Executor | None) -> Iterator[Executor | None]:
    if executor is not None:
        yield executor
        return
    runs = sum(part.runs for part in work)
    workers = min(len(work), len(os.sched_getaffinity(0)))
    if workers < 2 or runs < PARALLEL_ABOVE:
        yield None
        return
    with processes(workers) as pool:
        yield pool


# -- quantities ------------------------------------------------------------------------


def interval(
    value: float,
    drawn: Sequence[float],
    margin: float = 0.0,
    factors: tuple[float, float] = (1.0, 1.0),
) -> Interval:
    """Median and 90 % interval of a quantity's draws; without draws, all unknown.

    The ends are multiplied by ``factors`` and then moved out by ``margin``: what the
    model's own error needs. Draws need not surround the value at the stated figures;
    the interval does.
    """
    if not drawn:
        return Interval(value, value, float("nan"), float("nan"), 0)
    low, lower, median, upper, high = (
        quantile(drawn, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)
    )
    ends = min(low, value) * factors[0] - margin, max(high, value) * factors[1] + margin
    central = lower - ROOM <= value <= upper + ROOM
    return Interval(value, median, *ends, len(drawn), high - low, central)


def difference(before: Draws, after: Draws, margin: float = 0.0) -> Interval:
    """Cycles ``after`` takes more, draw by draw on the same core. ``margin``: see
    ``interval``."""
    value = float(after.stated - before.stated)
    return interval(value, [float(d) for d in deltas(before, after)], margin)


def same_code(before: Path, after: Path) -> bool:
    """Whether two paths are the same: then no model is wrong about what differs."""
    first, second = (
        [(s.insn.address, s.insn.form, s.taken) for s in path.steps]
        for path in (before, after)
    )
    return first == second


def deltas(before: Draws, after: Draws) -> list[Fraction]:
    """The difference at each draw."""
    return [b - a for a, b in zip(before.drawn, after.drawn, strict=True)]


def with_intervals(
    comparisons: Sequence[Kind],
    paths: tuple[Path, Path],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    cores: Sequence[str] = (),
    values: Sequence[Values] = (),
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Kind]:
    """The comparisons, each with the 90 % interval of its difference.

    ``paths`` are the two as they were read: an estimate's own path has surroundings.
    ``cores`` are the names or files the comparisons were made on, if not their cores'
    names; ``values`` what the user set on each.
    """
    names = cores or [c.after.uarch for c in comparisons]
    given = values or [()] * len(comparisons)
    tasks = [
        Task(
            path,
            name,
            c.after.scenario,
            c.after.align,
            draws,
            seed,
            fixed,
            c.after.cold,
        )
        for c, name, fixed in zip(comparisons, names, given, strict=True)
        for path in paths
    ]
    found = run_all(tasks, executor, progress)
    alike = same_code(*paths)
    out = []
    for k, comparison in enumerate(comparisons):
        after = comparison.after
        known = difference(
            found[2 * k],
            found[2 * k + 1],
            0.0 if alike else difference_margin(after.uarch, after.scenario),
        )
        out.append(
            replace(
                comparison,
                low=known.low,
                high=known.high,
                median=known.median,
                spread=known.spread,
                central=known.central,
                draws=known.draws,
            )
        )
    return out
