"""One decoded instruction to a Form: what the decoder (iced-x86) says, in our terms.

What the decoder reports is turned into our own values here and nowhere else, with its
few gaps closed: registers that only form an address are told from registers whose value
is read, zero idioms keep their formal inputs (whether the dependency is real depends on
the core), shifts by CL keep their inputs from the flags (a count of zero leaves the
flags alone), and LEAVE and LEA say what they read.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from costmodel.code import registers as R
from costmodel.code.decoder import (
    Decoder,
    EncodingKind,
    FlowControl,
    Instruction,
    InstructionInfo,
    InstructionInfoFactory,
    MemorySizeExt,
    Mnemonic,
    OpAccess,
    OpKind,
    Register,
    RegisterExt,
    RflagsBits,
    UsedRegister,
)
from costmodel.code.decoder_names import CONDITIONS, MNEMONICS, REGISTERS
from costmodel.code.insn import (
    Flow,
    Form,
    MemoryAccess,
    Operand,
    RegisterUse,
)

_READS = frozenset(
    {
        OpAccess.READ,
        OpAccess.COND_READ,
        OpAccess.READ_WRITE,
        OpAccess.READ_COND_WRITE,
        # A conditional write leaves the old value in place otherwise.
        OpAccess.COND_WRITE,
    }
)
_WRITES = frozenset(
    {
        OpAccess.WRITE,
        OpAccess.COND_WRITE,
        OpAccess.READ_WRITE,
        OpAccess.READ_COND_WRITE,
    }
)
_FLOWS = {
    FlowControl.NEXT: Flow.NEXT,
    FlowControl.UNCONDITIONAL_BRANCH: Flow.JUMP,
    FlowControl.INDIRECT_BRANCH: Flow.INDIRECT_JUMP,
    FlowControl.CONDITIONAL_BRANCH: Flow.CONDITIONAL,
    FlowControl.RETURN: Flow.RETURN,
    FlowControl.CALL: Flow.CALL,
    FlowControl.INDIRECT_CALL: Flow.INDIRECT_CALL,
    FlowControl.INTERRUPT: Flow.ENTER_KERNEL,
    FlowControl.XBEGIN_XABORT_XEND: Flow.CONDITIONAL,
    FlowControl.EXCEPTION: Flow.INVALID,
}
_LEAVE_KERNEL = frozenset(
    "sysret sysretq sysexit sysexitq iret iretd iretq eretu erets".split()
)
_ENTER_KERNEL = frozenset({"syscall", "sysenter", "int", "int1", "int3"})
_PREFIXES = frozenset(b"\x66\x67\xf2\xf3\xf0\x2e\x36\x3e\x26\x64\x65")
_SHIFTS = frozenset("shl shr sar rol ror rcl rcr shld shrd".split())
_FORMAL_READS = frozenset({"xor", "sub", "sbb", "cmp"})
_IMMEDIATE_KINDS = frozenset(
    {
        OpKind.IMMEDIATE8,
        OpKind.IMMEDIATE8_2ND,
        OpKind.IMMEDIATE16,
        OpKind.IMMEDIATE32,
        OpKind.IMMEDIATE64,
        OpKind.IMMEDIATE8TO16,
        OpKind.IMMEDIATE8TO32,
        OpKind.IMMEDIATE8TO64,
        OpKind.IMMEDIATE32TO64,
    }
)


_WIDTHS: dict[int, int] = {
    OpKind.IMMEDIATE16: 16,
    OpKind.IMMEDIATE32: 32,
    OpKind.IMMEDIATE32TO64: 32,
    OpKind.IMMEDIATE64: 64,
}
_SEGMENTS: dict[int, str] = {Register.FS: "fs", Register.GS: "gs"}

_info_factory = InstructionInfoFactory()


@functools.cache  # of few combinations
def _flag_registers(bits: int) -> tuple[RegisterUse, ...]:
    out = []
    if bits & RflagsBits.CF:
        out.append(RegisterUse(R.CF, 1))
    if bits & RflagsBits.OF:
        out.append(RegisterUse(R.OF, 1))
    if bits & (RflagsBits.SF | RflagsBits.ZF | RflagsBits.AF | RflagsBits.PF):
        out.append(RegisterUse(R.ZAPS, 1))
    if bits & (RflagsBits.DF | RflagsBits.IF | RflagsBits.AC):
        out.append(RegisterUse(R.SYSFLAGS, 1))
    return tuple(out)


def _signed(value: int, bits: int = 64) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def _number(register: int) -> int:
    use = REGISTERS.get(register)
    return use.reg if use is not None else -1


@functools.cache  # of some 250
def _is_vector_register(register: Any) -> bool:
    return (
        RegisterExt.is_vector_register(register)
        or RegisterExt.is_mm(register)
        or RegisterExt.is_st(register)
        or RegisterExt.is_k(register)
    )


def _is_vector(instr: Instruction, used: Sequence[UsedRegister], name: str) -> bool:
    if instr.encoding != EncodingKind.LEGACY:
        # VEX and EVEX forms on general registers (BMI) are integer instructions.
        return not all(RegisterExt.is_gpr(use.register) for use in used)
    for use in used:
        if _is_vector_register(use.register):
            return True
    return name.startswith("f") and not name.startswith(("fxsave", "fxrstor"))


def _is_operand(instr: Instruction, base: int, index: int, displacement: int) -> bool:
    """Whether a used address is the explicit operand (RIP stands in no used base)."""
    if instr.is_ip_rel_memory_operand:
        return base == index == Register.NONE
    moved = 8 if instr.mnemonic == Mnemonic.POP and base == Register.RSP else 0
    return (
        base == instr.memory_base
        and index == instr.memory_index
        and displacement == _signed(instr.memory_displacement) + moved
    )


def _memory(
    instr: Instruction, info: InstructionInfo, kinds: Sequence[int], name: str
) -> tuple[MemoryAccess, ...]:
    explicit: MemoryAccess | None = None
    has_operand = OpKind.MEMORY in kinds
    out: list[MemoryAccess] = []
    if has_operand:
        access = info.op_access(kinds.index(OpKind.MEMORY))
        rip = instr.is_ip_rel_memory_operand
        displacement = _signed(instr.memory_displacement)
        segment = _SEGMENTS.get(instr.memory_segment, "")
        explicit = MemoryAccess(
            base=-1 if rip else _number(instr.memory_base),
            index=_number(instr.memory_index),
            scale=instr.memory_index_scale,
            displacement=displacement - instr.len if rip else displacement,
            width=MemorySizeExt.size(instr.memory_size) * 8,
            reads=access in _READS or name.startswith("prefetch"),
            writes=access in _WRITES,
            segment=segment,
            rip_relative=rip,
            displacement_bytes=min(instr.memory_displ_size, 4),
        )
        if name == "nop" or access == OpAccess.NO_MEM_ACCESS:
            explicit = explicit._replace(reads=name.startswith("prefetch"))
        out.append(explicit)
    for use in info.used_memory():
        displacement = _signed(use.displacement)
        if has_operand and _is_operand(instr, use.base, use.index, displacement):
            has_operand = False  # the explicit one, seen once
            if explicit is not None and not explicit.rip_relative:
                # POP to memory forms its address with RSP already incremented.
                out[0] = explicit._replace(displacement=displacement)
            continue
        out.append(
            MemoryAccess(
                base=_number(use.base),
                index=_number(use.index),
                scale=use.scale,
                displacement=displacement,
                width=MemorySizeExt.size(use.memory_size) * 8,
                reads=use.access in _READS,
                writes=use.access in _WRITES,
                implicit=True,
            )
        )
    return tuple(out)


def _operands(instr: Instruction, kinds: Sequence[int]) -> tuple[Operand, ...]:
    out = []
    for i, kind in enumerate(kinds):
        if kind == OpKind.REGISTER:
            use = REGISTERS.get(instr.op_register(i))
            if use is None:
                out.append(Operand("v", 0))
            elif R.ES <= use.reg <= R.GS:
                out.append(Operand("s", 16, use))
            elif use.reg in (R.CR, R.DR):
                out.append(Operand("c" if use.reg == R.CR else "d", 64, use))
            else:
                out.append(Operand("r", use.width, use))
        elif kind in _IMMEDIATE_KINDS:
            value = _signed(instr.immediate(i))
            if kind == OpKind.IMMEDIATE8_2ND:
                width = 8
            else:
                width = _WIDTHS.get(kind, 8)
            out.append(Operand("i", width, None, value))
        elif kind == OpKind.MEMORY:
            out.append(Operand("m", MemorySizeExt.size(instr.memory_size) * 8))
        elif kind in (OpKind.NEAR_BRANCH64, OpKind.NEAR_BRANCH32):
            out.append(Operand("i", 32))
        elif kind in (OpKind.FAR_BRANCH16, OpKind.FAR_BRANCH32):
            out.append(Operand("i", 48))
        # string operands are implied: they stand in ``memory``
    return tuple(out)


# These use RAX, RDX or RCX beside their operands, which may be the same registers.
_IMPLIED_TOO = frozenset(("mul", "imul", "div", "idiv", "mulx", "cmpxchg"))


def _value_registers(
    instr: Instruction,
    info: InstructionInfo,
    kinds: Sequence[int],
    registers: Sequence[UsedRegister],
    name: str,
    stack_delta: int,
) -> tuple[tuple[RegisterUse, ...], tuple[RegisterUse, ...]]:
    reads: dict[RegisterUse, None] = {}
    writes: dict[RegisterUse, None] = {}
    explicit: set[int] = set()
    formal = name in _FORMAL_READS
    for i, kind in enumerate(kinds):
        if kind != OpKind.REGISTER:
            continue
        use = REGISTERS.get(instr.op_register(i))
        if use is None:
            continue
        explicit.add(use.reg)
        access = info.op_access(i)
        if access in _READS or formal:
            reads[use] = None
        if access in _WRITES:
            writes[use] = None
    address = {instr.memory_base, instr.memory_index}
    if name == "lea":
        for register in address:
            lea_use = REGISTERS.get(register)
            if lea_use is not None:
                reads[lea_use] = None
    for m in info.used_memory():
        address |= {m.base, m.index}
    for used in registers:
        use = REGISTERS.get(used.register)
        if use is None or (use.reg in explicit and name not in _IMPLIED_TOO):
            continue
        if use.reg == R.RSP and stack_delta:
            continue
        access = used.access
        if access in _WRITES:
            writes[use] = None
            if access in _READS:
                reads[use] = None
        elif access in _READS and used.register not in address:
            if R.ES <= use.reg <= R.GS:
                continue  # the segment of an access, not a value
            reads[use] = None
    if name == "cbw":  # writes AX, of which the decoder names the half that changes
        writes = {RegisterUse(R.RAX, 16): None}
    elif name == "leave":
        reads[RegisterUse(R.RBP, 64)] = None
        writes[RegisterUse(R.RSP, 64)] = None
        writes[RegisterUse(R.RBP, 64)] = None
    flags_written = _flag_registers(instr.rflags_modified)
    flags_read = _flag_registers(instr.rflags_read)
    by_cl = name in _SHIFTS and any(
        kind == OpKind.REGISTER and instr.op_register(i) == Register.CL
        for i, kind in enumerate(kinds)
    )
    for flag in (*flags_read, *(flags_written if by_cl else ())):
        reads[flag] = None
    for flag in flags_written:
        writes[flag] = None
    return tuple(reads), tuple(writes)


def _shape(operands: tuple[Operand, ...]) -> str:
    return ",".join(f"{op.kind}{op.width}" for op in operands)


def _prefix_bytes(data: bytes) -> tuple[int, int]:
    """Legacy prefixes, and the offset of the opcode."""
    count = 0
    while count < len(data) and data[count] in _PREFIXES:
        count += 1
    rex = count < len(data) and 0x40 <= data[count] <= 0x4F
    return count, count + int(rex)


def form_of(instr: Instruction, data: bytes, decoder: Decoder) -> Form:
    info = _info_factory.info(instr)
    name = MNEMONICS[instr.mnemonic]
    kinds = [instr.op_kind(i) for i in range(instr.op_count)]
    registers = info.used_registers()
    operands = _operands(instr, kinds)
    offsets = decoder.get_constant_offsets(instr)
    prefixes, opcode_offset = _prefix_bytes(data)
    if instr.encoding != EncodingKind.LEGACY:
        prefixes = opcode_offset = 0
    flow = _FLOWS.get(instr.flow_control, Flow.NEXT)
    if name in _LEAVE_KERNEL:
        flow = Flow.LEAVE_KERNEL
    elif name in _ENTER_KERNEL:
        flow = Flow.ENTER_KERNEL
    stack_delta = instr.stack_pointer_increment
    if name in ("enter", "leave", "uiret") or flow is Flow.LEAVE_KERNEL:
        stack_delta = 0
    reads, writes = _value_registers(instr, info, kinds, registers, name, stack_delta)
    branch = (
        _signed(instr.near_branch_target)
        if flow in (Flow.JUMP, Flow.CONDITIONAL, Flow.CALL)
        and kinds
        and kinds[0] in (OpKind.NEAR_BRANCH64, OpKind.NEAR_BRANCH32)
        else None
    )
    immediates = [op.immediate for op in operands if op.immediate is not None]
    immediate_bytes = offsets.immediate_size + offsets.immediate_size2
    condition = (
        CONDITIONS.get(instr.condition_code, "")
        if name.startswith(("j", "set", "cmov"))
        else ""
    )
    return Form(
        data=data,
        mnemonic=name,
        condition=condition,
        operands=operands,
        shape=_shape(operands),
        reads=reads,
        writes=writes,
        memory=_memory(instr, info, kinds, name),
        stack_delta=stack_delta,
        flow=flow,
        branch_offset=branch,
        immediate=immediates[-1] if immediates else None,
        immediate_bytes=immediate_bytes,
        displacement_bytes=offsets.displacement_size,
        opcode_offset=opcode_offset,
        prefixes=prefixes,
        length_changing_prefix=(
            0x66 in data[:prefixes]
            and offsets.immediate_size == 2
            and not 0xB8 <= data[opcode_offset] <= 0xBF
        ),
        lock=instr.has_lock_prefix
        or (name == "xchg" and any(op.kind == "m" for op in operands)),
        repeat=instr.has_rep_prefix or instr.has_repne_prefix,
        vector=_is_vector(instr, registers, name),
    )
