"""The lines a path touches: grouped, counted and named."""

from __future__ import annotations

import pytest

from costmodel.code.lines import Lines, lines_touched
from tests.code.test_frame import path_of, stub


def named(lines: Lines) -> dict[str, tuple[int, int]]:
    assert len({use.where for use in lines.uses}) == len(lines.uses)
    return {use.where: (use.loads, use.stores) for use in lines.uses}


def test_fast_path_touches_two_stack_lines_and_no_third() -> None:
    assert named(lines_touched(stub("v3.16-fast"))) == {
        "per-CPU old_rsp": (1, 1),
        "per-CPU kernel_stack": (1, 0),
        "stack L0": (3, 4),
        "stack L1": (6, 8),
        "thread_info": (2, 0),
        "table sys_call_table": (1, 0),
    }


def test_filling_every_slot_touches_no_new_line() -> None:
    before = named(lines_touched(stub("v3.16-fast")))
    after = named(lines_touched(stub("every-slot-mov")))
    assert after.keys() == before.keys()
    assert after["stack L0"][1] - before["stack L0"][1] == 4
    assert after["stack L1"][1] - before["stack L1"][1] == 1


def test_a_full_frame_moves_the_return_address_to_a_third_line() -> None:
    partial = named(lines_touched(stub("v4.0-fast")))
    full = named(lines_touched(stub("v4.0-full-frame")))
    assert full.keys() - partial.keys() == {"stack L2"}
    assert full["stack L2"] == (0, 1)


def test_fork_dirties_three_lines() -> None:
    lines = named(lines_touched(stub("v3.16-fork")))
    assert {"stack L0", "stack L1", "stack L2"} <= lines.keys()


def test_padding_moves_the_frame_to_lower_lines() -> None:
    plain = named(lines_touched(stub("v4.1-fast")))
    padded = named(lines_touched(stub("v4.1-fast"), padding=16))
    assert (plain["stack L0"][1], padded["stack L0"][1]) == (8, 6)


@pytest.mark.parametrize("name", ["v3.16-fast", "v3.16-tracesys", "compat-int80"])
def test_every_access_is_counted_in_its_line(name: str) -> None:
    path = stub(name)
    lines = lines_touched(path)
    accesses = [
        access
        for step in path.steps
        for access in step.insn.form.memory
        if access.reads or access.writes
    ]
    assert len(lines.of_access) == len(accesses)
    for line, use in enumerate(lines.uses):
        mine = [
            a for a, at in zip(accesses, lines.of_access, strict=True) if at == line
        ]
        assert use.loads == sum(a.reads for a in mine)
        assert use.stores == sum(a.writes for a in mine)
        assert use.commits == 0


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("push %rax", "stack line -1"),
        ("mov 8(%rsp),%rax", "stack line 0"),
        ("mov %gs:0x40,%rax", "per-CPU 0x40"),
        ("mov %gs:word,%rax", "per-CPU word"),
        ("mov %fs:0,%rax", "thread 0x0"),
        ("mov table(,%rax,8),%rcx", "table table"),
        ("mov word(%rip),%rcx", "word"),
        ("mov 0(%rip),%rcx", "code"),
        ("mov 0x1000(%rip),%rcx", "data 0x1000"),
        ("mov 0x12345,%ecx", "address 0x12340"),
        ("mov 0x48(%rdi),%rcx", "memory at rdi +0x40"),
        ("mov %gs:current,%rax; mov (%rax),%rcx", "memory at [%gs:current]"),
    ],
)
def test_lines_have_names_people_know(text: str, where: str) -> None:
    assert lines_touched(path_of(text)).uses[-1].where == where


def test_an_access_across_two_lines_touches_both() -> None:
    lines = lines_touched(path_of("mov 0x3c(%rdi),%rax"))
    assert named(lines) == {"memory at rdi": (1, 0), "memory at rdi +0x40": (1, 0)}
    assert lines.of_access == (0,)
    assert lines.last_of_access == (1,)


def test_no_access_no_lines() -> None:
    assert lines_touched(path_of("nop")) == Lines((), (), (), ())
