"""The accuracy record: all sets held, intervals calibrated, the same bytes again."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.cores.load import load_core
from costmodel.errors import InputError
from costmodel.studies.accuracy import SetOfBlocks, hold, read_sets, record
from costmodel.studies.blocks import Block
from costmodel.studies.calibration import calibrate
from costmodel.views.accuracy import accuracy_page

SETS = Path(__file__).resolve().parents[2] / "tools" / "accuracy.yaml"
# add $imm,%eax (a chain of one cycle) as if measured at 0.8 to 1.2 cycles
ROWS = [(bytes([0x83, 0xC0, k]), 0.8 + 0.4 * (k * 97 % 256) / 256) for k in range(256)]


def blocks() -> list[Block]:
    return [Block(k, code, "loop", cycles) for k, (code, cycles) in enumerate(ROWS)]


def test_the_sets_listed_are_of_cores_there_are() -> None:
    sets = read_sets(SETS)
    assert len({one.name for one in sets}) == len(sets)
    for one in sets:
        assert load_core(one.uarch).core.name == one.uarch


def test_factors_hold_about_nine_blocks_in_ten_of_those_not_used() -> None:
    found = calibrate(blocks(), load_core("skylake"), draws=2)
    assert found is not None
    assert 0.8 <= found.below < 0.9
    assert 1.1 < found.above <= 1.2
    assert found.figures < 0.5 < 0.75 <= found.whole


def test_a_single_block_calibrates_nothing() -> None:
    assert calibrate(blocks()[:1], load_core("skylake"), draws=2) is None


def test_the_same_blocks_make_the_same_page(tmp_path: Path) -> None:
    rows = [f"{code.hex()},{cycles:.2f}" for code, cycles in ROWS[:12]]
    (tmp_path / "few.csv").write_text("hex,cycles\n" + "\n".join(rows) + "\n")
    sets = [SetOfBlocks("few", "skylake", "few.csv", "cycles", "us", "loop")]
    told: list[str] = []
    first, again = (hold(sets, tmp_path, told=told.append) for _ in range(2))
    assert accuracy_page(first) == accuracy_page(again)
    assert record(first) == record(again)
    assert told == ["few", "few"]
    assert "| few | skylake | 12 | 100.00 % |" in accuracy_page(first)


def test_a_missing_file_says_where_and_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="DATA=DIR"):
        hold(read_sets(SETS), tmp_path)


@pytest.mark.parametrize("text", ["", "sets: 1", "sets: [{name: x}]", "a: [", "[]"])
def test_a_bad_list_of_sets_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sets.yaml"
    file.write_text(text)
    with pytest.raises(InputError):
        read_sets(file)
