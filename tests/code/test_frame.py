"""struct pt_regs, found in the entry paths by what they store."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path as FilePath

import pytest

from costmodel.code.frame import SLOTS, frame_slots
from costmodel.code.insn import Path, Step
from costmodel.code.load import load_path
from costmodel.engine.result import FrameSlot
from tests.code.symbolic import block

STUBS = FilePath(__file__).parents[2] / "stubs" / "top-of-stack"
ARGUMENTS = {"RIP", "ORIG_RAX", "RDI", "RSI", "RDX", "RAX", "R8", "R9", "R10"}
REST = {"RBX", "RBP", "R12", "R13", "R14", "R15"}
DANCE = {"SS", "RSP", "EFLAGS", "CS", "RCX"}


@lru_cache
def stub(name: str) -> Path:
    source = STUBS / f"{name}.S"
    first = next(
        line.split()[1] for line in source.read_text().splitlines() if ".globl" in line
    )
    return load_path(source, symbol=first)


def slots(path: Path, padding: int = 0) -> dict[str, FrameSlot]:
    return {slot.name: slot for slot in frame_slots(path, padding)}


def path_of(text: str) -> Path:
    return Path("test", tuple(Step(insn) for insn in block(text)))


def written(found: dict[str, FrameSlot]) -> set[str]:
    return {name for name, slot in found.items() if slot.step >= 0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("v3.16-fast", ARGUMENTS | {"R11"}),
        ("sketch", ARGUMENTS | {"R11", "RCX", "EFLAGS", "RSP"}),
        ("every-slot-mov", ARGUMENTS | {"R11"} | DANCE),
        ("every-slot-push", ARGUMENTS | {"R11"} | DANCE),
        ("slots-on-tracesys", ARGUMENTS | {"EFLAGS", "RSP"}),
        ("v4.0-fast", ARGUMENTS | {"R11"}),
        ("v4.0-full-frame", ARGUMENTS | {"R11"}),
        ("r11-to-eflags", ARGUMENTS | {"EFLAGS"}),
        ("rsp-to-slot", ARGUMENTS | {"EFLAGS", "RSP"}),
        ("push-frame", ARGUMENTS | DANCE),
        ("v4.1-fast", ARGUMENTS | {"R11"} | DANCE),
        ("v4.14-fast", ARGUMENTS | {"R11"} | DANCE),
        ("v3.16-fork", REST | DANCE),
        ("v3.16-fork-syscall", ARGUMENTS | {"R11"} | REST | DANCE),
        ("every-slot-fork-syscall", ARGUMENTS | {"R11"} | REST | DANCE),
        ("v3.16-fork-syscall-nodance", ARGUMENTS | {"R11"} | REST),
        ("v3.16-iopl", DANCE),
        ("v3.16-tracesys", REST | DANCE | {"RAX"}),
        ("v3.16-exit-work", REST | DANCE),
        ("fixup", DANCE),
        ("v3.16-return-iret", set()),
        ("restore", set()),
    ],
)
def test_slots_written(name: str, expected: set[str]) -> None:
    assert written(slots(stub(name))) == expected


def test_all_slots_stand_in_order_with_offset_and_line() -> None:
    found = frame_slots(stub("v3.16-fast"))
    assert tuple(slot.name for slot in found) == SLOTS
    assert [slot.offset for slot in found] == list(range(8, 176, 8))
    lines = {slot.name: slot.line for slot in found}
    assert [name for name in SLOTS if lines[name] == "L0"] == list(SLOTS[:8])
    assert [name for name in SLOTS if lines[name] == "L2"] == list(SLOTS[16:])


def test_unset_slots_have_no_value() -> None:
    found = slots(stub("v3.16-fast"))
    assert {found[name].value for name in DANCE} == {""}


def test_values_say_what_the_user_left() -> None:
    found = slots(stub("v4.1-fast"))
    values = {name: slot.value for name, slot in found.items() if slot.value}
    assert values == {
        **{name: name.lower() for name in ("RDI", "RSI", "RDX", "R8", "R9", "R10")},
        "SS": "0x2b",
        "RSP": "user rsp",
        "EFLAGS": "r11 (user flags)",
        "CS": "0x33",
        "RIP": "rcx (user rip)",
        "ORIG_RAX": "rax",
        "RCX": "rcx (user rip)",
        "RAX": "-ENOSYS",
        "R11": "r11 (user flags)",
    }


def test_the_dance_copies_the_stash_and_the_r11_slot() -> None:
    found = slots(stub("v3.16-fork"))
    assert found["RSP"].value == "[%gs:old_rsp]"
    assert found["EFLAGS"].value == "R11 slot"
    assert found["RCX"].value == "-1"
    whole = slots(stub("v3.16-fork-syscall"))
    assert whole["RSP"].value == "user rsp"
    assert whole["EFLAGS"].value == "r11 (user flags)"


def test_step_is_the_last_that_wrote_the_slot() -> None:
    path = stub("v3.16-fork-syscall")
    for name, slot in slots(path).items():
        form = path.steps[slot.step].insn.form
        assert any(access.writes for access in form.memory), name


def test_return_address_in_rbx_place_is_no_slot() -> None:
    assert slots(stub("v3.16-iopl"))["RBX"].step == -1


def test_compat_entry_keeps_32_bit_user_state() -> None:
    found = slots(stub("compat-syscall"))
    assert (found["SS"].value, found["CS"].value) == ("0x2b", "0x23")
    assert found["RSP"].value == "user esp"
    assert slots(stub("compat-sysenter"))["EFLAGS"].value == "flags"


def test_padding_moves_the_frame_down() -> None:
    found = slots(stub("v4.1-fast"), padding=16)
    assert (found["SS"].offset, found["R15"].offset) == (24, 184)
    assert (found["ORIG_RAX"].line, found["RDI"].line) == ("L0", "L1")
    assert (found["R11"].line, found["R10"].line) == ("L2", "L1")


def test_top_does_not_depend_on_what_the_per_cpu_word_holds() -> None:
    """3.16's word is 40 below the top; a frame at any distance is found."""
    pushes = "push $0x2b; push %r11; pushf; push $0x33; push %rcx; push %rax; push %rdi"
    for below in (0, 40, 168):
        text = f"mov %gs:stack,%rsp; add ${below},%rsp; {pushes}; push %rsi; push %rdx"
        found = slots(path_of(text))
        assert (found["SS"].step, found["SS"].line) == (2, "L0")
        assert (found["RDX"].offset, found["RDX"].line) == (72, "L1")


@pytest.mark.parametrize(
    "text",
    [
        "push %rbp; push %r15; push %r14; push %r13; push %r12; push %rbx; sub $8,%rsp",
        "mov %rax,(%rdi); mov %rbx,8(%rdi); mov %rcx,16(%rdi)",
        "push %rbx; pop %rbx; ret",
        "nop",
    ],
)
def test_other_code_builds_no_frame(text: str) -> None:
    assert frame_slots(path_of(text)) == ()


def test_empty_path_builds_no_frame() -> None:
    assert frame_slots(Path("empty", ())) == ()
