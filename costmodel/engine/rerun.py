"""The same path again on variants of one core: cycles only, as fast as can be.

What a draw of the figures cannot change is kept from the first run: the path, its
addresses, which accesses meet, and what instructions lower to whose rows are as they
were. The result is the very figure ``estimate`` would give.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from fractions import Fraction
from typing import Any

from costmodel.code.insn import Path
from costmodel.cores.load import LoadedCore, with_values
from costmodel.cores.model import Core
from costmodel.engine import bulkrun, params, state
from costmodel.engine import layout as L
from costmodel.engine.bulkrun import MARKS
from costmodel.engine.cold import Cold
from costmodel.engine.compose import Composer
from costmodel.engine.guesses import guesses
from costmodel.engine.links import renamed
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import Lowered
from costmodel.engine.machine import run
from costmodel.engine.pathrun import CALENDARS, LIMIT, Run
from costmodel.engine.result import Guess
from costmodel.engine.steady import trip_group
from costmodel.engine.trace import Builder
from costmodel.errors import InputError

# Figures that enter ``Params`` alone: a trace does not depend on them.
PARAMS_ONLY = frozenset(
    [f"window.{name}" for name in (
        "rob", "retire", "retire_latency", "entry_held", "load_buffer", "store_buffer",
        "int_registers", "flag_registers",
    )]
    + [f"front_end.{name}" for name in (
        "fetch_queue", "predecode.width", "predecode.queue", "predecode.latency",
        "predecode.lcp_stall", "decode.uops", "decode.fused_pair_slots",
        "uop_cache.uops_per_cycle",
        "uop_cache.lines_per_cycle", "uop_cache.switch", "uop_queue", "queue_latency",
        "microcode_uops", "microcode_switch", "taken_branch",
    )]
    + [f"rename.{name}" for name in (
        "width", "memory_per_cycle", "to_dispatch", "stack_engine.limit",
    )]
    + [f"memory.{name}" for name in (
        "forward_latency", "forward_address", "forward_load", "forward_narrow",
        "forward_blocked",
        "renaming.latency", "split_load", "split_store", "commit_per_cycle",
        "commit_same_line", "combine_lines", "commit_line_interval", "l2_latency",
        "l3_latency", "memory_latency", "fill_buffers", "boundary",
        "alias_4k",
    )]
)  # fmt: skip
_PLAN = ("front_end.uop_cache.window", "front_end.loop_buffer")  # the latter: loops
_MEETING = "memory.renaming."
# Of the others, those that no instruction's uops depend on (costs: kept row by row).
_NOT_LOWERED = (
    "costs.", "window.", "front_end.uop_cache.", "front_end.loop_buffer",
    _MEETING,
)  # fmt: skip
Key = tuple[tuple[str, Any], ...]
_Rows = dict[str, Key]  # cost row -> its figures that are not as stated
LoweredForms = dict[tuple[Key, Key], dict[tuple[bytes, bool], Lowered]]


class Rerun:
    """Cycles of one path in one scenario, for other values of the core's figures."""

    def __init__(
        self,
        path: Path,
        loaded: LoadedCore,
        scenario: str,
        align: int = 0,
        compiled: bool = False,
        cold: Cold = (),
        lowered: LoweredForms | None = None,
    ) -> None:
        """``compiled`` needs a C compiler; it gives the same figures sooner.

        ``lowered`` is that of another path on the same core, to share its work.
        Raises what ``estimate`` raises for a path it cannot run.
        """
        self.loaded = loaded
        self._how = (path, scenario, align, cold)
        self._first = Run(path, loaded, scenario, align, cold)
        self.rows = frozenset(
            low.row for low in self._first.lowered if low is not None and low.row
        )
        self.lowered: LoweredForms = {} if lowered is None else lowered
        self._traces: dict[Key, tuple[list[int], Builder]] = {
            (): (self._first.trace, self._first.builder)
        }
        self._linked: dict[Key, list[int]] = {}
        self._states: dict[tuple[int, int, int], Any] = {}
        self._compiled = compiled
        self._rate: Any = bulkrun.rate
        self._array: Any = list
        self._fill: Any = state.list_of
        if compiled:
            self._use_compiled()
        self._need = self._enough()

    def _use_compiled(self) -> None:
        from costmodel.engine import compiled

        self._rate = compiled.engine()
        self._array = lambda values: array("q", values)
        self._fill = compiled.fill

    def _enough(self) -> int:
        """Uops over which the rhythm must hold.

        A path that drains the machine repeats from its second trip on; then waiting
        for the whole window to go by tells nothing new.
        """
        first = self._first
        whole = min(2 * first.params.rob, LIMIT // 2)
        if first.scenario == "once":
            return whole
        rates = [
            self._cycles(first.trace, first.builder, first.params, need)
            for need in (1, whole)
        ]
        return 1 if rates[0] == rates[1] else whole

    def cycles(self, values: Mapping[str, Any]) -> Fraction:
        """Cycles a copy on the core with ``values`` set by path.

        Raises CoreError for values the core cannot have.
        """
        core = with_values(self.loaded, values)
        planned: tuple[str, ...] = _PLAN
        if self._first.scenario != "loop":
            planned = _PLAN[:1]
        if not self.loaded.core.memory.alias_4k:  # such loads were not looked for
            planned += ("memory.alias_4k",)
        if any(name in planned for name in values):
            whole = self._run(core)
            return self._cycles(whole.trace, whole.builder, whole.params, self._need)
        trace, builder = self._trace(core, values)
        return self._cycles(trace, builder, params.build(core), self._need)

    def guesses(self) -> tuple[Guess, ...]:
        """The assumed figures the stated cycles rest on."""
        return guesses(self._first)

    def _run(self, core: Core) -> Run:
        path, scenario, align, cold = self._how
        return Run(path, replace(self.loaded, core=core), scenario, align, cold)

    def _links(self, core: Core, key: Key) -> list[int]:
        """The rows of accesses: which loads are renamed follows the core's rules."""
        rules = tuple(item for item in key if item[0].startswith(_MEETING))
        known = self._linked.get(rules)
        if known is None:
            first = self._first
            trace, linked = first.trace, first.linked
            known = list(trace[trace[L.T_ACCESSES] : trace[L.T_LINES]])
            insns = [step.insn for step in first.path.steps]
            for k, kind in enumerate(linked.kind if rules else ()):
                if linked.store[k] >= 0 and kind == L.F_EXACT:
                    takes = renamed(
                        k, linked, insns, core.memory.renaming, first.plan.loops
                    )
                    at = k * L.ACCESS_SIZE + L.A_FORWARD
                    known[at] = L.F_RENAMED if takes else L.F_EXACT
            self._linked[rules] = known
        return known

    def _trace(self, core: Core, values: Mapping[str, Any]) -> tuple[Any, Builder]:
        key = tuple(
            (name, value)
            for name, value in sorted(values.items())
            if name not in PARAMS_ONLY and not self._as_stated(name, value)
        )
        made = self._traces.get(key)
        if made is not None:
            return made
        rules = tuple(item for item in key if not item[0].startswith(_NOT_LOWERED))
        lowering, own = self._lowering(core, key, rules)
        builder = Builder(lowering)
        first = self._first
        rows = self._links(core, key)
        trace = builder.build(
            first.items,
            first.plan.tail,
            repeat=first.plan.repeat,
            base=first.trace[L.T_BASE],
            cached=first.plan.cached,
            loops=first.plan.loops,
            links=[rows],
            depth=first.trace[L.T_DEPTH],
            cold=first.cold_lines.levels,
            cold_code=first.cold_lines.of_insn,
        )
        self._keep(lowering, own, rules)
        if len(key) < 3:  # draws of many figures do not come back
            self._traces[key] = trace, builder
        return trace, builder

    def _as_stated(self, name: str, value: Any) -> bool:
        known = self.loaded.evidence.get(name)
        return known is not None and value == known.value

    def _lowering(self, core: Core, key: Key, rules: Key) -> tuple[Lowering, _Rows]:
        """A lowering that knows what it has met before, and where to keep the rest.

        What an instruction lowers to follows from the core's rules and from the
        figures of its own row.
        """
        rows: _Rows = {}
        for name, value in key:
            if name.startswith("costs."):
                row = _row_of(name)
                rows[row] = (*rows.get(row, ()), (name, value))
        # A new one would look for the semantic table on disk, once a draw.
        made = copy(self._first.builder.lowering)
        made.loaded, made.core = replace(self.loaded, core=core), core
        made._composer = Composer(core)
        stated = self.lowered.get((rules, ()), {})
        made._cache = {form: low for form, low in stated.items() if low.row not in rows}
        for figures in rows.values():
            made._cache.update(self.lowered.get((rules, figures), {}))
        return made, rows

    def _keep(self, lowering: Lowering, rows: _Rows, rules: Key) -> None:
        """Remember what instructions lowered to."""
        for form, low in lowering._cache.items():
            figures = rows.get(low.row, ())
            self.lowered.setdefault((rules, figures), {})[form] = low

    def _state(self, trace: Any, builder: Builder, p: params.Params, size: int) -> Any:
        """A machine of the right shape; the engine resets it before each run."""
        cells = trace[L.T_ACCESS_COUNT] * trace[L.T_DEPTH]
        ports = builder.map
        key = (p.ports, size, cells)
        made = self._states.get(key)
        if made is None:
            made = state.new_state(
                p, size, cells, ports.group_of, ports.group_size, ports.alternates,
                self._fill, trace[L.T_COLD_COUNT],
            )  # fmt: skip
            self._states[key] = made
        for k, entries in enumerate(ports.group_size):
            made[state.GROUP_SIZE_AT + k] = entries
        return made

    def _cycles(
        self, trace: Any, builder: Builder, p: params.Params, need: int
    ) -> Fraction:
        first = self._first
        once = first.scenario == "once"
        group = 1 if once else trip_group(
            sum(item.form.length for item in first.items), p.fetch_bytes,
            first.plan.loops,
        )  # fmt: skip
        marks, uops_at = self._fill(MARKS, 0), self._fill(MARKS, 0)
        out, found = self._fill(group, 0), self._fill(8, 0)
        numbers = self._array(trace) if self._compiled else trace
        log = self._fill(1, 0)
        shortest = once and not self._compiled
        for calendar in (CALENDARS[0] >> 2, *CALENDARS):
            m = self._state(trace, builder, p, calendar)
            if shortest:
                state.reset(m, p)
                m[state.MODE] = first.plan.mode
                run(trace, p, m, log, 1, marks)
                found[4] = m[state.OVERFLOW]
            else:
                # One pass from a drained machine is the first of the trips run.
                self._rate(
                    numbers, p, m, log, first.plan.mode, group,
                    need, 0 if once else LIMIT, marks, uops_at, out, found,
                )  # fmt: skip
            if not found[4]:
                break
        else:
            raise InputError(
                "the path waits longer than the model can follow",
                where=self._how[0].origin,
            )
        if once:
            return Fraction(int(marks[0]))
        return Fraction(int(found[0]), int(found[1]) * first.plan.repeat)


def _row_of(name: str) -> str:
    return ".".join(name.split(".")[:3])
