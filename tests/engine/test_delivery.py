"""Exceptions run once, with their delivery; and what the processor wrote shows."""

from __future__ import annotations

import pytest

from costmodel.api import estimate, load_path
from costmodel.code.insn import Path
from costmodel.errors import UsageError

FAULT = b"""
.globl asm_exc_page_fault
asm_exc_page_fault:
 push %rdi
 push %rsi
 push %rdx
 push %rcx
 push %rax
 mov %rsp,%rdi
 call exc_page_fault
 pop %rax
 pop %rcx
 pop %rdx
 pop %rsi
 pop %rdi
 add $8,%rsp
 iretq
"""


@pytest.fixture(scope="module")
def fault() -> Path:
    return load_path("-", stdin=FAULT)


@pytest.mark.parametrize("uarch", ["skylake", "zen3", "nehalem", "k10"])
def test_delivery_is_in_the_cost(fault: Path, uarch: str) -> None:
    """Kernel-hour B: hardware delivery was not in it, and nobody said so."""
    from msgspec.structs import replace

    result = estimate(fault, uarch)
    assert result.scenario == "once"
    without = estimate(replace(fault, event="exit"), uarch)
    assert 80 <= result.cycles - without.cycles <= 420
    assert any("delivery by the IDT is in the cost" in note for note in result.notes)
    assert any("deliver_idt" in str(guess) for guess in result.guesses)


def test_the_processor_wrote_the_first_six_slots(fault: Path) -> None:
    """Kernel-hour A5: not written: SS, RSP, EFLAGS, CS, RIP, ORIG_RAX."""
    slots = estimate(fault, "skylake").pt_regs
    assert [slot.name for slot in slots if slot.value == "by the processor"] == [
        "SS", "RSP", "EFLAGS", "CS", "RIP", "ORIG_RAX",
    ]  # fmt: skip
    by_name = {slot.name: slot for slot in slots}
    assert by_name["RDI"].value == "rdi" and by_name["RDI"].step >= 0
    assert by_name["R15"].step < 0


def test_a_round_trip_of_an_exception_is_refused(fault: Path) -> None:
    """Kernel-hour A4: --scenario roundtrip answered 459."""
    with pytest.raises(UsageError, match="round trip"):
        estimate(fault, "skylake", scenario="roundtrip")


def test_slots_are_named_by_the_instructions_that_write_them() -> None:
    """In a round trip they were off by the instructions of the user's loop."""
    text = b"e: push $0x2b\npush %r10\npush %r11\npush $0x33\npush %rcx\npush %rax\n"
    path = load_path("-", stdin=text + b"push %rdi\npush %rsi\ncall *%rax\nsysretq\n")
    result = estimate(path, "skylake", scenario="roundtrip")
    written = {slot.name: result.insn(slot.step) for slot in result.pt_regs[:6]}
    lines = [insn.source.line for insn in written.values() if insn.source]
    assert lines == [1, 2, 3, 4, 5, 6]
