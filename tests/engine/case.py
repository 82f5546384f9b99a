"""A case of the random tests: a tiny core and a trace for it, easy to change.

``Case.trace`` gives what simulator and oracle read. Latencies and stalls that hold
figures are written out at those asked for; ``Case.terms`` says which cells they are.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from costmodel.engine import layout as L
from tests.engine.figures import Figures

SUBTRACTED = ("chase_saves",)  # figures that make a latency shorter


@dataclass(frozen=True)
class U:
    """A uop of an instruction."""

    kind: int
    ports: tuple[int, ...] = ()
    latency: int = 0  # without that of ``figures``
    busy: int = 0
    flags: int = 0
    inputs: tuple[tuple[int, int], ...] = ()  # register, delay
    outputs: tuple[tuple[int, int], ...] = ()
    access: int = -1
    figures: tuple[str, ...] = ()  # names of those in its latency


@dataclass(frozen=True)
class I:  # noqa: E742
    """An instruction."""

    uops: tuple[U, ...]
    length: int = 4
    slots: int = 1
    flags: int = 0
    simple_after: int = 3
    microcode: int = 0
    fillers: int = 0
    opcode_at: int = 0
    stack_delta: int = 0
    latency: int = 0
    after_older: int = 0
    stalls: tuple[str, ...] = ()  # names of figures: what too many prefixes cost
    line: int = -1  # of the uop cache
    cold: tuple[int, int] = (0, 0)  # numbers of the lines of its first and last byte
    next_at: int = 0  # where it goes on, with L.MOVES


@dataclass(frozen=True)
class Case:
    """Everything a run needs."""

    figures: Figures
    scheduler_of: tuple[int, ...]  # of each port
    scheduler_sizes: tuple[int, ...]
    alternates: tuple[int, ...]
    body: tuple[I, ...]
    tail: tuple[I, ...] = ()
    accesses: tuple[L.AccessRow, ...] = ()
    repeat: int = 1
    base: int = 0
    depth: int = 1
    loops: bool = False
    mode: int = L.M_DECODE
    trips: int = 3
    cold: tuple[int, ...] = ()  # level of each cold line
    seed: int = field(default=-1, compare=False)

    @property
    def insns(self) -> tuple[I, ...]:
        return self.body + self.tail

    def trace(self, figures: Figures | None = None) -> L.Trace:
        """What is read, laid out at the case's figures or at others."""
        f = figures or self.figures
        uops = [self.sync_uop(), FILLER]
        insns = []
        for i in self.insns:
            first = len(uops)
            uops += i.uops
            insns.append(
                L.InsnRow(
                    i.length,
                    first,
                    len(uops),
                    i.slots,
                    i.simple_after,
                    i.microcode,
                    i.fillers,
                    i.opcode_at,
                    i.stack_delta,
                    i.flags,
                    i.latency,
                    i.after_older,
                    f.redirect if i.flags & L.REFETCH else 0,
                    sum(getattr(f, name) for name in i.stalls),
                    i.next_at,
                    *i.cold,
                )
            )
        ports: list[int] = []
        inputs: list[L.OperandRow] = []
        outputs: list[L.OperandRow] = []
        rows = []
        for u in uops:
            at = len(ports), len(inputs), len(outputs)
            ports += u.ports
            inputs += [L.OperandRow(*pair) for pair in u.inputs]
            outputs += [L.OperandRow(*pair) for pair in u.outputs]
            latency = u.latency + sum(
                sign(name) * getattr(f, name) for name in u.figures
            )
            rows.append(
                L.UopRow(
                    u.kind,
                    at[0],
                    len(ports),
                    latency,
                    u.busy,
                    u.flags,
                    at[1],
                    len(inputs),
                    at[2],
                    len(outputs),
                    u.access,
                    self.scheduler(u),
                )
            )
        lines = [i.line for i in self.body] * self.repeat + [i.line for i in self.tail]
        head = L.Head(
            len(self.body), len(self.tail), self.repeat, self.base, self.depth,
            int(self.loops), len(rows), len(ports), len(inputs), len(outputs),
            len(self.accesses), len(lines), len(self.cold), len(self.scheduler_of),
            len(self.scheduler_sizes), len(self.alternates),
        )  # fmt: skip
        return L.Trace(
            head, insns, rows, ports, inputs, outputs, self.accesses, lines, self.cold,
            self.scheduler_of, self.scheduler_sizes, self.alternates,
        )  # fmt: skip

    def terms(self, trace: L.Trace, names: tuple[str, ...]) -> array[int]:
        """The cells that hold figures; ``names``: the figures in their vector."""
        cells = array("q")
        uop = 2
        for k, i in enumerate(self.insns):
            if i.flags & L.REFETCH:
                cell = trace.insn_cell(k, L.InsnRow._fields.index("redirect"))
                cells.extend((cell, names.index("redirect"), 1))
            for name in i.stalls:
                cell = trace.insn_cell(k, L.InsnRow._fields.index("prefixes"))
                cells.extend((cell, names.index(name), 1))
            for n, u in enumerate(i.uops, uop):
                cell = trace.uop_cell(n, L.UopRow._fields.index("latency"))
                for name in u.figures:
                    cells.extend((cell, names.index(name), sign(name)))
            uop += len(i.uops)
        return cells

    def scheduler(self, u: U) -> int:
        """The scheduler that takes a uop."""
        schedulers = {self.scheduler_of[port] for port in u.ports}
        if len(schedulers) > 1 and -1 not in schedulers:
            return L.SPANS
        return self.scheduler_of[u.ports[0]] if u.ports else -1

    def sync_uop(self) -> U:
        """The stack engine's uop: RSP to RSP on the last ports there are."""
        ports = tuple(range(len(self.scheduler_of)))[-2:]
        if len({self.scheduler_of[port] for port in ports}) > 1:
            ports = ports[:1]
        return U(L.K_SYNC, ports, 1, 0, L.NEW_SLOT | L.INT_WRITER, ((4, 0),), ((4, 0),))

    def slots(self) -> Iterator[list[U]]:
        """The uops of each issue slot of each instruction."""
        for i in self.insns:
            slot = [self.sync_uop()]  # the first of its own may share it
            for u in i.uops:
                if u.flags & L.NEW_SLOT:
                    yield slot
                    slot = []
                slot.append(u)
            yield slot

    def instructions_run(self) -> int:
        """Instructions executed."""
        return (len(self.body) * self.repeat + len(self.tail)) * self.trips


FILLER = U(L.K_MICROCODE, flags=L.NEW_SLOT)


def sign(name: str) -> int:
    """How a figure enters a latency."""
    return -1 if name in SUBTRACTED else 1
