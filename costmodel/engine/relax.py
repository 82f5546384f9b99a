"""A machine with one of its limits taken away: what a limit costs, by leaving it out.

Each ``Relaxed`` is the run of a path with other figures or another trace; the core, the
code and the scenario stay. A limit taken away may let another one bind, so what each of
them is worth alone does not add up to the total.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from costmodel.engine import layout as L
from costmodel.engine.pathrun import Run
from costmodel.engine.state import M_CACHE, MOST_ROB

MANY = 512  # of anything a cycle
ROOMY = 1 << 20
_NOWHERE = 12  # log2 of a fetch block that is never left

Change = Callable[["Relaxed"], None]


class Relaxed:
    """A run whose limits can be changed; the run it was made from stays as it is."""

    def __init__(self, run: Run) -> None:
        self.run: Any = copy.copy(run)
        self.trace = self.run.trace = list(run.trace)

    def cycles(self) -> Fraction:
        """Cycles a copy."""
        return Fraction(self.run.cycles())

    def figures(self, **values: int) -> None:
        """Set engine parameters."""
        self.run.params = self.run.params._replace(**values)

    def each_insn(self, **values: int) -> None:
        """Set integers of every instruction, by their names in ``layout``."""
        insns = self.trace[L.T_BODY] + self.trace[L.T_TAIL]
        for k in range(insns):
            at = self.trace[L.T_INSNS] + k * L.INSN_SIZE
            for name, value in values.items():
                self.trace[at + getattr(L, name)] = value

    def clear(self, flags: int) -> None:
        """Take flags from every instruction."""
        insns = self.trace[L.T_BODY] + self.trace[L.T_TAIL]
        for k in range(insns):
            self.trace[self.trace[L.T_INSNS] + k * L.INSN_SIZE + L.INSN_FLAGS] &= ~flags

    def uops(self) -> range:
        """Where each uop stands in the trace."""
        return range(self.trace[L.T_UOPS], self.trace[L.T_PORTS], L.UOP_SIZE)

    def latency(self, kind: int, most: int) -> None:
        """No uop of ``kind`` takes longer than ``most``."""
        for u in self.uops():
            if self.trace[u] == kind:
                self.trace[u + L.UOP_LATENCY] = min(self.trace[u + L.UOP_LATENCY], most)

    def classes(self) -> list[str]:
        """Classes of port the path's uops are sent to."""
        used = {self.trace[u + L.PORTS_FIRST] for u in self.uops()}
        start = self.trace[L.T_PORTS]
        return [
            name
            for name, (first, last) in self.run.builder.map.ranges.items()
            if last > first and start + first in used
        ]

    def free_ports(self, *names: str) -> None:
        """As many ports of these classes as there are uops."""
        ranges = self.run.builder.map.ranges
        start = self.trace[L.T_PORTS]
        firsts = {start + ranges[name][0] for name in names}
        for u in self.uops():
            if self.trace[u + L.PORTS_FIRST] in firsts:
                self.trace[u + L.PORTS_LAST] = self.trace[u + L.PORTS_FIRST]

    def free_schedulers(self) -> None:
        ports = copy.copy(self.run.builder.map)
        ports.group_size = [ROOMY] * len(ports.group_size)
        self.run.builder = SimpleNamespace(map=ports)

    def forward(self, kind: int, instead: int) -> None:
        """Loads that meet a store in one way meet it in another."""
        for a in range(self.trace[L.T_ACCESS_COUNT]):
            at = self.trace[L.T_ACCESSES] + a * L.ACCESS_SIZE + L.A_FORWARD
            if self.trace[at] == kind:
                self.trace[at] = instead

    def all_cached(self) -> None:
        """All code in the uop cache, at any rate of delivery."""
        for at in range(self.trace[L.T_LINES], self.trace[L.T_COLD]):
            self.trace[at] = 0
        self.clear(L.REFETCH_DECODE)
        self.run.plan = self.run.plan._replace(mode=M_CACHE)
        self.figures(cache_width=MANY, cache_lines=MANY, cache_switch=0)

    def all_warm(self) -> None:
        self.trace[L.T_COLD_COUNT] = 0
        self.each_insn(COLD_FIRST=0, COLD_LAST=0)
        for a in range(self.trace[L.T_ACCESS_COUNT]):
            row = self.trace[L.T_ACCESSES] + a * L.ACCESS_SIZE
            self.trace[row + L.A_COLD] = self.trace[row + L.A_COLD_LAST] = 0


