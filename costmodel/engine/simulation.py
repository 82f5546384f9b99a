"""The one way to run the model: a path laid out on a core, and run with any figures.

``Simulation`` lays a path out once for each ``Settings`` it is asked with. Whatever is
printed, validated, drawn, swept or timed goes through it, so that what was checked is
what is told. A draw changes the vector of figures and nothing else, unless a figure
says where code or data lie, or which uops there are: then the path is laid out anew.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from math import gcd
from typing import Any, Literal, TypeAlias

from msgspec.structs import replace

from costmodel.code.insn import Insn, Path
from costmodel.code.lines import Lines
from costmodel.code.values import Linkage
from costmodel.cores import declarations
from costmodel.cores.load import LoadedCore, with_values
from costmodel.cores.model import Core
from costmodel.engine import _simulator, layout, scenarios, surround
from costmodel.engine.cold import Cold, ColdLines, cold_lines
from costmodel.engine.layout import AccessRow, Term, Trace
from costmodel.engine.links import links
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import Item, Lowered
from costmodel.engine.pathfacts import PathFacts, facts_of
from costmodel.engine.result import FrameSlot
from costmodel.engine.trace import Builder, terms
from costmodel.errors import CoreError, InputError, UsageError
from costmodel.scenarios import checked, checked_align
from costmodel.tuples import NamedTuple

# Uops run in search of a period: copies whose ports wander have none, and are known to
# about 1 % after the first; a trip of the other scenarios is of some 200.
LIMIT_UNROLL, LIMIT_LOOPS = 3_000, 12_000
CALENDAR = 256  # cycles; the simulator makes it longer where it must
MOST_LAYOUTS = 256  # kept for figures that move things

# Figures that are a number of cycles or bytes, and 0 where a core lacks the mechanism.
_SWITCHES = (
    "memory.address_wait", "memory.alias_4k", "memory.bank_bytes", "memory.chase_saves",
)  # fmt: skip
Pointers = Literal["distinct_pointers", "same_pointer"]
Values = Mapping[str, Any]
Terms: TypeAlias = "tuple[dict[str, int], list[Term], array[int]]"


class Settings(NamedTuple):
    """All that decides a run, besides the path, the core and its figures.

    ``scenario``: one of ``scenarios.NAMES``. ``align``: bytes the code is moved from
    where it lies, or, of measured copies, its address. ``pointers``: what registers
    hold when copies begin (see ``code.values``). ``counter``: register of a loop's
    ``dec``; -1: a free one. ``cold``: lines that are not in L1 (see ``cold``).
    ``limit``: uops run in search of a steady state; 0: the scenario's own.
    """

    scenario: str
    align: int = 0
    pointers: Pointers = "distinct_pointers"
    counter: int = -1
    cold: Cold = ()
    limit: int = 0

    @classmethod
    def of(
        cls, core: Core, scenario: str, align: int | None = None, cold: Cold = ()
    ) -> Settings:
        """The settings estimates are made with: of copies, those they were measured
        with on this core, so that the error measured is that of the estimate.

        Raises UsageError for a scenario there is not, or cold lines in one that has
        none.
        """
        checked(scenario)
        if align is not None:
            checked_align(align)
        if scenario in scenarios.PATHS:
            return cls(scenario, align or 0, cold=cold)
        if cold:
            raise UsageError(
                f"cold lines in the scenario {scenario!r}",
                expected="once or roundtrip: the others measure a warm block",
            )
        measured = cls.measured(core, scenario)
        return measured if align is None else measured._replace(align=align)

    @classmethod
    def measured(cls, core: Core, scenario: str, counter: int = -1) -> Settings:
        """The settings blocks were measured with on this core."""
        if scenario == "unroll":
            return cls(scenario, core.measured_at, core.measured_from, counter)
        return cls(scenario, counter=counter)


class Outcome(NamedTuple):
    """What a run took. Cycles and trips are of the window that was measured."""

    cycles: int
    trips: int
    first: int  # trip the window begins with
    start: int  # cycle it begins at
    settled: bool  # whether a period was found
    uops: int  # run in all
    calendar: int  # cycles the simulator had to look ahead
    last_event: int  # of the log: the last retirement


class Rate(NamedTuple):
    """Cycles a copy, and whether copies were found to repeat (else they are a mean)."""

    cycles: Fraction
    settled: bool


class Logged(NamedTuple):
    """A run with its log: ``layout.LOG_ROW`` integers a uop, see ``layout.COLUMNS``."""

    outcome: Outcome
    log: Sequence[int]
    figures_read: frozenset[str]  # paths


class Layout(NamedTuple):
    """A path laid out in one setting: the parts, in the order they are made."""

    path: Path  # what runs: the path given and what surrounds it
    plan: scenarios.Plan
    items: tuple[Item, ...]  # without the tail
    lowered: list[Lowered | None]  # with it; None: fused into the one before
    accesses: list[AccessRow]
    linked: Linkage
    cold_lines: ColdLines
    trace: Trace
    group: int  # trips after which code is at the same place in its fetch block


@functools.lru_cache(maxsize=64)
def builder_of(loaded: LoadedCore) -> Builder:
    """What lays paths out on a core: it keeps what instructions lower to."""
    return Builder(Lowering(loaded))


class Simulation:
    """One path on one core. Raises, when run, what lowering raises.

    ``run`` gives cycles, ``logged`` all there is to tell, ``draws`` the cycles at many
    values of the core's figures at once, ``relaxed`` those of a changed trace.
    """

    def __init__(self, path: Path, loaded: LoadedCore) -> None:
        self.given = path
        self.facts = facts_of(path)
        self.loaded = loaded
        self.builder = builder_of(loaded)
        self.stated = self.builder.stated
        self._layouts: dict[Settings, Layout] = {}
        self._ready: dict[Settings, Any] = {}  # the simulator's own traces
        self._variants: dict[tuple[Settings, tuple[tuple[str, Any], ...]], Any] = {}
        self._known_terms: dict[Any, tuple[list[Lowered | None], Terms]] = {}
        self._calendar = CALENDAR

    # --- running ----------------------------------------------------------------------
    def run(self, settings: Settings) -> Outcome:
        """Run it at the figures stated, for cycles alone."""
        key = _laid_out(settings)
        trace = self._ready.get(key)
        if trace is None:
            packed = self.layout(settings).trace.packed()
            trace = self._simulated(packed, self.stated, ())
            self._ready[key] = trace
        outcome = Outcome(*self._call(trace.run, self.stated, settings))
        self._calendar = outcome.calendar
        return outcome

    def cycles(self, settings: Settings, values: Values | None = None) -> Fraction:
        """Cycles a copy, with some figures of the core set to ``values`` by path."""
        return self.rate(settings, values).cycles

    def rate(self, settings: Settings, values: Values | None = None) -> Rate:
        """As ``cycles``, and whether they settled."""
        if values:
            key = [kv for kv in values.items() if self._moves(settings, kv[0], kv[1:])]
            trace, places, vector = self._variant(settings, tuple(key))
            row = vector[:]
            for path in values.keys() - dict(key).keys() & places.keys():
                row[places[path]] = _encoded(path, values[path])
            outcome = Outcome(*self._call(trace.run, row, settings))
        else:
            outcome = self.run(settings)
        cycles = self._per_copy(settings, outcome.cycles, outcome.trips)
        return Rate(cycles, outcome.settled)

    def logged(self, settings: Settings) -> Logged:
        """Run it at the figures stated, and keep when everything happened, and why."""
        packed = self.layout(settings).trace.packed()
        trace = self._simulated(packed, self.stated, ())
        outcome, log, read = self._call(trace.log, self.stated, settings)
        bits = int.from_bytes(read, "little")
        return Logged(
            Outcome(*outcome),
            memoryview(log).cast("q"),
            frozenset(
                path
                for path, place in declarations.places().items()
                if bits >> place & 1
            ),
        )

    def draws(
        self, settings: Settings, columns: Mapping[str, Sequence[Any]], count: int
    ) -> list[Fraction]:
        """Cycles a copy at ``count`` draws; ``columns``: values of each figure by path.

        Figures the path cannot feel are passed over. Raises CoreError for values the
        core cannot have.
        """
        moving = {
            path: column
            for path, column in columns.items()
            if self._moves(settings, path, column)
        }
        still = {path: column for path, column in columns.items() if path not in moving}
        groups: dict[tuple[tuple[str, Any], ...], list[int]] = {}
        for k in range(count):
            key = tuple((path, moving[path][k]) for path in moving)
            groups.setdefault(key, []).append(k)
        cycles = [Fraction(0)] * count
        for key, members in groups.items():
            trace, places, stated = self._variant(settings, key)
            rows = stated * len(members)
            for path, column in still.items():
                place = places.get(path)
                if place is not None:
                    encoded = _encoder(path)
                    rows[place :: len(stated)] = array(
                        "q", [encoded(column[k]) for k in members]
                    )
            found = self._call(trace.draws, rows, settings)
            for k, (taken, trips) in zip(members, found, strict=True):
                cycles[k] = self._per_copy(settings, taken, trips)
        return cycles

    def relaxed(
        self, settings: Settings, trace: Trace, figures: Mapping[str, int], mode: int
    ) -> Fraction:
        """Cycles a copy of a trace made from this one, delivered in ``mode`` (M_*);
        ``figures``: of the vector, by their names there."""
        vector = self.stated[:]
        for name, value in figures.items():
            vector[declarations.place(name)] = value
        ready = self._simulated(trace.packed(), vector, ())
        outcome = Outcome(*self._call(ready.run, vector, settings, mode))
        return self._per_copy(settings, outcome.cycles, outcome.trips)

    def _per_copy(self, settings: Settings, cycles: int, trips: int) -> Fraction:
        return Fraction(cycles, trips * self.layout(settings).plan.repeat)

    def _call(
        self, run: Any, figures: Any, settings: Settings, mode: int | None = None
    ) -> Any:
        """Call the simulator, its refusals in the words of the project."""
        made = self.layout(settings)
        limit = settings.limit
        if settings.scenario == "once":
            limit = 0
        elif not limit:
            limit = LIMIT_LOOPS if made.plan.loops else LIMIT_UNROLL
        need = min(2 * self.loaded.core.window.rob, limit // 2)
        try:
            return run(
                figures, made.plan.mode if mode is None else mode, made.group, need,
                limit, self._calendar,
            )  # fmt: skip
        except OverflowError:
            raise InputError(
                "the path waits longer than the model can follow",
                where=self.given.origin,
                hint="shorten it, or leave out what waits",
            ) from None
        except ValueError as problem:
            raise CoreError(
                f"the simulator cannot run this: {problem}", where=self.loaded.name
            ) from None

    def _simulated(self, packed: array[int], stated: array[int], terms: Any) -> Any:
        flat = array("q", [x for term in terms for x in term])
        try:
            return _simulator.Trace(packed, stated, flat)
        except ValueError as problem:
            raise CoreError(
                f"the simulator cannot run this: {problem}", where=self.loaded.name
            ) from None

    # --- figures ----------------------------------------------------------------------
    def rows(self, settings: Settings) -> frozenset[str]:
        """Paths of the cost rows the path uses."""
        lowered = self.layout(settings).lowered
        return frozenset(low.row for low in lowered if low is not None and low.row)

    def _moves(self, settings: Settings, path: str, column: Sequence[Any]) -> bool:
        """Whether values of a figure may ask for another layout."""
        known = self.loaded.evidence.get(path)
        if known is not None and all(value == known.value for value in column):
            return False
        if path.startswith("costs."):
            if ".".join(path.split(".")[:3]) not in self.rows(settings):
                return False
            kind = path.rpartition(".")[2]
            if kind in ("filler", "microcode", "busy"):
                return known is None or not known.value or not all(column)
            return kind not in ("latency", "line_cycles")
        if path.startswith("window.schedulers."):
            return False
        if path in _SWITCHES:
            # With 0 the mechanism was not looked for when the path was laid out.
            return known is None or not known.value or not all(column)
        if declarations.changes(path) in ("time", "latency", "nothing"):
            return False
        return felt(self.layout(settings), path, column)

    def _variant(
        self, settings: Settings, key: tuple[tuple[str, Any], ...]
    ) -> tuple[Any, dict[str, int], array[int]]:
        """The simulator's trace, places of figures and vector of a layout of its own
        for the figures ``key``."""
        kept = self._variants.get((settings, key))
        if kept is not None:
            made: tuple[Any, dict[str, int], array[int]] = kept
            return made
        loaded = self.loaded
        if key:
            loaded = replace(loaded, core=with_values(loaded, dict(key)))
            builder = self.builder.varied(loaded, dict(key))
            laid = lay_out(self.facts, builder, settings)
        else:
            laid = self.layout(settings)
        places, found, stated = self._terms(laid)
        vector = stated[:]
        for path, value in key:
            if path in places:
                vector[places[path]] = _encoded(path, value)
        trace = self._simulated(laid.trace.packed(), vector, found)
        if len(self._variants) >= MOST_LAYOUTS:
            self._variants.clear()
        self._variants[settings, key] = trace, places, vector
        return trace, places, vector

    def _terms(self, laid: Layout) -> Terms:
        """Places of all figures, the cells of a layout that follow them, and the values
        stated. Layouts with the same rows have the same, wherever code and data lie."""
        trace = laid.trace
        ends = tuple([row.last_uop for row in trace.insns])
        key = tuple(map(id, laid.lowered)), ends, trace.head._replace(base=0)
        known = self._known_terms.get(key)
        if known is None:  # keeps what was lowered alive, and so its ids its own
            places = dict(declarations.places())

            def place(path: str) -> int:
                return places.setdefault(path, len(places))

            found = terms(trace, laid.lowered, self.loaded.core, place)
            if len(self._known_terms) >= MOST_LAYOUTS:
                self._known_terms.clear()
            stated = self.stated[:]
            for path in islice(places, len(stated), None):  # those the terms add
                stated.append(_encoded(path, _value_at(self.loaded, path)))
            known = self._known_terms[key] = laid.lowered, (places, found, stated)
        return known[1]

    # --- layout -----------------------------------------------------------------------
    def layout(self, settings: Settings) -> Layout:
        """The path laid out for ``settings``; kept."""
        key = _laid_out(settings)
        made = self._layouts.get(key)
        if made is None:
            made = self._layouts[key] = lay_out(self.facts, self.builder, key)
        return made

    @property
    def frame(self) -> tuple[FrameSlot, ...]:
        """The words of ``struct pt_regs`` the path given writes, by its steps."""
        return self.facts.frame

    def frame_of(self, settings: Settings) -> tuple[FrameSlot, ...]:
        """The same by the steps of the path that runs; with what delivery wrote."""
        path = self.layout(settings).path
        if settings.scenario == "once" and self.given.event in surround.DELIVERED:
            return _surrounded(self.facts, settings.scenario).frame
        if not self.given.steps:
            return ()
        first = self.given.steps[0].insn
        front = next(k for k, step in enumerate(path.steps) if step.insn is first)
        return tuple(
            slot._replace(step=slot.step + front) if slot.step >= 0 else slot
            for slot in self.frame
        )

    def lines(self, settings: Settings) -> Lines:
        """The 64-byte lines that what runs touches."""
        return _surrounded(self.facts, settings.scenario).lines


def _laid_out(settings: Settings) -> Settings:
    """The settings as far as the lay-out goes: how long it is run is left out."""
    return settings._replace(limit=0) if settings.limit else settings


def _surrounded(given: PathFacts, scenario: str) -> PathFacts:
    """What runs in a scenario: the path and what surrounds it there."""
    if scenario == "roundtrip":
        return given.round_trip
    return given.handled if scenario == "once" else given


def lay_out(given: PathFacts, builder: Builder, settings: Settings) -> Layout:
    """Lay a path out on a core. Raises what lowering raises."""
    core = builder.core
    scenario = settings.scenario
    facts = _surrounded(given, scenario)
    path, body = facts.path, facts.body
    plan = scenarios.plan(scenario, body, core, settings.counter)
    placed = scenario in scenarios.PATHS
    items = facts.kept(
        ("items", scenario, settings.align),
        lambda: (
            _items(path, body, settings) if placed else _block(path, body, settings)
        ),
    )
    base = _address(body[0], settings) if placed and body else settings.align
    with_tail = (*items, *plan.tail) if plan.tail else items
    linking = links(
        facts,
        core,
        plan.loops,
        settings.pointers == "same_pointer",
        plan.repeat,
        scenario == "once",
    )
    accesses, depth, linked = linking
    cold = ColdLines()
    if placed and settings.cold:
        lines = facts.lines
        places = [_address(insn, settings) for insn in body]
        cold = cold_lines(settings.cold, path, places, lines.uses, given.frame)
        accesses = _placed(accesses, lines, cold)
    elif placed:  # the same for all that link it alike; the key keeps its id its own
        accesses = facts.kept(
            ("placed", id(linking)), lambda: (linking, _placed(accesses, facts.lines))
        )[1]
    one_place = plan.loops and plan.repeat == 1
    lowered = builder.lower_all(with_tail, plan.cached, base if one_place else -1)
    lowered = builder.chased(with_tail, lowered, accesses)
    trace = builder.build(
        with_tail,
        lowered,
        len(items),
        repeat=plan.repeat,
        base=base,
        cached=plan.cached,
        loops=plan.loops,
        accesses=accesses,
        depth=depth,
        cold=cold.levels,
        cold_code=cold.of_insn,
    )
    length = sum(item.form.length for item in items)
    group = 1
    if not plan.loops and length:
        block = core.front_end.fetch_bytes
        group = block // gcd(length, block)
    return Layout(path, plan, items, lowered, accesses, linked, cold, trace, group)


def felt(laid: Layout, path: str, column: Sequence[Any]) -> bool:
    """Whether a layout could be another with these values of a figure of the layout or
    the structure."""
    if path.startswith("front_end.uop_cache."):
        if path.endswith(".capacity"):
            lines = max(laid.trace.lines, default=-1) + 1 or len(laid.trace.lines)
            return laid.plan.cached and lines > min(column) // 8
        return laid.plan.cached
    if path == "front_end.loop_buffer":
        return laid.plan.mode == layout.M_LOOP or bool(laid.plan.tail)
    if path == "front_end.decode.slot0_length":
        return any(item.form.length > min(column) for item in laid.items)
    if path == "memory.alias_4k":
        return any(row.forward == layout.F_ALIAS for row in laid.accesses)
    if path == "memory.bank_bytes":
        return len(laid.accesses) > 1
    if path.startswith("memory.renaming."):
        meets = (
            layout.F_EXACT,
            layout.F_ORDERED,
            layout.F_MODIFIED,
            layout.F_RENAMED,
            layout.F_LEARNED,
            layout.F_PASSED,
            layout.F_CHECKED,
        )
        return any(row.forward in meets for row in laid.accesses)
    return True


def _value_at(loaded: LoadedCore, path: str) -> Any:
    """The value of a figure by its path, in the core as it is."""
    parts = path.split(".")
    if parts[0] == "costs":
        operation, shape = parts[1], parts[2]
        value: Any = loaded.core.costs[operation][shape]
        parts = parts[3:]
    else:
        value = loaded.core
    for part in parts:
        value = value[int(part)] if part.isdecimal() else getattr(value, part)
    return value


def _encoded(path: str, value: Any) -> int:
    return _encoder(path)(value)


def _encoder(path: str) -> Callable[[Any], int]:
    """What makes a figure's value one of the vector."""
    declared = declarations.BY_PATH.get(path)
    return int if declared is None or declared.kind == "int" else declared.encoded


