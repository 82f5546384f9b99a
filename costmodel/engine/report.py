"""From a run to its ``Estimate``: what the log says, in the words of a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from costmodel.engine import causes
from costmodel.engine import layout as L
from costmodel.engine.attribution import (
    Link,
    by_retirement,
    charges,
    critical_path,
)
from costmodel.engine.cold import LEVELS, spoken
from costmodel.engine.guesses import guesses
from costmodel.engine.layout import COLUMN, LOG_ROW
from costmodel.engine.result import Edge, Estimate, LineUse, UopTimes
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation
from costmodel.engine.surround import STAND_IN
from costmodel.scenarios import PATHS

_UOP, _INSN, _PORT = COLUMN["uop"], COLUMN["insn"], COLUMN["port"]
_LINES, _FILLS = COLUMN["lines"], (COLUMN["fill_first"], COLUMN["fill_last"])
_ISSUE, _DISPATCH = COLUMN["issue"], COLUMN["dispatch"]
_RETIRE, _COMMIT = COLUMN["retire"], COLUMN["commit"]


def report(simulation: Simulation, settings: Settings) -> Estimate:
    """Run it, and tell all there is to tell. Raises what ``Simulation.logged`` does."""
    return _Report(simulation, settings).estimate()


class _Report:
    """A run and the log it left: ``g``, ``total`` uops of ``insns`` a trip, and the
    window from ``start`` to ``end`` in which ``trips`` trips were measured."""

    def __init__(self, simulation: Simulation, settings: Settings) -> None:
        self.simulation = simulation
        self.settings = settings
        self.loaded = simulation.loaded
        self.laid = simulation.layout(settings)
        self.touched = simulation.lines(settings)
        self.logged = simulation.logged(settings)
        self.outcome, self.g, _ = self.logged
        self.start = self.outcome.start
        self.end = self.start + self.outcome.cycles
        self.total = self.outcome.uops
        self.insns = len(self.laid.trace.insns)
        last = len(self.laid.items) - 1
        self.insn_of = [
            self.g[at] for at in range(_INSN, self.total * LOG_ROW, LOG_ROW)
        ]
        self.step_of = [min(n % self.insns, last) for n in self.insn_of]
        self.shown = self._uops_of_last()

    def estimate(self) -> Estimate:
        laid, g, settings = self.laid, self.g, self.settings
        core, given = self.loaded.core, self.simulation.given
        copies = self.outcome.trips * laid.plan.repeat
        links = critical_path(g, self.outcome.last_event, self.start, self.end)
        causes_, by_step = charges(links, self.step_of)
        # What surrounds the path is not the path: not counted, as its instructions are.
        own = [
            low
            for low, step in zip(laid.lowered, laid.path.steps, strict=False)
            if low is not None and step.insn.symbol != STAND_IN
        ]
        return Estimate(
            uarch=core.name,
            title=core.title,
            scenario=settings.scenario,
            align=settings.align,
            path=laid.path,
            window_cycles=self.outcome.cycles,
            copies=copies,
            instructions=len(given.steps),
            uops=sum(
                low.fillers + sum(1 for u in low.uops if u.kind != L.K_NONE)
                for low in own
            ),
            slots=sum(
                low.fillers + sum(1 for u in low.uops if u.flags & L.NEW_SLOT)
                for low in own
            ),
            bytes=given.bytes,
            fetch_windows=self._fetch_windows(),
            causes=tuple(causes_),
            charges=tuple(by_step),
            critical_path=self._edges(
                _latest(links, -(-self.outcome.cycles // copies))
            ),
            ports=self._ports(),
            lines=self._lines(),
            pt_regs=self.simulation.frame_of(settings),
            timeline=self._timeline(),
            unknown=self._unknown(),
            guesses=guesses(self.simulation, settings, self.logged),
            notes=(*laid.path.notes, *self._notes()),
            store_buffer_peak=_peak(g, self.total),
            unknown_addresses=laid.linked.unknown,
            cold=settings.cold,
            retirement=tuple(
                by_retirement(g, self.total, self.start, self.end, self.step_of)
            ),
            code_fills=len({n for pair in laid.cold_lines.of_insn for n in pair if n}),
            settled=self.outcome.settled,
        )

    def _fetch_windows(self) -> int:
        """Aligned fetch blocks the path given spans where it lies."""
        size = self.loaded.core.front_end.fetch_bytes
        at = self.settings.align
        windows: set[int] = set()
        for step in self.simulation.given.steps:
            if self.settings.scenario in PATHS:  # elsewhere copies lie end to end
                at = step.insn.address + self.settings.align
            length = step.insn.form.length
            windows.update(range(at // size, (at + length - 1) // size + 1))
            at += length
        return len(windows)

    def _edges(self, links: list[Link]) -> tuple[Edge, ...]:
        step_of = self.step_of
        return tuple(
            Edge(
                step_of[link.uop], link.stage, causes.NAMES[link.cause], link.cycles,
                step_of[link.source] if link.source >= 0 else -1,
            )
            for link in links
        )  # fmt: skip

    def _uops_of_last(self) -> range:
        """Dynamic uops of the last copy of the body."""
        if self.total == 0:
            return range(0)
        insn_of, insns = self.insn_of, self.insns
        body = len(self.laid.items)
        copy = insn_of[-1] // insns
        if insn_of[-1] % insns >= body:
            copy -= 1
        before = (n for n in reversed(range(self.total)) if insn_of[n] < copy * insns)
        first = next(before, -1) + 1
        after = (
            n
            for n in range(first, self.total)
            if insn_of[n] % insns >= body or insn_of[n] >= (copy + 1) * insns
        )
        return range(first, next(after, self.total))

    def _ports(self) -> tuple[tuple[str, int], ...]:
        g = self.g
        used: Counter[int] = Counter()
        for at in range(0, self.total * LOG_ROW, LOG_ROW):
            if g[at + _PORT] >= 0 and g[at + _RETIRE] > self.start:
                used[g[at + _PORT]] += 1
        names = self.loaded.core.ports.names
        return tuple((name, used[k]) for k, name in enumerate(names))

    def _lines(self) -> tuple[LineUse, ...]:
        """Lines touched by one copy, with the separate writes each took."""
        g, touched = self.g, self.touched
        levels, number, _ = self.laid.cold_lines
        number = number or (0,) * len(touched.uses)
        commits: Counter[int] = Counter()
        filled: dict[int, str] = {}
        ends = tuple(zip(touched.of_access, touched.last_of_access, strict=True))
        for n in self.shown:
            at = n * LOG_ROW
            by = "load" if g[at + _COMMIT] < 0 else "store"
            for column in _FILLS:
                if g[at + column] > 0:
                    filled.setdefault(g[at + column], by)
            wrote = g[at + _LINES]
            if wrote > 0:
                a = self.laid.trace.uops[g[at + _UOP]].access
                if 0 <= a < len(ends):
                    commits[ends[a][wrote > 1]] += 1
                    commits[ends[a][0]] += wrote > 1
        return tuple(
            use._replace(
                commits=commits[k],
                level=LEVELS[levels[number[k] - 1] if number[k] else 0],
                filled_by=filled.get(number[k], "") if number[k] else "",
            )
            for k, use in enumerate(touched.uses)
        )

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.settings.cold:
            when = "at the start"
            if self.settings.scenario != "once":
                when += " of every trip, as if evicted in between"
            notes.append(f"cold {when}: {spoken(self.settings.cold)}")
        if self.settings.pointers == "same_pointer" and self.touched.uses:
            notes.append(
                "registers begin with one and the same pointer, as the blocks this "
                "core was measured with did"
            )
        return tuple(notes)

    def _timeline(self) -> tuple[UopTimes, ...]:
        g = self.g
        names = self.loaded.core.ports.names
        columns = [COLUMN[stage] for stage in L.STAGES]
        queue = columns[0]
        zero = min((g[n * LOG_ROW + queue] for n in self.shown), default=0)
        rows = []
        seen: Counter[int] = Counter()
        for n in self.shown:
            at = n * LOG_ROW
            step, port = self.step_of[n], g[at + _PORT]
            times = [g[at + c] - zero if g[at + c] >= 0 else -1 for c in columns]
            queued, issued, ready, dispatched, completed, retired, committed = times
            rows.append(
                UopTimes(
                    step,
                    seen[step],
                    L.KIND_NAMES[self.laid.trace.uops[g[at + _UOP]].kind],
                    names[port] if port >= 0 else "",
                    queued,
                    issued,
                    ready,
                    dispatched,
                    completed,
                    retired,
                    committed,
                    self._longest_wait(at, times[:4]),
                )
            )
            seen[step] += 1
        return tuple(rows)

    def _longest_wait(self, at: int, times: Sequence[int]) -> str:
        """Cause of the longest wait of a uop before it left, or issued; "": none."""
        queued, issued, ready, dispatched = times
        waits = [(issued - queued, _ISSUE)]
        if dispatched >= 0:
            waits.append((ready - issued, COLUMN["ready"]))
            waits.append((dispatched - ready, _DISPATCH))
        waits = [(n, c) for n, c in waits if self.g[at + c + 1] > causes.PIPELINE]
        cycles, column = max(waits, default=(0, 0))
        return causes.NAMES[self.g[at + column + 1]] if cycles > 0 else ""

    def _unknown(self) -> tuple[str, ...]:
        """Instructions without a cost row, each named once."""
        core = self.loaded.core
        names: dict[str, None] = {}
        for item, low in zip(self.laid.items, self.laid.lowered, strict=False):
            if low is not None and not low.known:
                name = f"{item.form.mnemonic} {item.form.shape}".rstrip()
                if low.operation in core.absent:
                    name += f" (which {core.title} does not have)"
                names[name] = None
        return tuple(names)


def _latest(links: list[Link], cycles: int) -> list[Link]:
    """The last links that make up ``cycles``: one copy's worth of the path."""
    out: list[Link] = []
    for link in reversed(links):
        if cycles <= 0:
            break
        kept = min(link.cycles, cycles)
        cycles -= kept
        out.append(link._replace(cycles=kept))
    out.reverse()
    return out


def _peak(g: Sequence[int], total: int) -> int:
    """Most stores between issue and commit at once."""
    changes: Counter[int] = Counter()
    for n in range(total):
        at = n * LOG_ROW
        if g[at + _COMMIT] >= 0:
            changes[g[at + _ISSUE]] += 1
            changes[g[at + _COMMIT]] -= 1
    peak = now = 0
    for cycle in sorted(changes):
        now += changes[cycle]
        peak = max(peak, now)
    return peak
