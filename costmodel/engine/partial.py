"""High bytes renamed apart from their registers, flags written in part, and the uops
that merge them."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code import registers as R
from costmodel.code.insn import Form
from costmodel.cores.model import Core
from costmodel.engine import layout as L
from costmodel.engine.lowered import Item, Uop


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


STATUS = (R.BY_NAME["cf"], R.BY_NAME["of"], R.BY_NAME["zaps"])
_BY_COUNT = ("shl", "sal", "shr", "sar", "rol", "ror", "shld", "shrd")  # leave or write


class PartialFlags:
    """Tracks which instruction wrote each status flag last, in program order."""

    def __init__(self, groups_only: bool) -> None:
        self._groups_only = groups_only
        self._writer = dict.fromkeys(STATUS, 0)
        self._count = 0

    def merges(self, form: Form) -> bool:
        """Whether flags must be merged before ``form``; the state after it."""
        read = {use.reg for use in form.reads if use.reg in self._writer}
        written = [use.reg for use in form.writes if use.reg in self._writer]
        if form.mnemonic in _BY_COUNT:
            read = set()
        writers = {self._writer[flag] for flag in read}
        last = max(self._writer.values())
        apart = len(writers) > 1 if self._groups_only else bool(writers - {last})
        if apart:
            self._writer = dict.fromkeys(STATUS, last)
        self._count += 1
        for flag in written:
            self._writer[flag] = self._count
        return apart


def flag_merge_uop(core: Core) -> Uop:
    """Makes the flags of several writers one."""
    flags = tuple((flag, 0) for flag in STATUS)
    return Uop(
        L.K_SYNC, "alu", core.rename.flag_merge, 0, L.NEW_SLOT | L.FLAG_WRITER,
        flags, flags,
    )  # fmt: skip


class Merges:
    """Which uops merge what, all along a path on one core."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._high = core.rename.high_byte == "renamed"
        self._flag_merge = flag_merge_uop(core) if core.rename.flag_merge else None

    def before(self, items: Sequence[Item], copied: int = 0) -> list[list[Uop]]:
        """What is merged before each instruction of a path that repeats: high bytes
        into their registers, flags of several writers. ``copied``: so many of the first
        come again and again before the rest; 0: no such ones."""
        out: list[list[Uop]] = [[] for _ in items]
        forms = [form for form, *_ in items]
        if self._high and any(use.high for form in forms for use in form.writes):
            high = HighBytes()
            zero = self._core.rename.zero_idioms
            path = [(f, f.same_register and f.mnemonic in zero) for f in forms]
            for form, idiom in path:
                high.merges(form, idiom)
            for k, (form, idiom) in enumerate(path):
                out[k] = [merge_uop(r, self._core) for r in high.merges(form, idiom)]
        if self._flag_merge is not None:
            flags = PartialFlags(self._core.rename.flag_merge_groups)
            for form in forms[: copied or None]:
                flags.merges(form)
            for k, form in enumerate(forms):
                if flags.merges(form):
                    out[k].append(self._flag_merge)
        return out
