"""The library's face: one function a question, results that show themselves.

A core is named, or the answer is asked of
every core there is: then the result is a sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Unpack, overload

from msgspec.structs import fields, replace

from costmodel.code.insn import Insn, Path
from costmodel.cores.accuracy import measured_error
from costmodel.cores.load import core_names
from costmodel.cores.load import load_core as load_core
from costmodel.cores.names import core_names_of as core_names_of
from costmodel.engine.result import Comparison, Estimate
from costmodel.engine.scenarios import PATHS
from costmodel.errors import UnknownInstructionError
from costmodel.shown import Framed
from costmodel.sources import PathOptions as PathOptions
from costmodel.sources import alike as alike
from costmodel.sources import load_path as load_path
from costmodel.sources import load_paths as load_paths
from costmodel.sources import load_sides as load_sides
from costmodel.studies.certainty import rests_on_guesses
from costmodel.studies.settings import Values, with_settings

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from costmodel.engine.cold import Cold
    from costmodel.sources import Source as Source
    from costmodel.views.tree import Report


class Options(PathOptions, total=False):
    """Keywords of ``estimate`` and ``compare``; see there."""

    scenario: str | None
    align: int | None
    values: Values  # figures of the core to use instead, (path, value) each
    cold: Mapping[str, str] | Cold  # kinds of line that are cold, and their levels
    draws: int | None  # of the cores' figures, for a 90 % interval


class CompareOptions(Options, total=False):
    """Keywords of ``compare`` beyond those of ``estimate``."""

    executor: Executor | None


class _Estimates(Framed):
    """Estimates, one or several."""

    __slots__ = ()

    def report(self) -> Report:
        from costmodel.views.estimate import estimates_report

        return estimates_report(self._items())

    def frame(self, table: str = "summary") -> pd.DataFrame:
        """Tidy table: summary, causes, charges, timeline, lines, slots, ports, path."""
        from costmodel.views.tables import frame

        return frame(self._items(), table)

    def _repr_html_(self) -> str:
        from costmodel.views.notebook import estimates_html

        return estimates_html(self._items())

    def _items(self) -> Sequence[Estimate]:
        raise NotImplementedError


class _Comparisons(Framed):
    """Comparisons, one or several."""

    __slots__ = ()

    def report(self) -> Report:
        from costmodel.studies.families import families
        from costmodel.studies.onrecord import known_of
        from costmodel.views.comparison import comparisons_report

        items = self._items()
        cores = [c.after.uarch for c in items]
        known = [k for c in items for k in known_of(c)]
        return comparisons_report(items, None, lambda: families(cores), known)

    def frame(self, table: str = "summary") -> pd.DataFrame:
        """Tidy table: summary, causes, or lines (cycles of the difference)."""
        from costmodel.views.tables import comparison_frame

        return comparison_frame(self._items(), table)

    def _repr_html_(self) -> str:
        from costmodel.views.notebook import comparisons_html

        return comparisons_html(self._items())

    def _items(self) -> Sequence[Comparison]:
        raise NotImplementedError


class Result(_Estimates, Estimate, frozen=True):
    """An Estimate that can show itself."""

    def explain(self, width: int = 72, style: str = "text") -> str:
        """What ``costmodel explain`` prints; ``style`` also kanata or folded."""
        from costmodel.views.explain import explanation_report
        from costmodel.views.render import rendered

        return rendered(style, explanation_report(self), width)

    def _items(self) -> Sequence[Estimate]:
        return (self,)


class Difference(_Comparisons, Comparison, frozen=True):
    """A Comparison that can show itself."""

    def _items(self) -> Sequence[Comparison]:
        return (self,)


class Results(_Estimates, tuple[Result, ...]):
    """Estimates of several paths or on several cores."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Results: {len(self)} estimates>"

    def _items(self) -> Sequence[Estimate]:
        return self


