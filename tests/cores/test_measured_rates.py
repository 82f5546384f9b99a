"""Cores repeat single instructions at the interval measured on the silicon.

Figures are the throughputs and round trips of InstLatX64 (cycles), met within half a
cycle or 8 %; none of them is a parameter of its own except through a cost row.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import costmodel as cm

PUSH_POP = "push %rax\npop %rax\n"
ADD_REGISTER = "add %rax,(%rdi)\n"
ADD_IMMEDIATE = "addl $1,(%rdi)\n"
LOCK = "lock addq %rax,(%rdi)\n"
XCHG = "xchg %rax,(%rdi)\n"
FLAGS = "pushfq\npopfq\n"
MFENCE = "mfence\n"
PAUSE = "pause\n"
RDTSC = "rdtsc\n"
CHASE = "mov (%rdi),%rdi\n"
STORES = "".join(f"movq %rax,{8 * k}(%rdi)\n" for k in range(4))

MEASURED = [
    ("nehalem", PUSH_POP, 4.9),
    ("nehalem", ADD_REGISTER, 6),
    ("nehalem", LOCK, 20),
    ("nehalem", FLAGS, 21),
    ("nehalem", MFENCE, 23),
    ("nehalem", PAUSE, 9),
    ("nehalem", RDTSC, 24),
    ("nehalem", CHASE, 4),
    ("nehalem", STORES, 4),
    ("westmere", PUSH_POP, 4.9),
    ("skylake-x", PAUSE, 140),
    ("cascadelake", PAUSE, 40),
    ("icelake", PUSH_POP, 0.57),
    ("icelake", ADD_REGISTER, 7.2),
    ("icelake", ADD_IMMEDIATE, 7.2),
    ("icelake", LOCK, 20),
    ("icelake", XCHG, 20),
    ("icelake", FLAGS, 24),
    ("icelake", MFENCE, 36),
    ("icelake", PAUSE, 138.5),
    ("icelake", RDTSC, 27),
    ("icelake", CHASE, 5),
    ("icelake", STORES, 2),
    ("icelake-server", PUSH_POP, 5),
    ("icelake-server", PAUSE, 34),
    ("rocketlake", ADD_REGISTER, 7),
    ("rocketlake", ADD_IMMEDIATE, 1),
    ("goldencove", PUSH_POP, 0.5),
    ("goldencove", ADD_IMMEDIATE, 1),
    ("goldencove", LOCK, 17),
    ("goldencove", FLAGS, 31),
    ("goldencove", MFENCE, 38),
    ("goldencove", PAUSE, 160),
    ("goldencove", RDTSC, 26),
    ("lioncove", PUSH_POP, 0.5),
    ("lioncove", CHASE, 4),
    ("lioncove", LOCK, 20),
    ("lioncove", FLAGS, 32),
    ("lioncove", PAUSE, 43),
    ("k10", PUSH_POP, 5.1),
    ("k10", XCHG, 16),
    ("k10", LOCK, 19),
    ("k10", RDTSC, 67),
    ("k10", CHASE, 3),
    ("bulldozer", LOCK, 55),
    ("bulldozer", FLAGS, 27),
    ("bulldozer", PAUSE, 43),
    ("bulldozer", CHASE, 4),
    ("piledriver", XCHG, 41),
    ("piledriver", LOCK, 42),
    ("piledriver", FLAGS, 28),
]


@pytest.mark.parametrize(("core", "text", "cycles"), MEASURED)
def test_repeats_at_the_measured_interval(
    core: str, text: str, cycles: float, tmp_path: Path
) -> None:
    source = tmp_path / "one.s"
    source.write_text(text)
    found = float(cm.estimate(str(source), core, scenario="unroll").cycles)
    assert found == pytest.approx(cycles, abs=max(0.5, 0.08 * cycles))


def test_a_small_addition_takes_no_port_on_golden_cove(tmp_path: Path) -> None:
    source = tmp_path / "chain.s"
    source.write_text("add $8,%rax\n" * 12)
    chained = cm.estimate(str(source), "goldencove", scenario="opcache").cycles
    assert float(chained) <= 2.3  # six a cycle, though each needs the one before
    source.write_text("add $8,%eax\n" * 12)
    narrow = cm.estimate(str(source), "goldencove", scenario="opcache").cycles
    assert float(narrow) == pytest.approx(12, abs=0.2)


def test_stores_of_one_cycle_must_share_a_line_on_ice_lake(tmp_path: Path) -> None:
    source = tmp_path / "stores.s"
    lines = "".join(f"movq %rax,{64 * k}(%rdi)\n" for k in range(4))
    source.write_text(lines)
    apart = cm.estimate(str(source), "icelake", scenario="unroll").cycles
    source.write_text(STORES)
    together = cm.estimate(str(source), "icelake", scenario="unroll").cycles
    assert float(apart) == pytest.approx(2 * float(together), abs=0.1)


def test_many_prefixes_stall_bulldozer_alone(tmp_path: Path) -> None:
    source = tmp_path / "nop.s"
    source.write_text(".byte 0x66,0x66,0x66,0x66,0x66,0x90\n")
    stalled = cm.estimate(str(source), "bulldozer", scenario="unroll").cycles
    free = cm.estimate(str(source), "nehalem", scenario="unroll").cycles
    assert float(stalled) >= 14 > 3 >= float(free)


@pytest.mark.parametrize(
    ("core", "has"), [("nehalem", False), ("sandybridge", False), ("haswell", True)]
)
def test_a_core_says_which_instructions_it_does_not_have(
    core: str, has: bool, tmp_path: Path
) -> None:
    source = tmp_path / "bmi.s"
    source.write_text("andn %rax,%rbx,%rcx\n")
    unknown = cm.estimate(str(source), core, scenario="unroll").unknown
    assert (not unknown) == has
    assert has or "does not have" in unknown[0]
