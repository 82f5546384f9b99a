"""The path taken: what is followed, where it ends, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath

import pytest

from costmodel.code.insn import Path
from costmodel.code.load import load_image, load_path
from costmodel.errors import CostmodelError, InputError, UsageError
from costmodel.views.layout import spelled

Follow = Callable[..., Path]


def mnemonics(path: Path) -> list[str]:
    return [step.insn.form.mnemonic for step in path.steps]


def lines(path: Path) -> list[int]:
    return [step.insn.source.line if step.insn.source else 0 for step in path.steps]


def test_direct_jumps_are_taken_and_noted(follow_text: Follow) -> None:
    path = follow_text("f: jmp 1f\nud2\n1: nop\njmp .Lend\nud2\n.Lend: sysretq\n")
    assert mnemonics(path) == ["jmp", "nop", "jmp", "sysretq"]
    assert [step.taken for step in path.steps] == [True, False, True, False]
    assert "followed: jmp .Lend at <stdin>:4" in path.notes


def test_conditional_jumps_are_not_taken_and_noted(follow_text: Follow) -> None:
    path = follow_text("f: test %eax,%eax\njnz slow\nret\nslow: ud2\n")
    assert lines(path) == [1, 2, 3]
    assert "not taken: jne slow at <stdin>:2" in path.notes


def test_jumps_and_calls_are_spelled_with_the_place_they_go_to(
    follow_text: Follow,
) -> None:
    path = follow_text("f: jnz slow\ncall 1f\n1: ret\nslow: ud2\n")
    texts = [spelled(step.insn) for step in path.steps]
    assert texts[0] == "jne slow" and texts[1].startswith("call f+0x")
    nameless = load_path("-", stdin=b"75 00 c3")
    assert spelled(nameless.steps[0].insn) == "jne 2"


@pytest.mark.parametrize("take", ["slow", "f+0x5", "0x5", "<stdin>:2", "slow*1"])
def test_take_names_the_target_the_address_or_the_line(
    follow_text: Follow, take: str
) -> None:
    path = follow_text("f: test %eax,%eax\njnz slow\nret\nslow: iretq\n", take=[take])
    assert lines(path) == [1, 2, 4]
    assert path.steps[1].taken
    assert "taken: jne slow at <stdin>:2" in path.notes


def test_take_of_a_label_that_is_elsewhere_leaves_the_input(
    follow_text: Follow,
) -> None:
    text = "f: jnz tracesys\nret\n"
    assert lines(follow_text(text)) == [1, 2]
    path = follow_text(text, take=["tracesys"])
    assert lines(path) == [1] and "leaves this input" in path.notes[-1]


def test_take_of_an_unknown_label_offers_close_ones(follow_text: Follow) -> None:
    with pytest.raises(InputError) as caught:
        follow_text("f: jnz slow\nret\nslow: ret\n", take=["slwo"])
    assert "slow" in caught.value.hint
    with pytest.raises(UsageError):
        follow_text("f: ret\n", take=[""])


def test_take_that_no_jump_uses_is_refused(follow_text: Follow) -> None:
    text = "f: nop; jz 1f; nop; 1: ret; g: nop; ret"
    for take in ("g", "-:9", "<stdin>:9", "g*2", "f=g", "0x0"):
        with pytest.raises(UsageError, match="no jump on this path") as caught:
            follow_text(text, take=[take])
        assert "conditional jumps not taken" in caught.value.hint
    lenient = follow_text(text, take=["g"], idle_takes=True)
    assert lenient.unused == (("g",))
    assert "take g: no jump on this path goes there" in lenient.notes


def test_take_counts_the_rounds_of_a_loop(follow_text: Follow) -> None:
    path = follow_text("f: nop\n1: dec %eax\n.Lx: jnz 1b\nret\n", take=["f+0x1*3"])
    assert mnemonics(path) == ["nop"] + ["dec", "jne"] * 4 + ["ret"]


def test_an_indirect_call_stands_for_the_handler(follow_text: Follow) -> None:
    path = follow_text("f: call *table(,%rax,8)\nmov %rax,80(%rsp)\nsysretq\n")
    assert [step.handler for step in path.steps] == [True, False, False]
    assert any(note.startswith("handler:") and "table" in note for note in path.notes)


def test_a_call_of_another_object_stands_for_the_handler(follow_text: Follow) -> None:
    path = follow_text("f: call do_syscall_64\nret\n")
    assert path.steps[0].handler and lines(path) == [1, 2]
    assert any("call do_syscall_64 at <stdin>:1" in note for note in path.notes)


def test_an_assembly_routine_of_the_same_file_is_followed(
    follow_text: Follow,
) -> None:
    """Case F1 (LegoOS entry_64.S): error_entry stood for the C handler."""
    text = ".globl g\nf: call g\nret\ng: nop\nret\n"
    path = follow_text(text, symbol="f")
    assert lines(path) == [2, 4, 5, 3]
    assert not any(step.handler for step in path.steps)
    with pytest.raises(InputError, match="no symbol 'h' to follow"):
        follow_text(text, symbol="f", into=["h"])


def test_a_call_of_a_local_label_is_followed_and_comes_back(
    follow_text: Follow,
) -> None:
    path = follow_text("f: call save\ncall 1f\nret\nsave: mov %rbx,%rax\nret\n1: ret\n")
    assert lines(path) == [1, 4, 5, 2, 6, 3]
    assert [step.taken for step in path.steps] == [True, False, True, True, True, False]


def test_a_return_thunk_routine_is_part_of_the_entry_path(follow_text: Follow) -> None:
    text = ".globl entry_untrain_ret\nf: call entry_untrain_ret\nsysretq\n"
    path = follow_text(text + "entry_untrain_ret: lfence\nret\n", symbol="f")
    assert mnemonics(path) == ["call", "lfence", "ret", "sysret"] or mnemonics(
        path
    ) == ["call", "lfence", "ret", "sysretq"]


def test_a_dropped_return_address_ends_the_call(follow_text: Follow) -> None:
    path = follow_text("f: call 1f\nud2\n1: add $8,%rsp\nret\n")
    assert lines(path) == [1, 3, 4]


def test_a_retpoline_needs_telling_where_it_goes(follow_text: Follow) -> None:
    text = "f: call 1f\n2: pause\njmp 2b\n1: mov %rdi,(%rsp)\nret\n.Lc: nop\nsysretq\n"
    path = follow_text(text)
    assert lines(path) == [1, 4, 5] and "AT=TARGET" in path.notes[-1]
    assert lines(follow_text(text, take=["<stdin>:5=.Lc"])) == [1, 4, 5, 6, 7]


def test_an_indirect_jump_ends_the_path_unless_told(follow_text: Follow) -> None:
    text = "f: jmp *%rax\n.Lc: sysretq\n"
    assert lines(follow_text(text)) == [1]
    assert lines(follow_text(text, take=["f=.Lc"])) == [1, 2]


def test_an_indirect_call_told_its_target_is_followed(follow_text: Follow) -> None:
    text = "f: call *table(,%rax,8)\nret\nstub: nop\nret\n"
    path = follow_text(text, take=["<stdin>:1=stub"])
    assert lines(path) == [1, 3, 4, 2] and not path.steps[0].handler


@pytest.mark.parametrize("last", ["sysretq", "sysretl", "iretq", "sysexit", "ret"])
def test_the_path_ends_with_the_return_to_user_space(
    follow_text: Follow, last: str
) -> None:
    path = follow_text(f"f: nop\n{last}\nud2\n")
    assert lines(path) == [1, 2]
    assert path.notes[-1].startswith("ends with")


@pytest.mark.parametrize("last", ["ud2", "int3"])
def test_a_trap_ends_the_path_only_if_told(follow_text: Follow, last: str) -> None:
    with pytest.raises(InputError, match=f"the path runs into {last} at f") as caught:
        follow_text(f"f: {last}\nnop\n")
    assert "--take f accepts this end" in caught.value.hint
    path = follow_text(f"f: {last}\nnop\n", take=["f"])
    assert lines(path) == [1] and last in path.notes[-1]


def test_a_halt_ends_the_path_with_a_note(follow_text: Follow) -> None:
    path = follow_text("f: hlt\nnop\n")
    assert lines(path) == [1] and "hlt" in path.notes[-1]


def test_eretu_ends_the_path(follow_text: Follow) -> None:
    path = follow_text("90 f3 0f 01 ca 90")
    assert len(path.steps) == 2


def test_a_jump_to_another_input_ends_the_path(follow_text: Follow) -> None:
    path = follow_text("f: nop\njmp error_exit\n")
    assert "jmp error_exit" in path.notes[-1] and "leaves" in path.notes[-1]


def test_the_end_of_the_section_ends_the_path(follow_text: Follow) -> None:
    path = follow_text("f: nop\n")
    assert path.notes[-1] == "ends at the end of .text"


def test_a_region_ends_the_path(follow_text: Follow) -> None:
    text = "f: nop\n# COSTMODEL-BEGIN a\npush %rax\n# COSTMODEL-END\nret\n"
    path = follow_text(text, region="a")
    assert mnemonics(path) == ["push"] and path.name == "a"


def test_an_empty_region_is_refused(follow_text: Follow) -> None:
    with pytest.raises(InputError, match="an empty path"):
        follow_text("nop\n# COSTMODEL-BEGIN a\n# COSTMODEL-END\nret\n", region="a")


@pytest.mark.parametrize(
    "text",
    [
        "f: nop\nnop\njmp f\n",
        "f: jmp f\nnop\nnop\n",
        "f: call 1f\nret\n1: nop\n2: pause\njmp 2b\n",
    ],
)
def test_an_endless_cycle_is_one_error_with_its_line(
    follow_text: Follow, text: str
) -> None:
    with pytest.raises(InputError) as caught:
        follow_text(text)
    assert "endless cycle" in caught.value.found
    line = int(caught.value.where.removeprefix("<stdin>:"))
    assert text.splitlines()[line - 1].lstrip("f: ").startswith("jmp")


def test_a_taken_back_jump_is_an_endless_cycle_too(follow_text: Follow) -> None:
    with pytest.raises(InputError, match="endless cycle of 2 instructions") as caught:
        follow_text("f: dec %eax\njnz f\nret\n", take=["f"])
    assert "LABEL*N" in caught.value.hint


def test_a_routine_that_calls_itself_is_refused(follow_text: Follow) -> None:
    with pytest.raises(InputError, match="nested"):
        follow_text("f: nop\ncall f\nret\n")


def test_a_very_long_path_is_refused(follow_text: Follow) -> None:
    with pytest.raises(InputError, match="more than 20000 instructions"):
        follow_text(".rept 20001\nnop\n.endr\nret\n")


def test_data_among_the_code_is_shown_with_its_line(follow_text: Follow) -> None:
    with pytest.raises(InputError) as caught:
        follow_text("f: nop\n.byte 0x06,0x07\nret\n")
    assert caught.value.where.startswith("<stdin>:")
    assert "06 07" in caught.value.found and "f+0x1" in caught.value.found


def test_notes_are_in_the_order_of_the_path(follow_text: Follow) -> None:
    path = follow_text("f: jnz .La\ncall h\njmp .Lb\n.La: ud2\n.Lb: sysretq\n")
    heads = [note.split(":")[0] for note in path.notes]
    assert heads == ["not taken", "handler", "followed", "ends with sysretq at <stdin>"]


# The shape of a present kernel's entry path, in our own words: alternatives are NOPs
# or short jumps, the slow return is behind conditional jumps, the C part is one call.
KERNEL = """\
.globl entry_SYSCALL_64, do_syscall_64, swapgs_restore_regs, slow_untrain_ret
.type do_syscall_64,@function
.type entry_SYSCALL_64,@function
entry_SYSCALL_64:
 endbr64
 swapgs
 mov %rsp,%gs:0x6014
 jmp .Lno_cr3
 mov %cr3,%rsp
