"""From a run to its ``Estimate``: what the log says, in the words of a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from costmodel.engine import causes, state
from costmodel.engine import layout as L
from costmodel.engine.attribution import (
    Link,
    by_retirement,
    charges,
    critical_path,
)
from costmodel.engine.cold import LEVELS, spoken
from costmodel.engine.guesses import guesses
from costmodel.engine.pathrun import PATHS, Run
from costmodel.engine.result import Edge, Estimate, LineUse, UopTimes
from costmodel.engine.surround import STAND_IN


def report(run: Run) -> Estimate:
    """Run it, and tell all there is to tell. Raises what ``Run.logged`` raises."""
    return _Report(run).estimate()


class _Report:
    """A run and the log it left: ``g``, ``total`` uops of ``insns`` a trip, and the
    window from ``start`` to ``end`` in which ``trips`` trips were measured."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.g, self.m, self.start, self.end, self.trips = run.logged()
        self.total = self.m[state.UOPS]
        self.insns = run.trace[L.T_BODY] + run.trace[L.T_TAIL]
        last = len(run.items) - 1
        self.step_of = [min(n % self.insns, last) for n in self._insn_of()]
        self.shown = self._uops_of_last()

    def _insn_of(self) -> Iterator[int]:
        """Number, from the run's start, of the instruction of each uop."""
        for n in range(self.total):
            yield self.g[n * state.G_SIZE + state.G_INSN]

    def estimate(self) -> Estimate:
        run, g, m = self.run, self.g, self.m
        core = run.loaded.core
        cycles = self.end - self.start
        copies = self.trips * run.plan.repeat
        links = critical_path(g, m[state.LAST_RETIRE_EVENT], self.start, self.end)
        causes_, by_step = charges(links, self.step_of)
        # What surrounds the path is not the path: not counted, as its instructions are.
        own = [
            low
            for low, step in zip(run.lowered, run.path.steps, strict=True)
            if low is not None and step.insn.symbol != STAND_IN
        ]
        return Estimate(
            uarch=core.name,
            title=core.title,
            scenario=run.scenario,
            align=run.align,
            path=run.path,
            window_cycles=cycles,
            copies=copies,
            instructions=len(run.given.steps),
            uops=sum(
                low.fillers + sum(1 for u in low.uops if u.kind != L.K_NONE)
                for low in own
            ),
            slots=sum(
                low.fillers + sum(1 for u in low.uops if u.flags & L.NEW_SLOT)
                for low in own
            ),
            bytes=run.given.bytes,
            fetch_windows=self._fetch_windows(),
            causes=tuple(causes_),
            charges=tuple(by_step),
            critical_path=self._edges(_latest(links, -(-cycles // copies))),
            ports=self._ports(),
            lines=self._lines(),
            pt_regs=run.frame,
            timeline=self._timeline(),
            unknown=self._unknown(),
            guesses=guesses(run, self.total),
            notes=(*run.path.notes, *self._cold_notes()),
            store_buffer_peak=_peak(g, self.total),
            unknown_addresses=run.linked.unknown,
            cold=run.cold,
            retirement=tuple(
                by_retirement(g, self.total, self.start, self.end, self.step_of)
            ),
            code_fills=len({n for pair in run.cold_lines.of_insn for n in pair if n}),
        )

    def _fetch_windows(self) -> int:
        """Aligned fetch blocks the path given spans where it lies."""
        run = self.run
        size, at = run.params.fetch_bytes, run.align
        windows = set()
        for step in run.given.steps:
            if run.scenario in PATHS:  # elsewhere copies lie end to end
                at = step.insn.address + run.align
            length = step.insn.form.length
            windows |= {at // size, (at + length - 1) // size}
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
        insn_of, insns = list(self._insn_of()), self.insns
        body = len(self.run.items)
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
        for at in range(0, self.total * state.G_SIZE, state.G_SIZE):
            if g[at + state.G_PORT] >= 0 and g[at + state.RETIRE] > self.start:
                used[g[at + state.G_PORT]] += 1
        names = self.run.loaded.core.ports.names
        return tuple((name, used[k]) for k, name in enumerate(names))

    def _lines(self) -> tuple[LineUse, ...]:
        """Lines touched by one copy, with the separate writes each took."""
        run, g = self.run, self.g
        levels, number, _ = run.cold_lines
        number = number or (0,) * len(run.lines.uses)
        commits: Counter[int] = Counter()
        filled: dict[int, str] = {}
        ends = tuple(zip(run.lines.of_access, run.lines.last_of_access, strict=True))
        for n in self.shown:
            at = n * state.G_SIZE
            asked = g[at + state.G_FILL]
            while asked > 0:
                load = g[at + state.COMMIT] < 0
                filled.setdefault(asked % state.MOST_COLD, "load" if load else "store")
                asked //= state.MOST_COLD
            wrote = g[at + state.G_LINES]
            if wrote > 0:
                a = run.trace[g[at + state.G_UOP] + L.ACCESS]
                if 0 <= a < len(ends):
                    commits[ends[a][wrote > 1]] += 1
                    commits[ends[a][0]] += wrote > 1
        return tuple(
            use._replace(
                commits=commits[k],
                level=LEVELS[levels[number[k] - 1] if number[k] else 0],
                filled_by=filled.get(number[k], "") if number[k] else "",
            )
            for k, use in enumerate(run.lines.uses)
        )

    def _cold_notes(self) -> tuple[str, ...]:
        if not self.run.cold:
            return ()
        when = "at the start"
        if self.run.scenario != "once":
            when += " of every trip, as if evicted in between"
        return (f"cold {when}: {spoken(self.run.cold)}",)

    def _timeline(self) -> tuple[UopTimes, ...]:
        g = self.g
        names = self.run.loaded.core.ports.names
        zero = min((g[n * state.G_SIZE + state.QUEUE] for n in self.shown), default=0)
        out = []
        seen: Counter[int] = Counter()
        for n in self.shown:
            at = n * state.G_SIZE
            step = self.step_of[n]

            def time(stage: int, at: int = at) -> int:
                return g[at + stage] - zero if g[at + stage] >= 0 else -1

            port = g[at + state.G_PORT]
            wait = g[at + state.DISPATCH + 1] if port >= 0 else g[at + state.ISSUE + 1]
            out.append(
                UopTimes(
                    step=step,
                    uop=seen[step],
                    kind=L.KIND_NAMES[self.run.trace[g[at + state.G_UOP]]],
                    port=names[port] if port >= 0 else "",
                    queued=time(state.QUEUE),
                    issued=time(state.ISSUE),
                    ready=time(state.READY),
                    dispatched=time(state.DISPATCH),
                    completed=time(state.COMPLETE),
                    retired=time(state.RETIRE),
                    committed=time(state.COMMIT),
                    wait=causes.NAMES[wait] if wait > causes.PIPELINE else "",
                )
            )
            seen[step] += 1
        return tuple(out)

    def _unknown(self) -> tuple[str, ...]:
        """Instructions without a cost row, each named once."""
        core = self.run.loaded.core
        names: dict[str, None] = {}
        for item, low in zip(self.run.items, self.run.lowered, strict=True):
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


def _peak(g: list[int], total: int) -> int:
    """Most stores between issue and commit at once."""
    changes: Counter[int] = Counter()
    for n in range(total):
        at = n * state.G_SIZE
        if g[at + state.COMMIT] >= 0:
            changes[g[at + state.ISSUE]] += 1
            changes[g[at + state.COMMIT]] -= 1
    peak = now = 0
    for cycle in sorted(changes):
        now += changes[cycle]
        peak = max(peak, now)
    return peak
