"""Every core that was ever measured, held against its blocks: the accuracy record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from costmodel.cores.load import load_core
from costmodel.errors import InputError
from costmodel.studies.blocks import read_blocks
from costmodel.studies.calibration import Calibration, calibrate
from costmodel.studies.processes import processes
from costmodel.studies.validate import Validation, validate


class SetOfBlocks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of measured blocks and the core it was measured on.

    ``seen``: what tuning looked at, half of the rows or all. ``clean``: a file of the
    hex of rows that were measured again and kept, a line each; others are told apart.
    ``beside``: ``file`` is named from where the list lies, not from the data folder.
    """

    name: str
    uarch: str
    file: str
    column: str
    origin: str
    scenario: str | None = None
    seen: Literal["half", "all"] = "half"
    clean: str = ""
    beside: bool = False


class Held(Struct, frozen=True):
    """One set, what the model made of it, and how wide intervals must be."""

    of: SetOfBlocks
    outcome: Validation
    intervals: Calibration | None
    clean: tuple[Validation, Validation] | None = None  # kept rows, and dropped ones


def read_sets(file: Path) -> list[SetOfBlocks]:
    """The sets a YAML file lists. Raises InputError."""
    import yaml

    try:
        tree = yaml.safe_load(file.read_text("utf-8"))
        sets = msgspec.convert(tree["sets"], list[SetOfBlocks])
    except OSError as error:
        found = f"cannot read: {error.strerror}"
    except (yaml.YAMLError, msgspec.ValidationError, KeyError, TypeError) as error:
        found = f"no list of sets: {error}"
    else:
        return [_found(one, file.parent) for one in sets]
    raise InputError(found, where=str(file), expected="sets: [{name, uarch, file ..}]")


def _found(one: SetOfBlocks, folder: Path) -> SetOfBlocks:
    """With the whole path of a file that lies beside the list."""
    if not one.beside:
        return one
    return msgspec.structs.replace(one, file=str((folder / one.file).resolve()))


def hold(
    sets: Sequence[SetOfBlocks],
    folder: Path,
    limit: int | None = None,
    workers: int = 1,
    told: Callable[[str], None] | None = None,
) -> list[Held]:
    """Every set against its core, in order. Raises InputError for a file that is not
    in ``folder``. ``limit``: rows of each file; ``told`` hears of each set as it ends.
    """
    for one in sets:
        if not (folder / one.file).is_file():
            raise InputError(
                "no such file of measured blocks",
                where=str(folder / one.file),
                hint="make validate DATA=DIR, where DIR holds it",
            )
    tasks = [(one, folder, limit) for one in sets]
    out = []
    for held in _held(tasks, workers):
        if told is not None:
            told(held.of.name)
        out.append(held)
    return out


_Task = tuple[SetOfBlocks, Path, int | None]


def _held(tasks: Sequence[_Task], workers: int) -> Iterator[Held]:
    if workers <= 1:
        yield from map(_hold, tasks)
        return
    with processes(workers) as pool:
        yield from pool.map(_hold, tasks)


def _hold(task: _Task) -> Held:
    one, folder, limit = task
    loaded = load_core(one.uarch)
    blocks = read_blocks(
        str(folder / one.file), column=one.column, scenario=one.scenario
    )
    blocks = blocks[:limit] if limit else blocks
    outcome = validate(one.file, blocks, loaded, bound=True)
    return Held(one, outcome, calibrate(blocks, loaded), _cleaned(one, folder, outcome))


def _cleaned(
    one: SetOfBlocks, folder: Path, outcome: Validation
) -> tuple[Validation, Validation] | None:
    if not one.clean or not (folder / one.clean).is_file():
        return None
    kept = set((folder / one.clean).read_text("utf-8").split())
    sides: tuple[list[int], list[int]] = ([], [])
    for k, block in enumerate(outcome.blocks):
        sides[block.code.hex() not in kept].append(k)
    return outcome.take(sides[0]), outcome.take(sides[1])


def record(held: Sequence[Held]) -> dict[str, Any]:
    """What ``calibration/accuracy.json`` keeps, rounded: errors in percent."""
    return {
        "about": "errors against measured blocks; written by make validate",
        "sets": [_record_of(one) for one in held],
    }


def _record_of(held: Held) -> dict[str, Any]:
    of, outcome, known = held.of, held.outcome, held.intervals
    scenarios = {block.scenario for block in outcome.blocks}
    return {
        "name": of.name,
        "uarch": outcome.uarch,
        "origin": of.origin,
        "scenario": scenarios.pop() if len(scenarios) == 1 else "",
        "seen": of.seen,
        **_figures(outcome),
        "held_out": _figures(outcome.half(True)),
        **(
            {"clean": _figures(held.clean[0]), "dropped": _figures(held.clean[1])}
            if held.clean
            else {}
        ),
        "interval": {
            "below": round(known.below, 4) if known else 1.0,
            "above": round(known.above, 4) if known else 1.0,
            "held_by_figures": round(known.figures, 3) if known else None,
            "held": round(known.whole, 3) if known else None,
            "rows": known.rows if known else 0,
        },
    }


def _figures(outcome: Validation) -> dict[str, Any]:
    def shown(value: float | None, digits: int) -> float:
        return 0.0 if value is None else round(value, digits)

    return {
        "rows": len(outcome.blocks),
        "estimated": len(outcome.pairs()),
        "mean": shown(outcome.mape, 2),
        "median": shown(outcome.median_ape, 2),
        "tau": shown(outcome.kendall_tau, 4),
        "tau_apart": shown(outcome.tau_apart, 4),
        "near": shown(outcome.near, 3),
    }
