"""A fusible instruction avoids the last decoder, not the last one still usable."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate


@pytest.mark.parametrize("core", ["ivybridge", "haswell"])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("498b45004939060f94c0", 1),  # mov (%r13),%rax; cmp %rax,(%r14); sete %al
        ("4489c085c04c0f482424", 1),  # mov; test; cmovs (%rsp),%r12
        ("80f90a410f95c14585e4410f95c24584d1", 2),  # cmp, setne, test, setne, test
    ],
)
def test_a_compare_decodes_beside_a_complex_instruction(
    core: str, code: str, expected: int
) -> None:
    cycles, _ = rate(load_core(core), bytes.fromhex(code), "unroll")
    assert cycles == pytest.approx(expected, abs=0.15)
