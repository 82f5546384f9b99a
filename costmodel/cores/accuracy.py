"""How far a core's estimates were from measured blocks: what is on record of it.

``calibration/accuracy.json`` is written by ``make validate`` and read here. A core that
is not in it has never been held against measured blocks.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from costmodel import data
from costmodel.errors import CostmodelError

FILE = "accuracy.json"
DIFFERENCES = "differences.json"
_FEWEST = 500  # rows a set needs to stand for a core's error


class MeasuredSet(Struct, frozen=True):
    """One set of measured blocks, and the model's errors on it, in percent.

    ``scenario`` is "" where a set has rows of several. ``below`` and ``above`` widen a
    90 % interval of the figures' draws so that it holds 90 % of measured blocks: its
    ends are multiplied by them.
    """

    name: str
    scenario: str
    rows: int
    mean: float
    median: float
    held_out_mean: float
    held_out_median: float
    below: float
    above: float
    seen: str = "half"  # by tuning; "all": no row is held out


class MeasuredError(Struct, frozen=True):
    """What is known of a core's error in one scenario, or in those measured.

    ``low`` and ``high`` are the least and the greatest mean error of the sets.
    """

    rows: int
    sets: tuple[str, ...]
    same_scenario: bool
    low: float
    high: float
    below: float
    above: float
    scenarios: tuple[str, ...] = ()  # that the sets were measured in


def sets_of(uarch: str) -> tuple[MeasuredSet, ...]:
    """The sets a core was held against; none for a core that never was."""
    return _record().get(uarch, ())


def measured_error(uarch: str, scenario: str = "") -> MeasuredError | None:
    """The error of a core: in ``scenario`` if it was measured, else over all sets.

    Errors are those of sets of some size; factors those of every set that applies.
    """
    known = sets_of(uarch)
    if not known:
        return None
    same = [one for one in known if scenario and one.scenario == scenario]
    apply = same or known
    told = [one for one in apply if one.rows >= _FEWEST] or apply
    return MeasuredError(
        rows=max(one.rows for one in told),
        sets=tuple(one.name for one in told),
        same_scenario=bool(same),
        low=min(one.mean for one in told),
        high=max(one.mean for one in told),
        below=min(one.below for one in apply),
        above=max(one.above for one in apply),
        scenarios=tuple(dict.fromkeys(one.scenario for one in told if one.scenario)),
    )


def widening(uarch: str, scenario: str) -> tuple[float, float] | None:
    """Factors for the ends of an estimate's interval: the model's own error.

    Those of the widest measured core where ``uarch`` has no measured blocks; None where
    no core has.
    """
    own = measured_error(uarch, scenario)
    if own is not None:
        return own.below, own.above
    others = [found for name in _record() if (found := measured_error(name))]
    if not others:
        return None
    return min(one.below for one in others), max(one.above for one in others)


def difference_margin(uarch: str, scenario: str) -> float:
    """Cycles by which both ends of a difference's interval move out.

    Those of the scenario if differences were measured in it on this core; else the most
    of the core's settings; of a core without measured differences, the most of all.
    """
    known = _margins()
    own = known.get(uarch, {})
    if scenario in own:
        return own[scenario]
    apply = [own] if own else list(known.values())
    return max((most for of in apply for most in of.values()), default=0.0)


def _margins() -> dict[str, dict[str, float]]:
    """By core, then by setting."""
    try:
        file = data.calibration_dir() / DIFFERENCES
        return _read_margins(file, file.stat().st_mtime_ns)
    except (OSError, CostmodelError):
        return {}


@functools.lru_cache(maxsize=4)
def _read_margins(file: Path, stamp: int) -> dict[str, dict[str, float]]:
    """The margins in ``file``; none where it holds none."""
    import json

    found: dict[str, dict[str, float]] = {}
    try:
        for row in json.loads(file.read_text("utf-8"))["differences"]:
            found.setdefault(row["uarch"], {})[row["setting"]] = float(row["margin"])
    except (ValueError, KeyError, TypeError):
        return {}
    return found


def _record() -> dict[str, tuple[MeasuredSet, ...]]:
    try:
        file = data.calibration_dir() / FILE
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, CostmodelError):
        return {}


@functools.lru_cache(maxsize=4)
def _read(file: Path, stamp: int) -> dict[str, tuple[MeasuredSet, ...]]:
    """The record in ``file``; empty where it is not one."""
    try:
        rows: list[dict[str, Any]] = msgspec.json.decode(file.read_bytes())["sets"]
        found: dict[str, list[MeasuredSet]] = {}
        for row in rows:
            one = MeasuredSet(
                name=row["name"],
                scenario=row["scenario"],
                rows=row["rows"],
                mean=row["mean"],
                median=row["median"],
                held_out_mean=row["held_out"]["mean"],
                held_out_median=row["held_out"]["median"],
                below=row["interval"]["below"],
                above=row["interval"]["above"],
                seen=row.get("seen", "half"),
            )
            found.setdefault(row["uarch"], []).append(one)
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError):
        return {}
    return {name: tuple(sets) for name, sets in found.items()}
