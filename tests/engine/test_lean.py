"""The simulator has a part for cores that lack what few cores have: the same cycles."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from tests.engine.case import Case
from tests.engine.compare import difference, laid_out
from tests.engine.figures import vector
from tests.engine.strategies import case

SIM = Path(__file__).parents[2] / "costmodel/engine/sim"


def seldom() -> list[str]:
    """The mechanisms the lean machine does without, as ``machine.h`` names them."""
    text = (SIM / "machine.h").read_text()
    listed = re.search(r"#define SELDOM\(X\)((?:.*\\\n)*.*)", text)
    assert listed is not None
    return re.findall(r"X\((\w+)\)", listed[1])


def lean(seed: int) -> Case:
    """A drawn case on a core that has none of them."""
    c = case(seed)
    return replace(c, figures=c.figures._replace(**dict.fromkeys(seldom(), 0)))


def test_the_lean_machine_equals_the_oracle() -> None:
    assert len(seldom()) > 5
    for seed in range(500_000, 500_700):
        assert difference(lean(seed)) == ""


def test_it_finds_the_same_periods() -> None:
    """A run with a log is never lean: its search is that of all cores."""
    for seed in range(501_000, 501_400):
        c = lean(seed)
        trace, figures = laid_out(c), vector(c.figures)
        settings = (c.mode, 1, 200, 2_000, 256)
        assert trace.run(figures, *settings) == trace.log(figures, *settings)[0]