def _decoders(r: Relaxed) -> None:
    r.figures(decode_width=MANY, decode_uops=MANY, fusible_last_waits=0)
    r.each_insn(SIMPLE_AFTER=MANY, PREFIXES=0)
    r.clear(L.COMPLEX | L.LONG | L.ENDS_GROUP)


def _fetch(r: Relaxed) -> None:
    wide = MANY if r.run.params.predecode_width else 0
    r.figures(
        fetch_bytes=1 << _NOWHERE, fetch_shift=_NOWHERE, predecode_width=wide,
        predecode_queue=60, lcp_stall=0,
    )  # fmt: skip


def _forwarding(r: Relaxed) -> None:
    r.figures(forward_latency=0, forward_address=0, forward_order=0, forward_narrow=0)


def _busy(r: Relaxed) -> None:
    for u in r.uops():
        r.trace[u + L.BUSY] = 0


# Limit -> what it is taken to, and how.
LIMITS: dict[str, tuple[str, Change]] = {
    "fetch bandwidth": ("all bytes at once", _fetch),
    "decoders": ("any width", _decoders),
    "uop cache": ("all code in it, any width", Relaxed.all_cached),
    "uop queue": ("as large as can be", lambda r: r.figures(queue=MANY - 1)),
    "taken branches": ("no bubble", lambda r: r.figures(taken_branch=0)),
    "front end restart": ("0 cycles", lambda r: r.each_insn(REDIRECT=0)),
    "microcode latency": ("0 cycles", lambda r: r.each_insn(LATENCY=0)),
    "microcode sequencer": (
        "any width, no switch",
        lambda r: r.figures(microcode_uops=MANY, microcode_switch=0),
    ),
    "serialising": (
        "waits for nothing, holds nothing",
        lambda r: r.clear(L.WAIT_RETIRE | L.WAIT_STORES | L.HOLDS),
    ),
    "issue width": (
        "any width",
        lambda r: r.figures(issue_width=MANY, memory_per_cycle=0),
    ),
    "rob": (f"{MOST_ROB - 1} entries", lambda r: r.figures(rob=MOST_ROB - 1)),
    "scheduler": ("any size", Relaxed.free_schedulers),
    "load buffer": ("any size", lambda r: r.figures(load_buffer=0)),
    "store buffer": ("any size", lambda r: r.figures(store_buffer=0)),
    "registers": (
        "any number",
        lambda r: r.figures(int_registers=0, flag_registers=0),
    ),
    "register reads": ("any number", lambda r: r.figures(register_reads=0)),
    "divider": ("pipelined", _busy),
    "load latency": ("0 cycles", lambda r: r.latency(L.K_LOAD, 0)),
    "execute latency": ("1 cycle", lambda r: r.latency(L.K_COMPUTE, 1)),
    "store forwarding": ("0 cycles", _forwarding),
    "blocked forwarding": (
        "forwards as any other",
        lambda r: r.forward(L.F_BLOCKED, L.F_EXACT),
    ),
    "4K aliasing": ("no cost", lambda r: r.figures(alias_4k=0)),
    "retire width": ("any width", lambda r: r.figures(retire=MANY)),
    "commit rate": (
        "any number a cycle",
        lambda r: r.figures(
            commit_per_cycle=MANY, commit_same_line=MANY, commit_interval=0
        ),
    ),
    "line crossing": ("no cost", lambda r: r.figures(split_load=0, split_store=0)),
    "fill buffers": ("any number", lambda r: r.figures(fill_buffers=0)),
    "cold lines": ("all warm", Relaxed.all_warm),
}
