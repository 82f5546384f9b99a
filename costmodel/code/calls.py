"""The followed calls that are open, and where their return addresses are kept.

RSP is followed through push, pop, add, sub and lea; a return address through the
places a routine moves it to. Entry code does that: it takes the address from below the
frame it is about to build and pushes it again on top.
"""

from __future__ import annotations

from costmodel.code.insn import Form, MemoryAccess
from costmodel.code.registers import RSP

_WORD = 8


class _Frame:
    """A followed call: where it comes back to, and what holds that address now.

    ``places`` are positions on the stack, relative to RSP at the start of the path;
    ``newest`` is the last of them. With no place and no register left the code stored
    another address over it. ``blind``: RSP was not followed where it was called, only
    from there on.
    """

    __slots__ = ("back", "blind", "newest", "places", "registers")

    def __init__(self, back: int, place: int, blind: bool) -> None:
        self.back = back
        self.blind = blind
        self.newest = place
        self.places = {place}
        self.registers: set[int] = set()

    @property
    def kept(self) -> bool:
        return bool(self.places or self.registers)


class Calls:
    """``watch`` every instruction; ``enter`` and ``leave`` at calls and returns."""

    __slots__ = ("_depth", "_frames", "_lost")

    def __init__(self) -> None:
        self._frames: list[_Frame] = []
        self._depth = 0
        self._lost = False  # RSP was set to something not followed

    @property
    def open(self) -> bool:
        return bool(self._frames)

    @property
    def state(self) -> tuple[tuple[int, frozenset[int], frozenset[int]], ...]:
        """All that later returns depend on."""
        return tuple(
            (frame.back, frozenset(frame.places), frozenset(frame.registers))
            for frame in self._frames
        )

    def enter(self, back: int) -> None:
        self._depth -= _WORD
        self._frames.append(_Frame(back, self._depth, self._lost))
        self._lost = False

    def leave(self, form: Form) -> int | None:
        """Where ``ret`` goes; None where the code stored another address there."""
        frame = self._frames.pop()
        found = frame.kept if self._lost else self._depth in frame.places
        at = frame.newest if self._lost else self._depth
        # A routine that returns gives RSP back, however it moved it meanwhile.
        self._depth = at + _WORD + (form.immediate or 0)
        self._lost = frame.blind
        return frame.back if found else None

    def watch(self, form: Form) -> bool:
        """Account for an ordinary instruction; true if it drops a return address."""
        if not self._frames:
            return False
        for frame in self._frames:
            self._move(form, frame)
        change = _change(form)
        self._depth += change
        if not change or form.mnemonic == "pop":
            self._lost = self._lost or any(use.reg == RSP for use in form.writes)
        dropped = False
        while self._frames and not self._lost:
            frame = self._frames[-1]
            if frame.registers or self._depth <= max(frame.places | {frame.newest}):
                break
            self._lost = self._frames.pop().blind
            dropped = True
        return dropped

    def _move(self, form: Form, frame: _Frame) -> None:
        """Where the return address is after ``form``."""
        carried = form.mnemonic in ("mov", "push", "pop") and self._carries(form, frame)
        frame.registers.difference_update(use.reg for use in form.writes)
        for access in form.memory:
            at = self._place(access)
            if at is None or not access.writes:
                continue
            size = access.width // 8
            frame.places = {p for p in frame.places if not at - _WORD < p < at + size}
            if carried:
                frame.places.add(at)
                frame.newest = at
        target = form.operands[0].register if form.operands else None
        if carried and form.mnemonic != "push" and target is not None:
            frame.registers.add(target.reg)

    def _carries(self, form: Form, frame: _Frame) -> bool:
        """Whether the value moved is the whole return address."""
        source = form.operands[-1]
        if source.width != 64:
            return False
        if source.register is not None and form.mnemonic != "pop":
            return source.register.reg in frame.registers
        return any(
            access.reads and self._place(access) in frame.places
            for access in form.memory
        )

    def _place(self, access: MemoryAccess) -> int | None:
        """The position on the stack; None for what is elsewhere or not known."""
        if self._lost or access.base != RSP or access.index >= 0 or access.segment:
            return None
        return self._depth + access.displacement


def _change(form: Form) -> int:
    """By how much RSP moves, as far as the instruction itself tells."""
    if form.stack_delta:
        return form.stack_delta
    first = form.operands[0].register if form.operands else None
    if first is None or first.reg != RSP:
        return 0
    if form.mnemonic in ("add", "sub") and form.immediate is not None:
        return form.immediate if form.mnemonic == "add" else -form.immediate
    if form.mnemonic == "lea" and form.memory and form.memory[0].base == RSP:
        return form.memory[0].displacement if form.memory[0].index < 0 else 0
    return 0
