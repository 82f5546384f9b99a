"""Symbolic values: what is followed, what equals what, which load meets which store."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iced_x86 import Code, Encoder, Instruction, MemoryOperand, Register

from costmodel.code import registers as R
from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Insn
from costmodel.code.values import (
    BLOCKED,
    CONST,
    EXACT,
    INSIDE,
    NONE,
    RIP,
    AccessAt,
    linkage,
    run,
)
from tests.code.symbolic import block


def final(text: str, register: int) -> tuple[int, int]:
    machine = run(block(text)).machine
    return machine.roots[register], machine.offsets[register]


def described(text: str, register: int) -> str:
    machine = run(block(text)).machine
    return machine.describe((machine.roots[register], machine.offsets[register]))


def accesses(text: str, copies: int = 1) -> tuple[AccessAt, ...]:
    return run(block(text), copies).copies[-1]


# What is followed exactly
@pytest.mark.parametrize(
    ("text", "register", "value"),
    [
        ("nop", R.RBX, (R.RBX, 0)),
        ("mov %rcx,%rax; add $8,%rax; sub $3,%rax", R.RAX, (R.RCX, 5)),
        ("lea 16(%rdx),%rax; inc %rax", R.RAX, (R.RDX, 17)),
        ("mov $-1,%rax; and $0xff0,%eax", R.RAX, (CONST, 0xFF0)),
        ("mov $-1,%eax", R.RAX, (CONST, 0xFFFFFFFF)),
        ("xor %eax,%eax; mov $5,%al; mov $1,%ah", R.RAX, (CONST, 0x105)),
        ("sub %rcx,%rcx; dec %rcx", R.RCX, (CONST, -1)),
        ("xchg %rax,%rbx", R.RAX, (R.RBX, 0)),
        ("mov $3,%ecx; add %rcx,%rdx", R.RDX, (R.RDX, 3)),
        ("mov $1,%eax; shl $12,%eax; sub %rax,%rsp", R.RSP, (R.RSP, -4096)),
        ("push %rbx; push $7; pop %rax; pop %rcx", R.RCX, (R.RBX, 0)),
        ("push %rbx; push $7; pop %rax; pop %rcx", R.RAX, (CONST, 7)),
        ("push %rsp; pop %rax", R.RAX, (R.RSP, 0)),
        ("push %rbx; pop %rsp", R.RSP, (R.RBX, 0)),
        ("push %rax; push %rax; ret $16", R.RSP, (R.RSP, 8)),
        ("enter $16,$0", R.RSP, (R.RSP, -24)),
        ("enter $16,$0; leave", R.RSP, (R.RSP, 0)),
        ("enter $16,$0; leave", R.RBP, (R.RBP, 0)),
        ("mov %rax,8(%rbx); xchg %rcx,8(%rbx)", R.RCX, (R.RAX, 0)),
        ("mov %rsp,%gs:0x10; mov %rax,%rsp; mov %gs:0x10,%rsp", R.RSP, (R.RSP, 0)),
        ("mov %rsp,%gs:a; mov %gs:b,%rsp; mov %gs:a,%rsp", R.RSP, (R.RSP, 0)),
        ("stosq; lea -8(%rdi),%rsi; lodsq", R.RSI, (R.RDI, 8)),
        ("wrgsbase %rax; rdgsbase %rcx", R.RCX, (R.RAX, 0)),
        ("lea 1(%rip),%rax", R.RAX, (RIP, 8)),
    ],
)
def test_value_is_followed(text: str, register: int, value: tuple[int, int]) -> None:
    assert final(text, register) == value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lea (%rbx,%rcx),%rax", "lea (%rcx,%rbx),%rax"),
        ("lea (%rbx,%rcx),%rax", "mov %rcx,%rax; add %rbx,%rax"),
        ("lea 8(%rbx,%rcx,4),%rax", "inc %rcx; inc %rcx; lea (%rbx,%rcx,4),%rax"),
        ("lea (,%rcx,8),%rax", "mov %rcx,%rax; shl $3,%rax"),
        ("mov %ecx,%eax", "mov %rcx,%rax; mov %eax,%eax"),
        ("mov %ecx,%eax", "movslq %ecx,%rax; mov %eax,%eax"),
        ("movzbl %cl,%eax", "movzbl %cl,%eax; movzbl %al,%eax"),
        ("mov %rcx,%rax; and $-16,%rax", "mov %rcx,%rax; and $-16,%rax; and $-16,%rax"),
        ("imul %rcx,%rax", "mov %rcx,%rdx; imul %rdx,%rax"),
        ("mov 8(%rcx),%rax", "add $8,%rcx; mov (%rcx),%rax"),
    ],
)
def test_same_quantity_has_the_same_root(one: str, other: str) -> None:
    text = f"{one}; mov %rax,%r12"
    undo = "pop %rax; pop %rcx; pop %rbx"
    both = f"push %rbx; push %rcx; push %rax; {text}; {undo}; {other}"
    machine = run(block(both)).machine
    first = machine.roots[12], machine.offsets[12]
    assert first == (machine.roots[R.RAX], machine.offsets[R.RAX])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mov %ecx,%eax", "mov %rcx,%rax"),
        ("movzbl %cl,%eax", "movzbl %ch,%eax"),
        ("movzbl %cl,%eax", "movsbl %cl,%eax"),
        ("lea (%rcx,%rbx,2),%rax", "lea (%rbx,%rcx,2),%rax"),
        ("imul $3,%rcx,%rax", "imul $5,%rcx,%rax"),
        ("mov %cl,%al", "mov %cl,%ah"),
        ("cmp %rcx,%rbx; setb %al", "cmp %rbx,%rcx; setb %al"),
        ("cmp %rcx,%rbx; sbb %rax,%rax", "test %rbx,%rbx; sbb %rax,%rax"),
        ("mov (%rcx),%rax", "movl $0,4(%rcx); mov (%rcx),%rax"),
    ],
)
def test_different_quantities_have_different_roots(one: str, other: str) -> None:
    undo = "pop %rax; pop %rcx; pop %rbx"
    both = f"push %rbx; push %rcx; push %rax; {one}; mov %rax,%r12; {undo}; {other}"
    machine = run(block(both)).machine
    first = machine.roots[12], machine.offsets[12]
    assert first != (machine.roots[R.RAX], machine.offsets[R.RAX])


def test_reloading_unwritten_memory_gives_the_same_value_in_every_copy() -> None:
    first, second = run(block("mov 8(%rbx),%rax; mov (%rax),%rcx"), 2).copies
    assert [a[2:] for a in first] == [a[2:] for a in second]


def test_pointer_chasing_moves_on_in_every_copy() -> None:
    roots = {copy[0].root for copy in run(block("mov (%rax),%rax"), 4).copies}
    assert len(roots) == 4


def test_swapgs_tells_the_two_gs_bases_apart_and_brings_back_the_first() -> None:
    text = "mov %gs:0,%rax; swapgs; mov %gs:0,%rax; swapgs; mov %gs:0,%rax"
    user, kernel, again = (access.root for access in accesses(text))
    assert user == again != kernel


def test_unresolved_percpu_symbols_are_different_words() -> None:
    text = "mov %gs:old_rsp,%rax; mov %gs:kernel_stack,%rax; mov %gs:old_rsp+8,%rcx"
    old, stack, beside = accesses(text)
    assert old.root == beside.root != stack.root
    assert beside.offset - old.offset == 8


def test_rip_relative_and_absolute_names_of_a_symbol_agree() -> None:
    absolute, relative, plain = accesses(
        "mov %gs:word+8,%rax; mov %gs:word+8(%rip),%rax; movl $1,word+8(%rip)"
    )
    assert absolute[2:4] == relative[2:4]
    assert plain.root != absolute.root
    assert plain.offset == 8


def test_rip_relative_operand_is_the_address_it_points_to() -> None:
    first, second = accesses("mov 16(%rip),%rax; mov 9(%rip),%rax")
    assert (first.root, first.offset) == (RIP, 23)
    assert (second.root, second.offset) == (RIP, 23)


def test_syscall_leaves_user_rip_and_flags() -> None:
    assert described("syscall", R.RCX) == "user rip"
    assert described("syscall", 11) == "user rflags"


def test_initial_values_can_be_named() -> None:
    insns = block("mov %rcx,%rax")
    machine = run(insns, initial={R.RCX: "user rip"}).machine
    assert machine.describe((machine.roots[R.RAX], 0)) == "user rip"


def test_call_out_of_the_sequence_returns_and_clobbers() -> None:
    text = "push %rbx; call away; pop %rcx"
    assert final(text, R.RSP) == (R.RSP, 0)
    assert final(text, R.RCX) == (R.RBX, 0)
    assert final("call away; nop", R.RBX) == (R.RBX, 0)
    assert described("call away; nop", R.RAX) == "handler result"


def test_call_of_the_next_instruction_does_not_return() -> None:
    assert final("call 1f; 1: pop %rax", R.RAX) == (RIP, 5)


def test_sysret_and_iret_paths_end_with_the_users_stack() -> None:
    text = "push $0x2b; push %rbx; push $2; push $0x33; push %rcx; iretq"
    assert final(text, R.RSP) == (R.RBX, 0)
    assert len(accesses(text)) == 10


@pytest.mark.parametrize(
    "text",
    [
        "mov %gs:word,%rcx; push %rax; swapgs; iretq",
        "swapgs; mov %rsp,%gs:word; mov %gs:top,%rsp; push %rax",
        "push %rax; pop %rcx; ret $0x30",
        "mov %rsp,%gs:word; mov %gs:top,%rsp; push %rax; mov %gs:word,%rsp",
    ],
)
def test_a_path_is_entered_anew_in_the_same_surroundings(text: str) -> None:
    first, second, third = run(block(text), 3).copies
    assert [a[2:4] for a in second] == [a[2:4] for a in third]
    assert [a[2:4] for a in first] == [a[2:4] for a in third]


def test_a_block_that_moves_the_stack_goes_on_where_it_was() -> None:
    assert linkage(block("push %rax")).stride == [-8]


def test_pop_to_a_stack_slot_uses_the_incremented_pointer() -> None:
    store, load = accesses("popq 8(%rsp)")
    assert (store.writes, store.offset) == (True, 16)
    assert (load.reads, load.offset) == (True, 0)


def test_accesses_name_their_place_in_the_form() -> None:
    read, write = accesses("nop; pushq 8(%rbx)")
    assert (read.step, read.slot, read.reads, read.writes) == (1, 0, True, False)
    assert (write.step, write.slot, write.width) == (1, 1, 8)


# Linkage
def test_exact_inside_and_blocked() -> None:
    linked = linkage(
        block(
            "mov %rax,(%rbx); mov (%rbx),%rcx; mov (%rbx),%ecx; mov 4(%rbx),%ecx;"
            "mov 4(%rbx),%rcx; mov -1(%rbx),%ecx; mov 8(%rbx),%rcx"
        )
    )
    assert linked.kind == [NONE, EXACT, EXACT, INSIDE, BLOCKED, BLOCKED, NONE]
    assert linked.store == [-1, 0, 0, 0, 0, 0, -1]
    assert linked.distance == [0] * 7
    assert set(linked.same_expression[1:6]) == {1}


def test_youngest_store_wins_and_stores_after_it_are_counted() -> None:
    linked = linkage(
        block("mov %rax,(%rbx); mov %rcx,(%rbx); push %rdx; push %rdx; mov (%rbx),%rsi")
    )
    assert (linked.store[-1], linked.between[-1]) == (1, 2)


def test_load_of_a_read_modify_write_meets_the_store_of_the_copy_before() -> None:
    linked = linkage(block("incl (%rbx); push %rax; pop %rax"))
    assert (linked.store[0], linked.distance[0], linked.kind[0]) == (0, 1, EXACT)
    assert linked.between[0] == 1
    assert linked.unknown == 0


def test_distance_is_solved_from_the_stride() -> None:
    linked = linkage(block("mov %rax,80(%rbx); mov (%rbx),%rcx; add $8,%rbx"))
    assert linked.stride == [8, 8]
    assert (linked.store[1], linked.distance[1], linked.kind[1]) == (0, 10, EXACT)
    assert linked.between[1] == 10
    assert linked.same_expression[1] == 0


def test_stores_too_far_back_are_not_met() -> None:
    linked = linkage(block("mov %rax,8000(%rbx); mov (%rbx),%rcx; add $8,%rbx"))
    assert linked.store == [-1, -1]


def test_store_ahead_of_the_load_is_never_met() -> None:
    linked = linkage(block("mov %rax,-8(%rbx); mov (%rbx),%rcx; add $8,%rbx"))
    assert linked.store == [-1, -1]


def test_chased_pointer_meets_stores_through_the_same_pointer() -> None:
    linked = linkage(block("mov (%rax),%rax; mov %rbx,8(%rax); mov 8(%rax),%rcx"))
    assert linked.persistent == [0, 0, 0]
    assert linked.store == [-1, -1, 1]
    assert linked.distance[2] == 0
    assert linked.unknown == 3
    older = linkage(block("mov 4(%rax),%rcx; mov (%rax),%rax; mov %rbx,(%rax)"))
    assert (older.store[0], older.distance[0], older.kind[0]) == (2, 1, BLOCKED)


@pytest.mark.parametrize(
    ("between", "same", "adjusted"),
    [
        ("nop", 1, 0),
        ("push %rcx; pop %rdx", 1, 0),
        ("sub $0x28,%rsp; add $0x28,%rsp", 1, 0x28),
        ("lea 0(%rsp),%rsp", 0, 0),
        ("mov %rsp,%rcx; mov %rcx,%rsp", 0, 0),
    ],
)
def test_same_expression_of_the_stack(between: str, same: int, adjusted: int) -> None:
    linked = linkage(block(f"mov %rax,16(%rsp); {between}; mov 16(%rsp),%rax"))
    load = max(k for k, kind in enumerate(linked.kind) if kind == EXACT)
    assert linked.store[load] == 0
    assert (linked.same_expression[load], linked.rsp_adjusted[load]) == (same, adjusted)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mov %rax,8(%rbx); mov 8(%rbx),%rcx", 1),
        ("mov %rax,8(%rbx); add $8,%rbx; mov (%rbx),%rcx; sub $8,%rbx", 0),
        ("mov %rbx,%rcx; mov %rax,8(%rbx); mov 8(%rcx),%rdx", 0),
        ("mov %rax,(%rbx,%rcx,8); mov (%rbx,%rcx,8),%rdx", 1),
        ("mov %rax,%gs:8; mov %gs:8,%rdx", 1),
        ("mov %rax,8(%rbx); mov %cl,%bl; mov 8(%rbx),%rdx", 0),
    ],
)
def test_same_expression_of_other_bases(text: str, same: int) -> None:
    linked = linkage(block(text))
    assert linked.same_expression[-1] == same


def test_without_stores_nothing_is_executed() -> None:
    linked = linkage(block("mov (%rax),%rbx; mov (%rbx),%rcx"))
    assert not linked.executed
    assert linked.root == [0, 1]
    assert linked.store == [-1, -1]


def test_stores_alone_still_tell_their_addresses() -> None:
    linked = linkage(block("push %rax; push %rbx"))
    assert linked.root == [R.RSP, R.RSP]
    assert linked.offset[0] - linked.offset[1] == 8
    assert linked.stride == [-16, -16]


def test_empty_sequence_has_no_accesses() -> None:
    assert run([]).copies == ((),)
    assert linkage([]).step == []


# Against plain execution
class Concrete:
    """A plain interpreter of the few instructions the properties use."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.registers = [rng.getrandbits(62) for _ in range(16)]
        self.memory: dict[int, int] = {}
        self.seed = seed
        self.accesses: list[int] = []

    def byte(self, address: int) -> int:
        default = random.Random(self.seed ^ address).getrandbits(8)
        return self.memory.get(address, default)

    def load(self, address: int) -> int:
        self.accesses.append(address)
        return sum(self.byte(address + k) << (8 * k) for k in range(8))

    def store(self, address: int, value: int, width: int = 8) -> None:
        self.accesses.append(address)
        for k in range(width):
            self.memory[address + k] = value >> (8 * k) & 255


