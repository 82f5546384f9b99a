"""Sweeps, studies and the record from Python: results that show themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

from costmodel import api
from costmodel.studies import sweep as sweeps
from costmodel.studies import whatif
from costmodel.studies.settings import Values, parse_sweep, with_settings
from costmodel.studies.study import Outcome, answer, load_study, to_plain

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.api import PathOptions, Source
    from costmodel.code.insn import Path
    from costmodel.engine.cold import Cold
    from costmodel.studies.whatif import Relief


@dataclass(frozen=True, slots=True)
class Swept:
    """A path, or the two of a comparison, at every value of what was varied."""

    paths: tuple[Path, ...]
    points: tuple[sweeps.Point, ...]

    def frame(self) -> pd.DataFrame:
        """A row a point: uarch, scenario, what, value, cycles, before, delta."""
        import pandas as pd

        from costmodel.views.sweeps import COLUMNS, record

        return pd.DataFrame([record(p) for p in self.points], columns=COLUMNS)

    def text(self) -> str:
        """What ``--sweep`` prints."""
        from costmodel.views.sweeps import sweep_in

        return sweep_in("text", self.paths, self.points)


@dataclass(frozen=True, slots=True)
class Answered:
    """A study's answers."""

    outcome: Outcome

    def frame(self) -> pd.DataFrame:
        """A row an answer."""
        import pandas as pd

        return pd.DataFrame([to_plain(a) for a in self.outcome.answers])

    def text(self) -> str:
        """What ``costmodel study`` prints."""
        from costmodel.views.study import study_in

        return study_in("text", self.outcome)


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
    pair = source if isinstance(source, tuple) else (source,)
    paths = tuple(api.load_path(one, **options) for one in pair)
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
) -> Answered:
    """The questions of a study file, answered on the named cores (None: its own)."""
    found, paths = load_study(file)
    cores = api.core_names_of(uarch if uarch is not None else found.cores or None)
    return Answered(answer(found, paths, cores, draws=draws, executor=executor))


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
