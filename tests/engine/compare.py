"""Simulator and oracle side by side: every uop, every stage."""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

from costmodel.engine import layout as L
from tests.engine.case import Case
from tests.engine.figures import IN_CELLS, Figures, vector
from tests.engine.oracle import Deadlock, Machine
from tests.engine.simulator import SIMULATOR

STAGES = ("queue", "issue", "dispatch", "port", "complete", "retire", "commit")
CALENDARS = (16, 256, 1 << 14)  # what a run needs it finds, whatever it begins with

Times = list[tuple[int, ...]]  # per uop, in the order of STAGES; -1: does not pass


class Outcome(NamedTuple):
    """What a run answers, by name."""

    cycles: int
    trips: int
    first: int
    start: int
    settled: bool
    uops: int
    calendar: int
    last_event: int


def laid_out(c: Case, stated: Figures | None = None) -> Any:
    """The simulator's trace of a case, laid out with its figures or with others."""
    trace = c.trace(stated)
    terms = c.terms(trace, SIMULATOR.FIGURES)
    return SIMULATOR.Trace(trace.packed(), vector(stated or c.figures), terms)


def elsewhere(figures: Figures) -> Figures:
    """Other figures, for a trace that is run with these: its terms must tell."""
    return figures._replace(**dict.fromkeys(IN_CELLS, 3))


def run(c: Case, trips: int | None = None, figures: Figures | None = None) -> Outcome:
    """So many trips without a log."""
    settings = (c.mode, trips or c.trips, 0, 0, CALENDARS[c.seed % 3])
    return Outcome(*laid_out(c).run(vector(figures or c.figures), *settings))


def logged(c: Case, figures: Figures | None = None) -> tuple[Outcome, array[int]]:
    """The trips of a case with a log; in half of the cases laid out with other figures
    than it is run with."""
    trace = laid_out(c, elsewhere(c.figures) if c.seed % 2 else None)
    settings = (c.mode, c.trips, 0, 0, CALENDARS[c.seed % 3])
    answer, log, _ = trace.log(vector(figures or c.figures), *settings)
    return Outcome(*answer), array("q", log)


def simulator_times(c: Case, figures: Figures | None = None) -> Times:
    """When each uop passed each stage."""
    _, log = logged(c, figures)
    columns = [log[L.COLUMN[name] :: L.LOG_ROW] for name in STAGES]
    return list(zip(*columns, strict=True))


def oracle_times(c: Case) -> Times:
    """The same from the oracle."""
    machine = Machine(c.trace(), c.figures, c.mode, c.trips)
    machine.run()
    times = []
    for uop in machine.uops:
        slot = uop.slot
        assert slot is not None
        row = (
            uop.queued, uop.issued, uop.dispatched, uop.port, uop.complete(),
            slot.retired, uop.store.committed if uop.store else None,
        )  # fmt: skip
        times.append(tuple(-1 if value is None else value for value in row))
    return times


def difference(c: Case) -> str:
    """The first uop and stage at which they differ; "" if they do not."""
    try:
        slow = oracle_times(c)
    except Deadlock as stuck:
        return f"oracle: {stuck}"
    fast = simulator_times(c)
    if len(fast) != len(slow):
        return f"{len(fast)} uops in the simulator, {len(slow)} in the oracle"
    for n, (left, right) in enumerate(zip(fast, slow, strict=True)):
        for stage, a, b in zip(STAGES, left, right, strict=True):
            if a != b:
                return f"uop {n}, {stage}: simulator {a}, oracle {b}"
    cycles = max((row[STAGES.index("retire")] for row in slow), default=0)
    if run(c).cycles != cycles:
        return f"without a log {run(c).cycles} cycles, oracle {cycles}"
    return ""