NAMES = [getattr(Register, name.upper()) for name in R.GENERAL]
Op = tuple[str, int, int, int]
USED = st.sampled_from([R.RAX, R.RBX, R.RSP, 11])
TARGETS = st.sampled_from([R.RAX, R.RBX, 11])
SMALL = st.integers(-24, 24)
AFFINE = st.one_of(
    st.tuples(st.just("move"), TARGETS, USED, SMALL),
    st.tuples(st.just("lea"), TARGETS, USED, SMALL),
    st.tuples(st.just("add"), USED, USED, SMALL),
    st.tuples(st.just("load"), TARGETS, USED, SMALL),
    st.tuples(st.just("store"), USED, USED, SMALL),
    st.tuples(st.just("store4"), USED, USED, SMALL),
    st.tuples(st.just("push"), USED, USED, SMALL),
    st.tuples(st.just("pop"), TARGETS, USED, SMALL),
)
EXCHANGE = st.tuples(st.just("xchg"), TARGETS, TARGETS, SMALL)
MASK = (1 << 64) - 1


def instruction(op: Op) -> Instruction:
    kind, a, b, n = op
    x, y = NAMES[a], NAMES[b]
    memory = MemoryOperand(y, displ=n, displ_size=1)
    if kind == "move":
        return Instruction.create_reg_reg(Code.MOV_R64_RM64, x, y)
    if kind == "lea":
        return Instruction.create_reg_mem(Code.LEA_R64_M, x, memory)
    if kind == "add":
        return Instruction.create_reg_i32(Code.ADD_RM64_IMM8, x, n)
    if kind == "load":
        return Instruction.create_reg_mem(Code.MOV_R64_RM64, x, memory)
    if kind == "store":
        return Instruction.create_mem_reg(Code.MOV_RM64_R64, memory, x)
    if kind == "store4":
        return Instruction.create_mem_i32(Code.MOV_RM32_IMM32, memory, a)
    if kind == "push":
        return Instruction.create_reg(Code.PUSH_R64, x)
    if kind == "pop":
        return Instruction.create_reg(Code.POP_R64, x)
    return Instruction.create_reg_reg(Code.XCHG_RM64_R64, x, y)


