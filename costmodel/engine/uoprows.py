"""Uops as rows of a trace: each with the operands its ranges are of."""

from __future__ import annotations

from costmodel.engine.layout import OperandRow, UopRow
from costmodel.engine.lowered import Uop
from costmodel.engine.portmap import PortMap
from costmodel.tuples import NamedTuple

_new = tuple.__new__  # of rows whose fields are all there: a third of the time


class Template(NamedTuple):
    """The rows of a uop; its ranges count from its own first port, input and output."""

    row: tuple[int, int, int, int, int, int]  # kind to flags
    inputs: tuple[OperandRow, ...]
    outputs: tuple[OperandRow, ...]
    access: int
    scheduler: int


class Templates:
    """Rows of uops on the ports of one core, each made once."""

    def __init__(self, ports: PortMap) -> None:
        self._map = ports
        self._kept: dict[int, tuple[Uop, Template]] = {}

    def of(self, uop: Uop) -> Template:
        """The rows of ``uop``, kept by its identity."""
        kept = self._kept.get(id(uop))
        if kept is None:  # keeps ``uop`` alive, and so its id its own
            first, last = self._map.range(uop.port_class)
            made = Template(
                (uop.kind, first, last, uop.latency, uop.busy, uop.flags),
                tuple([_new(OperandRow, pair) for pair in uop.inputs]),
                tuple([_new(OperandRow, pair) for pair in uop.outputs]),
                uop.access,
                self._map.group(uop.port_class),
            )
            kept = self._kept[id(uop)] = uop, made
        return kept[1]


class UopRows:
    """Rows of uops as they are added, with the operands they range over."""

    def __init__(self, templates: Templates) -> None:
        self._template = templates.of
        self.uops: list[UopRow] = []
        self.inputs: list[OperandRow] = []
        self.outputs: list[OperandRow] = []

    def add(self, uop: Uop, accesses: int) -> None:
        """One more uop, of an instruction with ``accesses`` accesses before it."""
        row, inputs, outputs, access, scheduler = self._template(uop)
        reads, writes = len(self.inputs), len(self.outputs)
        self.inputs += inputs
        self.outputs += outputs
        at = accesses + access if access >= 0 else -1
        ends = reads, len(self.inputs), writes, len(self.outputs), at, scheduler
        self.uops.append(_new(UopRow, row + ends))
