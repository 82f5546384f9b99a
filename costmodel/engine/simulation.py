"""The one way to run the model: a path laid out on a core, and run with any figures.

``Simulation`` lays a path out once for each ``Settings`` it is asked with. Whatever is
printed, validated, drawn, swept or timed goes through it, so that what was checked is
what is told. A draw changes the vector of figures and nothing else, unless a figure
says where code or data lie, or which uops there are: then the path is laid out anew.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any, TypeAlias

from msgspec.structs import replace

from costmodel.code.insn import Path
from costmodel.code.lines import Lines
from costmodel.cores import declarations
from costmodel.cores.load import LoadedCore, with_values
from costmodel.engine import _simulator, surround
from costmodel.engine.figures import encoded, encoder, moves, value_at
from costmodel.engine.layout import Term, Trace
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import Lowered
from costmodel.engine.pathfacts import facts_of
from costmodel.engine.placement import Layout, lay_out, surrounded
from costmodel.engine.result import FrameSlot
from costmodel.engine.settings import Settings
from costmodel.engine.terms import terms
from costmodel.engine.trace import Builder
from costmodel.errors import CoreError, InputError
from costmodel.tuples import NamedTuple

# Uops run in search of a period: copies whose ports wander have none, and are known to
# about 1 % after the first; a trip of the other scenarios is of some 200.
LIMIT_UNROLL, LIMIT_LOOPS = 3_000, 12_000
CALENDAR = 256  # cycles; the simulator makes it longer where it must
MOST_LAYOUTS = 256  # kept for figures that move things

Values = Mapping[str, Any]
Terms: TypeAlias = "tuple[dict[str, int], list[Term], array[int]]"


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
            laid = self.layout(settings)
            loaded = self.loaded
            key = [kv for kv in values.items() if moves(laid, loaded, kv[0], kv[1:])]
            trace, places, vector = self._variant(settings, tuple(key))
            row = vector[:]
            for path in values.keys() - dict(key).keys() & places.keys():
                row[places[path]] = encoded(path, values[path])
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
        laid = self.layout(settings)
        moving = {
            path: column
            for path, column in columns.items()
            if moves(laid, self.loaded, path, column)
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
                    number = encoder(path)
                    rows[place :: len(stated)] = array(
                        "q", [number(column[k]) for k in members]
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
        return self.layout(settings).rows()

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
                vector[places[path]] = encoded(path, value)
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
                stated.append(encoded(path, value_at(self.loaded, path)))
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
            return surrounded(self.facts, settings.scenario).frame
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
        return surrounded(self.facts, settings.scenario).lines


def _laid_out(settings: Settings) -> Settings:
    """The settings as far as the lay-out goes: how long it is run is left out."""
    return settings._replace(limit=0) if settings.limit else settings
