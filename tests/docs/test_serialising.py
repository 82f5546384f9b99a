"""docs/serialising.md states what the core files do, and they what vendors promise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from costmodel.cores.catalogue import core_names
from costmodel.cores.load import load_core
from costmodel.cores.model import Core
from costmodel.cores.serialising import INSTRUCTIONS, stated
from costmodel.views.serialising import markdown

FILE = Path(__file__).resolve().parents[2] / "docs" / "serialising.md"
START, END = "<!-- table: make golden -->\n", "<!-- end -->"
CORES = [load_core(name).core for name in core_names()]


def test_the_table_is_that_of_the_core_files() -> None:
    text = FILE.read_text(encoding="utf-8")
    head, rest = text.split(START)
    tail = rest.split(END)[1]
    made = head + START + markdown(CORES) + END + tail
    if os.environ.get("COSTMODEL_GOLDEN") == "write":
        FILE.write_text(made, encoding="utf-8")
    assert text == made, "make golden"


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_every_core_states_each_instruction_or_lacks_it(core: Core) -> None:
    for name, operation, shape in INSTRUCTIONS:
        rule = stated(core, operation, shape)
        assert rule is not None or operation in core.absent, name


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_architecturally_serialising_ones_drain(core: Core) -> None:
    for operation, shape in (("iret", ""), ("mov", "c,r"), ("wrmsr", "")):
        rule = stated(core, operation, shape)
        assert rule is not None
        assert (rule.waits, rule.overlaps) == ("retirement, stores", "no"), operation
    lfence = stated(core, "lfence", "")
    assert lfence is not None
    assert (lfence.waits, lfence.overlaps) == ("retirement", "no")


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_what_leaves_or_enters_the_kernel_restarts_the_front_end(core: Core) -> None:
    for operation in ("syscall", "sysret", "iret"):
        rule = stated(core, operation, "")
        assert rule is not None
        assert rule.restart != "no"
    for operation in ("sti", "cli", "popf", "swapgs"):
        rule = stated(core, operation, "")
        assert rule is not None
        assert rule.restart == "no"
