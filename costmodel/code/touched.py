"""What a path does to memory, as lines and as slots of struct pt_regs."""

from __future__ import annotations

from costmodel.tuples import NamedTuple


class LineUse(NamedTuple):
    """A 64-byte line the path touches. ``where`` is a phrase such as "stack L0"."""

    where: str
    loads: int
    stores: int
    commits: int  # separate writes of the line to L1D after combining
    level: str = "l1"  # where it is when a trip starts
    filled_by: str = ""  # "load" or "store": whose request brought it; "" if warm


class FrameSlot(NamedTuple):
    """One word of struct pt_regs as the path leaves it (at the handler's call)."""

    name: str
    offset: int  # bytes below the frame's top
    line: str
    step: int  # index of the step that wrote it last; -1: not written
    value: str  # symbolic, e.g. "user rsp", "0x2b", "r11"; "" when not written
