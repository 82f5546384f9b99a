"""A measured table of entry code: differences from its base, and the model's."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from costmodel import scenarios
from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate
from costmodel.errors import InputError
from costmodel.studies.record import (
    AGREES,
    CANNOT_SAY,
    DISAGREES,
    Measured,
    called,
    mispredicting,
)


class Cell(Struct, frozen=True):
    """One variant in one setting: cycles more than the base."""

    says: str
    setting: str
    measured: float | None
    modelled: float | None
    base_measured: float | None
    base_modelled: float | None
    verdict: str
    why: str = ""
    uarch: str = ""


# What a setting adds to the end of each pass: push %r12 / ret, and syscall.
_ENDS = {"return": bytes.fromhex("4154c3"), "syscall": bytes.fromhex("0f05")}


def cells(table: Measured, folder: Path) -> Iterator[Cell]:
    """Every variant in every setting. Raises InputError."""
    loaded = load_core(table.core)
    for setting in table.settings:
        file = folder / (setting.file or table.file)
        rows = _read(file)
        core = loaded
        if setting.behind == "return":
            core = mispredicting(loaded)
        elif setting.behind == "call":
            core = called(loaded)
        names = (table.base, *(row.variant for row in table.rows))
        found, made = [], []
        for name in names:
            try:
                scenario, code, cycles = rows[name, setting.mode]
                scenarios.checked(scenario, str(file))
            except KeyError:
                raise InputError(
                    f"no row {name!r}, {setting.mode!r}", where=str(file)
                ) from None
            code += _ENDS.get(setting.behind, b"")
            found.append(cycles)
            made.append(rate(core, code, scenario)[0])
        if setting.cycles:
            if len(setting.cycles) != len(names):
                raise InputError(
                    f"setting {setting.says!r} has {len(setting.cycles)} cycles",
                    where=table.core,
                    expected=f"{len(names)}: the base, then each row's difference",
                )
            base, *more = setting.cycles
            found = [base, *(base + one for one in more)]
        tolerance = setting.tolerance or table.tolerance
        for k, row in enumerate(table.rows, 1):
            measured, modelled = found[k] - found[0], made[k] - made[0]
            off = modelled - measured
            agrees = abs(off) <= tolerance + 1e-9
            why = "; ".join(w for w in (f"off by {off:+.1f}", setting.why) if w)
            yield Cell(
                row.says, setting.says, measured, modelled, found[0], made[0],
                AGREES if agrees else DISAGREES, "" if agrees else why, table.core,
            )  # fmt: skip
    for other in table.unmodelled:
        yield Cell("", other.says, None, None, None, None, CANNOT_SAY, other.why,
                   table.core)  # fmt: skip


def _read(file: Path) -> dict[tuple[str, str], tuple[str, bytes, float]]:
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            return {
                (row["variant"], row["mode"]): (
                    row["scenario"],
                    bytes.fromhex(row["hex"]),
                    float(row["cycles"]),
                )
                for row in csv.DictReader(stream)
            }
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as problem:
        raise InputError(
            f"cannot read: {type(problem).__name__}: {problem}",
            where=str(file),
            expected="CSV with columns variant, mode, scenario, hex, cycles",
        ) from None
