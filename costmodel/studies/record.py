"""Costs on record, held against the model: agrees, disagrees, cannot say.

``stubs/record/record.yaml`` is the table: what was found, by whom, on which CPU, and
the paths that stand for it here. A row agrees on a core if the model's figure lies in
what was found; it cannot be said if only some of the figure's interval does; else it
disagrees. Rows the model has nothing to say to stay in the table, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path as File
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from costmodel import scenarios
from costmodel.code.insn import Path
from costmodel.code.load import load_path
from costmodel.cores.accuracy import difference_margin
from costmodel.cores.change import changed
from costmodel.cores.load import load_core
from costmodel.cores.loaded import LoadedCore
from costmodel.engine.estimate import estimate
from costmodel.errors import InputError
from costmodel.studies.absolute import factors
from costmodel.studies.strict import read_with_tree
from costmodel.studies.studycheck import Places
from costmodel.studies.studyfile import Strict
from costmodel.studies.sweep import sweep
from costmodel.studies.uncertainty import (
    DRAWS,
    Draws,
    Interval,
    Progress,
    Task,
    interval,
    run_all,
    same_code,
)

AGREES, DISAGREES, CANNOT_SAY = "agrees", "disagrees", "cannot say"
Unit = Literal["cycles", "ns"]


class Bounds(Strict, frozen=True, kw_only=True):
    low: float
    high: float


class Row(Strict, frozen=True, kw_only=True):
    """One claim. ``cores`` empty: all. Without ``kind`` there is no path for it.

    ``return``: what ``after`` costs more where its returns are predicted wrongly.
    """

    id: str
    source: str
    cpu: str
    claim: str
    cores: tuple[str, ...] = ()
    kind: Literal["", "cost", "difference", "lines", "bytes", "align", "return"] = ""
    before: str = ""
    after: str = ""
    scenario: str = "once"
    unit: Unit = "cycles"
    expect: Bounds | None = None
    why: str = ""  # of a disagreement, or that nothing can be said
    note: str = ""


class Variant(Strict, frozen=True, kw_only=True):
    variant: str
    says: str


class Setting(Strict, frozen=True, kw_only=True):
    """How the variants were run; ``mode`` names the rows of the file with their code.

    ``behind``: what each pass waits for, added to its end: a return that is predicted
    wrongly, or a system call; ``call``: the SYSCALL its code holds stands for a whole
    call, kernel and all (see ``called``). ``file``: where its rows are, if not in the
    table's. ``cycles``: what was measured where the file does not say it, the base and
    then the differences of the rows. ``tolerance`` 0: the table's.
    """

    mode: str
    says: str
    behind: Literal["", "return", "syscall", "call"] = ""
    file: str = ""
    cycles: tuple[float, ...] = ()
    tolerance: float = 0
    why: str = ""  # of cells that disagree


class Unmodelled(Strict, frozen=True, kw_only=True):
    says: str
    why: str


class Measured(Strict, frozen=True, kw_only=True):
    """A table of measured variants: differences from ``base`` in each setting."""

    core: str
    file: str  # CSV: variant, mode, scenario, hex, cycles
    source: str
    tolerance: float  # cycles
    base: str
    rows: tuple[Variant, ...]
    settings: tuple[Setting, ...]
    unmodelled: tuple[Unmodelled, ...] = ()


class Record(Strict, frozen=True, kw_only=True):
    """The file."""

    paths: dict[str, str]
    rows: tuple[Row, ...]
    regions: dict[str, str] = field(default_factory=dict)
    measured: Measured | tuple[Measured, ...] | None = None

    @property
    def tables(self) -> tuple[Measured, ...]:
        """The measured tables, none, one or several."""
        if self.measured is None:
            return ()
        one = isinstance(self.measured, Measured)
        return (self.measured,) if one else self.measured  # type: ignore[return-value]


class Finding(Struct, frozen=True):
    """One row on one core ("" where the model has nothing to say)."""

    id: str
    source: str
    cpu: str
    claim: str
    uarch: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    expect_low: float | None
    expect_high: float | None
    verdict: str
    why: str
    study: str  # what reproduces it: "before -> after, scenario"
    guesses: int = 0  # assumed figures of the core the value rests on
    settled: bool = True  # whether copies were found to repeat, on both paths


def load_record(file: str) -> tuple[Record, dict[str, Path]]:
    """The table and its paths. Raises InputError."""
    record, tree = read_with_tree(file, Record)
    _check(record, Places(file, tree))
    folder = File(file).parent
    return record, {
        name: load_path(str(folder / source), region=record.regions.get(name))
        for name, source in record.paths.items()
    }


# The paths a row of each kind needs; "before" of a cost makes it a difference.
_NEEDS = {
    "": (),
    "cost": ("after",),
    "difference": ("before", "after"),
    "lines": ("before", "after"),
    "bytes": ("before", "after"),
    "align": ("after",),
    "return": ("after",),
}


def _check(record: Record, places: Places) -> None:
    """Raise InputError for the first row that makes no sense, at its place."""
    seen: set[str] = set()
    for k, row in enumerate(record.rows):
        if row.id in seen or not row.id.strip():
            raise InputError(
                f"a second row called {row.id!r}" if row.id.strip() else "an empty id",
                where=places.at("rows", k, "id"),
                expected="an id of its own",
            )
        seen.add(row.id)
        for key in ("before", "after"):
            name, where = getattr(row, key), places.at("rows", k, key)
            if not name and key in _NEEDS[row.kind]:
                raise InputError(
                    f"row {row.id!r}, of kind {row.kind}, has no {key}",
                    where=where,
                    expected=" and ".join(_NEEDS[row.kind]),
                )
            if name and name not in record.paths:
                raise InputError(
                    f"row {row.id!r} names the path {name!r}",
                    where=where,
                    expected="a path of the file: " + ", ".join(record.paths),
                )
        if row.scenario not in scenarios.NAMES:
            raise InputError(
                f"no scenario {row.scenario!r}",
                where=places.at("rows", k, "scenario"),
                expected="one of " + ", ".join(scenarios.NAMES),
            )
        expect = row.expect
        if row.kind and expect is None:
            raise InputError(
                f"row {row.id!r}, of kind {row.kind}, has no expect",
                where=places.at("rows", k),
                expected="expect: {low: .., high: ..}",
            )
        if expect and not -math.inf < expect.low <= expect.high < math.inf:
            raise InputError(
                f"expect {expect.low:g} to {expect.high:g}",
                where=places.at("rows", k, "expect"),
                expected="two numbers, low <= high",
            )
    for key, value in record.paths.items():
        if not value.strip() or "\0" in value:
            raise InputError(
                f"the path {key!r} is {value!r}",
                where=places.at("paths", key),
                expected="a file beside this one",
            )
    for key in record.regions:
        if key not in record.paths:
            raise InputError(
                f"regions names the path {key!r}",
                where=places.at("regions", key),
                expected="a path of the file: " + ", ".join(record.paths),
            )


def findings(
    record: Record,
    paths: Mapping[str, Path],
    cores: Sequence[str],
    *,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> list[Finding]:
    """Every row on every core it names that is among ``cores``."""
    wanted = {
        (core, name, row.scenario): None
        for row in record.rows
        if row.kind in ("cost", "difference")
        for core in row.cores or cores
        if core in cores
        for name in (row.before, row.after)
        if name
    }
    tasks = [
        Task(paths[name], core, scenario, draws=draws)
        for core, name, scenario in wanted
    ]
    runs = dict(zip(wanted, run_all(tasks, None, progress), strict=True))
    found = []
    for row in record.rows:
        if not row.kind:
            found.append(_silent(row))
            continue
        for core in row.cores or cores:
            if core in cores:
                known, guesses = _quantity(row, core, paths, runs)
                one = _finding(row, core, known, guesses)
                found.append(replace(one, settled=_settled(row, core, runs)))
    return found


def _settled(row: Row, core: str, runs: Mapping[tuple[str, str, str], Draws]) -> bool:
    """Whether copies were found to repeat, where the row's paths were drawn."""
    keys = [(core, name, row.scenario) for name in (row.before, row.after)]
    return all(runs[key].settled for key in keys if key in runs)


