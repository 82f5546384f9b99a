"""Sweeps, studies and the record from Python: results that show themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

from costmodel import api
from costmodel.shown import Shown
from costmodel.studies import study as studies
from costmodel.studies import sweep as sweeps
from costmodel.studies import whatif
from costmodel.studies.headline import Told, told
from costmodel.studies.settings import Values, parse_sweep, with_settings
from costmodel.studies.study import Outcome, load_study, to_plain
from costmodel.studies.studyfile import study_file

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.api import PathOptions, Source
    from costmodel.code.insn import Path
    from costmodel.engine.cold import Cold
    from costmodel.studies.whatif import Relief
    from costmodel.views.tree import Report


@dataclass(frozen=True, slots=True, repr=False)
class Swept(Shown):
    """A path, or the two of a comparison, at every value of what was varied."""

    paths: tuple[Path, ...]
    points: tuple[sweeps.Point, ...]

    def __repr__(self) -> str:
        return f"<Swept: {len(self.points)} points>"

    def frame(self) -> pd.DataFrame:
        """A row a point: uarch, scenario, what, value, cycles, before, delta."""
        import pandas as pd

        report = self.report()
        return pd.DataFrame(list(report.rows), columns=list(report.columns))

    def report(self) -> Report:
        from costmodel.views.sweeps import sweep_report

        return sweep_report(self.paths, self.points)


@dataclass(frozen=True, slots=True, repr=False)
class Answered(Shown):
    """A study's answers. ``told``: its headline, of a study that names one."""

    outcome: Outcome
    told: Told | None = None
    short: bool = False  # only the answer, on one screen

    def __repr__(self) -> str:
        return f"<Answered: {self.outcome!r}>"

    def frame(self) -> pd.DataFrame:
        """A row an answer."""
        import pandas as pd

        return pd.DataFrame([to_plain(a) for a in self.outcome.answers])

    def report(self) -> Report:
        from costmodel.views.answer import answer_report
        from costmodel.views.study import study_report

        if self.short and self.told is not None:
            return answer_report(self.told, self.outcome)
        return study_report(self.outcome, self.told)


def sweep(
    source: Source | tuple[Source, Source],
    uarch: str | Iterable[str] | None = None,
    varied: str = "",
    *,
    scenario: str | None = None,
    align: int | None = None,
    values: Values = (),
    **options: Unpack[PathOptions],
) -> Swept:
    """One thing varied: ``varied`` is ``PATH=A:B:N``; empty: all 64 alignments.

    ``source`` is one path, or a pair to compare at every point.
    """
    paths = (
        api.load_sides(*source, **options)
        if isinstance(source, tuple)
        else (api.load_path(source, **options),)
    )
    asked = parse_sweep(varied) if varied else None
    points: list[sweeps.Point] = []
    for core in api.core_names_of(uarch):
        if asked is None or asked.core in ("", core):
            points += sweeps.sweep(
                paths, core, asked, scenario=scenario, align=align, values=values
            )
    return Swept(paths, tuple(points))


def study(
    file: str,
    uarch: str | Iterable[str] | None = None,
    *,
    draws: int | None = None,
    executor: Executor | None = None,
    answer: bool = False,
) -> Answered:
    """The questions of a study, answered on the named cores (None: its own).

    ``file`` is a YAML file, or the name of a study that ships. ``answer``: only the
    questions that are its answer, as ``costmodel demo`` shows them.
    """
    found, paths = load_study(study_file(file), answer=answer)
    cores = api.core_names_of(uarch if uarch is not None else found.cores or None)
    stated = (found.headline.other,) if answer and found.headline else ()
    outcome = studies.answer(
        found, paths, cores, draws=draws, executor=executor, stated=stated
    )
    asked = told(outcome, paths) if found.headline else None
    return Answered(outcome, asked, answer)


def what_if(
    source: Source,
    uarch: str,
    *,
    scenario: str | None = None,
    align: int | None = None,
    values: Values = (),
    cold: Mapping[str, str] | Cold = (),
    **options: Unpack[PathOptions],
) -> tuple[Relief, ...]:
    """What each limit of a core costs a path: its cycles without that one limit."""
    path = api.load_path(source, **options)
    loaded = with_settings(api.load_core(uarch), values)
    return whatif.what_if(path, loaded, scenario=scenario, align=align, cold=cold)
