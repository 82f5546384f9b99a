"""How far beyond its draws a difference may lie: the model's own error in differences.

Draws of a core's figures say how sure the figures are, not how true the model is. What
is missing is taken from variants of one path that were measured on the core, each in
several settings: an interval's ends are moved out by so many cycles that 90 % of the
measured differences from the base variant lie inside (split conformal, additive, as
differences pass through zero). Whether 90 % are then held is counted over whole
variants: those of one are held against a margin made of all the others.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from math import ceil
from pathlib import Path

from msgspec import Struct

from costmodel.cores.load import LoadedCore
from costmodel.engine.blocks import simulation
from costmodel.engine.settings import Settings
from costmodel.errors import InputError
from costmodel.studies.blocks import Block, read_blocks
from costmodel.studies.draws import columns, leaves, quantile
from costmodel.tuples import NamedTuple

BASE = "base"
DRAWS = 32  # as many as a comparison makes
LOW, HIGH = 0.05, 0.95
SHARE = 0.9  # of measured differences that an interval is to hold
FENCES = "fences"  # settings whose copies are parted by LFENCE
_ROOM = 1e-9  # of a cycle: an end itself is inside


class Miss(NamedTuple):
    """One measured difference: cycles it lies outside the draws' interval, or (less
    than 0) inside of it."""

    variant: str
    setting: str
    cycles: float


class Margin(Struct, frozen=True):
    """Cycles an interval's ends move out in one setting, and what it then holds.

    ``figures``: share held by draws alone; ``held``: with margins made of the other
    variants.
    """

    setting: str
    variants: int
    rows: int
    cycles: float
    figures: float
    held: float


def margins(file: str, loaded: LoadedCore, draws: int = DRAWS) -> list[Margin]:
    """A margin for each setting of a file of measured variants.

    The file is one of ``read_blocks`` with columns variant and mode too; differences
    are those of a variant and the variant "base" of the same mode. Raises InputError.
    """
    found = misses(file, loaded, draws)
    settings = dict.fromkeys(miss.setting for miss in found)
    return [_margin(s, [m for m in found if m.setting == s]) for s in settings]


def misses(file: str, loaded: LoadedCore, draws: int = DRAWS) -> list[Miss]:
    """How far each measured difference lies from the draws of the modelled one."""
    blocks = {block.line: block for block in _blocks(file)}
    names: dict[int, tuple[str, str]] = {}
    with Path(file).open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            names[reader.line_num] = row["variant"], row["mode"]
    rows = {names[line]: block for line, block in blocks.items() if line in names}
    drawn = {key: _drawn(block, loaded, draws) for key, block in rows.items()}
    found = []
    for (variant, mode), block in rows.items():
        base = rows.get((BASE, mode))
        if variant == BASE or base is None:
            continue
        pairs = zip(drawn[BASE, mode], drawn[variant, mode], strict=True)
        stated, *deltas = (after - before for before, after in pairs)
        low, high = quantile(deltas, LOW), quantile(deltas, HIGH)
        measured = block.cycles - base.cycles
        outside = max(min(low, stated) - measured, measured - max(high, stated))
        found.append(Miss(variant, _setting(mode, block), outside))
    return found


def needed(found: Sequence[Miss]) -> float:
    """The least margin that holds 90 % of them, with the correction for few; not
    less than 0."""
    ordered = sorted(miss.cycles for miss in found)
    place = min(ceil(SHARE * (len(ordered) + 1)), len(ordered))
    return max(0.0, ordered[place - 1])


def _margin(setting: str, found: Sequence[Miss]) -> Margin:
    variants = list(dict.fromkeys(miss.variant for miss in found))
    held = 0
    for variant in variants:
        others = [miss for miss in found if miss.variant != variant]
        margin = needed(others) if others else 0.0
        held += sum(m.cycles <= margin + _ROOM for m in found if m.variant == variant)
    return Margin(
        setting=setting,
        variants=len(variants),
        rows=len(found),
        cycles=needed(found),
        figures=sum(miss.cycles <= _ROOM for miss in found) / len(found),
        held=held / len(found),
    )


def _blocks(file: str) -> list[Block]:
    blocks = read_blocks(file, column="cycles", scenario="unroll")
    with Path(file).open(newline="", encoding="utf-8-sig") as stream:
        header = next(csv.reader(stream))
    for name in ("variant", "mode"):
        if name not in header:
            raise InputError(
                f"no column {name!r}",
                where=f"{file}:1",
                expected="measured variants: variant, mode, scenario, hex, cycles",
            )
    return blocks


def _setting(mode: str, block: Block) -> str:
    return FENCES if mode.startswith("lfence") else block.scenario


def _drawn(block: Block, loaded: LoadedCore, draws: int) -> list[float]:
    """Cycles of a block as stated, then at each draw."""
    run = simulation(loaded, block.code)
    settings = Settings.measured(loaded.core, block.scenario, block.counter)
    figures = leaves(loaded, run.rows(settings))
    drawn = run.draws(settings, columns(figures, draws), draws)
    return [float(run.cycles(settings)), *map(float, drawn)]