def _quantity(
    row: Row,
    core: str,
    paths: Mapping[str, Path],
    runs: Mapping[tuple[str, str, str], Draws],
) -> tuple[Interval, int]:
    """What the model says, its own error in the interval, and how many assumed figures
    that rests on."""
    if row.kind == "bytes":
        return _exact(paths[row.after].bytes - paths[row.before].bytes), 0
    if row.kind == "lines":
        old, new = (
            len(estimate(paths[name], load_core(core)).lines)
            for name in (row.before, row.after)
        )
        return _exact(new - old), 0
    if row.kind == "return":
        loaded = load_core(core)
        right, wrong = (
            estimate(paths[row.after], one, scenario=row.scenario)
            for one in (loaded, mispredicting(loaded))
        )
        return _exact(float(wrong.cycles - right.cycles)), len(right.guesses)
    if row.kind == "align":
        points = sweep([paths[row.after]], core, None, scenario=row.scenario)
        cycles = [point.cycles for point in points]
        return _exact(float(max(cycles) - min(cycles))), points[0].guesses
    after = runs[core, row.after, row.scenario]
    values = [after.stated, *after.drawn]
    guesses = set(after.guesses)
    margin = 0.0
    if row.before:
        before = runs[core, row.before, row.scenario]
        old_values = [before.stated, *before.drawn]
        values = [b - a for a, b in zip(old_values, values, strict=True)]
        guesses.update(before.guesses)
        if not same_code(paths[row.before], paths[row.after]):
            margin = difference_margin(core, row.scenario)
    scale = Fraction(1)
    if row.unit == "ns":
        scale /= Fraction(str(load_core(core).core.ghz))
    stated, *drawn = (float(v * scale) for v in values)
    if not drawn:
        return _exact(stated), len(guesses)
    own = (1.0, 1.0) if row.before else factors(core, row.scenario)
    return interval(stated, drawn, margin * float(scale), own), len(guesses)


