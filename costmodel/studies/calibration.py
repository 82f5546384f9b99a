"""How wide an interval must be to hold measured blocks: the model's own error.

The intervals of a core's figures say how sure the figures are, not how true the model
is, so intervals made of draws alone hold far fewer blocks than they claim. What is
missing is taken from blocks themselves (conformalized quantiles, after Romano et al.
2019): over blocks tuning never looked at, the 5 % quantile of measured over the
interval's low end, and the 95 % quantile of measured over its high end, become the
factors an interval's ends are multiplied by. Whether 90 % are then held is counted on
blocks that had no part in the factors: those of one half are held against the factors
of the other, and the other way round. Differences of two variants share most of the
model's error and have margins of their own (``studies.margins``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from costmodel.cores.load import LoadedCore
from costmodel.engine.blocks import simulation
from costmodel.engine.settings import Settings
from costmodel.errors import CostmodelError
from costmodel.studies import heldout
from costmodel.studies.blocks import Block
from costmodel.studies.draws import columns, leaves, quantile

ROWS = 500  # held-out blocks drawn for
DRAWS = 40
LOW, HIGH = 0.05, 0.95
_ROOM = 1e-9  # of a cycle: an end itself is inside


class Calibration(Struct, frozen=True):
    """Factors for the ends of intervals, and what shares of blocks they then hold."""

    rows: int
    draws: int
    figures: float  # share held by draws of the figures alone
    whole: float  # share held with factors from the other half
    below: float
    above: float
    width: float  # median of (high - low) / measured, with the factors


class _Ends(Struct, frozen=True):
    block: Block
    low: float
    high: float


def calibrate(
    blocks: Sequence[Block],
    loaded: LoadedCore,
    rows: int = ROWS,
    draws: int = DRAWS,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration | None:
    """Factors from a sample of the held-out blocks, each half checked by the other's.

    None where either half is empty. The sample is the blocks of least hash.
    """
    chosen = sorted((b for b in blocks if b.held_out), key=_order)[:rows]
    ends = _ends(chosen, loaded, draws, progress)
    halves = [[e for e in ends if e.block.checks == side] for side in (False, True)]
    if not all(halves):
        return None
    first, second = halves
    held = _held(second, *_factors(first)) + _held(first, *_factors(second))
    below, above = _factors(ends)
    widths = [(e.high * above - e.low * below) / e.block.cycles for e in ends]
    return Calibration(
        rows=len(ends),
        draws=draws,
        figures=_held(ends, 1.0, 1.0) / len(ends),
        whole=held / len(ends),
        below=below,
        above=above,
        width=quantile(widths, 0.5),
    )


def _factors(ends: Sequence[_Ends]) -> tuple[float, float]:
    """For the low and the high end; with the correction for few blocks."""
    out = min(1.0, (1 - LOW) * (1 + 1 / len(ends)))
    below = quantile([one.block.cycles / one.low for one in ends], 1 - out)
    above = quantile([one.block.cycles / one.high for one in ends], out)
    return min(1.0, below), max(1.0, above)


def _order(block: Block) -> bytes:
    return heldout.digest(block.code, block.variant)


def _held(ends: Sequence[_Ends], below: float, above: float) -> int:
    """How many blocks are held."""
    held = [
        one.low * below - _ROOM <= one.block.cycles <= one.high * above + _ROOM
        for one in ends
    ]
    return sum(held)


def _ends(
    blocks: Sequence[Block],
    loaded: LoadedCore,
    draws: int,
    progress: Callable[[int, int], None] | None,
) -> list[_Ends]:
    """The 5 % and 95 % quantiles of each block's cycles over draws of the figures."""
    ends = []
    for number, block in enumerate(blocks):
        try:
            run = simulation(loaded, block.code)
            settings = Settings.measured(loaded.core, block.scenario, block.counter)
            figures = leaves(loaded, run.rows(settings))
            drawn = run.draws(settings, columns(figures, draws), draws)
        except CostmodelError:
            continue
        cycles = [float(one) for one in drawn]
        if min(cycles) > 0:
            ends.append(_Ends(block, quantile(cycles, LOW), quantile(cycles, HIGH)))
        if progress is not None:
            progress(number + 1, len(blocks))
    return ends
