"""Many blocks on one core: bytes in, cycles an iteration out.

Keeps everything that can be kept between blocks: what instructions lower to, the
machine's arrays, and, where there is a C compiler, the compiled engine.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from costmodel.code.decode import decode_bytes, split
from costmodel.code.insn import Insn
from costmodel.cores.load import LoadedCore
from costmodel.engine import layout as L
from costmodel.engine import params
from costmodel.engine.bulkrun import MARKS, rate
from costmodel.engine.item import Item
from costmodel.engine.links import links
from costmodel.engine.lower import Lowering
from costmodel.engine.pool import Pool
from costmodel.engine.scenarios import NAMES, plan
from costmodel.engine.state import M_DECODE, list_of, new_log, new_state
from costmodel.engine.steady import trip_group
from costmodel.engine.trace import Builder
from costmodel.errors import UsageError

CALENDARS = (256, 1 << 14, 1 << 20)
# Uops run in search of a period: copies whose ports wander have none, and are known to
# about 1 % after the first; a trip of the other scenarios is of some 200.
LIMIT, LIMIT_LOOPS = 3_000, 12_000


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
        self._banks = self.core.memory.bank_bytes > 0
        self._fast: Any = None
        if self._fill is not list_of:
            self._fast = _Fast(self)

    def _use_compiled(self, required: bool) -> None:
        from costmodel.engine import compiled

        if not required and compiled.compiler() is None:
            return
        self._rate = compiled.engine(core=self.params)
        self._fill = compiled.fill
        self._array = lambda values: array("q", values)

    def throughput(
        self, code: bytes, scenario: str = "unroll", counter: int = -1
    ) -> Throughput:
        """Cycles an iteration of a block; ``counter``: register of a loop's ``dec``.

        Raises InputError for bytes that are no code and UnknownInstructionError for
        code the model refuses.
        """
        if scenario == "unroll" and self._fast is not None:
            found = self._unrolled(code)
            if found is not None:
                return found
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
        rows, depth = self._links(body, scenario, todo.loops)
        trace = self.builder.build(
            [Item(i.form) for i in body],
            todo.tail,
            repeat=todo.repeat,
            base=self.core.measured_at if scenario == "unroll" else 0,
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
                2 * self.params.rob, LIMIT_LOOPS if todo.loops else LIMIT,
                self._marks, self._uops_at, self._out, found,
            )  # fmt: skip
            if not found[4]:
                break
        repeat = 1 if scenario == "loop" else todo.repeat
        return self._result(len(body) * todo.repeat // repeat, repeat)

    def _result(self, instructions: int, repeat: int) -> Throughput:
        found = self._found
        trips = max(1, found[1])
        return Throughput(
            found[0] / (trips * repeat),
            found[3] != 0,
            instructions,
            (found[2] + found[1]) * instructions * repeat,
        )

    def _links(
        self, body: list[Insn], scenario: str, loops: bool
    ) -> tuple[list[list[int]], int]:
        same = scenario == "unroll" and self.core.measured_from == "same_pointer"
        rows, depth, _ = links(body, self.core, loops, same)
        return rows, depth

    def _unrolled(self, code: bytes) -> Throughput | None:
        """Copies of a block, put together and run by compiled code; None: it needs
        more than templates."""
        fast = self._fast
        parts = split(code)
        pieces = fast.pool.pieces(parts)
        size = fast.pool.fixed
        widths: list[int] = []
        stores = False
        for piece in pieces:
            size += piece.size
            if piece.widths:
                widths += piece.widths
                stores = stores or piece.stores
            if piece.apart:
                return None
        count = len(widths)
        depth = 1
        rows: Sequence[Sequence[int]]
        if stores or (count > 1 and self._banks):
            address = 0
            body = []
            for piece in pieces:
                body.append(Insn(piece.form, address))
                address += piece.length
            rows, farthest = self._links(body, "unroll", False)
            while depth < farthest:
                depth *= 2
        else:
            rows = [_elsewhere(k, width) for k, width in enumerate(widths)]
        block = array("q", (
            len(pieces), 0, 1, self.core.measured_at, depth, 0, count,
            count * L.ACCESS_SIZE, 0, 0, *fast.pool.templates(pieces, rows),
        ))  # fmt: skip
        for row in rows:
            block.extend(row)
        group = trip_group(len(code), self.params.fetch_bytes, False)
        for calendar in CALENDARS:
            fast.run(block, count * depth, calendar, size + len(block), group)
            if not self._found[4]:
                break
        return self._result(len(parts), 1)

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


class _Fast:
    """The call into compiled code, all that does not change kept ready."""

    def __init__(self, bulk: Bulk) -> None:
        from costmodel.engine import compiled

        self.pool = Pool(bulk.builder)
        self._call = compiled.raw("place_and_rate", "aaaaaaiiiiaaaa", bulk.params)
        self._address: Callable[[Any], int] = compiled.address
        self._params = array("q", bulk.params)
        self._params_at = self._address(self._params)
        self._fill = compiled.fill
        self._room = compiled.fill(1 << 14, 0)
        self._state = bulk._state
        self._at: dict[tuple[int, int], int] = {}  # addresses of states, which stay
        self._need = 2 * bulk.params.rob
        self._kept: list[Any] = [
            bulk._log, bulk._marks, bulk._uops_at, bulk._out, bulk._found,
        ]  # fmt: skip
        self._places = [self._address(kept) for kept in self._kept]

    def run(
        self, block: array[int], cells: int, calendar: int, room: int, group: int
    ) -> None:
        at = self._address
        if room > len(self._room):
            self._room = self._fill(2 * room, 0)
        state = self._at.get((cells, calendar))
        if state is None:
            made: Any = self._state(cells, calendar)
            state = self._at[cells, calendar] = at(made)
        log, *rest = self._places
        self._call(
            at(self.pool.numbers), at(block), at(self._room), self._params_at,
            state, log, M_DECODE, group, self._need, LIMIT, *rest,
        )  # fmt: skip


@lru_cache(maxsize=1024)
def _elsewhere(number: int, width: int) -> tuple[int, ...]:
    """The row of an access that meets no other."""
    return -1, 0, L.F_NONE, number, 0, 0, 0, width, 0, 0