def mispredicting(loaded: LoadedCore) -> LoadedCore:
    """The core with every return predicted wrongly: the op cache serves what follows.

    As the code measured on Zen 5 after a mispredicted return came from there.
    """
    found = {
        f"costs.ret.{shape}.refetch": "cache" for shape in loaded.core.costs["ret"]
    }
    return replace(loaded, core=changed(loaded.core, loaded.tree, found))


def called(loaded: LoadedCore) -> LoadedCore:
    """The core with SYSCALL standing for a whole call: the kernel is not on record.

    It waits for all older code and its stores, as somewhere in a kernel something does,
    and the decoders begin anew behind it, as was measured after system calls on Zen 5
    and Golden Cove. What the kernel itself takes is in no difference.
    """
    found: dict[str, object] = {}
    for shape in loaded.core.costs["syscall"]:
        found[f"costs.syscall.{shape}.waits"] = "stores"
        found[f"costs.syscall.{shape}.refetch"] = "decode"
    return replace(loaded, core=changed(loaded.core, loaded.tree, found))


def _exact(value: float) -> Interval:
    return Interval(value, value, value, value, 0)


def _finding(row: Row, core: str, known: Interval, guesses: int) -> Finding:
    expect = row.expect or Bounds(low=float("-inf"), high=float("inf"))
    verdict = judged(known, expect.low, expect.high)
    why = row.note if verdict == AGREES else row.why or row.note
    if verdict == CANNOT_SAY:
        why = "; ".join(w for w in ("only part of the interval agrees", why) if w)
    study = f"{row.before} -> {row.after}" if row.before else row.after
    unit = row.kind if row.kind in ("bytes", "lines") else row.unit
    return Finding(
        row.id, row.source, row.cpu, row.claim, core, known.value, known.low,
        known.high, unit, expect.low, expect.high, verdict, why,
        f"{study}, {row.scenario}", guesses,
    )  # fmt: skip


def _silent(row: Row) -> Finding:
    return Finding(
        row.id, row.source, row.cpu, row.claim, "", None, None, None, row.unit,
        None, None, CANNOT_SAY, row.why, "",
    )  # fmt: skip


def judged(known: Interval, low: float, high: float) -> str:
    """The verdict on a figure where ``low``..``high`` was found."""
    if low <= known.value <= high:
        return AGREES
    overlaps = known.low <= high and low <= known.high
    return CANNOT_SAY if overlaps else DISAGREES