.Lno_cr3:
 mov %gs:0x1fc90,%rsp
.globl entry_SYSCALL_64_safe_stack
entry_SYSCALL_64_safe_stack:
 push $0x2b
 pushq %gs:0x6014
 push %r11
 xor %ebx,%ebx
 .nops 5
 call slow_untrain_ret
 mov %rsp,%rdi
 call do_syscall_64
 mov 0x58(%rsp),%rcx
 cmp 0x80(%rsp),%rcx
 jne swapgs_restore_regs
syscall_return_via_sysret:
 pop %rdi
 pop %rsp
 swapgs
 sysretq
swapgs_restore_regs:
 iretq
do_syscall_64:
 ret
slow_untrain_ret:
 nop
 ret
"""


def test_a_kernel_is_followed_across_inner_labels_to_sysret(
    link: Callable[..., FilePath],
) -> None:
    path = load_path(link(KERNEL), symbol="entry_SYSCALL_64")
    assert mnemonics(path)[:4] == ["endbr64", "swapgs", "mov", "jmp"]
    assert mnemonics(path)[-1].startswith("sysret")
    assert [s.insn.symbol for s in path.steps if s.handler] == [
        path.steps[mnemonics(path).index("call", 12)].insn.symbol
    ]
    assert sum(step.handler for step in path.steps) == 1
    assert any("call slow_untrain_ret" in n and "followed" in n for n in path.notes)
    assert any(n.startswith("not taken: jne swapgs_restore_regs") for n in path.notes)
    assert any(n.startswith("handler: call do_syscall_64") for n in path.notes)


def test_the_slow_return_of_a_kernel_can_be_taken(
    link: Callable[..., FilePath],
) -> None:
    path = load_path(
        link(KERNEL), symbol="entry_SYSCALL_64", take=["swapgs_restore_regs"]
    )
    assert mnemonics(path)[-1].startswith("iret")


def test_several_paths_come_from_one_image(link: Callable[..., FilePath]) -> None:
    from costmodel.code.load import image_path

    image = load_image(link(KERNEL))
    assert len(image_path(image, symbol="slow_untrain_ret").steps) == 2
    inner = image_path(image, symbol="syscall_return_via_sysret")
    assert len(inner.steps) == 4 and inner.steps[0].insn.source is not None
    with pytest.raises(CostmodelError):
        image_path(image, symbol="nothing_like_it")


def test_a_routine_may_move_its_return_address_on_the_stack(
    follow_text: Follow,
) -> None:
    """As error_entry does: taken from below the frame, pushed on top of it."""
    text = """f: call save
    sysretq
    save: push %rsi
    mov 8(%rsp),%rsi
    mov %rdi,8(%rsp)
    push %rdx
    push %rsi
    xor %esi,%esi
    ret
    """
    path = follow_text(text)
    assert lines(path) == [1, 3, 4, 5, 6, 7, 8, 9, 2]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("push %rbx\nret", id="something else on top"),
        pytest.param("mov %rdi,(%rsp)\nret", id="overwritten"),
        pytest.param("movl $0,4(%rsp)\nret", id="half overwritten"),
        pytest.param("mov (%rsp),%rax\nxor %eax,%eax\nmov %rax,(%rsp)\nret", id="lost"),
        pytest.param("mov (%rsp),%eax\nmov %rax,(%rsp)\nret", id="only half moved"),
    ],
)
def test_a_return_to_anything_but_the_callers_address_ends_the_path(
    follow_text: Follow, body: str
) -> None:
    path = follow_text(f"f: call 1f\nsysretq\n1: {body}\n")
    assert mnemonics(path)[-1] == "ret"
    assert "an address the code itself stored" in path.notes[-1]


def test_a_stack_pointer_not_followed_is_taken_to_come_back(
    follow_text: Follow,
) -> None:
    text = "f: call 1f\nsysretq\n1: mov %rsp,%rbp\nand $-16,%rsp\nleave\nret\n"
    assert lines(follow_text(text)) == [1, 3, 4, 5, 6, 2]


def test_one_add_may_drop_several_return_addresses(follow_text: Follow) -> None:
    """As filling the return stack buffer does."""
    path = follow_text("f: call 1f\nint3\n1: call 2f\nint3\n2: add $16,%rsp\nret\n")
    assert lines(path) == [1, 3, 5, 6]
    assert path.notes[-1].startswith("ends with ret")


ALTERNATIVE = """
.globl entry, __text_part_end
entry:
 call after
