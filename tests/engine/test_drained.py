"""What is renamed where the pipeline is drained, and what takes of the store buffer."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine import layout as L
from costmodel.engine.blocks import simulation
from costmodel.engine.settings import Settings

PAIR = "48890424 488b0c24"  # mov %rax,(%rsp); mov (%rsp),%rcx
FENCE = "0faee8"
CALL = "0f05"


def forwards(code: str, scenario: str, core: str = "goldencove") -> list[int]:
    run = simulation(load_core(core), bytes.fromhex(code))
    return [row.forward for row in run.layout(Settings(scenario)).accesses]


@pytest.mark.parametrize("code", [FENCE + PAIR, PAIR + FENCE, PAIR + CALL])
def test_no_load_is_renamed_on_a_path_that_drains_the_pipeline(code: str) -> None:
    assert forwards(PAIR, "opcache") == [L.F_NONE, L.F_RENAMED]
    assert forwards(code, "opcache") == [L.F_NONE, L.F_CHECKED]


def test_nor_on_one_that_begins_with_an_empty_pipeline() -> None:
    assert forwards(PAIR, "once") == [L.F_NONE, L.F_CHECKED]


def test_cores_without_the_rule_rename_as_before() -> None:
    assert forwards(FENCE + PAIR, "opcache", "zen5") == [L.F_NONE, L.F_RENAMED]


def test_loads_that_meet_no_store_wait_for_those_counted_from_the_same_place() -> None:
    # mov %rax,(%rsp); mov 8(%rsp),%rcx; mov (%rdi),%rdx; mov %gs:0x10,%rsi
    code = FENCE + "48890424 488b4c2408 488b17 65488b342510000000"
    assert forwards(code, "opcache") == [L.F_NONE, L.F_WAITS, L.F_NONE, L.F_NONE]


def test_loads_from_more_than_four_places_take_turns() -> None:
    stores = "".join(f"488944 24{8 * k:02x}" for k in range(6))
    loads = "".join(f"488b4c 24{8 * k:02x}" for k in (0, 1, 2, 3, 4, 0, 5, 5))
    run = simulation(load_core("goldencove"), bytes.fromhex(stores + loads))
    rows = run.layout(Settings("opcache")).accesses
    assert [row.turn for row in rows[6:]] == [0, 0, 0, 0, 1, 0, 1, 1]
    assert not any(row.turn for row in rows[:6])
