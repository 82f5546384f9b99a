"""The assumed figures of a core that an estimate rests on."""

from __future__ import annotations

from costmodel.engine.pathrun import Run
from costmodel.engine.result import Guess


def guesses(run: Run, uops: int) -> tuple[Guess, ...]:
    """Assumed figures of the rows this path used."""
    rows = {low.row for low in run.lowered if low is not None and low.row}
    out = []
    for name, quantity in run.loaded.evidence.items():
        if not quantity.assumed or not quantity.stated:
            continue
        row = ".".join(name.split(".")[:3])
        if name.startswith("costs.") and row not in rows:
            continue
        if not name.startswith("costs."):
            continue
        out.append(
            Guess(name, quantity.value, quantity.low, quantity.high, quantity.note)
        )
    return tuple(out)
