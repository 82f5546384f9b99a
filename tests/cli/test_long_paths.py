"""Paths of thousands of instructions: an answer in bearable time and length."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from costmodel.studies.compare import by_instruction
from costmodel.views.timeline import MOST_UOPS
from tests.cli.conftest import Run
from tests.make import a_path, an_estimate


def test_the_timeline_of_a_long_path_ends(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.hex").write_text("90" * (MOST_UOPS + 50))
    status, out, err = run("explain", str(tmp_path / "a.hex"), "-u", "skylake")
    assert (status, err) == (0, "")
    assert "50 uops more: --json has them all" in out


@pytest.mark.parametrize(
    ("old", "new"),
    [("0000", "4801d8"), ("90", "f390")],
)
def test_long_paths_are_compared_in_seconds(old: str, new: str) -> None:
    before = an_estimate(a_path(*[old] * 6000, "c3"))
    after = an_estimate(a_path(*[old] * 2500, new, *[old] * 3000, new, "c3"))
    from costmodel.engine.result import Comparison

    started = time.process_time()
    by_instruction(Comparison(before, after))
    mixed = an_estimate(a_path(*[new, old] * 3000))
    by_instruction(Comparison(before, mixed))
    assert time.process_time() - started < 10


def test_pairs_are_those_difflib_finds() -> None:
    import random
    from difflib import SequenceMatcher

    from costmodel.studies.compare import _stretches_of

    rng = random.Random(3)
    for _ in range(300):
        old, new = (
            [rng.choice("abcde") for _ in range(rng.randrange(12))] for _ in range(2)
        )
        kept = replaced = 0
        at_old = at_new = 0
        for i1, i2, j1, j2 in _stretches_of(old, new):
            assert (i1, j1) == (at_old, at_new)
            at_old, at_new = i2, j2
            kept += (i2 - i1) * (old[i1:i2] == new[j1:j2])
            replaced += old[i1:i2] != new[j1:j2]
        assert (at_old, at_new) == (len(old), len(new))
        plain = SequenceMatcher(None, old, new, autojunk=False)
        blocks = sum(block.size for block in plain.get_matching_blocks())
        assert kept >= min(blocks, 1) or not blocks
