"""How much a figure rests on what nobody has measured: nothing, ``?`` or ``??``.

A cycle count is ``?`` if an assumed figure took part in it, and ``??`` if assumed
latencies could move it by a tenth, or a cost had to be made up. The depth of the
pipeline, which copies of a path fill once, moves no count of copies.
Both sides of a difference share most of what is assumed, so a difference has a degree
of its own, from its draws: none if no draw moved it, ``??`` if they spread over more
than the difference itself (and over more than a cycle), else ``?``.
"""

from __future__ import annotations

from costmodel.cores.declarations import BY_PATH
from costmodel.engine.result import Comparison, Estimate
from costmodel.scenarios import PATHS

TENTH = 0.1
CYCLE = 1.0
TOTALS = (
    "?: assumed figures took part; ??: they could move the figure by a tenth or more."
)
DIFFERENCES = (
    "?: moves with figures not known exactly; ??: by more than itself. Unmarked: no "
    "draw of them moved it."
)
UNDRAWN = "?: assumed figures took part; no draw was made to see whether they move it."


def mark_of(estimate: Estimate) -> str:
    """The mark of a cycle count."""
    if estimate.unknown:
        return "??"
    if not estimate.guesses:
        return ""
    exposed = sum(
        (guess.high - guess.low) / 2
        for guess in estimate.guesses
        if guess.what.endswith("latency")
        and (estimate.scenario in PATHS or not _depth(guess.what))
    )
    return "??" if exposed > TENTH * estimate.cycles else "?"


def _depth(path: str) -> bool:
    """Whether a figure is a length of the pipeline, no time of an instruction."""
    declared = BY_PATH.get(path)
    return declared is not None and declared.figure.cause == "pipeline depth"


def rests_on_guesses(estimate: Estimate) -> bool:
    """Whether measured blocks tell nothing of it, though its scenario was measured:
    assumed costs could move it by a tenth."""
    return estimate.scenario not in PATHS and mark_of(estimate) == "??"


def mark_of_difference(comparison: Comparison) -> str:
    """The mark of a difference; without an interval all that is known is ``?``."""
    sides = comparison.before, comparison.after
    if any(side.unknown for side in sides):
        return "??"
    assumed = any(side.guesses for side in sides)
    spread = comparison.spread
    if spread is None and comparison.low is not None and comparison.high is not None:
        spread = comparison.high - comparison.low
    return mark_of_spread(comparison.delta, spread, assumed=assumed)


def mark_of_spread(value: float, spread: float | None, *, assumed: bool) -> str:
    """The mark of a figure whose draws spread so far (None or nan: no draws)."""
    if spread is None or spread != spread:
        return "?" if assumed else ""
    if not assumed or spread < 1e-9:
        return ""
    return "??" if spread > max(CYCLE, abs(value)) else "?"
