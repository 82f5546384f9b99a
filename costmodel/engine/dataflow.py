"""Which values an instruction takes and gives, in the engine's registers.

Partial registers are settled here: what a core renames apart has a register of its own,
and a narrow write that keeps the rest of its register reads it as well.
"""

from __future__ import annotations

from costmodel.code import registers as R
from costmodel.code.insn import Form, RegisterUse
from costmodel.cores.model import Core
from costmodel.cores.semantic import Semantic
from costmodel.engine import layout as L


class Dataflow:
    """The registers of one Form on one core; ``role`` resolves the names of cost rows.

    ``reads`` and ``writes`` are engine registers; ``merged`` are those written whose
    old value stays in part.
    """

    def __init__(self, core: Core, form: Form, semantic: Semantic | None) -> None:
        self.form = form
        self.memory = form.memory[0] if form.memory else None
        self._high_apart = core.rename.high_byte == "renamed"
        self._low_apart = core.rename.low_byte_renamed
        # Moves of a register and of memory are all that write a high byte without
        # waiting for it.
        operands = form.operands
        self._high_kept = form.mnemonic != "mov" or operands[1].kind == "i"
        self.reads = [self.register(use) for use in form.reads]
        self.writes = [self.register(use) for use in form.writes]
        self.merged = [
            self.register(use) for use in form.writes if self._keeps_the_rest(use)
        ]
        if semantic is not None:
            self.reads += [R.BY_NAME[name] for name in semantic.reads]
            self.writes += [R.BY_NAME[name] for name in semantic.writes]

    def register(self, use: RegisterUse) -> int:
        if use.high and self._high_apart:
            return L.HIGH_BYTE + use.reg
        return use.reg

    def _keeps_the_rest(self, use: RegisterUse) -> bool:
        if use.width >= 32 or use.reg >= 16:
            return False
        if use.high:
            return not self._high_apart or (self._high_kept and not self._low_apart)
        return not self._low_apart

    def own_registers(self) -> set[int]:
        """General registers the instruction reads as values."""
        return {self.register(use) for use in self.form.reads if use.reg < 16}

    def role(self, name: str) -> list[int]:
        """Registers a name in a cost row stands for; none if it has no such operand."""
        if name.startswith("op") and name[2:].isdigit():
            number = int(name[2:])
            if number >= len(self.form.operands):
                return []
            operand = self.form.operands[number]
            if operand.register is not None:
                return [self.register(operand.register)]
            return [L.LOADED] if operand.kind == "m" else []
        if name in ("base", "index"):
            if self.memory is None:
                return []
            register = self.memory.base if name == "base" else self.memory.index
            return [register] if register >= 0 else []
        if len(name) == 2 and name[0] == "t" and name[1].isdigit():
            return [L.TEMPORARY + int(name[1])]
        if name == "mem":
            return [L.LOADED]
        if name == "mem2":
            return [L.LOADED_2]
        if name == "result":
            return [L.RESULT]
        flags = flag_uses(name)
        if flags:
            return list(flags)
        if name in ("ah", "ch", "dh", "bh") and self._high_apart:
            return [L.HIGH_BYTE + "acdb".index(name[0])]
        number = R.BY_NAME.get(name, -1)
        return [number] if number >= 0 else []


def flag_uses(name: str) -> tuple[int, ...]:
    if name == "flags":
        return R.FLAG_REGISTERS
    if name in ("cf", "of", "zaps", "sysflags"):
        return (R.BY_NAME[name],)
    return ()
