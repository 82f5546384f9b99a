"""Frame variants left out whole: fitted figures chosen on the other folds, and scored.

Which fold a variant is in follows from the SHA-256 of its name: variants in the order
of that hash are dealt to the folds in turn. On the variants of the other folds every
figure that was fitted on such rows is chosen anew, from the values that were declared;
the rows of the fold are then estimated with what was chosen. Only figures are chosen
so: that a mechanism is there at all was seen on all rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
from msgspec import Struct

from costmodel.cores.load import LoadedCore
from costmodel.engine.blocks import simulation
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation
from costmodel.errors import InputError
from costmodel.studies import heldout
from costmodel.studies.blocks import Block
from costmodel.studies.validate import is_near

FOLDS = 4
_PASSES = 4  # over all figures, if the choice still changes

Chosen = dict[str, float]  # figure: value


class Declared(Struct, frozen=True, forbid_unknown_fields=True):
    """Figures of a core and the values a refit may take.

    Figures of one entry are tried together, every value of one with every value of
    the others; entries one after the other. The first value is where a refit begins.
    """

    uarch: str
    file: str  # of measured variants
    figures: list[dict[str, list[float]]]

    @property
    def paths(self) -> list[str]:
        return [path for entry in self.figures for path in entry]


class Fold(Struct, frozen=True):
    """One fold: what was chosen without it, and its own rows with that.

    ``estimated`` of ``blocks``, in cycles; ``fitted``: share of the rows the choice was
    made on that it meets.
    """

    variants: tuple[str, ...]
    chosen: Chosen
    fitted: float
    blocks: tuple[Block, ...]
    estimated: tuple[float, ...]

    @property
    def met(self) -> int:
        """Rows within 0.6 cycle or 5 % of the measured."""
        both = zip(self.blocks, self.estimated, strict=True)
        return sum(is_near(block.cycles, cycles) for block, cycles in both)

    @property
    def error(self) -> float:
        """Mean absolute error, a share of the measured cycles."""
        both = zip(self.blocks, self.estimated, strict=True)
        return fmean(abs(cycles / block.cycles - 1) for block, cycles in both)


def read_declared(file: Path) -> list[Declared]:
    """The sets a YAML file declares. Raises InputError."""
    import yaml

    try:
        tree = yaml.safe_load(file.read_text("utf-8"))
        return msgspec.convert(tree["sets"], list[Declared])
    except OSError as error:
        found = f"cannot read: {error.strerror}"
    except (yaml.YAMLError, msgspec.ValidationError, KeyError, TypeError) as error:
        found = f"no list of sets: {error}"
    raise InputError(found, where=str(file), expected="sets: [{uarch, file, figures}]")


def folds_of(variants: Iterable[str]) -> dict[str, int]:
    """The fold of each variant: dealt in turn, in the order of the names' SHA-256."""
    ordered = sorted(set(variants), key=lambda name: heldout.digest(b"", name))
    return {name: k % FOLDS for k, name in enumerate(ordered)}


def left_out(
    blocks: Sequence[Block],
    loaded: LoadedCore,
    figures: Sequence[Mapping[str, Sequence[float]]],
) -> list[Fold]:
    """Each fold in turn. ``figures``: as ``Declared.figures``. Raises InputError for
    rows of no variant, and what estimating them raises."""
    for block in blocks:
        if not block.variant:
            raise InputError("a row of no variant", where=f"line {block.line}")
    fold_of = folds_of(block.variant for block in blocks)
    rows = _Rows(blocks, loaded)
    out = []
    for fold in range(FOLDS):
        inside = [k for k, b in enumerate(blocks) if fold_of[b.variant] == fold]
        others = [k for k, b in enumerate(blocks) if fold_of[b.variant] != fold]
        chosen = _refit(rows, others, figures)
        out.append(
            Fold(
                tuple(sorted({blocks[k].variant for k in inside})),
                chosen,
                rows.score(others, chosen)[0] / len(others) if others else 0.0,
                tuple(blocks[k] for k in inside),
                tuple(rows.cycles(inside, [chosen])[0]),
            )
        )
    return out


def _refit(
    rows: _Rows,
    members: Sequence[int],
    figures: Sequence[Mapping[str, Sequence[float]]],
) -> Chosen:
    """What meets most of these rows, of equals the least error; of equals there the
    value listed first."""
    chosen = {path: values[0] for entry in figures for path, values in entry.items()}
    for _ in range(_PASSES):
        before = dict(chosen)
        for entry in figures:
            tried = [
                {**chosen, **dict(zip(entry, values, strict=True))}
                for values in product(*entry.values())
            ]
            scores = rows.scores(members, tried)
            chosen = tried[scores.index(max(scores))]
        if chosen == before:
            break
    return chosen


class _Rows:
    """Rows on a core, estimated at any values of its figures, each only once."""

    def __init__(self, blocks: Sequence[Block], loaded: LoadedCore) -> None:
        self.blocks = blocks
        self.made: list[tuple[Simulation, Settings]] = [
            (
                simulation(loaded, block.code),
                Settings.measured(loaded.core, block.scenario, block.counter),
            )
            for block in blocks
        ]
        self.known: dict[tuple[int, tuple[float, ...]], float] = {}

    def cycles(
        self, members: Sequence[int], tried: Sequence[Chosen]
    ) -> list[list[float]]:
        """Of each choice, cycles of each member. All choices are of the same paths."""
        keys = [tuple(choice.values()) for choice in tried]
        for row in members:
            new = [k for k, key in enumerate(keys) if (row, key) not in self.known]
            if not new:
                continue
            block, settings = self.made[row]
            columns: dict[str, list[Any]] = {
                path: [tried[k][path] for k in new] for path in tried[0]
            }
            found = block.draws(settings, columns, len(new))
            for k, cycles in zip(new, found, strict=True):
                self.known[row, keys[k]] = float(cycles)
        return [[self.known[row, key] for row in members] for key in keys]

    def scores(
        self, members: Sequence[int], tried: Sequence[Chosen]
    ) -> list[tuple[int, float]]:
        """Rows met, and the sum of errors with its sign turned: more is better."""
        measured = [self.blocks[row].cycles for row in members]
        return [
            (
                sum(map(is_near, measured, cycles)),
                -sum(abs(b / a - 1) for a, b in zip(measured, cycles, strict=True)),
            )
            for cycles in self.cycles(members, tried)
        ]

    def score(self, members: Sequence[int], chosen: Chosen) -> tuple[int, float]:
        return self.scores(members, [chosen])[0]