def _address(insn: Insn, settings: Settings) -> int:
    """Where the instruction lies: the path's own place moved by ``align``."""
    if insn.symbol == surround.STAND_IN:
        return insn.address
    return insn.address + settings.align


def _items(path: Path, body: Iterable[Insn], settings: Settings) -> tuple[Item, ...]:
    """Instructions with the places of those that do not follow on."""
    items = []
    end = -1
    for step, insn in zip(path.steps, body, strict=True):
        at = _address(insn, settings)
        items.append(Item(insn.form, step.taken, at if at != end else -1))
        end = at + insn.form.length
    return tuple(items)


def _block(path: Path, body: Sequence[Insn], settings: Settings) -> tuple[Item, ...]:
    """Instructions of a block that is repeated. In a loop those of its own rounds lie
    where they lie, and its own jump back is taken."""
    items = [Item(step.insn.form, step.taken) for step in path.steps]
    if settings.scenario != "loop":
        return tuple(items)
    if scenarios.closes_itself(body):
        items[-1] = items[-1]._replace(taken=True)
    for k, (last, insn) in enumerate(pairwise(body), 1):
        if insn.address != last.end:
            at = settings.align + insn.address - body[0].address
            items[k] = items[k]._replace(address=at)
    return tuple(items)


def _placed(
    accesses: Sequence[AccessRow], lines: Lines, cold: ColdLines | None = None
) -> list[AccessRow]:
    """The accesses of a path where they lie, trip after trip."""
    roots: dict[int, int] = {}
    rows = []
    for k, row in enumerate(accesses):
        root, offset = lines.places[k]
        first = last = 0
        if cold is not None and cold.of_line:
            first = cold.of_line[lines.of_access[k]]
            last = cold.of_line[lines.last_of_access[k]]
        rows.append(
            AccessRow(
                row.store, row.distance, row.forward,
                roots.setdefault(root, len(roots)), 0, layout.signed(offset), 0,
                row.width, row.segment, first, last,
            )
        )  # fmt: skip
    return rows
