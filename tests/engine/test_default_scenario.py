"""What surrounds a path nobody chose a scenario for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Path, Step
from costmodel.engine.estimate import default_scenario

NOP, IRET, SYSRET, SYSEXIT, RET = "90", "48cf", "480f07", "0f35", "c3"


def a_path(*code: str, symbol: str = "entry", begin: str = "") -> Path:
    insns = decode_bytes(bytes.fromhex("".join(code)))
    steps = [Step(replace(insn, symbol=symbol)) for insn in insns]
    if begin:
        steps[0] = Step(replace(insns[0], symbol=begin))
    return Path(symbol, tuple(steps))


@pytest.mark.parametrize("end", [SYSRET, SYSEXIT, IRET])
def test_a_path_that_leaves_the_kernel_is_a_round_trip(end: str) -> None:
    assert default_scenario(a_path(NOP, end)) == "roundtrip"


def test_a_path_that_stays_in_the_kernel_runs_once() -> None:
    assert default_scenario(a_path(NOP, RET)) == "once"
    assert default_scenario(Path("empty", ())) == "once"


@pytest.mark.parametrize(
    "symbol",
    ["asm_exc_page_fault", "asm_sysvec_reschedule_ipi", "asm_common_interrupt",
     "common_interrupt", "page_fault", "nmi", "general_protection",
     "irq_entries_start+0x8"],
)  # fmt: skip
def test_no_system_call_enters_an_exception_or_an_interrupt(symbol: str) -> None:
    assert default_scenario(a_path(NOP, IRET, symbol=symbol)) == "once"
    elsewhere = a_path(NOP, IRET, symbol="error_return", begin=symbol)
    assert default_scenario(elsewhere) == "once"


@pytest.mark.parametrize(
    "symbol",
    ["entry_INT80_compat", "compat_int80", "slow_return", "common_interrupt_return",
     "swapgs_restore_regs_and_return_to_usermode", ""],
)  # fmt: skip
def test_a_system_call_may_return_by_iret(symbol: str) -> None:
    assert default_scenario(a_path(NOP, IRET, symbol=symbol)) == "roundtrip"
