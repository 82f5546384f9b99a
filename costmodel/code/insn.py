"""What a decoded instruction is: immutable values, the same for every core.

``Form`` is all that follows from the bytes alone, so it is decoded once per distinct
encoding and shared. ``Insn`` is a Form at an address, with the source line it came
from. ``Path`` is the exact sequence of instructions executed.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from costmodel.tuples import NamedTuple


class RegisterUse(NamedTuple):
    """Part of a register: ``width`` in bits; ``high`` for AH, CH, DH and BH."""

    reg: int
    width: int
    high: bool = False


class Flow(Enum):
    """Where control goes after an instruction."""

    NEXT = "next"
    JUMP = "jump"  # direct, unconditional
    CONDITIONAL = "conditional"
    CALL = "call"  # direct
    INDIRECT_JUMP = "indirect jump"
    INDIRECT_CALL = "indirect call"
    RETURN = "return"  # ret
    LEAVE_KERNEL = "leave kernel"  # sysret, sysexit, iret, eretu
    ENTER_KERNEL = "enter kernel"  # syscall, sysenter, int
    INVALID = "invalid"


class MemoryAccess(NamedTuple):
    """One memory operand, explicit or implied (push, pop, call, ret, string moves).

    ``displacement`` is the signed value encoded; for a push or pop it is the distance
    from RSP *before* the instruction. ``base`` and ``index`` are register numbers, or
    -1. ``width`` is in bits. RIP-relative operands have ``rip_relative`` set and no
    base; their displacement is relative to the end of the instruction.
    """

    base: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody uses
    scale: int
    displacement: int
    width: int
    reads: bool
    writes: bool
    segment: str = ""  # "", "fs" or "gs"
    rip_relative: bool = False
    implicit: bool = False  # push, pop, call, ret, string operations
    displacement_bytes: int = 0


class Operand(NamedTuple):
    """An explicit operand: kind "r", "m", "i", "s" (segment), "c" (control), "d"."""

    kind: str
    width: int  # bits
    register: RegisterUse | None = None
    immediate: int | None = None


class Form(Struct, frozen=True):
    """Everything that follows from the bytes of one instruction.

    ``shape`` is the operand kinds with widths, Intel order: ``"r64,m64"``.
    ``reads``/``writes`` are the registers holding values, flags and implied registers
    included, registers that only form an address excluded (see ``memory``), RSP as the
    stack pointer of push/pop/call/ret excluded (see ``stack_delta``).
    """

    data: bytes
    mnemonic: str
    condition: str  # "e", "ne", "be" ... of jcc, setcc, cmovcc; "" otherwise
    operands: tuple[Operand, ...]
    shape: str
    reads: tuple[RegisterUse, ...]
    writes: tuple[RegisterUse, ...]
    memory: tuple[MemoryAccess, ...]
    stack_delta: int
    flow: Flow
    branch_offset: int | None  # direct target, relative to the instruction's first byte
    immediate: int | None
    immediate_bytes: int
    displacement_bytes: int
    opcode_offset: int  # bytes before the opcode: legacy, REX prefixes
    prefixes: int  # legacy prefixes, REX not counted
    length_changing_prefix: bool
    lock: bool
    repeat: bool
    vector: bool  # touches x87, MMX, SSE, AVX or mask registers: refused by the model
    special: str = ""  # operation whose cost row comes first, known from the context
    count: int = -1  # bytes a repeated string instruction moves; -1: not known
    mispredicted: bool = False  # a return the predictor cannot get right

    @property
    def length(self) -> int:
        return len(self.data)

    @property
    def same_register(self) -> bool:
        """Both operands are the same whole register, as in ``xor %eax,%eax``."""
        ops = self.operands
        return (
            len(ops) >= 2
            and ops[0].register is not None
            and ops[0].register == ops[1].register
        )


class SourceLine(NamedTuple):
    file: str
    line: int


class Relocation(NamedTuple):
    """A field the linker fills in: ``offset`` is from the insn's first byte."""

    offset: int
    symbol: str
    addend: int


class Insn(Struct, frozen=True):
    """A Form at an address."""

    form: Form
    address: int
    source: SourceLine | None = None
    symbol: str = ""  # "entry_SYSCALL_64+0x12", where known
    relocations: tuple[Relocation, ...] = ()
    comment: str = ""  # what its per-CPU operand is called, as "cpu_tss_rw+0x14"
    goes: str = ""  # what the place a direct jump or call goes to is called

    @property
    def end(self) -> int:
        return self.address + self.form.length

    @property
    def target(self) -> int | None:
        """Address a direct jump or call goes to."""
        offset = self.form.branch_offset
        return None if offset is None else self.address + offset


class Step(NamedTuple):
    """One executed instruction. ``handler`` marks the call of the C handler."""

    insn: Insn
    taken: bool = False
    handler: bool = False


class Replaced(NamedTuple):
    """A site on a path that a kernel patches when it boots."""

    site: str  # file:line or symbol+offset
    address: int
    features: tuple[str, ...]  # those with an entry here; "!name": where it is absent
    applied: str  # the one in force; "" if the code stays as the file has it
    original: tuple[str, ...] = ()  # the instructions of the file
    running: tuple[str, ...] = ()  # those after boot


class Path(Struct, frozen=True):
    """The exact sequence of instructions executed, and what was assumed to get it."""

    name: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()  # what was followed and what was assumed, in order
    origin: str = ""  # file or stream it was read from
    title: str = ""  # commit and subject, of a revision; what headings show
    unused: tuple[str, ...] = ()  # entries of ``take`` that steered nothing
    event: str = ""  # how it is entered if not by a call: "idt", "idt_error" (with an
    # error code) or "fred"; "exit" is the end of such a path, without its beginning
    alternatives: tuple[Replaced, ...] = ()  # sites boot patches, in order
    features: str = ""  # the features boot was said to find, as they were asked for

    @property
    def bytes(self) -> int:
        return sum(step.insn.form.length for step in self.steps)
