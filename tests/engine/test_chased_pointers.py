"""Loads through a pointer that was itself loaded, on cores that are faster at them."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate


def cycles(code: str, core: str = "skylake") -> float:
    return rate(load_core(core), bytes.fromhex(code), "unroll")[0]


@pytest.mark.parametrize("core", ["sandybridge", "ivybridge", "haswell", "skylake"])
def test_a_chain_of_loads_takes_four_cycles_a_link(core: str) -> None:
    assert cycles("488b4008", core) == 4  # mov 8(%rax),%rax


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("488b8000080000", 5),  # mov 0x800(%rax),%rax: displacement too large
        ("488b40f8", 5),  # mov -8(%rax),%rax: below zero
        ("488b0400", 5),  # mov (%rax,%rax),%rax: an index
        ("488b004883c000", 6),  # mov (%rax),%rax; add $0,%rax: the sum was not loaded
    ],
)
def test_other_addresses_and_computed_bases_take_five(code: str, expected: int) -> None:
    assert cycles(code) == expected


def test_a_pointer_just_stored_is_not_faster_to_follow() -> None:
    # mov 8(%r9),%rbp; mov (%rbp),%rdi; mov %rdi,8(%r9): forwarding, then a full load
    assert cycles("498b6908488b7d0049897908") == 4 + 5
