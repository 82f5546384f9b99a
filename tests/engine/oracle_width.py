"""What is left of the decoders in a cycle, and of one access of the uop cache."""

from __future__ import annotations

from costmodel.engine import layout as L
from tests.engine.figures import Figures
from tests.engine.oracle_uop import Insn


class Group:
    """The decoders in one cycle."""

    def __init__(self, p: Figures) -> None:
        self.p = p
        self.used = 0
        self.left = p.decode_width
        self.uops = p.decode_uops

    def take(self, width: int) -> None:
        self.used += width
        self.left -= width

    def fits(self, insn: Insn, width: int) -> bool:
        if not self.used:
            return True
        if self.left < width or self.uops < insn.slots:
            return False
        if insn.has(L.COMPLEX) or insn.has(L.LONG):
            return False
        last = self.used == self.p.decode_width - 1
        return not (insn.has(L.FUSIBLE) and self.p.fusible_last_waits and last)


class Read:
    """What is left of one access of the uop cache."""

    def __init__(self, uops: int, lines: int) -> None:
        self.uops = uops
        self.lines = lines
        self.line: int | None = None

    def take(self, line: int, slots: int) -> None:
        if line != self.line:
            self.lines -= 1
        self.line = line
        self.uops -= slots