class Differences(_Comparisons, tuple[Difference, ...]):
    """One change on several cores."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Differences on {len(self)} cores>"

    def _items(self) -> Sequence[Comparison]:
        return self


def cores() -> list[str]:
    """Names of the cores there are."""
    return list(core_names())


def _where(insn: Insn, path: Path) -> str:
    """``file:line`` as errors name it."""
    if insn.source is None:
        return path.origin
    return f"{insn.source.file}:{insn.source.line}"


def _estimate(
    path: Path,
    core: str,
    scenario: str | None,
    align: int | None,
    values: Values = (),
    cold: Mapping[str, str] | Cold = (),
) -> Result:
    from costmodel.engine.estimate import estimate as run

    loaded = with_settings(load_core(core), values)
    try:
        result = run(path, loaded, scenario=scenario, align=align, cold=cold)
    except UnknownInstructionError as error:
        refused = [s.insn for s in path.steps if s.insn.form.vector]
        if not error.where:
            error.where = _where(refused[0], path) if refused else path.origin
        raise
    made = Result(*(getattr(result, field.name) for field in fields(Estimate)))
    measured_so = made.scenario not in PATHS and align is None
    if measured_so and not rests_on_guesses(made):
        made = replace(made, core_error=measured_error(made.uarch, made.scenario))
    return made


@overload
def estimate(  # type: ignore[overload-overlap]
    source: Source, uarch: Literal["all"] | None = None, **options: Unpack[Options]
) -> Results: ...
@overload
def estimate(  # type: ignore[overload-overlap]
    source: Source, uarch: str, **options: Unpack[Options]
) -> Result: ...
@overload
def estimate(
    source: Source, uarch: Sequence[str], **options: Unpack[Options]
) -> Results: ...
def estimate(
    source: Source,
    uarch: str | Sequence[str] | None = None,
    *,
    scenario: str | None = None,
    align: int | None = None,
    values: Values = (),
    cold: Mapping[str, str] | Cold = (),
    draws: int | None = None,
    **options: Unpack[PathOptions],
) -> Result | Results:
    """Cycles of one path: on one named core, on several, or (None) on all.

    ``scenario`` None is the round trip where the path has a system call's boundaries,
    otherwise ``once``. ``align`` is the offset from a 64-byte line (None: 0; of
    copies, where those the core was measured with began). ``cold`` names
    lines not in L1 when a trip starts, ``{"stack": "l3"}``; see ``engine.cold``.
    ``draws`` of the core's figures give the cycles a 90 % interval (None: none, as the
    command has it).
    """
    names = core_names_of(uarch)
    paths = load_paths(source, names, **options)
    results = Results(
        _estimate(path, name, scenario, align, values, cold)
        for path, name in zip(paths, names, strict=True)
    )
    if draws:
        from costmodel.studies import absolute

        count = len(results)
        results = Results(
            absolute.with_intervals(
                results,
                paths,
                draws=draws,
                cores=names,
                values=[values] * count,
            )
        )
    return results[0] if isinstance(uarch, str) and uarch != "all" else results


@overload
def compare(  # type: ignore[overload-overlap]
    before: Source,
    after: Source,
    uarch: Literal["all"] | None = None,
    **options: Unpack[CompareOptions],
) -> Differences: ...
@overload
def compare(  # type: ignore[overload-overlap]
    before: Source, after: Source, uarch: str, **options: Unpack[CompareOptions]
) -> Difference: ...
@overload
def compare(
    before: Source, after: Source, uarch: Sequence[str], **options: Unpack[Options]
) -> Differences: ...
def compare(
    before: Source,
    after: Source,
    uarch: str | Sequence[str] | None = None,
    *,
    scenario: str | None = None,
    align: int | None = None,
    values: Values = (),
    cold: Mapping[str, str] | Cold = (),
    draws: int | None = None,
    executor: Executor | None = None,
    **options: Unpack[PathOptions],
) -> Difference | Differences:
    """What changing ``before`` into ``after`` costs, in one scenario for both.

    ``draws`` of the cores' figures give the difference a 90 % interval (None: as many
    as the command makes; 0: none), spread over ``executor`` (None: this machine's
    processes if it is worth it).
    """
    from costmodel.studies.compare import common_scenario

    names = core_names_of(uarch)
    sides = load_sides(before, after, names, **options)
    found: list[Difference] = []
    for name, old, new in zip(names, *sides, strict=True):
        first = _estimate(old, name, scenario, align, values, cold)
        second = _estimate(new, name, scenario, align, values, cold)
        if first.scenario != second.scenario:
            shared = common_scenario(first.scenario, second.scenario)
            first = _estimate(old, name, shared, align, values, cold)
            second = _estimate(new, name, shared, align, values, cold)
        found.append(Difference(first, second))
    from costmodel.studies.uncertainty import DRAWS, with_intervals

    draws = DRAWS if draws is None else draws
    if draws:
        found = [
            made
            for group in alike(*sides)
            for made in with_intervals(
                [found[k] for k in group], (sides[0][group[0]], sides[1][group[0]]),
                draws=draws, cores=[names[k] for k in group],
                values=[values] * len(group), executor=executor,
            )
        ]  # fmt: skip
    if isinstance(uarch, str) and uarch != "all":
        return found[0]
    return Differences(found)
