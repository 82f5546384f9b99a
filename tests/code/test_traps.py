"""No path runs into the UD2 of a WARN or BUG unless it is told to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from costmodel.code.insn import Path
from costmodel.errors import InputError

Follow = Callable[..., Path]


def last(path: Path) -> str:
    return path.steps[-1].insn.form.mnemonic


def test_the_arm_of_a_trap_is_left(follow_text: Follow) -> None:
    """asm_exc_page_fault of Linux 6.12 (CONFIG_DEBUG_ENTRY) ended in UD2."""
    path = follow_text("f: testb $3,8(%rsp)\njnz 1f\nud2\n1: iretq\n")
    assert last(path) == "iretq"
    assert "the other arm ends in a trap" in "\n".join(path.notes)


def test_a_warning_that_prints_first_is_a_trap_too(follow_text: Follow) -> None:
    """ktime_get of Linux 6.12 took the arm of its WARN."""
    text = (
        "f: mov suspended(%rip),%eax\ntest %eax,%eax\nje 2f\n"
        "mov $1,%edi\ncall __warn_printk\nud2\njmp 2f\n2: ret\n"
    )
    assert last(follow_text(text)) == "ret"


def test_a_trap_behind_jumps_is_seen(follow_text: Follow) -> None:
    text = "f: test %eax,%eax\nje 1f\ntest %ebx,%ebx\njne 2f\nud2\n2: jmp 3f\n3: ud2\n"
    assert last(follow_text(text + "1: ret\n")) == "ret"


def test_a_call_that_never_returns_is_a_trap(follow_text: Follow) -> None:
    text = "f: test %eax,%eax\nje 1f\ncall panic\nnop\n1: ret\npanic: hlt\n"
    path = follow_text(text)
    assert last(path) == "ret" and len(path.steps) == 3


def test_the_taken_arm_of_a_trap_is_not_taken(follow_text: Follow) -> None:
    path = follow_text("f: test %eax,%eax\njne 1f\nret\n1: ud2\n")
    assert last(path) == "ret"


def test_where_nothing_is_left_the_take_is_named(follow_text: Follow) -> None:
    text = "f: test %eax,%eax\njne good\nnop\ncall *%rbx\nud2\ngood: ret\n"
    assert last(follow_text(text)) == "ret"
    text = "f: call *%rbx\ntest %eax,%eax\njne good\njmp *%rcx\ngood: ret\nx: ud2\n"
    with pytest.raises(InputError) as caught:
        follow_text(text, take=["<stdin>:4=x"])
    assert "--take good goes on instead" in caught.value.hint


def test_told_to_it_ends_in_the_trap(follow_text: Follow) -> None:
    path = follow_text("f: test %eax,%eax\njne 1f\nret\n1: ud2\n", take=["<stdin>:2"])
    assert last(path) == "ud2"


def test_bytes_alone_and_an_oops_end_where_they_end(follow_text: Follow) -> None:
    assert last(follow_text("90 0f 0b")) == "ud2"