def execute(state: Concrete, op: Op) -> None:
    kind, a, b, n = op
    r = state.registers
    if kind == "move":
        r[a] = r[b]
    elif kind == "lea":
        r[a] = (r[b] + n) & MASK
    elif kind == "add":
        r[a] = (r[a] + n) & MASK
    elif kind == "load":
        r[a] = state.load((r[b] + n) & MASK)
    elif kind == "store":
        state.store((r[b] + n) & MASK, r[a])
    elif kind == "store4":
        state.store((r[b] + n) & MASK, a, 4)
    elif kind == "push":
        value, r[R.RSP] = r[a], (r[R.RSP] - 8) & MASK
        state.store(r[R.RSP], value)
    elif kind == "pop":
        value = state.load(r[R.RSP])
        r[R.RSP] = (r[R.RSP] + 8) & MASK
        r[a] = value
    else:
        r[a], r[b] = r[b], r[a]


def assembled(ops: Sequence[Op]) -> list[Insn]:
    encoder = Encoder(64)
    for op in ops:
        encoder.encode(instruction(op), 0)
    return decode_bytes(encoder.take_buffer())


@given(
    st.lists(st.one_of(AFFINE, EXCHANGE), min_size=1, max_size=14), st.integers(0, 99)
)
@settings(max_examples=150, deadline=None)
def test_equal_roots_mean_equal_quantities(ops: list[Op], seed: int) -> None:
    """One number per root explains every address and every register of a real run."""
    copies = 3
    execution = run(assembled(ops), copies)
    state = Concrete(seed)
    for _ in range(copies):
        for op in ops:
            execute(state, op)
    quantity: dict[int, int] = {CONST: 0}
    machine = execution.machine
    symbolic = [a[2:4] for copy in execution.copies for a in copy]
    symbolic += zip(machine.roots[:16], machine.offsets[:16], strict=True)
    for (root, offset), real in zip(
        symbolic, state.accesses + state.registers, strict=True
    ):
        base = (real - offset) & MASK
        assert quantity.setdefault(root, base) == base


