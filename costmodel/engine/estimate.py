"""One path on one core in one scenario: cycles, and everything that explains them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

from costmodel.code.frame import frame_slots
from costmodel.code.insn import Insn, Path
from costmodel.code.lines import lines_touched
from costmodel.cores.load import LoadedCore
from costmodel.engine import causes, params, scenarios, state, surround
from costmodel.engine import layout as L
from costmodel.engine.attribution import (
    Link,
    by_retirement,
    charges,
    critical_path,
)
from costmodel.engine.bulkrun import MARKS, rate
from costmodel.engine.cold import LEVELS, Cold, checked, cold_lines, spoken
from costmodel.engine.links import links
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import Lowered
from costmodel.engine.machine import run
from costmodel.engine.result import Edge, Estimate, Guess, LineUse, UopTimes
from costmodel.engine.steady import trip_group
from costmodel.engine.trace import Builder, Item
from costmodel.errors import InputError, UsageError

CALENDARS = (1 << 12, 1 << 16, 1 << 20)
LIMIT = 8_000  # uops run in search of a steady state
ONE_LOG = 40_000  # uops a log may have room for without knowing how many will run
MOST_STEPS = 50_000
_PATHS = ("once", "roundtrip")  # scenarios of a whole path at its own addresses


def default_scenario(path: Path) -> str:
    """``roundtrip`` for a path that leaves the kernel as a system call does."""
    return "roundtrip" if surround.boundary(path) else "once"


def estimate(
    path: Path,
    loaded: LoadedCore,
    *,
    scenario: str | None = None,
    align: int = 0,
    cold: Mapping[str, str] | Cold = (),
) -> Estimate:
    """Cycles of ``path`` on a core.

    ``scenario``: one of ``scenarios.NAMES``, by default ``default_scenario``;
    ``align``: address of the first byte modulo 64; ``cold``: kinds of line that are in
    another level than L1 when a trip starts (``cold.KINDS``, ``cold.LEVELS``). Raises
    InputError for an empty path, UnknownInstructionError for code the model refuses.
    """
    chosen = scenario or default_scenario(path)
    if chosen not in scenarios.NAMES:
        raise UsageError(
            f"no scenario {chosen!r}", expected="one of " + ", ".join(scenarios.NAMES)
        )
    if not path.steps:
        raise InputError("the path holds no instructions", where=path.origin)
    if len(path.steps) > MOST_STEPS:
        raise InputError(
            f"the path has {len(path.steps)} instructions",
            where=path.origin,
            expected=f"at most {MOST_STEPS}",
            hint="name a symbol or a region",
        )
    return _Run(path, loaded, chosen, align, checked(cold)).result()


class _Run:
    """The parts of one estimate, in the order they are made."""

    def __init__(
        self,
        path: Path,
        loaded: LoadedCore,
        scenario: str,
        align: int,
        cold: Cold = (),
    ) -> None:
        if cold and scenario not in _PATHS:
            raise UsageError(
                f"cold lines in the scenario {scenario!r}",
                expected="once or roundtrip: the others measure a warm block",
            )
        self.loaded = loaded
        self.scenario = scenario
        self.align = align
        self.given = path
        self.cold = cold
        if scenario == "roundtrip":
            path = surround.with_user(path)
        elif scenario == "once":
            path = surround.with_handler(path)
        self.path = path
        self.builder = Builder(Lowering(loaded))
        self.params = params.build(loaded.core)
        body = [s.insn for s in path.steps]
        self.plan = scenarios.plan(scenario, body, loaded.core)
        self.items = self._items(path, body)
        self.lowered = self.builder.lower_all(self.items)
        rows, depth, self.linked = links(body, loaded.core, self.plan.loops)
        self.lines = lines_touched(path)
        self.frame = frame_slots(self.given)
        self.cold_lines = cold_lines(
            cold, path, [self._address(i) for i in body], self.lines.uses, self.frame
        )
        if scenario in _PATHS:
            for row, line in zip(rows, self.lines.of_access, strict=False):
                row[L.A_ROOT], row[L.A_OFFSET] = line, 0
                row[L.A_LINE_STRIDE] = row[L.A_FRESH] = 0
                row[L.A_COLD] = self.cold_lines.of_line[line] if cold else 0
        base = self._address(body[0]) if scenario in _PATHS else align
        self.trace = self.builder.build(
            self.items,
            self.plan.tail,
            repeat=self.plan.repeat,
            base=base,
            cached=self.plan.cached,
            loops=self.plan.loops,
            links=rows,
            depth=depth,
            cold=self.cold_lines.levels,
            cold_code=self.cold_lines.of_insn,
        )
        self.cells = self.trace[L.T_ACCESS_COUNT] * self.trace[L.T_DEPTH]

    def _address(self, insn: Insn) -> int:
        """Where the instruction lies: the path's own place moved by ``align``."""
        if insn.symbol == surround.STAND_IN:
            return insn.address
        return insn.address + self.align

    def _items(self, path: Path, body: list[Insn]) -> list[Item]:
        """Instructions with the places of those that do not follow on."""
        if self.scenario not in _PATHS:
            return [Item(s.insn.form, s.taken) for s in path.steps]
        items = []
        end = -1
        for step, insn in zip(path.steps, body, strict=True):
            at = self._address(insn)
            items.append(Item(insn.form, step.taken, at if at != end else -1))
            end = at + insn.form.length
        return items

    # --- running --------------------------------------------------------------------
    def _state(self, calendar: int) -> list[int]:
        ports = self.builder.map
        m = state.new_state(
            self.params, calendar, self.cells, ports.group_of, ports.group_size,
            ports.alternates, cold=len(self.cold_lines.levels),
        )  # fmt: skip
        m[state.MODE] = self.plan.mode
        return m

    def _search(self, m: list[int], g: list[int]) -> tuple[int, int, int, int] | None:
        """First trip of the steady state, trips in it, and when it began and ended.

        None where the calendar is too short. With a log ``g`` every uop run is in it.
        """
        found = [0] * 8
        marks, group = [0] * MARKS, self._group()
        rate(
            self.trace, self.params, m, g, self.plan.mode, group,
            min(2 * self.params.rob, LIMIT // 2), LIMIT, marks, [0] * MARKS,
            [0] * group, found,
        )  # fmt: skip
        if found[4]:
            return None
        first, count = found[2], found[1]
        start = marks[first // group - 1] if first else 0
        return first, count, start, start + found[0]

    def _group(self) -> int:
        length = sum(item.form.length for item in self.items)
        return trip_group(length, self.params.fetch_bytes, self.plan.loops)

    def _logged(self) -> tuple[list[int], list[int], int, int, int]:
        """(log, machine, start, end, trips) of the steady state, or of the one pass."""
        once = self.scenario == "once"
        per_trip = len(self.trace) // L.UOP_SIZE * self.plan.repeat + 64
        most = LIMIT + 4 * self._group() * per_trip  # uops until the search gives up
        for calendar in CALENDARS:
            first, count = 0, 1
            if not once:
                # Where all of it fits, what the search runs is logged as it goes.
                g = state.new_log(most if most <= ONE_LOG else 0)
                m = self._state(calendar)
                window = self._search(m, g)
                if window is None:
                    continue
                first, count, start, end = window
                if most <= ONE_LOG:
                    return g, m, start, end, count
            trips = first + count
            g = state.new_log(trips * per_trip)
            m = self._state(calendar)
            marks = [0] * trips
            run(self.trace, self.params, m, g, trips, marks)
            if not m[state.OVERFLOW]:
                return g, m, marks[first - 1] if first else 0, marks[-1], count
        raise self._too_long()

    def cycles(self) -> Fraction:
        """Cycles a copy, and nothing that explains them."""
        for calendar in CALENDARS:
            m = self._state(calendar)
            log = state.new_log(0)
            if self.scenario == "once":
                marks = [0]
                run(self.trace, self.params, m, log, 1, marks)
                if not m[state.OVERFLOW]:
                    return Fraction(marks[0])
            elif (window := self._search(m, log)) is not None:
                _, count, start, end = window
                return Fraction(end - start, count * self.plan.repeat)
        raise self._too_long()

    def _too_long(self) -> InputError:
        return InputError(
            "the path waits longer than the model can follow",
            where=self.path.origin,
            hint="shorten it, or leave out what waits",
        )

    # --- reporting -------------------------------------------------------------------
    def result(self) -> Estimate:
        g, m, start, end, count = self._logged()
        insns = self.trace[L.T_BODY] + self.trace[L.T_TAIL]
        total = m[state.UOPS]
        step_of = [
            min(g[n * state.G_SIZE + state.G_INSN] % insns, len(self.items) - 1)
            for n in range(total)
        ]
        path_links = critical_path(g, m[state.LAST_RETIRE_EVENT], start, end)
        causes_, by_step = charges(path_links, step_of)
        copies = count * self.plan.repeat
        shown = self._uops_of_last(g, total, insns)
        edges = tuple(
            Edge(
                step_of[link.uop], link.stage, causes.NAMES[link.cause], link.cycles,
                step_of[link.source] if link.source >= 0 else -1,
            )
            for link in _latest(path_links, -(-(end - start) // copies))
        )  # fmt: skip
        core = self.loaded.core
        own = [low for low in self.lowered if low is not None]
        windows = {
            (self.align + offset) // self.params.fetch_bytes
            for offset in self._offsets()
        }
        return Estimate(
            uarch=core.name,
            title=core.title,
            scenario=self.scenario,
            align=self.align,
            path=self.path,
            window_cycles=end - start,
            copies=copies,
            instructions=len(self.given.steps),
            uops=sum(self._unfused(low) for low in own),
            slots=sum(sum(1 for u in low.uops if u.flags & L.NEW_SLOT) for low in own),
            bytes=self.given.bytes,
            fetch_windows=len(windows),
            causes=tuple(causes_),
            charges=tuple(by_step),
            critical_path=edges,
            ports=self._ports(g, start, total),
            lines=self._lines(g, shown),
            pt_regs=self.frame,
            timeline=self._timeline(g, shown, step_of),
            unknown=self._unknown(),
            guesses=self._guesses(),
            notes=(*self.path.notes, *self._cold_notes()),
            store_buffer_peak=_peak(g, total),
            unknown_addresses=self.linked.unknown,
            cold=self.cold,
            retirement=tuple(by_retirement(g, total, start, end, step_of)),
            code_fills=len({n for pair in self.cold_lines.of_insn for n in pair if n}),
        )

    def _unfused(self, low: Lowered) -> int:
        return sum(1 for u in low.uops if u.kind != L.K_NONE) or 0

    def _offsets(self) -> list[int]:
        out, at = [], 0
        for step in self.given.steps:
            out += [at, at + step.insn.form.length - 1]
            at += step.insn.form.length
        return out

    def _uops_of_last(self, g: list[int], total: int, insns: int) -> range:
        """Dynamic uops of the last copy of the body."""
        if total == 0:
            return range(0)
        last = g[(total - 1) * state.G_SIZE + state.G_INSN]
        copy = last // insns
        if last % insns >= len(self.items):
            copy -= 1
        first = next(
            (
                n
                for n in range(total - 1, -1, -1)
                if g[n * state.G_SIZE + state.G_INSN] < copy * insns
            ),
            -1,
        )
        stop = next(
            (
                n
                for n in range(first + 1, total)
                if g[n * state.G_SIZE + state.G_INSN] % insns >= len(self.items)
                or g[n * state.G_SIZE + state.G_INSN] >= (copy + 1) * insns
            ),
            total,
        )
        return range(first + 1, stop)

    def _ports(
        self, g: list[int], start: int, total: int
    ) -> tuple[tuple[str, int], ...]:
        names = self.loaded.core.ports.names
        used: Counter[int] = Counter()
        for n in range(total):
            at = n * state.G_SIZE
            if g[at + state.G_PORT] >= 0 and g[at + state.RETIRE] > start:
                used[g[at + state.G_PORT]] += 1
        return tuple((name, used[k]) for k, name in enumerate(names))

    def _lines(self, g: list[int], shown: range) -> tuple[LineUse, ...]:
        """Lines touched by one copy, with the separate writes each took."""
        levels, number, _ = self.cold_lines
        number = number or (0,) * len(self.lines.uses)
        commits: Counter[int] = Counter()
        filled: dict[int, str] = {}
        of_access = self.lines.of_access
        for n in shown:
            at = n * state.G_SIZE
            asked = g[at + state.G_FILL]
            if asked > 0:
                load = g[at + state.COMMIT] < 0
                filled.setdefault(asked, "load" if load else "store")
            wrote = g[at + state.G_LINES]
            if wrote > 0:
                a = self.trace[g[at + state.G_UOP] + L.ACCESS]
                if 0 <= a < len(of_access):
                    commits[of_access[a]] += wrote
        return tuple(
            use._replace(
                commits=commits[k],
                level=LEVELS[levels[number[k] - 1] if number[k] else 0],
                filled_by=filled.get(number[k], "") if number[k] else "",
            )
            for k, use in enumerate(self.lines.uses)
        )

    def _cold_notes(self) -> tuple[str, ...]:
        if not self.cold:
            return ()
        when = "at the start"
        if self.scenario != "once":
            when += " of every trip, as if evicted in between"
        return (f"cold {when}: {spoken(self.cold)}",)

    def _timeline(
        self, g: list[int], shown: range, step_of: list[int]
    ) -> tuple[UopTimes, ...]:
        names = self.loaded.core.ports.names
        zero = min((g[n * state.G_SIZE + state.QUEUE] for n in shown), default=0)
        out = []
        seen: Counter[int] = Counter()
        for n in shown:
            at = n * state.G_SIZE
            step = step_of[n]

            def time(stage: int, at: int = at) -> int:
                return g[at + stage] - zero if g[at + stage] >= 0 else -1

            port = g[at + state.G_PORT]
            wait = g[at + state.DISPATCH + 1] if port >= 0 else g[at + state.ISSUE + 1]
            out.append(
                UopTimes(
                    step=step,
                    uop=seen[step],
                    kind=L.KIND_NAMES[self.trace[g[at + state.G_UOP]]],
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

    # --- what was not known -----------------------------------------------------------
    def _unknown(self) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for item, low in zip(self.items, self.lowered, strict=True):
            if low is not None and not low.known:
                name = f"{item.form.mnemonic} {item.form.shape}".rstrip()
                if low.operation in self.loaded.core.absent:
                    name += f" (which {self.loaded.core.title} does not have)"
                names[name] = None
        return tuple(names)

    def _guesses(self) -> tuple[Guess, ...]:
        """Assumed figures of the rows this path used."""
        rows = {low.row for low in self.lowered if low is not None and low.row}
        out = []
        for name, quantity in self.loaded.evidence.items():
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


def _latest(links_: list[Link], cycles: int) -> list[Link]:
    """The last links that make up ``cycles``: one copy's worth of the path."""
    out: list[Link] = []
    for link in reversed(links_):
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
