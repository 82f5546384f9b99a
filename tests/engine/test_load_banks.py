"""Sandy and Ivy Bridge: two loads of a cycle need different banks, or one line."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate


def cycles(code: str, core: str) -> float:
    return rate(load_core(core), bytes.fromhex(code), "unroll")[0]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("488b442460488b7c2420", 2),  # 0x60(%rsp), 0x20(%rsp): a line apart
        ("488b442460488b7c2428", 1),  # 0x60(%rsp), 0x28(%rsp): other banks
        ("488b442420488b7c2420", 1),  # twice the same place
        ("8b442414448b542450", 1),  # 4 bytes at 0x14 and at 0x50
        ("8b442414488b542450", 2),  # ... of which 8 bytes at 0x50 take the bank
    ],
)
def test_loads_wait_for_a_bank_of_another_line(code: str, expected: int) -> None:
    assert cycles(code, "ivybridge") == pytest.approx(expected, abs=0.13)


def test_haswell_has_no_bank_conflicts() -> None:
    assert cycles("488b442460488b7c2420", "haswell") == 1
