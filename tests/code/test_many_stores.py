"""Paths with thousands of stores: the same answer by index, and in bearable time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.code import values
from costmodel.code.decode import decode_bytes
from costmodel.code.frame import frame_slots
from costmodel.code.insn import Path, Step
from costmodel.code.lines import lines_touched

DISPLACEMENTS = (0, 1, 2, 4, 8, 16, 60, 64, 0xF8)
BY_BASE = ("4889{r}{d}", "488b{r}{d}", "01{r}{d}", "88{r}{d}", "8a{r}{d}", "668b{r}{d}")
OTHERS = (
    "50",
    "58",
    "ff3424",
    "4883c308",
    "4883c3f8",
    "4883c640",
    "a4",
    "48ab",
    "488b1b",
)

instruction = st.one_of(
    st.sampled_from(OTHERS),
    st.builds(
        lambda text, base, d: text.format(r=f"{0x40 | base:02x}", d=f"{d:02x}"),
        st.sampled_from(BY_BASE), st.sampled_from((3, 5, 6)),
        st.sampled_from(DISPLACEMENTS),
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(instruction, min_size=2, max_size=30), st.booleans())
def test_an_index_finds_what_looking_at_each_does(
    code: list[str], same_pointer: bool
) -> None:
    insns = decode_bytes(bytes.fromhex("".join(code)))
    answers = []
    for many in (10**9, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(values, "MANY", many)
            answers.append(values.linkage(insns, same_pointer=same_pointer))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "code",
    [
        "0000" * 10_000,
        "ff3424" * 10_000,
        "a4" * 10_000,
        "".join(f"488983{k * 8:08x}" for k in range(5000)) + "488b8308000000" * 5000,
    ],
)
def test_ten_thousand_accesses_take_seconds(code: str) -> None:
    insns = decode_bytes(bytes.fromhex(code))
    path = Path("f", tuple(Step(insn) for insn in insns))
    started = time.monotonic()
    values.linkage(insns)
    lines_touched(path)
    frame_slots(path)
    assert time.monotonic() - started < 10
