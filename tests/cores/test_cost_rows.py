"""Which cost row an instruction takes."""

from __future__ import annotations

import pytest

from costmodel.cores import costs
from costmodel.cores.model import Cost
from tests.tiny import TINY, tiny

ROWS = """\
  op:
    "r64,r64": alu 64
    "r,r": alu 2
    "r,i": alu 4
    "r64,i": alu 5
    "r,m": alu 3
    "m,r": {uops: [alu 6], whole: true}
    "*": alu 9
  fixed: {"r,r": {uops: [alu], whole: true}, "*": {uops: [alu 7], whole: true}}
  shifts: {"r,1": alu 1, "r,i": alu 2, "r,r": alu 3}
  steps: {"r,i": alu 2, "r,i8": alu 3}
  bare: {"": alu 5}
"""
CORE = tiny(TINY + ROWS).core


def latency(operation: str, shape: str) -> int:
    hit = costs.find(CORE, operation, shape)
    assert hit is not None
    return hit.cost.uops[0].latency


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("r64,r64", 64),  # the widths as they are
        ("r32,r32", 2),  # the kinds
        ("r64,i8", 5),  # some of the widths
        ("r32,i8", 4),
        ("r64,m64", 3),  # a row for memory before one for registers
        ("m64,r64", 6),
        ("m64,i32", 5),  # registers in place of memory, widths kept
        ("m32,i32", 4),
        ("m64,m64", 64),
        ("s16,r16", 9),  # anything
        ("", 9),
    ],
)
def test_the_most_particular_row_wins(shape: str, expected: int) -> None:
    assert latency("op", shape) == expected


def test_no_row_is_no_answer() -> None:
    assert costs.find(CORE, "ghost", "r,r") is None
    assert costs.find(CORE, "imul", "r64") is None
    assert latency("bare", "") == 5


def test_the_implied_count_of_a_short_shift_has_a_row_of_its_own_or_that_of_i() -> None:
    assert latency("shifts", "r64,1") == 1
    assert latency("shifts", "m64,1") == 1
    assert latency("steps", "r64,1") == 3
    assert latency("op", "r32,1") == 4


def test_loads_and_stores_are_added_unless_the_row_is_whole() -> None:
    def composed(operation: str, shape: str) -> bool:
        hit = costs.find(CORE, operation, shape)
        assert hit is not None
        return hit.composed

    assert composed("op", "r64,m64")
    assert not composed("op", "m64,r64")  # whole, and written for memory
    assert composed("fixed", "r64,m64")  # whole, but for registers
    assert not composed("fixed", "s16")


def test_a_hit_names_the_row_for_its_evidence() -> None:
    hit = costs.find(CORE, "op", "m32,i32")
    assert hit is not None
    assert hit.path == "costs.op.r,i"
    evidence = tiny(TINY + ROWS).evidence
    assert f"{hit.path}.uops.0.latency" in evidence
    assert isinstance(hit.cost, Cost)
