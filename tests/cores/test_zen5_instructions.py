"""Zen 5 costs what an EPYC 9005 guest was measured to take, instruction by instruction.

Each row is one instruction, the value it is timed through, and cycles: medians of seven
or more rounds on an otherwise idle core, calibrated against a chain of multiplications.
The check is static: the longest way through the uops the instruction lowers to.
"""

from __future__ import annotations

import pytest

from costmodel.code import registers as R
from costmodel.code.decode import decode_form
from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate
from costmodel.engine.lower import Lowering

NEVER = -1_000

# what, its bytes, from, to, cycles
MEASURED = [
    ("add %rbp,%rax", "4801e8", "rax", "rax", 1),
    ("add $1,%rax", "4883c001", "rax", "rax", 1),
    ("sub %rbp,%rax", "4829e8", "rax", "rax", 1),
    ("and %rbp,%rax", "4821e8", "rax", "rax", 1),
    ("inc %rax", "48ffc0", "rax", "rax", 1),
    ("neg %rax", "48f7d8", "rax", "rax", 1),
    ("not %rax", "48f7d0", "rax", "rax", 1),
    ("adc %rbp,%rcx", "4811e9", "cf", "cf", 1),
    ("sbb %rax,%rax", "4819c0", "cf", "cf", 1),
    ("lea 8(%rax),%rax", "488d4008", "rax", "rax", 1),
    ("lea (%rax),%rax", "488d00", "rax", "rax", 0),
    ("lea (%rax,%rbp),%rax", "488d0428", "rax", "rax", 1),
    ("lea (%rax,%rbp,4),%rax", "488d04a8", "rax", "rax", 1),
    ("lea 8(%rax,%rbp),%rax", "488d442808", "rax", "rax", 2),
    ("lea 8(%rbp,%rax),%rax", "488d440508", "rax", "rax", 1),
    ("lea 8(%rax,%rbp,4),%rax", "488d44a808", "rax", "rax", 2),
    ("lea 8(%rbp,%rax,4),%rax", "488d448508", "rax", "rax", 1),
    ("lea (,%rax,8),%rax", "488d04c500000000", "rax", "rax", 1),
    ("shl $3,%rax", "48c1e003", "rax", "rax", 1),
    ("sar $3,%rax", "48c1f803", "rax", "rax", 1),
    ("shl %cl,%rax", "48d3e0", "rax", "rax", 1),
    ("rol $3,%rax", "48c1c003", "rax", "rax", 1),
    ("bts $5,%rax", "480fbae805", "rax", "rax", 2),
    ("bswap %rax", "480fc8", "rax", "rax", 1),
    ("imul %rbp,%rax", "480fafc5", "rax", "rax", 3),
    ("imul %ebp,%eax", "0fafc5", "rax", "rax", 3),
    ("mul %rbp", "48f7e5", "rax", "rax", 3),
    ("popcnt %rax,%rax", "f3480fb8c0", "rax", "rax", 1),
    ("tzcnt %rax,%rax", "f3480fbcc0", "rax", "rax", 1),
    ("bsf %rax,%rax", "480fbcc0", "rax", "rax", 1),
    ("cmove %rbp,%rax", "480f44c5", "rax", "rax", 1),
    ("xchg %rax,%rcx", "4891", "rax", "rcx", 0),
    ("mov %rax,%rcx", "4889c1", "rax", "rcx", 0),
    ("shld $3,%rbp,%rax", "480fa4e803", "rax", "rax", 2),
    ("cltq", "4898", "rax", "rax", 1),
    ("movzbl %al,%eax", "0fb6c0", "rax", "rax", 1),
    ("movslq %eax,%rcx", "4863c8", "rax", "rcx", 1),
    ("mov (%rax),%rax", "488b00", "rax", "rax", 4),
    ("mov 8(%rax),%rax", "488b4008", "rax", "rax", 4),
    ("mov (%rax,%rbp),%rax", "488b0428", "rax", "rax", 4),
    ("mov 256(%rax,%rbp,8),%rax", "488b84e800010000", "rax", "rax", 4),
    ("mov 8(%rsp),%rsp", "488b642408", "rsp", "rsp", 4),
    ("mov %gs:(%rax),%rax", "65488b00", "rax", "rax", 5),
    ("mov (%rax),%eax", "8b00", "rax", "rax", 4),
    ("movzbl (%rax,%rcx),%ecx", "0fb60c08", "rcx", "rcx", 4),
    ("movslq (%rax),%rax", "486300", "rax", "rax", 5),
    ("add (%rbx),%rax", "480303", "rax", "rax", 1),
    ("add (%rax),%rax", "480300", "rax", "rax", 5),
    ("lahf", "9f", "rax", "rax", 1),
    ("sete %al", "0f94c0", "zaps", "rax", 1),
    ("cmp %rax,%rbp", "4839c5", "rax", "zaps", 1),
    ("cmc", "f5", "cf", "cf", 1),
    ("sahf", "9e", "rax", "zaps", 1),
]

