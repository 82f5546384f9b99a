"""A measured table of entry code: differences from its base, and the model's."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from costmodel.cores.load import load_core
from costmodel.engine.bulk import Bulk
from costmodel.errors import InputError
from costmodel.studies.record import AGREES, CANNOT_SAY, DISAGREES, Measured


@dataclass(frozen=True, slots=True)
class Cell:
    """One variant in one setting: cycles more than the base."""

    says: str
    setting: str
    measured: float | None
    modelled: float | None
    base_measured: float | None
    base_modelled: float | None
    verdict: str
    why: str = ""


def cells(table: Measured, folder: Path) -> Iterator[Cell]:
    """Every variant in every setting. Raises InputError."""
    rows = _read(folder / table.file)
    bulk = Bulk(load_core(table.core), compiled=False)

    def both(variant: str, mode: str) -> tuple[float, float]:
        try:
            scenario, code, cycles = rows[variant, mode]
        except KeyError:
            raise InputError(
                f"no row {variant!r}, {mode!r}", where=str(folder / table.file)
            ) from None
        return cycles, bulk.throughput(code, scenario).cycles

    for setting in table.settings:
        found, made = both(table.base, setting.mode)
        for row in table.rows:
            measured, modelled = both(row.variant, setting.mode)
            differ = (modelled - made) - (measured - found)
            agrees = abs(differ) <= table.tolerance + 1e-9
            yield Cell(
                row.says, setting.says, measured - found, modelled - made, found, made,
                AGREES if agrees else DISAGREES,
                "" if agrees else f"off by {differ:+.1f}",
            )  # fmt: skip
    for other in table.unmodelled:
        yield Cell("", other.says, None, None, None, None, CANNOT_SAY, other.why)


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
    except (OSError, KeyError, ValueError) as problem:
        raise InputError(f"cannot read: {problem}", where=str(file)) from None
