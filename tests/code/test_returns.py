"""Returns: which the predictor cannot get right, and where they go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath

import pytest

from costmodel.code.insn import Path
from costmodel.code.load import load_path

Follow = Callable[..., Path]

RETPOLINE = """
f: call thunk
 ret
thunk: call 1f
2: pause
 lfence
 jmp 2b
1: mov %rax,(%rsp)
 ret
handler: nop
 ret
"""


def wrong(path: Path) -> list[int]:
    return [
        step.insn.source.line
        for step in path.steps
        if step.insn.form.mispredicted and step.insn.source
    ]


def test_the_return_of_a_retpoline_is_always_mispredicted(follow_text: Follow) -> None:
    """Case 40 (retpoline): 28 cycles against 21, as if it were predicted."""
    path = follow_text(RETPOLINE, symbol="f", take=["<stdin>:9=handler"])
    assert wrong(path) == [9]
    assert [s.insn.source.line for s in path.steps if s.insn.source] == [
        2, 4, 8, 9, 10, 11, 3,
    ]  # fmt: skip
    assert "always mispredicted: ret at <stdin>:9" in path.notes


def test_a_return_to_a_pushed_address_is_always_mispredicted(
    link: Callable[..., FilePath],
) -> None:
    """Record row R14: push and an unmatched RET."""
    text = ".globl f, there\nf: push $there\nret\nthere: sysretq\n"
    path = load_path(link(text), symbol="f")
    names = [step.insn.form.mnemonic for step in path.steps]
    assert names[:2] == ["push", "ret"] and len(names) == 3
    assert path.steps[1].insn.form.mispredicted


def test_matched_returns_are_predicted(follow_text: Follow) -> None:
    path = follow_text("f: call 1f\nret\n1: call 2f\nret\n2: nop\nret\n")
    assert not wrong(path)


def test_a_dropped_call_leaves_the_predictor_wrong(follow_text: Follow) -> None:
    """As srso_safe_ret does: the call that trains it never returns."""
    path = follow_text("f: call 1f\nret\n1: call 2f\nint3\n2: lea 8(%rsp),%rsp\nret\n")
    assert wrong(path) == [6]


@pytest.mark.parametrize("uarch", ["skylake", "zen3", "nehalem"])
def test_a_mispredicted_return_costs_a_restart(follow_text: Follow, uarch: str) -> None:
    from msgspec.structs import replace

    from costmodel.api import estimate

    path = follow_text(RETPOLINE, symbol="f", take=["<stdin>:9=handler"])
    tame = replace(
        path,
        steps=tuple(
            s._replace(
                insn=replace(s.insn, form=replace(s.insn.form, mispredicted=False))
            )
            for s in path.steps
        ),
    )
    more = estimate(path, uarch).cycles - estimate(tame, uarch).cycles
    assert 8 <= more <= 40
