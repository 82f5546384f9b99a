"""What an estimate is: immutable, complete, and free of presentation.

Times inside a result are whole cycles. A scenario that repeats the path measures a
window of ``copies`` copies taking ``window_cycles``; ``cycles`` is their quotient, and
every breakdown is given in whole cycles of the same window, so that causes add up to
the total exactly.
"""

from __future__ import annotations

from msgspec import Struct, field

from costmodel.code.insn import Insn, Path
from costmodel.code.touched import FrameSlot as FrameSlot
from costmodel.code.touched import LineUse as LineUse
from costmodel.cores.accuracy import MeasuredError
from costmodel.tuples import NamedTuple


class UopTimes(NamedTuple):
    """One uop of the timeline. Cycles count from the shown window's start; -1: n/a."""

    step: int  # index into path.steps
    uop: int  # index within the instruction
    kind: str  # "load", "store address", "store data", "branch", "microcode", ...
    port: str  # "" when no port was used
    queued: int  # entered the uop queue
    issued: int
    ready: int  # all inputs ready
    dispatched: int
    completed: int
    retired: int
    committed: int  # stores; -1 otherwise
    wait: str  # cause of the longest wait before dispatch or issue, "" if none


class Edge(NamedTuple):
    """One edge of the critical path, walked from the start to the last retirement."""

    step: int
    stage: str  # the stage reached: "fetch", "issue", "dispatch", "complete", "retire"
    cause: str
    cycles: int
    source_step: int  # step of the event it comes from; -1 for the start


class Guess(NamedTuple):
    """An assumed figure, or a missing cost, that took part in an estimate."""

    what: str  # "swapgs latency", "costs.swapgs.*.latency"
    value: float
    low: float
    high: float
    reason: str


class Estimate(Struct, frozen=True):
    """Cycles of one path on one core in one scenario, and why."""

    uarch: str
    title: str
    scenario: str
    align: int
    path: Path
    window_cycles: int
    copies: int
    instructions: int
    uops: int  # unfused, per copy
    slots: int  # fused-domain issue slots, per copy
    bytes: int
    fetch_windows: int  # aligned fetch blocks the code spans at this alignment
    causes: tuple[tuple[str, int], ...]  # whole cycles of the window, largest first
    charges: tuple[tuple[int, str, int], ...]  # (step, cause, cycles of the window)
    critical_path: tuple[Edge, ...]
    ports: tuple[tuple[str, int], ...]  # uops a port took in the window
    lines: tuple[LineUse, ...]
    pt_regs: tuple[FrameSlot, ...]  # empty when the path builds none
    timeline: tuple[UopTimes, ...]
    unknown: tuple[str, ...]  # instructions costed without a row of their own
    guesses: tuple[Guess, ...]
    notes: tuple[str, ...] = field(default=())
    store_buffer_peak: int = 0
    unknown_addresses: int = 0  # accesses assumed to be disjoint from all others
    cold: tuple[tuple[str, str], ...] = ()  # kinds of line that are cold, their levels
    code_fills: int = 0  # cold lines of code
    retirement: tuple[tuple[int, str, int], ...] = ()  # like charges, but every cycle
    # goes to the instruction that retires after it: what differences are made of
    core_error: MeasuredError | None = None  # of the core's estimates; None: unmeasured
    low: float | None = None  # 90 % interval of ``cycles``, the model's error included
    high: float | None = None
    median: float | None = None  # of the draws of ``cycles``
    central: bool = True  # whether ``cycles`` lies in the middle half of the draws
    settled: bool = True  # whether copies were found to repeat; if not, ``cycles`` is
    # the mean over the later half of a bounded run

    def __repr__(self) -> str:
        """One line: a result holds thousands of figures."""
        kind = type(self).__name__
        return f"<{kind} {self.path.name} on {self.uarch}: {self.cycles:g} cycles>"

    @property
    def cycles(self) -> float:
        """Cycles a copy."""
        return self.window_cycles / self.copies

    @property
    def fills(self) -> int:
        """Data lines brought into the first cache, a copy."""
        return sum(1 for use in self.lines if use.filled_by)

    @property
    def ownership_requests(self) -> int:
        """Fills that a store asked for (RFOs), a copy."""
        return sum(1 for use in self.lines if use.filled_by == "store")

    def breakdown(self) -> dict[str, float]:
        """Cause -> cycles a copy. Adds up to ``cycles``."""
        return {cause: n / self.copies for cause, n in self.causes}

    def insn(self, step: int) -> Insn:
        return self.path.steps[step].insn


class Comparison(Struct, frozen=True):
    """Two estimates on one core in one scenario.

    ``low``, ``high``: the 90 % interval of ``delta``, the model's error included;
    ``median`` of its draws, ``spread`` from their 5 % to their 95 % quantile;
    ``central``: whether ``delta`` lies in the middle half of the ``draws``.
    """

    before: Estimate
    after: Estimate
    low: float | None = None
    high: float | None = None
    median: float | None = None
    spread: float | None = None
    central: bool = True
    draws: int = 0

    def __repr__(self) -> str:
        """One line: a result holds thousands of figures."""
        names = f"{self.before.path.name} -> {self.after.path.name}"
        kind, core = type(self).__name__, self.after.uarch
        return f"<{kind} {names} on {core}: {self.delta:+g} cycles>"

    @property
    def settled(self) -> bool:
        """Whether both sides came to a steady state."""
        return self.before.settled and self.after.settled

    @property
    def delta(self) -> float:
        return self.after.cycles - self.before.cycles
