"""The model held against measured blocks: estimate them all, measure the error."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from costmodel.errors import CostmodelError, InputError
from costmodel.studies.blocks import Block, read_blocks
from costmodel.studies.kendall import kendall_tau_apart, kendall_tau_b

if TYPE_CHECKING:
    from costmodel.cores.load import LoadedCore

__all__ = [
    "Block", "Validation", "kendall_tau_apart", "kendall_tau_b", "read_blocks",
    "relative_error", "validate",
]  # fmt: skip
Rate = tuple[float, bool, str]  # cycles, whether it settled, what bound it
_TELL = 100  # rows between two reports of progress
NEAR = (0.6, 0.05)  # cycles, or share of the measured: what counts as near
NOISE = 0.025  # of the measured: raw BHive's own error on Haswell, the lesser of two


class Validation(Struct, frozen=True):
    """Blocks and predictions in the order of the file; None: refused by the model.

    ``bound``, where asked for, is the cause most of a block's cycles are charged to.
    """

    file: str
    uarch: str
    blocks: tuple[Block, ...]
    predicted: tuple[float | None, ...]
    seconds: float
    bound: tuple[str, ...] = ()
    settled: tuple[bool, ...] = ()  # whether copies were found to repeat

    def pairs(self) -> list[tuple[Block, float]]:
        """Rows that were estimated."""
        both = zip(self.blocks, self.predicted, strict=True)
        return [(block, cycles) for block, cycles in both if cycles is not None]

    def take(self, rows: Sequence[int]) -> Validation:
        """The same of the blocks at these places."""
        return replace(
            self,
            blocks=tuple(self.blocks[k] for k in rows),
            predicted=tuple(self.predicted[k] for k in rows),
            bound=tuple(self.bound[k] for k in rows) if self.bound else (),
            settled=tuple(self.settled[k] for k in rows) if self.settled else (),
        )

    def half(self, held_out: bool) -> Validation:
        """The half that tuning never looked at, or the other one."""
        return self.take(
            [k for k, block in enumerate(self.blocks) if block.held_out == held_out]
        )

    @property
    def supported(self) -> float:
        """Share of the blocks the model estimates."""
        return len(self.pairs()) / len(self.blocks) if self.blocks else 0.0

    @property
    def mape(self) -> float | None:
        """Mean absolute percentage error."""
        errors = self._errors()
        return fmean(errors) if errors else None

    @property
    def median_ape(self) -> float | None:
        errors = self._errors()
        return median(errors) if errors else None

    @property
    def near(self) -> float | None:
        """Share of the rows within 0.6 cycle or 5 % of the measured."""
        pairs = self.pairs()
        if not pairs:
            return None
        return sum(is_near(b.cycles, p) for b, p in pairs) / len(pairs)

    @property
    def kendall_tau(self) -> float | None:
        pairs = self.pairs()
        return kendall_tau_b([b.cycles for b, _ in pairs], [p for _, p in pairs])

    @property
    def tau_apart(self) -> float | None:
        """Rank correlation of the pairs measured further apart than ``NOISE``."""
        pairs = self.pairs()
        measured = [b.cycles for b, _ in pairs]
        return kendall_tau_apart(measured, [p for _, p in pairs], NOISE)

    @property
    def blocks_per_second(self) -> float:
        return len(self.blocks) / self.seconds if self.seconds > 0 else 0.0

    def worst(self, count: int) -> list[tuple[Block, float]]:
        """The rows with the largest relative error, worst first."""
        order = sorted(self.pairs(), key=lambda pair: -relative_error(*pair))
        return order[:count]

    def _errors(self) -> list[float]:
        return [100 * relative_error(block, cycles) for block, cycles in self.pairs()]


def relative_error(block: Block, predicted: float) -> float:
    return abs(predicted - block.cycles) / block.cycles


def is_near(measured: float, predicted: float) -> bool:
    """Within ``NEAR`` of the measured cycles."""
    cycles, share = NEAR
    return abs(predicted - measured) <= max(cycles, share * measured) + 1e-9


def validate(
    file: str,
    blocks: Sequence[Block],
    loaded: LoadedCore,
    progress: Callable[[int, int], None] | None = None,
    *,
    bound: bool = False,
) -> Validation:
    """Estimate every block. What the model refuses is None among the predictions.

    ``progress`` is told, once in a while, how many of how many are done. ``bound``:
    keep what bound each block as well, which takes half as long again.
    """
    if not blocks:
        raise InputError("no measured rows", where=file, expected="at least one")
    run = _bounds_of(loaded) if bound else _rates_of(loaded)
    predicted: list[float | None] = []
    causes: list[str] = []
    settled: list[bool] = []
    started = time.perf_counter()
    for block in blocks:
        try:
            cycles, repeats, cause = run(block)
            predicted.append(cycles)
            settled.append(repeats)
            causes.append(cause)
        except CostmodelError:
            predicted.append(None)
            settled.append(True)
            causes.append("")
        if progress is not None and len(predicted) % _TELL == 0:
            progress(len(predicted), len(blocks))
    if progress is not None:
        progress(len(blocks), len(blocks))
    seconds = time.perf_counter() - started
    return Validation(
        file, loaded.core.name, tuple(blocks), tuple(predicted), seconds,
        tuple(causes) if bound else (), tuple(settled),
    )  # fmt: skip


def _rates_of(loaded: LoadedCore) -> Callable[[Block], Rate]:
    from costmodel.engine.blocks import rate

    def run(block: Block) -> Rate:
        cycles, settled = rate(loaded, block.code, block.scenario, block.counter)
        return cycles, settled, ""

    return run


def _bounds_of(loaded: LoadedCore) -> Callable[[Block], Rate]:
    from costmodel.engine.blocks import bound
    from costmodel.studies.groups import mechanism

    def run(block: Block) -> Rate:
        cycles, settled, charged = bound(
            loaded, block.code, block.scenario, block.counter
        )
        return cycles, settled, mechanism(charged)

    return run
