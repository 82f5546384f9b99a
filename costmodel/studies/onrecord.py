"""What is known of the very change a comparison is of: measured, or on record.

A change is known by its code: the bytes of the instructions on both paths, in the
order they run. ``stubs/record/pairs.csv`` lists the pairs of the shipped study and
record by a digest of theirs (``tools/pairs.py`` writes it); the measured tables of
frame code beside it have the code itself.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path as File
from typing import TypeVar

from msgspec import Struct

from costmodel import data
from costmodel.code.insn import Path
from costmodel.engine.result import Comparison
from costmodel.engine.surround import STAND_IN
from costmodel.errors import InputError, UsageError

Kind = TypeVar("Kind")
FILE = "pairs.csv"
# Measured on the core the name begins with.
TABLES = ("*-entry.csv", "*-call.csv")
COLUMNS = (
    "uarch", "scenario", "before", "after", "cycles", "low", "high", "source",
)  # fmt: skip


class Known(Struct, frozen=True):
    """Cycles a change adds on one core. ``cycles`` None: only bounds are on record."""

    uarch: str
    scenario: str
    cycles: float | None
    low: float
    high: float
    source: str

    def reversed(self) -> Known:
        """Of the change made the other way round."""
        return Known(
            self.uarch, self.scenario, None if self.cycles is None else -self.cycles,
            -self.high, -self.low, f"{self.source}; the other way round",
        )  # fmt: skip


def code_of(path: Path) -> bytes:
    """The code a path runs, without what a scenario puts around it."""
    return b"".join(
        step.insn.form.data for step in path.steps if step.insn.symbol != STAND_IN
    )


def digest(code: bytes) -> str:
    """What a path's code is listed by."""
    return sha256(code).hexdigest()[:16]


def known_of(comparison: Comparison) -> tuple[Known, ...]:
    """What is known of a comparison's change on its core, in its scenario. Raises
    InputError for a table that cannot be read."""
    core, scenario = comparison.after.uarch, comparison.after.scenario
    sides = [code_of(e.path) for e in (comparison.before, comparison.after)]
    if comparison.after.cold or sides[0] == sides[1]:
        return ()
    before, after = map(digest, sides)
    rows = _pairs()
    found = [*rows.get((before, after), ())]
    found += [known.reversed() for known in rows.get((after, before), ())]
    found += _tabled(before, after)
    return tuple(k for k in found if (k.uarch, k.scenario) == (core, scenario))


@lru_cache(maxsize=1)
def _pairs() -> dict[tuple[str, str], list[Known]]:
    def known(row: dict[str, str]) -> tuple[tuple[str, str], Known]:
        return (row["before"], row["after"]), Known(
            row["uarch"], row["scenario"],
            float(row["cycles"]) if row["cycles"] else None,
            float(row["low"]), float(row["high"]), row["source"],
        )  # fmt: skip

    found: dict[tuple[str, str], list[Known]] = {}
    for file in _files(FILE):
        for key, one in _rows(file, known):
            found.setdefault(key, []).append(one)
    return found


class _Measured(Struct, frozen=True):
    """One variant in one setting."""

    uarch: str
    variant: str
    mode: str
    scenario: str
    cycles: float
    spread: float


@lru_cache(maxsize=1)
def _tables() -> dict[str, list[_Measured]]:
    found: dict[str, list[_Measured]] = {}
    for file in _files(*TABLES):
        core = file.name.partition("-")[0]

        def measured(row: dict[str, str], core: str = core) -> tuple[str, _Measured]:
            return digest(bytes.fromhex(row["hex"])), _Measured(
                core, row["variant"], row["mode"], row["scenario"],
                float(row["cycles"]), float(row.get("spread_cycles") or 0),
            )  # fmt: skip

        for key, one in _rows(file, measured):
            found.setdefault(key, []).append(one)
    return found


def _tabled(before: str, after: str) -> Iterator[Known]:
    """Variants of a measured table in the same setting, one against the other."""
    tables = _tables()
    for old in tables.get(before, ()):
        for new in tables.get(after, ()):
            if (old.uarch, old.mode) == (new.uarch, new.mode):
                cycles, spread = new.cycles - old.cycles, old.spread + new.spread
                yield Known(
                    old.uarch, old.scenario, cycles, cycles - spread, cycles + spread,
                    f"measured: frame code, {old.variant} -> {new.variant}, {old.mode}",
                )  # fmt: skip


def _files(*patterns: str) -> list[File]:
    """Those there are: data of the user's own may have none."""
    try:
        folder = data.stubs_dir() / "record"
    except UsageError:
        return []
    return sorted(file for pattern in patterns for file in folder.glob(pattern))


def _rows(file: File, read: Callable[[dict[str, str]], Kind]) -> list[Kind]:
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            return [read(row) for row in csv.DictReader(stream)]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as problem:
        raise InputError(
            f"cannot read: {type(problem).__name__}: {problem}", where=str(file)
        ) from None
