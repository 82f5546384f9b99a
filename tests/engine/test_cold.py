"""Lines that start in L2, L3 or memory: worked answers, and what they ask of memory."""

from __future__ import annotations

import pytest

from costmodel import api
from costmodel.code.insn import Path
from costmodel.code.load import load_path
from costmodel.cores.load import load_core
from costmodel.engine.cold import parsed
from costmodel.engine.estimate import estimate
from costmodel.engine.result import Estimate
from costmodel.errors import UsageError

FAST = "stubs/top-of-stack/v3.16-fast.S"
EVERY_SLOT = "stubs/top-of-stack/every-slot-mov.S"
CORES = ("skylake", "haswell", "zen3", "zen5")
L2, L3 = (
    load_core("skylake").core.memory.l2_latency,
    load_core("skylake").core.memory.l3_latency,
)
L1 = load_core("skylake").core.memory.load_latency


def once(text: str, cold: str = "") -> Estimate:
    path: Path = load_path("-", stdin=text.encode())
    return estimate(path, load_core("skylake"), scenario="once", cold=parsed(cold))


def test_a_cold_load_takes_the_latency_of_its_level() -> None:
    warm = once("488b4424f8").cycles  # mov -8(%rsp),%rax
    assert once("488b4424f8", "stack=l2").cycles - warm == L2 - L1
    assert once("488b4424f8", "stack=l3").cycles - warm == L3 - L1


def test_loads_of_one_line_wait_for_one_fill() -> None:
    two = "488b4424f8488b4c24f0"  # mov -8(%rsp),%rax; mov -16(%rsp),%rcx
    cold = once(two, "stack=l3")
    assert cold.cycles - once(two).cycles == L3 - L1
    assert cold.fills == 1


def test_loads_of_two_lines_overlap() -> None:
    two = "488b4424f8488b4c24b0"  # mov -8(%rsp),%rax; mov -80(%rsp),%rcx
    cold = once(two, "stack=l3")
    assert cold.fills == 2
    assert cold.cycles - once(two).cycles == L3 - L1


def test_a_load_across_two_cold_lines_asks_for_both() -> None:
    crossing, inside = "488b4424fc", "488b4424f8"  # mov -4(%rsp); mov -8(%rsp)
    split = load_core("skylake").core.memory.split_load
    warm = once(crossing)
    assert warm.cycles == once(inside).cycles + split
    cold = once(crossing, "stack=l3")
    assert cold.fills == 2
    assert cold.cycles - once(inside).cycles == L3 - L1


def test_a_store_across_two_cold_lines_owns_both() -> None:
    cold = once("48894424fc", "stack=l3")  # mov %rax,-4(%rsp)
    assert cold.ownership_requests == 2
    assert [line.commits for line in cold.lines] == [1, 1]


def test_a_cold_store_delays_nothing_that_does_not_wait_for_it() -> None:
    push = "50535152"  # push rax, rbx, rcx, rdx: retired, not yet committed
    cold = once(push, "stack=mem")
    assert cold.cycles == once(push).cycles
    assert cold.ownership_requests == 1


def test_a_load_takes_its_data_from_a_store_and_asks_for_nothing() -> None:
    pair = "50488b0c24"  # push %rax; mov (%rsp),%rcx
    cold = once(pair, "stack=mem")
    assert cold.cycles == once(pair).cycles
    assert [use.filled_by for use in cold.lines] == ["store"]


def test_cold_code_waits_once_a_line() -> None:
    nops = "90" * 128
    assert once(nops, "code=l3").cycles - once(nops).cycles == pytest.approx(
        2 * L3, abs=4
    )
    assert once(nops, "code=l3").code_fills == 2


@pytest.mark.parametrize("core", CORES)
def test_stores_into_lines_touched_anyway_cost_no_more_when_cold(core: str) -> None:
    """Ten more stores into the frame's lines ask for no more lines, and are as cheap
    with those lines in L3 as with them in L1."""
    warm = api.compare(FAST, EVERY_SLOT, core)
    cold = api.compare(FAST, EVERY_SLOT, core, cold={"stack": "l3"})
    assert cold.delta <= warm.delta
    assert cold.before.fills == cold.after.fills == 2
    assert cold.before.ownership_requests == cold.after.ownership_requests
    assert cold.after.store_buffer_peak > cold.before.store_buffer_peak


def test_causes_of_a_cold_path_still_sum_to_its_cycles() -> None:
    for scenario in ("once", "roundtrip"):
        cold = api.estimate(FAST, "zen3", scenario=scenario, cold={"all": "mem"})
        assert sum(n for _, n in cold.causes) == cold.window_cycles
        assert dict(cold.causes)["cache miss"] > 0


def test_levels_of_one_say_nothing_is_cold() -> None:
    assert parsed("stack=l1") == ()
    assert api.estimate(FAST, "zen3", cold={"stack": "l1"}).notes == (
        api.estimate(FAST, "zen3").notes
    )


@pytest.mark.parametrize("text", ["stuck=l3", "stack=l4", "stack", "=l3"])
def test_a_kind_or_level_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parsed(text)


def test_blocks_measured_warm_have_no_cold_lines() -> None:
    with pytest.raises(UsageError, match="loop"):
        api.estimate(FAST, "zen3", scenario="loop", cold={"stack": "l3"})
