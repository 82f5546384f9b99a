"""The same path again on variants of one core: cycles only, as fast as can be.

Most draws of a core's figures leave the path laid out as it was: then compiled code
puts the trace together from templates (``quick``). The plain engine, and a figure that
the templates rest on, have the path laid out anew, unless only ``Params`` feel it. The
result is the very figure ``estimate`` would give.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from costmodel.code.insn import Path
from costmodel.cores.load import LoadedCore, with_values
from costmodel.cores.model import Core
from costmodel.engine import layout as L
from costmodel.engine import params, scenarios, state
from costmodel.engine.bulkrun import MARKS, rate
from costmodel.engine.cold import Cold
from costmodel.engine.guesses import guesses
from costmodel.engine.links import meeting
from costmodel.engine.machine import run
from costmodel.engine.pathrun import CALENDARS, LIMIT, Run
from costmodel.engine.recipes import SETTLED, Key, LoweredForms
from costmodel.engine.result import Guess
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
        "register_reads",
    )]
    + [f"memory.{name}" for name in (
        "forward_latency", "forward_address", "forward_load", "forward_order",
        "forward_narrow", "forward_blocked",
        "renaming.latency", "renaming.passed", "split_load", "split_store",
        "commit_per_cycle", "commit_same_line", "combine_lines", "commit_line_interval",
        "l2_latency", "l3_latency", "memory_latency", "fill_buffers", "boundary",
        "alias_4k",
    )]
)  # fmt: skip
MOST_LINKED = 1000  # variants whose renamed loads are remembered
# Those the scenario's plan may follow from.
_PLAN = ("front_end.uop_cache.window", "front_end.loop_buffer")
_MEETING = "memory.renaming."


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
        self._first = first = Run(path, loaded, scenario, align, cold)
        self.rows = frozenset(
            low.row for low in first.lowered if low is not None and low.row
        )
        at = first.trace[L.T_ACCESSES], first.trace[L.T_LINES]
        accesses = array("q", first.trace[slice(*at)])
        self._linked: dict[Key, array[int]] = {(): accesses}
        self._laid_out: dict[Key, Run] = {(): first}
        # Without the mechanism the loads it slows were not looked for.
        slow = {"memory.alias_4k"} if not loaded.core.memory.alias_4k else set()
        self._params_only = PARAMS_ONLY - slow
        self._quick = None
        if compiled:
            from costmodel.engine.quick import Quick

            self._quick = Quick(
                first, accesses, loaded, {} if lowered is None else lowered
            )
        self._need = self._whole = min(2 * first.params.rob, LIMIT // 2)
        if scenario != "once":
            self._need = self._enough()

    def _enough(self) -> int:
        """Uops over which the rhythm must hold.

        A path that drains the machine repeats from its second trip on; then waiting
        for the whole window to go by tells nothing new.
        """
        whole = self.cycles({})
        self._need = 1
        return 1 if self.cycles({}) == whole else self._whole

    def cycles(self, values: Mapping[str, Any]) -> Fraction:
        """Cycles a copy on the core with ``values`` set by path.

        Raises CoreError for values the core cannot have.
        """
        core = with_values(self.loaded, values)
        p = params.build(core)
        key = tuple(
            (name, value)
            for name, value in sorted(values.items())
            if name not in self._params_only and not self._as_stated(name, value)
        )
        cycles = None
        if self._quick and self._quick.placed.possible and not self._anew(core, key):
            cycles = self._quick.cycles(
                core, key, p, self._links(core, key), self._need
            )
        else:
            cycles = self._plain(self._run(core, key), p)
        if cycles is None:
            raise InputError(
                "the path waits longer than the model can follow",
                where=self._how[0].origin,
            )
        return cycles

    def guesses(self) -> tuple[Guess, ...]:
        """The assumed figures the stated cycles rest on."""
        return guesses(self._first)

    def _anew(self, core: Core, key: Key) -> bool:
        """Whether the path must be laid out again for these figures."""
        if any(name.startswith(SETTLED) for name, _ in key):
            return True
        if not any(name in _PLAN for name, _ in key):
            return False
        first = self._first
        body = [step.insn for step in first.path.steps]
        return scenarios.plan(first.scenario, body, core) != first.plan

    def _as_stated(self, name: str, value: Any) -> bool:
        known = self.loaded.evidence.get(name)
        return known is not None and value == known.value

    def _run(self, core: Core, key: Key) -> Run:
        made = self._laid_out.get(key)
        if made is None:
            path, scenario, align, cold = self._how
            made = Run(path, replace(self.loaded, core=core), scenario, align, cold)
            if len(key) < 3:  # draws of many figures do not come back
                self._laid_out[key] = made
        return made

    def _links(self, core: Core, key: Key) -> array[int]:
        """The accesses, flat: which loads are renamed follows the core's rules."""
        rules = tuple(item for item in key if item[0].startswith(_MEETING))
        known = self._linked.get(rules)
        if known is None:
            first = self._first
            linked = first.linked
            known = self._linked[()][:]
            insns = [step.insn for step in first.path.steps]
            for k, kind in enumerate(linked.kind):
                if linked.store[k] >= 0 and kind == L.F_EXACT:
                    known[k * L.ACCESS_SIZE + L.A_FORWARD] = meeting(
                        k, linked, insns, core.memory, first.plan.loops
                    )
            if len(self._linked) < MOST_LINKED:
                self._linked[rules] = known
        return known

    def _plain(self, laid: Run, p: params.Params) -> Fraction | None:
        """The same from the plain engine; None: it waits too long."""
        log, marks = [0], [0] * MARKS
        for calendar in CALENDARS:
            m = laid.state(calendar, p)
            if laid.scenario == "once":
                run(laid.trace, p, m, log, 1, marks)
                if not m[state.OVERFLOW]:
                    return Fraction(marks[0])
                continue
            found = [0] * 8
            rate(
                laid.trace, p, m, log, laid.plan.mode, laid.group(), self._need, LIMIT,
                marks, [0] * MARKS, [0] * laid.group(), found,
            )  # fmt: skip
            if not found[4]:
                return Fraction(found[0], found[1] * laid.plan.repeat)
        return None
