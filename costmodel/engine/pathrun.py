"""One path on one core in one scenario, ready to run, and its runs."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from costmodel.code.frame import frame_slots
from costmodel.code.insn import Insn, Path
from costmodel.code.lines import lines_touched
from costmodel.cores.load import LoadedCore
from costmodel.engine import layout as L
from costmodel.engine import params, scenarios, state, surround
from costmodel.engine.bulkrun import MARKS, rate
from costmodel.engine.cold import Cold, cold_lines
from costmodel.engine.item import Item
from costmodel.engine.links import links
from costmodel.engine.lower import Lowering
from costmodel.engine.machine import run
from costmodel.engine.result import FrameSlot
from costmodel.engine.steady import trip_group
from costmodel.engine.trace import Builder
from costmodel.errors import InputError, UsageError

CALENDARS = (1 << 12, 1 << 16, 1 << 20)
LIMIT = 8_000  # uops run in search of a steady state
ONE_LOG = 40_000  # uops a log may have room for without knowing how many will run
PATHS = ("once", "roundtrip")  # scenarios of a whole path at its own addresses


class Run:
    """A path laid out for a core in a scenario: the parts, in the order they are made.

    Raises UsageError for cold lines in a scenario without any, and what lowering
    raises. ``path`` is what runs: the path given and what surrounds it.
    """

    def __init__(
        self,
        path: Path,
        loaded: LoadedCore,
        scenario: str,
        align: int,
        cold: Cold = (),
    ) -> None:
        if cold and scenario not in PATHS:
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
            path = surround.with_delivery(surround.with_handler(path))
        self.path = path
        self.builder = Builder(Lowering(loaded))
        self.params = params.build(loaded.core)
        body = [s.insn for s in path.steps]
        self.plan = scenarios.plan(scenario, body, loaded.core)
        self.items = self._items(path, body)
        base = self._address(body[0]) if scenario in PATHS else align
        one_place = self.plan.loops and self.plan.repeat == 1
        self.lowered = self.builder.lower_all(
            self.items, base=base if one_place else -1
        )
        rows, depth, self.linked = links(body, loaded.core, self.plan.loops)
        self.lines = lines_touched(path)
        self.frame = self._frame()
        self.cold_lines = cold_lines(
            cold, path, [self._address(i) for i in body], self.lines.uses, self.frame
        )
        if scenario in PATHS:
            self._place(rows)
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

    def _frame(self) -> tuple[FrameSlot, ...]:
        """The slots of pt_regs, by the steps of the path that runs."""
        if self.given.event in surround.DELIVERED and self.scenario == "once":
            return frame_slots(self.path)
        if not self.given.steps:
            return ()
        first = self.given.steps[0].insn
        front = next(k for k, s in enumerate(self.path.steps) if s.insn is first)
        return tuple(
            slot._replace(step=slot.step + front) if slot.step >= 0 else slot
            for slot in frame_slots(self.given)
        )

    def _place(self, rows: list[list[int]]) -> None:
        """Where each access of the path lies, trip after trip."""
        lines, number = self.lines, self.cold_lines.of_line
        roots: dict[int, int] = {}
        for k, row in enumerate(rows):
            root, offset = lines.places[k]
            row[L.A_ROOT] = roots.setdefault(root, len(roots))
            row[L.A_OFFSET] = offset
            row[L.A_LINE_STRIDE] = row[L.A_FRESH] = 0
            if number:
                row[L.A_COLD] = number[lines.of_access[k]]
                row[L.A_COLD_LAST] = number[lines.last_of_access[k]]

    def _address(self, insn: Insn) -> int:
        """Where the instruction lies: the path's own place moved by ``align``."""
        if insn.symbol == surround.STAND_IN:
            return insn.address
        return insn.address + self.align

    def _items(self, path: Path, body: list[Insn]) -> list[Item]:
        """Instructions with the places of those that do not follow on."""
        if self.scenario not in PATHS:
            items = [Item(s.insn.form, s.taken) for s in path.steps]
            if self.scenario != "loop":
                return items
            if scenarios.closes_itself(body):
                items[-1] = items[-1]._replace(taken=True)
            for k, (last, insn) in enumerate(pairwise(body), 1):
                if insn.address != last.end:
                    at = self.align + insn.address - body[0].address
                    items[k] = items[k]._replace(address=at)
            return items
        items = []
        end = -1
        for step, insn in zip(path.steps, body, strict=True):
            at = self._address(insn)
            items.append(Item(insn.form, step.taken, at if at != end else -1))
            end = at + insn.form.length
        return items

    # --- running --------------------------------------------------------------------
    def state(self, calendar: int, p: params.Params | None = None) -> list[int]:
        """A machine for this path, with its own parameters or with ``p``."""
        ports = self.builder.map
        m = state.new_state(
            p or self.params, calendar, self.cells, ports.group_of, ports.group_size,
            ports.alternates, cold=len(self.cold_lines.levels),
        )  # fmt: skip
        m[state.MODE] = self.plan.mode
        return m

    def _search(self, m: list[int], g: list[int]) -> tuple[int, int, int, int] | None:
        """First trip of the steady state, trips in it, and when it began and ended.

        None where the calendar is too short. With a log ``g`` every uop run is in it.
        """
        found = [0] * 8
        marks, group = [0] * MARKS, self.group()
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

    def group(self) -> int:
        """Trips after which the code is at the same place in its fetch block."""
        length = sum(item.form.length for item in self.items)
        return trip_group(length, self.params.fetch_bytes, self.plan.loops)

    def logged(self) -> tuple[list[int], list[int], int, int, int]:
        """(log, machine, start, end, trips) of the steady state, or of the one pass."""
        once = self.scenario == "once"
        per_trip = len(self.trace) // L.UOP_SIZE * self.plan.repeat + 64
        most = LIMIT + 4 * self.group() * per_trip  # uops until the search gives up
        for calendar in CALENDARS:
            first, count = 0, 1
            if not once:
                # Where all of it fits, what the search runs is logged as it goes.
                g = state.new_log(most if most <= ONE_LOG else 0)
                m = self.state(calendar)
                window = self._search(m, g)
                if window is None:
                    continue
                first, count, start, end = window
                if most <= ONE_LOG:
                    return g, m, start, end, count
            trips = first + count
            g = state.new_log(trips * per_trip)
            m = self.state(calendar)
            marks = [0] * trips
            run(self.trace, self.params, m, g, trips, marks)
            if not m[state.OVERFLOW]:
                return g, m, marks[first - 1] if first else 0, marks[-1], count
        raise self._too_long()

    def cycles(self) -> Fraction:
        """Cycles a copy, and nothing that explains them."""
        for calendar in CALENDARS:
            m = self.state(calendar)
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
