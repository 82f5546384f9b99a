"""From ticks to cycles, from rounds to one figure with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

CHAIN_CYCLES = 2 * 3.0 * 1000  # of the chain, timed before and after each sample
AGREE = 0.02  # share by which two rounds may differ
AGREE_CYCLES = 0.02
FEWEST = 30  # kept samples a round needs
_LOUDER = 1.15  # NOPs so much slower than in the best round: a neighbour all the time


class Round(NamedTuple):
    """One round's answer: cycles a copy of each body."""

    cycles: tuple[float, ...]
    kept: int
    taken: int
    ghz: float
    nops: float  # cycles the NOPs take on a quiet core, as this round has it


class Figure(NamedTuple):
    """Cycles of one copy, or of a difference; ``low`` and ``high`` of the rounds that
    agree. ``status``: "ok", "unstable" (no two rounds agree) or "busy" (no quiet
    moment in all the time)."""

    cycles: float | None
    low: float | None
    high: float | None
    kept: int
    taken: int
    rounds: int
    agreeing: int
    ghz: float | None
    status: str


def step_of(rows: Sequence[Sequence[int]]) -> int:
    """Ticks by which the time-stamp counter moves at once."""
    from math import gcd

    return gcd(*(number for row in rows for number in row)) if rows else 1


def cycles_of(
    rows: Sequence[Sequence[int]], pair: int, copies: int, step: int
) -> float:
    """Cycles a copy: the longer program of a pair less the shorter.

    The mean of the samples near their lower quartile, where "near" holds whatever the
    steps of the counter do: interrupts and neighbours only ever add.
    """
    short, long, chain = 2 * pair, 2 * pair + 1, len(rows[0]) - 2
    known = sorted((row[long] - row[short], row[chain]) for row in rows)
    centre = known[len(known) // 4][0]
    reach = 2 * step + AGREE * abs(centre)
    near = [(d, c) for d, c in known if abs(d - centre) <= reach]
    ticks, chains = sum(d for d, _ in near), sum(c for _, c in near)
    return ticks * CHAIN_CYCLES / chains / copies


def round_of(
    rows: Sequence[Sequence[int]],
    copies: Sequence[int],
    taken: int,
    khz: int,
    nops: int,
) -> Round:
    """One round from its samples; ``copies``: of each pair of programs."""
    step = step_of(rows)
    cycles = tuple(cycles_of(rows, k, n, step) for k, n in enumerate(copies))
    chain = median(row[-2] for row in rows)
    ghz = khz / 1e6 * CHAIN_CYCLES / chain
    return Round(cycles, len(rows), taken, ghz, nops / 1000)


def good(rounds: Sequence[Round]) -> list[Round]:
    """Rounds with samples enough, taken while the core was as quiet as it got."""
    enough = [r for r in rounds if r.kept >= FEWEST]
    quietest = min((r.nops for r in enough), default=0.0)
    return [r for r in enough if r.nops <= quietest * _LOUDER]


def agreeing(values: Sequence[float]) -> list[float]:
    """The values that go with the lowest two that agree; empty if no two do.

    A lower one that stands alone is an accident of the clock, a higher one of a
    neighbour.
    """
    ordered = sorted(values)
    for k in range(len(ordered) - 1):
        reach = ordered[k] + max(AGREE * abs(ordered[k]), AGREE_CYCLES)
        if ordered[k + 1] <= reach:
            return [v for v in ordered[k:] if v <= reach]
    return []


def figure(rounds: Sequence[Round], body: int, reach: float = 0.0) -> Figure:
    """The figure of one body over all rounds.

    ``reach``: cycles within which rounds agree besides, where a single pass is timed.
    """
    used = good(rounds)
    values = [r.cycles[body] for r in used]
    taken = sum(r.taken for r in rounds)
    kept = sum(r.kept for r in used)
    if len(used) < 2:
        return Figure(None, None, None, kept, taken, len(rounds), 0, None, "busy")
    ghz = median(r.ghz for r in used)
    same = _within(values, reach) if reach else agreeing(values)
    if not same:
        middle = median(values)
        return Figure(
            middle, min(values), max(values), kept, taken, len(rounds), 0, ghz,
            "unstable",
        )  # fmt: skip
    return Figure(
        median(same), same[0], same[-1], kept, taken, len(rounds), len(same), ghz, "ok"
    )


def _within(values: Sequence[float], reach: float) -> list[float]:
    """The values near the median, if they are most of them."""
    middle = median(values)
    near = sorted(v for v in values if abs(v - middle) <= reach)
    return near if 2 * len(near) > len(values) else []


def difference(rounds: Sequence[Round], before: int, after: int) -> Figure:
    """The difference of two bodies timed alternately in the same samples: the median
    over the rounds, and the 90 % interval of that median."""
    used = good(rounds)
    taken = sum(r.taken for r in rounds)
    kept = sum(r.kept for r in used)
    if len(used) < 2:
        return Figure(None, None, None, kept, taken, len(rounds), 0, None, "busy")
    deltas = sorted(r.cycles[after] - r.cycles[before] for r in used)
    outside = ranks_outside(len(deltas))
    low, high = deltas[outside], deltas[-1 - outside]
    return Figure(
        median(deltas), low, high, kept, taken, len(rounds), len(used),
        median(r.ghz for r in used), "ok",
    )  # fmt: skip


def ranks_outside(count: int, confidence: float = 0.9) -> int:
    """How many of ``count`` ordered values may be left out at either end, so that those
    between still hold the true median with this confidence, whatever their law."""
    from math import comb

    outside, tail = 0, 0.0
    for k in range((count - 1) // 2):
        tail += comb(count, k) / 2**count
        if 1 - 2 * tail < confidence:
            break
        outside = k
    return outside
