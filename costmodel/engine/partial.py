"""High bytes renamed apart from their registers, and the uops that merge them."""

from __future__ import annotations

from costmodel.code.insn import Form
from costmodel.cores.model import Core
from costmodel.engine import layout as L
from costmodel.engine.lowered import Uop


class HighBytes:
    """Tracks which of AH, CH, DH, BH are renamed apart, in program order."""

    def __init__(self) -> None:
        self.dirty = [False] * 4

    def merges(self, form: Form, idiom: bool = False) -> list[int]:
        """Registers that must be made whole before ``form``; the state after it.
        ``idiom``: it reads no register it names."""
        if not any(self.dirty) and not any(use.high for use in form.writes):
            return []
        needed = {
            use.reg
            for use in form.reads
            if use.reg < 4 and not use.high and use.width > 8 and not idiom
        }
        for access in form.memory:
            needed |= {r for r in (access.base, access.index) if 0 <= r < 4}
        for use in form.writes:
            if use.reg < 4 and use.width == 16:
                needed.add(use.reg)
        out = sorted(r for r in needed if self.dirty[r])
        for register in out:
            self.dirty[register] = False
        for use in form.writes:
            if use.reg < 4:
                if use.high:
                    self.dirty[use.reg] = True
                elif use.width >= 32:
                    self.dirty[use.reg] = False
        return out


def merge_uop(register: int, core: Core) -> Uop:
    """Folds a high byte into its register; nothing else issues in its cycle."""
    high = L.HIGH_BYTE + register
    port_class = "merge" if "merge" in core.ports.classes else "alu"
    return Uop(
        L.K_SYNC, port_class, 1, 0, L.NEW_SLOT | L.INT_WRITER | L.ALONE,
        ((register, 0), (high, 0)), ((register, 0), (high, 0)),
    )  # fmt: skip
