"""Unrolled blocks of BHive begin with one pointer in all registers and in memory."""

from __future__ import annotations

import pytest

from costmodel.code.decode import decode_bytes
from costmodel.code.values import EXACT, NONE, linkage
from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate

LOAD_STORE = "498b4510498944241083bc241801000040"
# mov 0x10(%r13),%rax; mov %rax,0x10(%r12); cmpl $0x40,0x118(%rsp)


def kinds(code: str, same_pointer: bool) -> list[int]:
    return linkage(decode_bytes(bytes.fromhex(code)), same_pointer=same_pointer).kind


def test_two_registers_are_the_same_place_only_when_told_so() -> None:
    assert kinds(LOAD_STORE, same_pointer=False)[0] == NONE
    assert kinds(LOAD_STORE, same_pointer=True)[0] == EXACT


@pytest.mark.parametrize(
    "code",
    [
        "488b4508488944240889c0",  # mov 8(%rbp),%rax; mov %rax,8(%rsp)
        "488b4308488944240889c0",  # mov 8(%rbx),%rax; mov %rax,8(%rsp)
        "488b43084889450889c0",  # mov 8(%rbx),%rax; mov %rax,8(%rbp)
    ],
)
def test_the_stack_and_frame_pointers_have_places_of_their_own(code: str) -> None:
    assert kinds(code, same_pointer=True) == [NONE, NONE]


def test_a_loaded_pointer_leads_to_the_same_place() -> None:
    # mov 8(%rsp),%rcx; mov (%rcx),%rax; mov %rax,(%rdi)
    assert kinds("488b4c2408488b01488907", same_pointer=True)[1] == EXACT


def test_the_upper_half_of_a_word_of_memory_is_zero() -> None:
    # mov 4(%rsp),%ecx; mov (%rbx,%rcx),%rax; mov %rax,(%rdi)
    assert kinds("8b4c2404488b040b488907", same_pointer=True)[1] == EXACT


@pytest.mark.parametrize(("core", "meets"), [("skylake", True), ("zen5", False)])
def test_a_core_says_how_its_blocks_were_measured(core: str, meets: bool) -> None:
    cycles = rate(load_core(core), bytes.fromhex(LOAD_STORE), "unroll")[0]
    assert (cycles >= 4) == meets
