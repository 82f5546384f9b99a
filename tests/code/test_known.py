"""What the numbers in the code decide: loop counts, jump tables, compare trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path as FilePath

import pytest

from costmodel.code.insn import Path
from costmodel.code.load import load_path
from costmodel.errors import InputError, UsageError

Follow = Callable[..., Path]


def counts(path: Path) -> Counter[str]:
    return Counter(step.insn.form.mnemonic for step in path.steps)


# The shape of the kernel's branch-history loop, in our own words: a loop of five rounds
# in one of five, by two registers.
NESTED = """
f: mov $5,%ecx
 call 1f
 ret
1: call 2f
 ret
2: mov $5,%eax
3: jmp 4f
 nop
4: sub $1,%eax
 jnz 3b
 sub $1,%ecx
 jnz 1b
 ret
"""


def test_a_constant_loop_count_is_how_often_it_runs(follow_text: Follow) -> None:
    """Case 32 (Stack Overflow, inner loop of 16): one round was followed."""
    path = follow_text("mov $16,%eax\ninner: dec %rax\njnz inner\nret\n")
    assert counts(path)["dec"] == 16
    assert (
        "taken 15 of 16 times, as the numbers in the code decide: jne inner"
        " at <stdin>:3"
    ) in path.notes


def test_nested_constant_counts(follow_text: Follow) -> None:
    """Case 34 (clear_bhb_loop): five by five branches, each taken but the last."""
    path = follow_text(NESTED)
    assert counts(path)["sub"] == 25 + 5
    taken = [s for s in path.steps if s.insn.form.mnemonic == "jne" and s.taken]
    assert len(taken) == 5 * 4 + 4


def test_filling_the_return_stack_runs_all_its_rounds(follow_text: Follow) -> None:
    """Case 41 (RSB fill of 32): 16 rounds of two calls, whose addresses are dropped."""
    path = follow_text(
        "mov $16,%ebx\n1: call 2f\nint3\n2: call 3f\nint3\n3: add $16,%rsp\n"
        "dec %ebx\njnz 1b\nlfence\nret\n"
    )
    assert counts(path)["call"] == 32
    assert counts(path)["lfence"] == 1 == counts(path)["ret"]


@pytest.mark.parametrize(
    ("code", "rounds"),
    [
        pytest.param("mov $999,%edx\n1: inc %rax\nsub $333,%edx\njnz 1b", 3, id="sub"),
        pytest.param("xor %eax,%eax\n1: inc %eax\ncmp $7,%eax\njne 1b", 7, id="cmp"),
        pytest.param("mov $4,%ecx\n1: inc %eax\nloop 1b", 4, id="loop"),
        pytest.param("mov $1,%eax\n1: inc %ebx\nshl %eax\njnc 1b", 32, id="carry"),
        pytest.param(
            "lea 64(%rdi),%rcx\n1: inc %eax\nadd $8,%rdi\ncmp %rcx,%rdi\njb 1b", 8,
            id="pointers",
        ),
        pytest.param("mov $3,%al\n1: inc %ebx\ndec %al\njnz 1b", 3, id="byte"),
        pytest.param("movl $5,(%rsp)\n1: inc %eax\ndecl (%rsp)\njnz 1b", 5, id="stack"),
        pytest.param("mov $0x80,%eax\n1: inc %ebx\nshr $3,%eax\nja 1b", 3, id="above"),
    ],
)  # fmt: skip
def test_counts_of_many_kinds(follow_text: Follow, code: str, rounds: int) -> None:
    assert counts(follow_text(code + "\nret\n"))["inc"] == rounds


def test_a_count_nobody_knows_is_one_round_and_said(follow_text: Follow) -> None:
    path = follow_text("f: dec %ecx\njnz f\nret\n")
    assert counts(path)["dec"] == 1
    assert any(
        note.startswith("not taken: jne f") and "unknown count" in note
        for note in path.notes
    )
    given = follow_text("f: dec %ecx\njnz f\nret\n", given=["ecx=9"])
    assert counts(given)["dec"] == 9


def test_what_a_handler_leaves_is_not_known(follow_text: Follow) -> None:
    text = "mov $3,%ecx\n1: inc %ebx\ncall handler\ndec %ecx\njnz 1b\nret\n"
    assert counts(follow_text(text))["inc"] == 1


def test_a_compare_tree_takes_a_register(follow_text: Follow) -> None:
    """x64_sys_call of Linux 6.12 ended in an arbitrary arm."""
    tree = (
        "cmp $100,%esi\njbe low\ncmp $110,%esi\nje found\nud2\n"
        "low: hlt\nfound: sysretq\n"
    )
    path = follow_text(tree, given=["rsi=110"])
    assert path.steps[-1].insn.form.mnemonic == "sysretq"


def test_a_jump_table_takes_a_register(link: Callable[..., FilePath]) -> None:
    text = (
        "f: mov %eax,%eax\nmov table(,%rax,8),%rax\njmp *%rax\nzero: hlt\n"
        'one: sysretq\n.section .rodata,"a"\ntable: .quad zero, one\n'
    )
    path = load_path(link(text), symbol="f", given=["rax=1"])
    assert path.steps[-1].insn.form.mnemonic == "sysretq"
    assert "as the numbers in the code decide" in path.notes[-2]
    unknown = load_path(link(text), symbol="f")
    assert "ends with the indirect jump" in unknown.notes[-1]


def test_an_index_masked_against_speculation_is_still_known(
    link: Callable[..., FilePath],
) -> None:
    text = (
        "f: cmp $2,%rax\nsbb %rdx,%rdx\nand %rdx,%rax\njmp *table(,%rax,8)\n"
        'zero: hlt\none: sysretq\n.section .rodata,"a"\ntable: .quad zero, one\n'
    )
    for number, end in ((1, "sysretq"), (7, "hlt")):
        path = load_path(link(text), symbol="f", given=[f"rax={number}"])
        assert path.steps[-1].insn.form.mnemonic == end


@pytest.mark.parametrize(
    ("code", "length"),
    [
        ("mov $4096,%ecx\nrep movsb", 4096),  # case 61, Stack Overflow 43343231
        ("mov $512,%ecx\nxor %eax,%eax\nrep stosq", 4096),
        ("xor %ecx,%ecx\nrep stosb", 0),
        ("rep movsb", -1),
    ],
)
def test_a_string_knows_its_length(follow_text: Follow, code: str, length: int) -> None:
    path = follow_text(code + "\nret\n")
    (string,) = [s for s in path.steps if s.insn.form.repeat]
    assert string.insn.form.count == length


def test_a_string_moves_its_pointers_and_ends_its_count(follow_text: Follow) -> None:
    text = "lea 64(%rdi),%rdx\nmov $64,%ecx\nrep stosb\ncmp %rdx,%rdi\nje 1f\nud2\n"
    path = follow_text(text + "1: jrcxz 2f\nud2\n2: ret\n")
    assert path.steps[-1].insn.form.mnemonic == "ret"


@pytest.mark.parametrize("given", ["rax", "rax=", "rxx=1", "=1", "rax=1e3", "rax=1<<3"])
def test_a_bad_value_is_one_message(follow_text: Follow, given: str) -> None:
    with pytest.raises(UsageError, match="--with"):
        follow_text("ret\n", given=[given])


def test_nested_counts_can_be_given(follow_text: Follow) -> None:
    """Case 34: ``L*N`` counted the first N only."""
    text = (
        "1: inc %ebx\n.La: inc %eax\ncall h\ntest %eax,%eax\njnz .La\njmp 1f\n1: ret\n"
    )
    assert counts(follow_text(text, take=[".La*4"]))["inc"] == 1 + 5
    nested = "f: mov $3,%ecx\n.Lb: test %eax,%eax\njnz .Lb\ndec %ecx\njnz .Lb\nret\n"
    path = follow_text(nested, take=["<stdin>:3*4*3"])
    assert counts(path)["test"] == 3 * 5 and counts(path)["dec"] == 3
    with pytest.raises(UsageError, match="take"):
        follow_text(nested, take=["<stdin>:3*99999999"])


def test_an_endless_loop_of_known_numbers_is_refused(follow_text: Follow) -> None:
    with pytest.raises(InputError, match="endless cycle"):
        follow_text("mov $1,%eax\n1: test %eax,%eax\njnz 1b\nret\n")
    with pytest.raises(InputError, match="more than"):
        follow_text("xor %eax,%eax\n1: add $2,%eax\ncmp $1,%eax\njne 1b\nret\n")


@pytest.mark.parametrize(
    "jump",
    ["jmp *table(,%rax,8)", "lea table(%rip),%rdx\njmp *(%rdx,%rax,8)",
     "mov table(,%rax,8),%rcx\njmp *%rcx"],
)  # fmt: skip
def test_a_table_of_the_same_source_is_read(follow_text: Follow, jump: str) -> None:
    text = (
        f"f: {jump}\nzero: hlt\none: sysretq\n"
        '.section .rodata,"a"\ntable: .quad zero, one\n'
    )
    for number, end in ((0, "hlt"), (1, "sysretq")):
        path = follow_text(text, given=[f"rax={number}"])
        assert path.steps[-1].insn.form.mnemonic == end
    assert "AT=TARGET" in follow_text(text, given=["rax=2"]).notes[-1]


def test_a_table_that_is_written_is_not_believed(follow_text: Follow) -> None:
    text = "f: jmp *table(,%rax,8)\nzero: hlt\n.data\ntable: .quad zero\n"
    assert "AT=TARGET" in follow_text(text, given=["rax=0"]).notes[-1]
