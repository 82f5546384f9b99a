"""What surrounds a path in a round trip: the user's loop and a stand-in handler.

The stand-in is about what getppid does: it loads the current task from a per-CPU word
and a word of it, and returns. The user's loop sets the call's number, enters the kernel
and counts. Their cost is the same on both sides of a comparison.
"""

from __future__ import annotations

from msgspec.structs import replace

from costmodel import lazily
from costmodel.code.decode import decode_bytes
from costmodel.code.frame import STAND_IN as STAND_IN
from costmodel.code.insn import Flow, Insn, Path, Relocation, Step

_SYSCALL = bytes.fromhex("0f05")
_SYSENTER = bytes.fromhex("0f34")
# mov $110,%eax / the entry / sub $1,%ebx / jne (the loop's branch, taken)
_NUMBER = bytes.fromhex("b86e000000")
_COUNT = bytes.fromhex("83eb01")
_AGAIN = bytes.fromhex("0f8500000000")
# mov %gs:current,%rax / mov 0x40(%rax),%eax / ret
_HANDLER = bytes.fromhex("65488b042500000000") + bytes.fromhex("8b4040c3")
# int $14 stands for the gate; push $0 for each word of the frame
_GATE = bytes.fromhex("cd0e")
_PUSH = bytes.fromhex("6a00")
_PUSHED = {"idt": 5, "idt_error": 6, "fred": 8}
DELIVERED = frozenset(_PUSHED)
_VECTOR_TEXT = 0x7E0000
_USER_TEXT = 0x400000
_HANDLER_TEXT = 0x7F0000

# Entry points of exceptions and interrupts: as Linux calls them since v5.8, and before.
_EVENTS = lazily.pattern(
    r"(?:(?:xen_)?asm_(?:exc|sysvec|common_interrupt|spurious_interrupt|xenpv)\w*"
    r"|\w+_interrupt|(?:irq|spurious)_entries_start|(?:end_repeat_)?nmi|\w*page_fault"
    r"|divide_error|debug|int3|overflow|bounds|invalid_op|device_not_available"
    r"|double_fault|coprocessor_\w+|invalid_TSS|segment_not_present|stack_segment"
    r"|general_protection|alignment_check|machine_check|simd_coprocessor_error)"
    r"(?:\+0x[0-9a-f]+)?"
)


def _steps(code: bytes, address: int, taken: bool = False) -> list[Step]:
    out = []
    for insn in decode_bytes(code, address):
        names = (
            (Relocation(5, "current_task", 0),)
            if insn.form.memory and insn.form.memory[0].segment
            else ()
        )
        made = Insn(insn.form, insn.address, None, STAND_IN, names)
        jumps = insn.form.flow is Flow.RETURN or taken
        out.append(Step(made, jumps))
    return out


def boundary(path: Path) -> bool:
    """Whether the path leaves the kernel as a system call does.

    IRET ends system calls as well as exceptions and interrupts; a path that begins in
    an entry point of the latter was not entered by a system call.
    """
    if not path.steps or path.event:
        return False
    form = path.steps[-1].insn.form
    if form.flow is not Flow.LEAVE_KERNEL:
        return False
    begins = path.steps[0].insn.symbol or path.name
    by_event = form.mnemonic.startswith("iret") and _EVENTS.fullmatch(begins)
    return not by_event


def with_delivery(path: Path) -> Path:
    """The path behind the delivery of the exception or interrupt it is entered by.

    The processor pushes SS, RSP, RFLAGS, CS and RIP, and for some an error code; FRED
    pushes three words more.
    """
    if path.event not in DELIVERED:
        return path
    pushes = _PUSHED[path.event]
    code = _GATE + _PUSH * pushes
    begins = path.steps[0].insn.address - len(code)  # the path goes on right there
    gate, *frame = decode_bytes(code, begins if begins >= 0 else _VECTOR_TEXT)
    fred = path.event == "fred"
    named = replace(gate.form, special="deliver_fred" if fred else "deliver_idt")
    steps = [Step(replace(gate, form=named, symbol=STAND_IN))]
    steps += [Step(replace(insn, symbol=STAND_IN)) for insn in frame]
    note = (
        f"delivery by {'FRED' if fred else 'the IDT'} is in the cost: "
        f"{pushes} words pushed by the processor"
    )
    return replace(path, steps=(*steps, *path.steps), notes=(*path.notes, note))


def with_handler(path: Path) -> Path:
    """The path with a stand-in run at each call of the C handler."""
    steps: list[Step] = []
    for step in path.steps:
        steps.append(step)
        if step.handler:
            steps += _steps(_HANDLER, _HANDLER_TEXT)
    return replace(path, steps=tuple(steps))


def with_user(path: Path) -> Path:
    """The path, handler included, inside a user loop of system calls."""
    inner = with_handler(path)
    entered = any(s.insn.form.flow is Flow.ENTER_KERNEL for s in path.steps)
    exits = path.steps[-1].insn.form.mnemonic if path.steps else ""
    entry = _SYSENTER if exits.startswith("sysexit") else _SYSCALL
    before = _steps(_NUMBER if entered else _NUMBER + entry, _USER_TEXT)
    ends = _USER_TEXT + 16
    if path.steps and not boundary(path) and not path.steps[-1].taken:
        # No transfer leads back to the loop's text, so the loop goes on right there.
        last = path.steps[-1].insn
        ends = last.address + last.form.length
    after = _steps(_COUNT + _AGAIN, ends, True)
    after[0] = Step(after[0].insn, False)
    note = (
        "round trip: user loop (mov, "
        + ("" if entered else f"{decode_bytes(entry)[0].form.mnemonic}, ")
        + "sub, jne) and a three-instruction stand-in for the handler added"
    )
    steps = (*before, *inner.steps, *after)
    return replace(path, steps=steps, notes=(*path.notes, note))
