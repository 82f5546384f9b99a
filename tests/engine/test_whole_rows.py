"""A row that lists every uop does so for the operands it was written for."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Path, Step
from costmodel.cores.load import load_core
from costmodel.engine.estimate import estimate

BSF_REGISTER, BSF_MEMORY = "480fbcc3", "480fbc0424"
CORE = """\
extends: skylake
title: Mine
year: 2020
costs:
  bsf:
    "r,r": {uops: [imul], whole: true}
"""


def kinds(code: str, core: str) -> list[str]:
    insns = decode_bytes(bytes.fromhex(code))
    path = Path("bsf", tuple(Step(insn) for insn in insns))
    return [uop.kind for uop in estimate(path, load_core(core)).timeline]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(BSF_REGISTER, ["compute"]), (BSF_MEMORY, ["load", "compute"])],
)
def test_a_row_whole_for_registers_gets_its_loads_where_memory_is_read(
    code: str, expected: list[str], tmp_path: File
) -> None:
    (tmp_path / "mine.yaml").write_text(CORE)
    assert kinds(code, str(tmp_path / "mine.yaml")) == expected
