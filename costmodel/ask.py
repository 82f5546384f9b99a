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

    from costmodel.api import PathOptions, Result, Source
    from costmodel.code.insn import Path
    from costmodel.engine.cold import Cold
    from costmodel.studies.measured import Cell
    from costmodel.studies.record import Finding, Measured
    from costmodel.studies.validate import Validation
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


@dataclass(frozen=True, slots=True, repr=False)
class Explained(Shown):
    """Where the cycles of one estimate go, and what each limit of the core costs it."""

    estimate: Result
    reliefs: tuple[Relief, ...] = ()

    def __repr__(self) -> str:
        return f"<Explained: {self.estimate!r}>"

    def frame(self, table: str = "charges") -> pd.DataFrame:
        """The tables of an estimate: charges, causes, timeline, lines, ports, path."""
        return self.estimate.frame(table)

    def report(self) -> Report:
        from costmodel.views.explain import explanation_report

        return explanation_report(self.estimate, self.reliefs)


@dataclass(frozen=True, slots=True, repr=False)
class Recorded(Shown):
    """Costs on record, and what the model says to each."""

    findings: tuple[Finding, ...]
    tables: tuple[tuple[Measured, tuple[Cell, ...]], ...] = ()

    @property
    def table(self) -> Measured | None:
        """The first measured table of the cores asked."""
        return self.tables[0][0] if self.tables else None

    @property
    def measured(self) -> tuple[Cell, ...]:
        """The cells of all measured tables."""
        return tuple(cell for _, cells in self.tables for cell in cells)

    def __repr__(self) -> str:
        return f"<Recorded: {len(self.findings)} verdicts>"

    def frame(self) -> pd.DataFrame:
        """A row a verdict."""
        import pandas as pd

        report = self.report()
        return pd.DataFrame(list(report.rows), columns=list(report.columns))

    def report(self) -> Report:
        from costmodel.views.record import record_report

        return record_report(self.findings, self.tables)


@dataclass(frozen=True, slots=True, repr=False)
class Validated:
    """A core held against measured blocks."""

    outcome: Validation

    def __repr__(self) -> str:
        known = sum(p is not None for p in self.outcome.predicted)
        return f"<Validated: {known} blocks on {self.outcome.uarch}>"

    def frame(self) -> pd.DataFrame:
        """A row a block: hex, measured, predicted (None: refused)."""
        import pandas as pd

        pairs = zip(self.outcome.blocks, self.outcome.predicted, strict=True)
        return pd.DataFrame(
            [(b.code.hex(), b.cycles, p) for b, p in pairs],
            columns=["hex", "measured", "predicted"],
        )

    def text(self) -> str:
        """What ``costmodel validate`` prints."""
        from costmodel.views.validation import validation_text

        return validation_text(self.outcome, 0, ["size", "mix"])


def explain(
    source: Source,
    uarch: str,
    *,
    what_if: bool = False,
    scenario: str | None = None,
    align: int = 0,
    values: Values = (),
    cold: Mapping[str, str] | Cold = (),
    draws: int | None = None,
    **options: Unpack[PathOptions],
) -> Explained:
    """Where the cycles of one path go on one core; ``what_if``: and what each limit of
    the core costs it."""
    path = api.load_path(source, **options)
    result = api.estimate(
        path, uarch, scenario=scenario, align=align, values=values, cold=cold,
        draws=draws,
    )  # fmt: skip
    if not what_if:
        return Explained(result)
    loaded = with_settings(api.load_core(uarch), values)
    reliefs = whatif.what_if(path, loaded, scenario=scenario, align=align, cold=cold)
    return Explained(result, reliefs)


def record(
    file: str | None = None,
    uarch: str | Iterable[str] | None = None,
    *,
    draws: int | None = None,
) -> Recorded:
    """Costs on record (None: those that ship) against the model, on the named cores
    (None: all)."""
    from pathlib import Path as File

    from costmodel import data
    from costmodel.studies.measured import cells
    from costmodel.studies.record import findings, load_record
    from costmodel.studies.uncertainty import DRAWS

    file = file or str(data.stubs_dir() / "record" / "record.yaml")
    known, paths = load_record(file)
    cores = api.core_names_of(uarch)
    found = findings(known, paths, cores, draws=DRAWS if draws is None else draws)
    tables = [
        (table, tuple(cells(table, File(file).parent)))
        for table in known.tables
        if table.core in cores
    ]
    return Recorded(tuple(found), tuple(tables))


def validate(
    file: str,
    uarch: str,
    *,
    scenario: str | None = None,
    column: str = "cycles",
    limit: int | None = None,
    held_out: bool = False,
) -> Validated:
    """A core held against measured blocks, as ``costmodel validate`` does: ``scenario``
    is how they were measured, ``column`` which figure, ``held_out`` only the half that
    tuning never looked at."""
    from costmodel.studies import validate as validation

    rows = validation.read_blocks(file, column=column, scenario=scenario)[:limit]
    if held_out:
        rows = [row for row in rows if row.held_out]
    return Validated(validation.validate(file, rows, api.load_core(uarch)))


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
    paths: tuple[Path, ...]
    if isinstance(source, tuple):
        paths = tuple(side[0] for side in api.load_sides(*source, **options))
    else:
        paths = (api.load_path(source, **options),)
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
