"""The followed calls that are open, and whether their return addresses still stand."""

from __future__ import annotations

from dataclasses import dataclass, field

from costmodel.code.insn import Form
from costmodel.code.registers import RSP


@dataclass(slots=True)
class _Frame:
    """A followed call: where it comes back to, and its place on the stack."""

    back: int
    depth: int  # RSP after the call, relative to the start of the path
    overwritten: bool = False
    held: int | None = None  # register the return address was popped into


@dataclass(slots=True)
class Calls:
    """RSP is followed through push, pop, add, sub and lea, as far as they tell."""

    _frames: list[_Frame] = field(default_factory=list)
    _depth: int = 0

    @property
    def open(self) -> bool:
        return bool(self._frames)

    @property
    def state(self) -> tuple[tuple[int, bool], ...]:
        """All that later returns depend on."""
        return tuple((frame.back, frame.overwritten) for frame in self._frames)

    def enter(self, back: int) -> None:
        self._depth -= 8
        self._frames.append(_Frame(back, self._depth))

    def leave(self) -> int | None:
        """Where ``ret`` goes; None where the code stored another address there."""
        frame = self._frames.pop()
        self._depth = frame.depth + 8
        return None if frame.overwritten else frame.back

    def watch(self, form: Form) -> bool:
        """Account for an ordinary instruction; true if it drops a return address."""
        if not self._frames:
            return False
        frame = self._frames[-1]
        for access in form.memory:
            plain = access.writes and not access.implicit and access.index < 0
            if frame.held is not None:
                continue  # the place it had may be used for something else
            if plain and access.base == RSP and not access.segment:
                if self._depth + access.displacement == frame.depth:
                    frame.overwritten = True
        self._depth += _change(form)
        self._popped_or_pushed(form, frame)
        # A pop of the return address keeps it: it is pushed again before the ret.
        if form.mnemonic in ("add", "lea") and self._depth > frame.depth:
            self._frames.pop()
            return True
        return False

    def _popped_or_pushed(self, form: Form, frame: _Frame) -> None:
        """A return address may be popped, kept, and pushed again further down."""
        register = form.operands[0].register if form.operands else None
        if register is None:
            return
        if form.mnemonic == "pop" and self._depth == frame.depth + 8:
            frame.held = register.reg
        elif form.mnemonic == "push" and register.reg == frame.held:
            frame.depth, frame.held = self._depth, None


def _change(form: Form) -> int:
    if form.stack_delta:
        return form.stack_delta
    first = form.operands[0].register if form.operands else None
    if first is None or first.reg != RSP:
        return 0
    if form.mnemonic in ("add", "sub") and form.immediate is not None:
        return form.immediate if form.mnemonic == "add" else -form.immediate
    if form.mnemonic == "lea" and form.memory and form.memory[0].base == RSP:
        return form.memory[0].displacement
    return 0