site: nop; nop; jmp 1f
1: sysretq
.size entry, . - entry
__text_part_end:
common: nop
 ret
.size common, . - common
.globl after, longer
after: ret
.size after, . - after
.section .altinstr_replacement,"ax"
other: lfence
.section .altinstructions,"a"
"""


@pytest.mark.parametrize(
    "tail", [".short 1\n.byte 4,3", ".long 1\n.byte 4,3", ".short 1\n.byte 4,3,2"]
)
def test_run_time_alternatives_on_the_path_are_named(
    link: Callable[..., FilePath], tail: str
) -> None:
    entry = f".long site - .\n.long other - .\n{tail}\n"
    path = load_path(link(ALTERNATIVE + entry), symbol="entry")
    (note,) = [note for note in path.notes if "alternatives" in note]
    assert note.startswith("run-time alternatives: 1 on the path, the first at")
    assert "at entry.S:5;" in note and "as the file has them" in note
    assert [
        s.insn.form.length for s in path.steps if s.insn.form.mnemonic == "nop"
    ] == [2]


def test_a_damaged_table_of_alternatives_is_left_alone(
    link: Callable[..., FilePath],
) -> None:
    path = load_path(link(ALTERNATIVE + ".long 1,2,3,4,5\n"), symbol="entry")
    assert not [note for note in path.notes if "alternatives" in note]


def test_a_routine_goes_by_its_name_not_by_a_mark_between_parts(
    link: Callable[..., FilePath],
) -> None:
    image = load_image(link(ALTERNATIVE + ".long 1\n"))
    (common,) = image.named("common")
    assert image.name_at(common.address + 1) == "common+0x1"
    (replacement,) = [s for s in image.sections if s.name == ".altinstr_replacement"]
    assert image.name_at(replacement.address + 1) in (
        "other+0x1",
        ".altinstr_replacement+0x1",
    )
