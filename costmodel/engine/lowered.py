"""What an instruction becomes on a core: immutable, before its place in a path."""

from __future__ import annotations

from costmodel.code.insn import Form, MemoryAccess
from costmodel.engine import layout as L
from costmodel.tuples import NamedTuple

# Figures of the core a number is a sum of: path of each, and its sign.
Terms = tuple[tuple[str, int], ...]


class Uop(NamedTuple):
    """A lowered uop. ``inputs`` are (register, cycles late), ``outputs`` (register,
    cycles slow); ``access`` counts the instruction's own accesses from 0.

    ``latency_of`` and ``busy_of`` say which figures those numbers follow; an input
    whose ``late`` is minus the latency follows them too (``late_by_latency``: how many
    of the last inputs do).
    """

    kind: int
    port_class: str
    latency: int
    busy: int
    flags: int
    inputs: tuple[tuple[int, int], ...]
    outputs: tuple[tuple[int, int], ...]
    access: int = -1
    latency_of: Terms = ()
    busy_of: Terms = ()
    late_by_latency: int = 0


class Item(NamedTuple):
    """One executed instruction before layout."""

    form: Form
    taken: bool = False
    address: int = -1  # where it lies, if that is not right after the one before


class Lowered(NamedTuple):
    """One instruction on one core, before its place in a path is known."""

    uops: tuple[Uop, ...]
    decode_slots: int
    simple_after: int
    microcode: int
    immediates: int
    flags: int
    latency: int
    after_older: int
    redirect: int
    prefix_stall: int
    accesses: tuple[MemoryAccess, ...]
    operation: str
    row: str  # path of the cost row, for its evidence; "" when guessed
    known: bool
    fillers: int = 0  # uops before the others that only take issue slots
    prefix_stall_of: Terms = ()
    lines: int = 0  # of 64 bytes a string of known length moves, each with its cycles
    microcode_stated: bool = False  # it is the row's figure, not a count of its uops


FILLER = Uop(L.K_MICROCODE, "none", 0, 0, L.NEW_SLOT, (), ())  # only takes its slot