@given(st.lists(AFFINE, min_size=2, max_size=10))
@settings(max_examples=150, deadline=None)
def test_linkage_agrees_with_looking_at_every_older_store(ops: list[Op]) -> None:
    insns = assembled(ops)
    copies, far = 24, 8
    linked = linkage(insns, copies)
    executed = run(insns, copies).copies
    size = len(executed[0])
    flat = [access for copy in executed for access in copy]
    for k in range(size) if linked.executed else ():
        here = (copies - 1) * size + k
        load = flat[here]
        expected = (-1, 0, NONE, 0)
        stores = 0
        for at in range(here - 1, here - far * size, -1) if load.reads else ():
            store = flat[at]
            if not store.writes:
                continue
            gap = store.offset - load.offset
            if store.root == load.root and -store.width < gap < load.width:
                whole = gap <= 0 and gap + store.width >= load.width
                kind = (EXACT if gap == 0 else INSIDE) if whole else BLOCKED
                distance = copies - 1 - at // size
                expected = (at % size, distance, kind, stores)
                break
            stores += 1
        found = (
            linked.store[k], linked.distance[k], linked.kind[k], linked.between[k],
        )  # fmt: skip
        if expected[0] >= 0 or linked.distance[k] < far - 1:
            assert found == expected


def test_a_far_return_pops_its_address_and_selector() -> None:
    execution = run(decode_bytes(bytes.fromhex("48cb")))
    offsets = [access.offset for access in execution.copies[0]]
    assert offsets == sorted(offsets)
    assert len(offsets) == len(
        [m for m in decode_bytes(bytes.fromhex("48cb"))[0].form.memory if m.reads]
    )
