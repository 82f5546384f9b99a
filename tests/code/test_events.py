"""Which paths an exception or an interrupt enters, and what the processor leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from costmodel.code.insn import Path

Follow = Callable[..., Path]

ISR = """{name}:
 push $0
 push $3
 push %rax
 mov %rsp,%rdi
 call handler
 pop %rax
 add $16,%rsp
 iretq
"""


def test_a_frame_popped_and_never_pushed_is_an_exceptions(follow_text: Follow) -> None:
    """Case 93 (xv6-64 alltraps, ToaruOS _isr0): a system-call round trip of 380."""
    assert follow_text(ISR.format(name="vector0")).event == "idt"


def test_an_error_code_is_dropped_before_the_return(follow_text: Follow) -> None:
    text = ISR.format(name="vector8").replace(" push $0\n", "")
    assert follow_text(text).event == "idt_error"


def test_a_routine_that_asks_for_the_faulting_address(follow_text: Follow) -> None:
    """Case 93 (Minoca, ArpPageFaultHandlerAsm): it reads CR2."""
    text = "h: push %rax\nmov %cr2,%rax\ncall fault\nmov %rsi,%rsp\niretq\n"
    assert follow_text(text).event == "idt_error"


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("asm_exc_page_fault", "idt_error"),
        ("asm_exc_general_protection", "idt_error"),
        ("asm_exc_divide_error", "idt"),
        ("asm_sysvec_apic_timer_interrupt", "idt"),
        ("asm_exc_nmi", "idt"),
        ("page_fault", "idt_error"),
        ("double_fault", "idt_error"),
        ("entry_INT80_compat", ""),
        ("first_nmi", "exit"),
    ],
)
def test_by_the_names_of_linux(follow_text: Follow, name: str, event: str) -> None:
    text = f".globl {name}\n{name}: mov %gs:0,%rsp\ncall *%rax\niretq\n"
    assert follow_text(text, symbol=name).event == event


def test_fred_has_an_entry_of_its_own(follow_text: Follow) -> None:
    name = "asm_fred_entrypoint_user"
    text = f".globl {name}\n{name}: call *%rax\n.byte 0xf3,0x0f,0x01,0xca\n"
    assert follow_text(text, symbol=name).event == "fred"


@pytest.mark.parametrize(
    "text",
    ["e: swapgs\ncall *%rax\nswapgs\nsysretq\n", "e: sysretq\n", "e: iretq\n",
     "e: nop\nret\n"],
)  # fmt: skip
def test_a_system_call_is_no_event(follow_text: Follow, text: str) -> None:
    assert follow_text(text).event == ""


def test_the_way_out_alone_is_no_round_trip(follow_text: Follow) -> None:
    """Kernel-hour A4: swapgs_restore_regs_and_return_to_usermode, entry+0x11."""
    assert follow_text("x: pop %rax\nswapgs\niretq\n").event == "exit"
    text = "e: swapgs\n.Lin: call *%rax\nswapgs\nsysretq\n"
    assert follow_text(text, symbol="e").event == ""
    assert follow_text(text, symbol="e+0x3").event == "exit"
