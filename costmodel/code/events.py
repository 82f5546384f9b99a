"""How a path is entered: by a call, by an exception or interrupt, by FRED."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel import lazily
from costmodel.code import registers as R
from costmodel.code.insn import Flow, Step
from costmodel.code.machine import Value
from costmodel.code.special import control_register

# Entry points as Linux calls them since v5.8, and before.
_NAMES = lazily.pattern(
    r"(?:xen_)?asm_(?:exc|sysvec|common_interrupt|spurious_interrupt|xenpv|load_gs)\w*"
    r"|\w+_interrupt|(?:irq|spurious)_entries_start|(?:end_repeat_)?nmi|\w*page_fault"
    r"|divide_error|debug|int3|overflow|bounds|invalid_op|device_not_available"
    r"|double_fault|coprocessor_\w+|invalid_TSS|segment_not_present|stack_segment"
    r"|general_protection|alignment_check|machine_check|simd_coprocessor_error"
)
# Entered from inside an NMI, or by a hypervisor's own way.
_ELSEWHERE = lazily.pattern(
    r"(?:first|repeat|nested)_nmi\w*|xen_failsafe_callback|exc_xen_\w+"
)
_FRED = lazily.pattern(r"asm_fred_entrypoint_\w+")
# The vectors for which the processor pushes an error code.
_WITH_ERROR_CODE = lazily.pattern(
    r".*(?:page_fault|double_fault|invalid_tss|invalid_TSS|segment_not_present"
    r"|stack_segment|general_protection|alignment_check|control_protection"
    r"|vmm_communication).*"
)
_ERROR_CODE = 8  # bytes
_SYSTEM_CALLS = lazily.pattern(
    r"(?:asm_)?(?:entry_)?int_?80\w*|\w*int80\w*|ia32_syscall"
)


def entered_by(
    name: str, steps: Sequence[Step], stack: Value | None, whole: bool
) -> str:
    """ "", "idt", "idt_error", "fred", or "exit": an end without its beginning.

    ``stack``: RSP at the IRETQ that ends the path, off RSP at its start. ``whole``: the
    path begins where a routine does.
    """
    if not steps:
        return ""
    last = steps[-1].insn.form
    if last.flow is not Flow.LEAVE_KERNEL:
        return _by_name(name) if whole and _by_name(name) else ""
    if last.mnemonic.startswith("eret"):
        return "fred" if whole and _FRED.fullmatch(name) else "exit"
    if not last.mnemonic.startswith("iret"):
        return "exit" if _swaps(steps) % 2 else ""
    if whole and (event := _by_name(name)):
        return event
    if _ELSEWHERE.fullmatch(name):
        return "exit"
    if whole and _SYSTEM_CALLS.fullmatch(name):
        return ""
    faults = any(control_register(step.insn.form, writes=False) == 2 for step in steps)
    if faults:
        return "idt_error"
    if any(step.insn.form.flow is Flow.ENTER_KERNEL for step in steps):
        return ""  # it enters the kernel itself
    if _swaps(steps) % 2:
        return "exit"
    # What it pops it never pushed: the processor did, or what ran before the path.
    if stack is None or stack[0] != R.RSP or stack[1] < 0:
        return ""
    if stack[1] > _ERROR_CODE:
        return "exit"
    pushes = any(step.insn.form.stack_delta < 0 for step in steps)
    if not (whole and pushes):
        return ""
    return "idt_error" if stack[1] else "idt"


def _by_name(name: str) -> str:
    if _FRED.fullmatch(name):
        return "fred"
    if not _NAMES.fullmatch(name):
        return ""
    return "idt_error" if _WITH_ERROR_CODE.fullmatch(name) else "idt"


def _swaps(steps: Sequence[Step]) -> int:
    return sum(step.insn.form.mnemonic == "swapgs" for step in steps)