# Issue slots, from throughput of the op cache at eight a cycle and the vendor's table.
SLOTS = [
    ("add %rax,8(%rbx)", "48014308", 1),
    ("addq $1,16(%rsp)", "488344241001", 1),
    ("mov %rax,8(%rbx)", "48894308", 1),
    ("mov %rax,(%rbx,%rcx)", "4889040b", 2),
    ("push %rax", "50", 1),
    ("pop %rax", "58", 1),
    ("xchg %rax,%rcx", "4887c8", 2),
    ("lea 8(%rax,%rbp),%rax", "488d442808", 2),
]


@pytest.fixture(scope="module")
def lowering() -> Lowering:
    return Lowering(load_core("zen5"))


@pytest.mark.parametrize(
    ("text", "code", "source", "target", "cycles"),
    MEASURED,
    ids=[f"{text} {source} to {target}" for text, _, source, target, _ in MEASURED],
)
def test_latency_is_what_was_measured(
    lowering: Lowering, text: str, code: str, source: str, target: str, cycles: int
) -> None:
    lowered = lowering.lower(decode_form(bytes.fromhex(code)))
    assert lowered.known, f"{text}: no cost row"
    ready = {R.BY_NAME[source]: 0}
    for uop in lowered.uops:
        start = max(
            (ready.get(register, NEVER) + late for register, late in uop.inputs),
            default=NEVER,
        )
        for register, slow in uop.outputs:
            ready[register] = start + uop.latency + slow
    assert ready.get(R.BY_NAME[target], NEVER) == cycles, text


@pytest.mark.parametrize(
    ("text", "code", "slots"), SLOTS, ids=[text for text, _, _ in SLOTS]
)
def test_issue_slots(lowering: Lowering, text: str, code: str, slots: int) -> None:
    from costmodel.engine.layout import NEW_SLOT

    lowered = lowering.lower(decode_form(bytes.fromhex(code)))
    assert sum(1 for uop in lowered.uops if uop.flags & NEW_SLOT) == slots, text


def test_window_sizes_lie_in_the_measured_brackets() -> None:
    window = load_core("zen5").core.window
    assert 444 <= window.rob <= 448
    assert 194 <= window.int_registers <= 198
    assert 356 <= window.flag_registers <= 360
    assert 104 <= window.store_buffer <= 106
    entries = {len(s.ports): s.entries for s in window.schedulers}
    assert 86 <= entries[6] <= 88
    assert 54 <= entries[4] <= 56


def test_store_combining_and_memory_renaming() -> None:
    memory = load_core("zen5").core.memory
    assert memory.combine_lines == 12
    assert memory.commit_line_interval == pytest.approx(1.04)
    assert (memory.renaming.window, memory.renaming.latency) == (16, 0)
    assert (memory.forward_latency, memory.forward_blocked) == (7, 14)


@pytest.mark.parametrize("name", ["zen1", "zen2", "zen3", "zen4", "zen5"])
def test_privileged_instructions_nobody_measured_are_shown_as_guesses(
    name: str,
) -> None:
    evidence = load_core(name).evidence
    for row in ("syscall..latency", "sysret..latency", "swapgs..after_older"):
        latency = evidence[f"costs.{row}"]
        assert latency.assumed
        assert latency.low < latency.value < latency.high


def test_a_value_pushed_from_memory_is_passed_on_but_not_renamed() -> None:
    """RSP stored, pushed from there and taken back: 7 + 5 of the 12 cycles measured."""
    zen5 = load_core("zen5")
    # mov %rax,%gs:0x100 / push %gs:0x100 / pop %rax
    chain = bytes.fromhex("65488904250001000065ff34250001000058")
    assert rate(zen5, chain, "opcache")[0] == pytest.approx(12, abs=0.1)
    # push %rax / pop %rax / add $1,%rax
    renamed = bytes.fromhex("50584883c001")
    assert rate(zen5, renamed, "opcache")[0] == pytest.approx(1, abs=0.1)
