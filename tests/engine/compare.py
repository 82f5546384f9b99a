"""Engine and oracle side by side: every uop, every stage."""

from __future__ import annotations

from dataclasses import dataclass

from costmodel.engine import layout as L
from costmodel.engine import state as S
from costmodel.engine.machine import run
from tests.engine.oracle import Deadlock, Machine
from tests.engine.strategies import Case

STAGES = ("queue", "issue", "dispatch", "port", "complete", "retire", "commit")
CALENDAR = 1 << 14

Times = list[tuple[int, ...]]  # per uop, in the order of STAGES; -1: does not pass


@dataclass(frozen=True)
class Engine:
    """The engine after a run."""

    state: list[int]
    log: list[int]
    marks: list[int]

    @property
    def uops(self) -> int:
        return self.state[S.UOPS]

    @property
    def cycles(self) -> int:
        return self.state[S.RETIRED]


def engine(c: Case, calendar: int = CALENDAR, log: bool = True) -> Engine:
    """Run the engine over a case."""
    trace = c.trace()
    state = S.new_state(
        c.params, calendar, max(1, trace[L.T_ACCESS_COUNT] * c.depth),
        list(c.group_of), list(c.group_size), list(c.alternates), cold=len(c.cold),
    )  # fmt: skip
    state[S.MODE] = c.mode
    kept = S.new_log(c.uop_count() if log else 0)
    marks = [0] * c.trips
    run(trace, c.params, state, kept, c.trips, marks)
    return Engine(state, kept, marks)


def engine_times(c: Case) -> Times:
    ran = engine(c)
    assert not ran.state[S.OVERFLOW], "calendar too small for the case"
    stages = (S.QUEUE, S.ISSUE, S.DISPATCH, S.G_PORT, S.COMPLETE, S.RETIRE, S.COMMIT)
    return [
        tuple(ran.log[n * S.G_SIZE + stage] for stage in stages)
        for n in range(ran.uops)
    ]


def oracle_times(c: Case) -> Times:
    machine = Machine(
        c.trace(), c.params, list(c.group_of), list(c.group_size),
        list(c.alternates), c.mode, c.trips,
    )  # fmt: skip
    machine.run()
    out = []
    for uop in machine.uops:
        slot = uop.slot
        assert slot is not None
        row = (
            uop.queued, uop.issued, uop.dispatched, uop.port, uop.complete(),
            slot.retired, uop.store.committed if uop.store else None,
        )  # fmt: skip
        out.append(tuple(-1 if value is None else value for value in row))
    return out


def difference(c: Case) -> str:
    """The first uop and stage at which they differ; "" if they do not."""
    try:
        slow = oracle_times(c)
    except Deadlock as stuck:
        return f"oracle: {stuck}"
    fast = engine_times(c)
    if len(fast) != len(slow):
        return f"{len(fast)} uops in the engine, {len(slow)} in the oracle"
    for n, (left, right) in enumerate(zip(fast, slow, strict=True)):
        for stage, a, b in zip(STAGES, left, right, strict=True):
            if a != b:
                return f"uop {n}, {stage}: engine {a}, oracle {b}"
    return ""
