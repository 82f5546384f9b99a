"""Measured blocks: reading the file, and the error figures."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.cli import main
from costmodel.engine import blocks as engine_blocks
from costmodel.errors import CostmodelError, UnknownInstructionError
from costmodel.studies.validate import (
    Block,
    Validation,
    kendall_tau_apart,
    kendall_tau_b,
    read_blocks,
    validate,
)

small = st.integers(0, 4).map(float)


def tau_by_definition(x: Sequence[float], y: Sequence[float]) -> float | None:
    """All pairs, one by one."""
    score = only_x = only_y = 0
    for i in range(len(x)):
        for j in range(i):
            a, b = x[i] - x[j], y[i] - y[j]
            score += int(math.copysign(1, a * b)) if a and b else 0
            only_x += bool(a)
            only_y += bool(b)
    return score / math.sqrt(only_x * only_y) if only_x and only_y else None


@given(st.lists(st.tuples(small, small), max_size=30))
def test_tau_is_that_of_its_definition(pairs: list[tuple[float, float]]) -> None:
    x, y = [a for a, _ in pairs], [b for _, b in pairs]
    expected = tau_by_definition(x, y)
    got = kendall_tau_b(x, y)
    assert (got is None) == (expected is None)
    if got is not None and expected is not None:
        assert got == pytest.approx(expected)


def test_tau_of_agreement_and_of_its_opposite() -> None:
    assert kendall_tau_b([1, 2, 3], [5, 6, 9]) == 1
    assert kendall_tau_b([1, 2, 3], [3, 2, 1]) == -1
    assert kendall_tau_b([1, 1, 1], [1, 2, 3]) is None
    assert kendall_tau_b([], []) is None


@given(st.lists(st.tuples(st.integers(1, 40).map(float), small), max_size=25))
def test_tau_apart_counts_the_pairs_that_are_apart(
    pairs: list[tuple[float, float]],
) -> None:
    scores = [(b > d) - (b < d) for a, b in pairs for c, d in pairs if a > c * 1.25]
    got = kendall_tau_apart([a for a, _ in pairs], [b for _, b in pairs], 0.25)
    assert got == (pytest.approx(sum(scores) / len(scores)) if scores else None)


def test_a_pair_within_the_noise_says_nothing() -> None:
    assert kendall_tau_apart([100, 101, 200], [2, 1, 3], 0.025) == 1
    assert kendall_tau_apart([100, 101], [2, 1], 0.025) is None
    assert kendall_tau_apart([100, 105], [2, 1], 0.025) == -1


def blocks_of(tmp_path: Path, text: str, **options: Any) -> list[Block]:
    file = tmp_path / "blocks.csv"
    file.write_text(text)
    settings: dict[str, Any] = {"column": "cycles", "scenario": "unroll", **options}
    return read_blocks(str(file), **settings)


def test_blank_measurements_are_skipped(tmp_path: Path) -> None:
    found = blocks_of(tmp_path, "hex,cycles\n4801d8,1.5\n90,\n\n90,0.25\n")
    assert [(b.line, b.cycles) for b in found] == [(2, 1.5), (5, 0.25)]


def test_a_scenario_column_wins(tmp_path: Path) -> None:
    text = "scenario,hex,cycles\nloop,90,1\n,90,1\n"
    found = blocks_of(tmp_path, text, scenario="opcache")
    assert [b.scenario for b in found] == ["loop", "opcache"]


def test_the_loop_counter_is_a_register_or_a_blank(tmp_path: Path) -> None:
    text = "hex,cycles,loop_ctr\n90,1,r15\n90,1,\n"
    assert [b.counter for b in blocks_of(tmp_path, text)] == [15, -1]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("hex,time\n90,1\n", ":1: no column 'cycles'"),
        ("code,cycles\n90,1\n", ":1: no column 'hex'"),
        ("hex,cycles\n90,1\n9,1\n", ":3: '9' is not hex"),
        ("hex,cycles\n90,fast\n", ":2: cycles is 'fast'"),
        ("hex,cycles\n90,nan\n", ":2: cycles is 'nan'"),
        ("hex,cycles\n90,0\n", ":2: cycles is '0'"),
        ("hex,cycles\n90,1,2\n", ":2: 3 cells"),
        ("hex,cycles,scenario\n90,1,sometimes\n", ":2: no scenario 'sometimes'"),
        ("hex,cycles,loop_ctr\n90,1,eax\n", ":2: loop_ctr is 'eax'"),
        ("", "empty file"),
        ('hex,cycles\n"90,1\n', "bad CSV"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(
    tmp_path: Path, text: str, where: str
) -> None:
    with pytest.raises(CostmodelError) as caught:
        blocks_of(tmp_path, text)
    assert where in str(caught.value)


def test_without_a_scenario_anywhere_it_says_how_to_give_one(tmp_path: Path) -> None:
    with pytest.raises(CostmodelError, match="--scenario"):
        blocks_of(tmp_path, "hex,cycles\n90,1\n", scenario=None)


def test_errors_are_percentages_of_the_measured() -> None:
    blocks = tuple(Block(i, b"\x90", "unroll", c) for i, c in enumerate((1.0, 2.0, 4)))
    outcome = Validation("f", "skylake", blocks, (1.1, None, 2.0), 0.5)
    assert outcome.mape == pytest.approx(30)
    assert outcome.median_ape == pytest.approx(30)
    assert outcome.kendall_tau == 1
    assert outcome.blocks_per_second == 6
    assert [b.line for b, _ in outcome.worst(1)] == [2]


def test_progress_is_told_and_ends_with_all_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_blocks, "rate", lambda *_: (1.0, True))
    told: list[tuple[int, int]] = []
    blocks = [Block(1, b"\x90", "unroll", 1.0)] * 250
    core: Any = SimpleNamespace(core=SimpleNamespace(name="x"))
    validate("f", blocks, core, lambda done, whole: told.append((done, whole)))
    assert told == [(100, 250), (200, 250), (250, 250)]


def test_the_command_keeps_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def rate(loaded: Any, code: bytes, scenario: str, counter: int) -> Any:
        """Two cycles for anything but a NOP, which it refuses."""
        if code == b"\x90":
            raise UnknownInstructionError("nop")
        return 2.0, True

    monkeypatch.setattr(engine_blocks, "rate", rate)
    file = tmp_path / "blocks.csv"
    file.write_text("hex,slow\n90,1\n4801d8,1\n4801d8,4\n")
    out = tmp_path / "out.csv"
    status = main(
        ["validate", str(file), "--uarch", "skylake", "--scenario", "unroll",
         "--column", "slow", "--json", "--worst", "1", "--out", str(out)]
    )  # fmt: skip
    document = json.loads(capsys.readouterr().out)
    assert status == 0
    assert document["schema"] == 1
    assert (document["blocks"], document["estimated"]) == (3, 2)
    assert (document["mape"], document["median_ape"]) == (75, 75)
    assert document["kendall_tau"] is None
    assert document["blocks_per_second"] > 0
    assert document["worst"][0]["line"] == 3
    assert out.read_text().splitlines()[1] == "2,90,unroll,1.0,"
