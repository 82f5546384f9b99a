"""The same bytes on every Python: held against stored digests.

``make versions`` does the same with every Python at hand, and shows what differs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden_file import check
from tools.outputs import BLOCKS, COMMANDS, ROOT, blocks, digest, outputs
from tools.versions import difference

FEW = 30  # blocks of a bulk run


@pytest.mark.slow
def test_outputs_are_those_of_every_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("COLUMNS", raising=False)
    lines = [f"{digest(text)}  {name}" for name, text in outputs(FEW)]
    check("same-bytes.txt", "\n".join(lines))


def test_the_outputs_are_many_and_the_blocks_all_different(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert {word.split()[0] for word in COMMANDS.values()} >= {
        "estimate", "compare", "explain", "study",
    }  # fmt: skip
    assert len(set(blocks())) == BLOCKS


def test_a_difference_is_told_with_its_place(tmp_path: Path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    for folder, last in ((one, "3"), (other, "4")):
        folder.mkdir()
        (folder / "x.json").write_text(f"1\n2\n{last}\n")
    assert difference(one, one) == ""
    assert difference(one, other) == "x.json, line 3:\n  a: 3\n  b: 4"
    (other / "y").touch()
    (other / "x.json").write_text("1\n2\n3\n")
    assert difference(one, other) == "y is not in a"
