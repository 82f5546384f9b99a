"""Many blocks on one core: bytes in, cycles an iteration out.

Keeps everything that can be kept between blocks: what instructions lower to, the
machine's arrays, and, where there is a C compiler, the compiled engine.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Insn
from costmodel.cores.load import LoadedCore
from costmodel.engine import layout as L
from costmodel.engine import params
from costmodel.engine.bulkrun import MARKS, rate
from costmodel.engine.links import links
from costmodel.engine.lower import Lowering
from costmodel.engine.scenarios import NAMES, plan
from costmodel.engine.state import list_of, new_log, new_state
from costmodel.engine.steady import trip_group
from costmodel.engine.trace import Builder, Item
from costmodel.errors import UsageError

CALENDARS = (256, 1 << 14, 1 << 20)
LIMIT = 12_000


class Throughput(NamedTuple):
    """Cycles an iteration; ``settled`` is False when no period was found."""

    cycles: float
    settled: bool
    instructions: int
    simulated: int  # instructions run to find it


class Bulk:
    """Estimates blocks in the measured scenarios on one core.

    Unrolled blocks begin in the state they were measured in: ``core.measured_from``.
    """

    def __init__(self, loaded: LoadedCore, compiled: bool | None = None) -> None:
        """``compiled``: True requires a C compiler, None uses one if there is one."""
        self.core = loaded.core
        self.builder = Builder(Lowering(loaded))
        self.params = params.build(loaded.core)
        self._rate: Any = rate
        self._fill: Any = list_of
        self._array: Callable[[list[int]], Any] = list
        self._states: dict[tuple[int, int], list[int]] = {}
        if compiled is not False:
            self._use_compiled(required=compiled is True)
        self._log = new_log(0, self._fill)
        self._marks = self._fill(MARKS, 0)
        self._uops_at = self._fill(MARKS, 0)
        self._out = self._fill(1024, 0)
        self._found = self._fill(8, 0)

    def _use_compiled(self, required: bool) -> None:
        from costmodel.engine import compiled

        if not required and compiled.compiler() is None:
            return
        self._rate = compiled.engine()
        self._fill = compiled.fill
        self._array = lambda values: array("q", values)

    def throughput(
        self, code: bytes, scenario: str = "unroll", counter: int = -1
    ) -> Throughput:
        """Cycles an iteration of a block; ``counter``: register of a loop's ``dec``.

        Raises InputError for bytes that are no code and UnknownInstructionError for
        code the model refuses.
        """
        return self.insns(decode_bytes(code), scenario, counter)

    def insns(
        self, body: list[Insn], scenario: str = "unroll", counter: int = -1
    ) -> Throughput:
        """The same for decoded instructions."""
        if scenario not in NAMES:
            raise UsageError(
                f"no scenario {scenario!r}", expected="one of " + ", ".join(NAMES)
            )
        todo = plan(scenario, body, self.core, counter)
        same = scenario == "unroll" and self.core.measured_from == "same_pointer"
        rows, depth, _ = links(body, self.core, todo.loops, same)
        trace = self.builder.build(
            [Item(i.form) for i in body],
            todo.tail,
            repeat=todo.repeat,
            cached=todo.cached,
            loops=todo.loops,
            links=rows,
            depth=depth,
        )
        length = sum(i.form.length for i in body)
        group = trip_group(length, self.params.fetch_bytes, todo.loops)
        cells = trace[L.T_ACCESS_COUNT] * trace[L.T_DEPTH]
        array = self._array(trace)
        found = self._found
        for calendar in CALENDARS:
            state = self._state(cells, calendar)
            self._rate(
                array, self.params, state, self._log, todo.mode, group,
                2 * self.params.rob, LIMIT, self._marks, self._uops_at, self._out,
                found,
            )  # fmt: skip
            if not found[4]:
                break
        trips = max(1, int(found[1]))
        return Throughput(
            int(found[0]) / (trips * (1 if scenario == "loop" else todo.repeat)),
            bool(found[3]),
            len(body),
            int(found[2] + found[1]) * len(body) * todo.repeat,
        )

    def _state(self, cells: int, calendar: int) -> list[int]:
        size = 64
        while size < cells:
            size *= 4
        key = (size, calendar)
        state = self._states.get(key)
        if state is None:
            ports = self.builder.map
            state = new_state(
                self.params, calendar, size, ports.group_of, ports.group_size,
                ports.alternates, self._fill,
            )  # fmt: skip
            self._states[key] = state
        return state
