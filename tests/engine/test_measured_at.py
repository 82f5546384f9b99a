"""Where unrolled copies lie in fetch blocks is that of the measurements."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate


def cycles(code: str, core: str = "haswell") -> float:
    return rate(load_core(core), bytes.fromhex(code), "unroll")[0]


def test_two_copies_of_a_pair_take_five_cycles_in_three_blocks() -> None:
    # mov %r14,%rsi; mov %r12,%rdi: 0.60 measured; cmp $1,%esi; mov %rdx,%r13: 0.71
    assert cycles("4c89f64c89e7") == pytest.approx(0.625, abs=0.01)
    assert cycles("83fe014989d5") == pytest.approx(0.75, abs=0.01)


def test_an_escape_byte_is_not_the_opcode() -> None:
    # movzbl, mov x4 of 16 bytes: the movzbl begins on a block's last byte, its opcode
    # proper in the next
    assert cycles("450fb6c74889e94c89ea4c89e64c89f7") == pytest.approx(1.25, abs=0.01)


def test_banks_matter_in_blocks_without_stores() -> None:
    assert cycles("488b442460488b7c2420", "ivybridge") == pytest.approx(2, abs=0.1)
