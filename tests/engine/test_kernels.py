"""Hand-made kernels, one a mechanism, each with its worked answer."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate
from tests.engine.kernels import back_end, front_end, memory
from tests.engine.kernels.corpus import Kernel
from tests.tiny import tiny

KERNELS = [
    item
    for module in (front_end, back_end, memory)
    for item in vars(module).values()
    if isinstance(item, Kernel)
]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_kernel_takes_its_worked_number_of_cycles(kernel: Kernel) -> None:
    core = tiny(kernel.text) if kernel.text else load_core(kernel.core)
    cycles, _ = rate(core, kernel.code, kernel.scenario)
    assert cycles == pytest.approx(kernel.cycles, rel=0.01)
