"""What an instruction becomes on a core: immutable, before its place in a path."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.code.insn import MemoryAccess
from costmodel.engine import layout as L


class Uop(NamedTuple):
    """A lowered uop. ``inputs`` are (register, cycles late), ``outputs`` (register,
    cycles slow); ``access`` counts the instruction's own accesses from 0."""

    kind: int
    port_class: str
    latency: int
    busy: int
    flags: int
    inputs: tuple[tuple[int, int], ...]
    outputs: tuple[tuple[int, int], ...]
    access: int = -1


class Lowered(NamedTuple):
    """One instruction on one core, before its place in a path is known."""

    uops: tuple[Uop, ...]
    decode_slots: int
    simple_after: int
    microcode: int
    immediates: int
    flags: int
    latency: int
    redirect: int
    prefix_stall: int
    accesses: tuple[MemoryAccess, ...]
    operation: str
    row: str  # path of the cost row, for its evidence; "" when guessed
    known: bool
    fillers: int = 0  # uops before the others that only take issue slots


FILLER = Uop(L.K_MICROCODE, "none", 0, 0, L.NEW_SLOT, (), ())  # only takes its slot
