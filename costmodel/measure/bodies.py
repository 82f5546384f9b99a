"""A path as one copy of code that can be run in user mode, again and again.

Copies lie one after the other, so what names an address is changed: a jump that is
taken goes over one byte to the next instruction, one that is not taken goes to a trap
of its own (or, where its displacement has 8 bits, to the next instruction, and a first
run with longer ones sees that it is not taken). What is relative to the instruction
pointer, and every symbol, gets a fixed address. A callee stands behind the copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from costmodel.code import registers as R
from costmodel.code.frame import find_frame, record
from costmodel.code.insn import Flow, Form, Insn, Path, Step
from costmodel.errors import InputError, UnknownInstructionError
from costmodel.measure import places
from costmodel.measure.forbidden import (
    calls_next,
    followed,
    is_call,
    place_of,
    privileged,
    vector,
)

Handler = Literal["syscall", "nothing", "kernel"]
_NUMBER = b"\xb8" + places.GETPID.to_bytes(4, "little")  # mov $39,%eax
_NO_SUCH_CALL = bytes.fromhex("b8ffffffff")  # mov $-1,%eax
_SYSCALL = bytes.fromhex("0f05")
TRAP, _RETURN = b"\xcc", b"\xc3"
_FAR = 1 << 24  # a displacement beyond it is the address of a kernel's symbol


class Field(NamedTuple):
    """Bytes of a piece that depend on where it lies."""

    offset: int
    size: int
    kind: Literal["absolute", "relative", "next", "trap", "outline"]
    value: int = 0  # an address, a trap's or an outline's number, bytes jumped over


class Piece(NamedTuple):
    """One instruction of a copy. ``step`` is its place in the path; -1: not of it."""

    data: bytes
    step: int
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """One copy, and what has to be there when it runs."""

    path: Path
    pieces: tuple[Piece, ...]
    outlines: tuple[tuple[Piece, ...], ...]  # callees, behind the copies
    traps: tuple[int, ...]  # steps of the jumps that must not be taken
    words: tuple[tuple[int, int], ...]  # (address, value) memory holds at the start
    frame: bool
    left_out: tuple[str, ...] = ()
    calls: bool = False  # whether a real system call is in it

    @property
    def instructions(self) -> int:
        inside = sum(len(o) for o in self.outlines)
        return len(self.pieces) + inside

    @property
    def size(self) -> int:
        return sum(len(p.data) for p in self.pieces)

    @property
    def call_offset(self) -> int:
        """Bytes of a copy before its system call; 0 if it has none."""
        at = 0
        for piece in self.pieces:
            if piece.data == _SYSCALL:
                return at
            at += len(piece.data)
        return 0

    @property
    def uses_fs(self) -> bool:
        forms = [step.insn.form for step in self.path.steps]
        return any(
            "fs" in form.mnemonic or any(m.segment == "fs" for m in form.memory)
            for form in forms
        )

    @property
    def writes_bases(self) -> bool:
        """Whether it changes the base of FS or GS."""
        return any(
            s.insn.form.mnemonic in ("wrfsbase", "wrgsbase")
            or _writes_segment(s.insn.form)
            for s in self.path.steps
        )


def _writes_segment(form: Form) -> bool:
    if form.mnemonic not in ("mov", "pop", "lfs", "lgs"):
        return False
    return bool(form.operands) and form.operands[0].kind == "s"


def body_of(path: Path, *, frame: bool = False, handler: Handler = "syscall") -> Body:
    """``path`` as a copy that can be run.

    ``frame``: leave out what user mode forbids, and put ``handler`` in place of the
    call of the C handler. Without it such instructions raise InputError, which names
    the first. ``handler`` "kernel": nothing is left out, and the call goes to what
    stands at ``places.HANDLER``: for ring 0.
    """
    if not path.steps:
        raise InputError("no instruction", where=path.origin, expected="code to run")
    refused = vector(path)
    if refused is not None:
        raise UnknownInstructionError(
            f"{place_of(refused)} uses vector registers",
            where=path.origin,
            expected="integer and system instructions",
        )
    builder = _Builder(path, frame, handler)
    pieces = builder.stretch(range(len(path.steps)))
    if not pieces and not frame:
        raise InputError(
            "nothing is left to run", where=path.origin, expected="user-mode code"
        )
    if frame and handler != "kernel":
        pieces = [Piece(_NUMBER, -1), *pieces]
    return Body(
        path, tuple(pieces), tuple(map(tuple, builder.outlines)), tuple(builder.traps),
        tuple(builder.words.items()), frame, tuple(dict.fromkeys(builder.left_out)),
        any(p.data == _SYSCALL for part in (pieces, *builder.outlines) for p in part),
    )  # fmt: skip


def _stack_of(path: Path) -> tuple[str, int]:
    execution, machine = record(path)
    found = find_frame(path, execution, machine)
    if found is None:
        return "", 0
    return execution.describe(found.root), found.top


class _Builder:
    """Walks the steps once; keeps what the copies share."""

    def __init__(self, path: Path, frame: bool, handler: Handler) -> None:
        self.path = path
        self.frame = frame
        self.handler = handler
        self.outlines: list[list[Piece]] = [[Piece(_RETURN, -1)]]  # 0: returns at once
        self.traps: list[int] = []
        self.words: dict[int, int] = {}
        self.left_out: list[str] = []
        self.symbols: dict[str | int, int] = {}
        # Which per-CPU word the stack is taken from, and how far below the frame's top
        # it points: until v4.0 kernel_stack left room for what IRET wants.
        self.stack_word, self.below = _stack_of(path) if frame else ("", 0)

    def stretch(self, steps: range) -> list[Piece]:
        """Pieces of the steps; what is called among them becomes an outline."""
        pieces: list[Piece] = []
        k = steps.start
        while k < steps.stop:
            step = self.path.steps[k]
            if is_call(step) and not step.handler and followed(self.path.steps, k):
                end = self._end_of_callee(k)
                if end > steps.stop:
                    self._refuse(
                        step.insn, "calls what does not return within the path"
                    )
                number = len(self.outlines)
                self.outlines.append([])
                self.outlines[number] = self.stretch(range(k + 1, end))
                pieces.append(self._call(step, k, number))
                k = end
                continue
            pieces += self._pieces(step, k, inside=steps.start > 0)
            k += 1
        return pieces

    def _end_of_callee(self, call: int) -> int:
        """The first step after the return that belongs to the call."""
        depth = 0
        steps = self.path.steps
        for k in range(call, len(steps)):
            if is_call(steps[k]) and not steps[k].handler and followed(steps, k):
                depth += 1
            elif steps[k].insn.form.flow is Flow.RETURN:
                depth -= 1
                if not depth:
                    return k + 1
        return len(steps) + 1

    def _call(self, step: Step, k: int, number: int) -> Piece:
        if step.insn.form.flow is not Flow.CALL or len(step.insn.form.data) != 5:
            self._refuse(step.insn, "is an indirect call, whose target has no address")
        return Piece(step.insn.form.data, k, (Field(1, 4, "outline", number),))

    def _pieces(self, step: Step, k: int, inside: bool) -> list[Piece]:
        insn = step.insn
        form = insn.form
        last = k + 1 == len(self.path.steps)
        if step.handler and self.frame:
            if self.handler == "nothing":
                return []
            if self.handler == "kernel":
                return [self._handler_call(insn, k)]
            return [Piece(_NO_SUCH_CALL, -1), Piece(_SYSCALL, k)]
        if self.handler == "kernel" and privileged(insn):
            if form.flow is Flow.ENTER_KERNEL:
                return []  # the loop in ring 3 has it
            return [Piece(form.data, k, tuple(self._data_fields(insn)))]
        leaves = form.flow is Flow.RETURN and not inside
        if privileged(insn) or (leaves and (last or not self.frame)):
            if self.frame and (privileged(insn) or last):
                self.left_out.append(form.mnemonic)
                return []
            self._refuse(
                insn,
                "cannot be run in user mode"
                if privileged(insn)
                else "leaves the path: where it goes is not known",
            )
        if form.flow in (Flow.JUMP, Flow.CONDITIONAL):
            return self._jump(step, k)
        if form.flow is Flow.CALL:
            if calls_next(insn):
                return [Piece(form.data, k)]
            return [self._call(step, k, 0)]
        if form.flow in (Flow.INDIRECT_CALL, Flow.INDIRECT_JUMP):
            self._refuse(insn, "goes where a register or memory says, which is not set")
        return [Piece(form.data, k, tuple(self._data_fields(insn)))]

    def _handler_call(self, insn: Insn, k: int) -> Piece:
        """The call as written where it goes through a table of addresses; else a
        direct one."""
        table = next((r for r in insn.relocations), None)
        memory = insn.form.memory
        through = memory and memory[0].index == R.RAX and memory[0].scale == 8
        if insn.form.flow is Flow.INDIRECT_CALL and through and table is not None:
            at = self._address(table.symbol, table.addend)
            self.words[at + 8 * places.GETPID] = places.HANDLER
            return Piece(insn.form.data, k, tuple(self._data_fields(insn)))
        where = Field(1, 4, "relative", places.HANDLER)
        return Piece(b"\xe8" + bytes(4), k, (where,))

    def _jump(self, step: Step, k: int) -> list[Piece]:
        form = step.insn.form
        size = form.immediate_bytes
        offset = len(form.data) - size
        if step.taken or form.flow is Flow.JUMP:
            over = Field(offset, size, "next", len(TRAP))
            return [Piece(form.data + TRAP, k, (over,))]
        self.traps.append(k)
        trap = Field(offset, size, "trap", len(self.traps) - 1)
        return [Piece(form.data, k, (trap,))]

    def _data_fields(self, insn: Insn) -> Iterable[Field]:
        form = insn.form
        at_immediate = len(form.data) - form.immediate_bytes
        at_displacement = at_immediate - form.displacement_bytes
        names = {r.offset: r for r in insn.relocations}
        for access in form.memory[:1]:
            relocation = names.get(at_displacement)
            if access.implicit and relocation is None:
                continue
            if access.segment == "gs" and self.frame and access.base < 0:
                yield from self._per_cpu(insn, at_displacement)
            elif access.rip_relative:
                target = insn.end + access.displacement
                name: str | int = target if relocation is None else relocation.symbol
                bias = 0 if relocation is None else (
                    relocation.addend + form.length - relocation.offset
                )  # fmt: skip
                where = self._address(name, bias)
                yield Field(at_displacement, 4, "relative", where)
            elif form.displacement_bytes == 4 and (
                relocation is not None
                or abs(access.displacement) > _FAR
                or (access.base < 0 and access.index < 0 and not access.segment)
            ):
                name = access.displacement if relocation is None else relocation.symbol
                addend = 0 if relocation is None else relocation.addend
                in_segment = access.segment != ""
                where = self._address(name, addend)
                if in_segment:
                    where -= places.SYMBOLS
                yield Field(at_displacement, 4, "absolute", where)
        immediate = names.get(at_immediate)
        if immediate is not None and form.immediate_bytes >= 4:
            where = self._address(immediate.symbol, immediate.addend)
            yield Field(at_immediate, form.immediate_bytes, "absolute", where)

    def _per_cpu(self, insn: Insn, offset: int) -> Iterable[Field]:
        """A word of the per-CPU area: it holds the top of the kernel's stack."""
        access = insn.form.memory[0]
        relocation = next((r for r in insn.relocations if r.offset == offset), None)
        name: str | int = access.displacement
        addend = 0
        if relocation is not None:
            name, addend = relocation.symbol, relocation.addend
            if access.rip_relative:
                addend += insn.form.length - relocation.offset
        elif access.rip_relative:
            name = insn.end + access.displacement
        inside = self._address(name, addend) - places.SYMBOLS
        below = self.below if f"[%gs:{name}]" == self.stack_word else 0
        self.words[places.GS_BASE + inside] = places.KERNEL_STACK - below
        if access.rip_relative:
            yield Field(offset, 4, "relative", inside)
        elif insn.form.displacement_bytes == 4:
            yield Field(offset, 4, "absolute", inside)

    def _address(self, name: str | int, addend: int) -> int:
        known = self.symbols.setdefault(
            name, places.SYMBOLS + places.SYMBOL_SPACING * (1 + len(self.symbols))
        )
        return known + max(-32, min(addend, 1 << 16))

    def _refuse(self, insn: Insn, why: str) -> None:
        raise InputError(
            f"{place_of(insn)} {why}",
            where=self.path.origin,
            expected="instructions that user mode can run and that stay on the path",
            hint="--frame leaves out what user mode forbids"
            if not self.frame
            else "measure a region without it (--region, --symbol)",
        )
