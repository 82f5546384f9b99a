"""A machine with one of its limits taken away: what a limit costs, by leaving it out.

Each ``Relaxed`` is the run of a path with other figures or another trace; the core, the
code and the settings stay. A limit taken away may let another one bind, so what each of
them is worth alone does not add up to the total.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from costmodel.cores import declarations
from costmodel.cores.figure import LARGE
from costmodel.engine import layout as L
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation

Change = Callable[["Relaxed"], None]


class Relaxed:
    """A run whose limits can be changed; the simulation stays as it is."""

    def __init__(self, simulation: Simulation, settings: Settings) -> None:
        laid = simulation.layout(settings)
        self._simulation = simulation
        self._settings = settings
        self._figures: dict[str, int] = {}
        self._mode = laid.plan.mode
        self._ranges = simulation.builder.map.ranges
        self.trace = laid.trace

    def cycles(self) -> Fraction:
        """Cycles a copy."""
        return self._simulation.relaxed(
            self._settings, self.trace, self._figures, self._mode
        )

    def declared(self, limit: str) -> None:
        """Set the figures that make up ``limit`` to their relaxed values."""
        stated = self._simulation.stated
        for name, value in declarations.relaxed(limit).items():
            if stated[declarations.place(name)]:
                self._figures[name] = value

    def figures(self, **values: int) -> None:
        """Set figures, by their names in the simulator."""
        self._figures.update(values)

    def each_insn(self, **values: int) -> None:
        """Set columns of every instruction."""
        rows = [row._replace(**values) for row in self.trace.insns]
        self.trace = self.trace._replace(insns=rows)

    def clear(self, flags: int) -> None:
        """Take flags from every instruction."""
        rows = [row._replace(flags=row.flags & ~flags) for row in self.trace.insns]
        self.trace = self.trace._replace(insns=rows)

    def each_uop(self, change: Callable[[L.UopRow], L.UopRow]) -> None:
        """Put ``change`` of every uop in its place."""
        self.trace = self.trace._replace(uops=[change(row) for row in self.trace.uops])

    def each_access(self, change: Callable[[L.AccessRow], L.AccessRow]) -> None:
        """Put ``change`` of every access in its place."""
        rows = [change(row) for row in self.trace.accesses]
        self.trace = self.trace._replace(accesses=rows)

    def latency(self, kind: int, most: int) -> None:
        """No uop of ``kind`` takes longer than ``most``."""
        self.each_uop(
            lambda row: (
                row._replace(latency=min(row.latency, most))
                if row.kind == kind
                else row
            )
        )

    def classes(self) -> list[str]:
        """Classes of port the path's uops are sent to."""
        used = {row.ports_first for row in self.trace.uops}
        return [
            name
            for name, (first, last) in self._ranges.items()
            if last > first and first in used
        ]

    def free_ports(self, *names: str) -> None:
        """As many ports of these classes as there are uops."""
        firsts = {self._ranges[name][0] for name in names}
        self.each_uop(
            lambda row: (
                row._replace(ports_last=row.ports_first, scheduler=-1)
                if row.ports_first in firsts
                else row
            )
        )

    def free_schedulers(self) -> None:
        """Room for every uop in every scheduler."""
        sizes = [1 << 20] * len(self.trace.scheduler_sizes)
        self.trace = self.trace._replace(scheduler_sizes=sizes)

    def all_cached(self) -> None:
        """All code in the uop cache, at any rate of delivery."""
        self.trace = self.trace._replace(lines=[0] * len(self.trace.lines))
        self.clear(L.REFETCH_DECODE)
        self._mode = L.M_CACHE
        self.figures(cache_width=LARGE, cache_lines=LARGE, cache_switch=0)

    def all_warm(self) -> None:
        """Every line in L1 when a trip starts."""
        self.each_insn(cold_first=0, cold_last=0)
        self.each_access(lambda row: row._replace(cold_first=0, cold_last=0))


def _decoders(r: Relaxed) -> None:
    r.declared("decoders")
    r.each_insn(simple_after=LARGE, prefixes=0)
    r.clear(L.COMPLEX | L.LONG | L.ENDS_GROUP)


def _forwards_as_any(row: L.AccessRow) -> L.AccessRow:
    return row._replace(forward=L.F_EXACT) if row.forward == L.F_BLOCKED else row


def _from_declaration(limit: str) -> Change:
    return lambda relaxed: relaxed.declared(limit)


# Limit -> what it is taken to, and how.
LIMITS: dict[str, tuple[str, Change]] = {
    "fetch bandwidth": ("all bytes at once", _from_declaration("fetch bandwidth")),
    "decoders": ("any width", _decoders),
    "uop cache": ("all code in it, any width", Relaxed.all_cached),
    "uop queue": ("as large as can be", _from_declaration("uop queue")),
    "taken branches": ("no bubble", _from_declaration("taken branches")),
    "front end restart": ("0 cycles", lambda r: r.each_insn(redirect=0)),
    "microcode latency": ("0 cycles", lambda r: r.each_insn(latency=0)),
    "microcode sequencer": (
        "any width, no switch",
        _from_declaration("microcode sequencer"),
    ),
    "serialising": (
        "waits for nothing, holds nothing",
        lambda r: r.clear(L.WAIT_RETIRE | L.WAIT_STORES | L.HOLDS),
    ),
    "issue width": ("any width", _from_declaration("issue width")),
    "rob": (f"{LARGE} entries", _from_declaration("rob")),
    "scheduler": ("any size", Relaxed.free_schedulers),
    "load buffer": ("any size", _from_declaration("load buffer")),
    "store buffer": ("any size", _from_declaration("store buffer")),
    "registers": ("any number", _from_declaration("registers")),
    "register reads": ("any number", _from_declaration("register reads")),
    "divider": ("pipelined", lambda r: r.each_uop(lambda row: row._replace(busy=0))),
    "load latency": ("0 cycles", lambda r: r.latency(L.K_LOAD, 0)),
    "execute latency": ("1 cycle", lambda r: r.latency(L.K_COMPUTE, 1)),
    "store forwarding": ("0 cycles", _from_declaration("store forwarding")),
    "blocked forwarding": (
        "forwards as any other",
        lambda r: r.each_access(_forwards_as_any),
    ),
    "4K aliasing": ("no cost", _from_declaration("4K aliasing")),
    "retire width": ("any width", _from_declaration("retire width")),
    "commit rate": ("any number a cycle", _from_declaration("commit rate")),
    "line crossing": ("no cost", _from_declaration("line crossing")),
    "fill buffers": ("any number", _from_declaration("fill buffers")),
    "cold lines": ("all warm", Relaxed.all_warm),
}
