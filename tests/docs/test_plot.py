"""The README's plot is what its command draws today."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.cli import main

ROOT = Path(__file__).resolve().parents[2]
PLOT = ROOT / "docs" / "img" / "top-of-stack.svg"


@pytest.mark.nightly
def test_the_plot_matches_a_rerun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    stubs = "stubs/top-of-stack"
    again = tmp_path / "again.svg"
    pair = [f"{stubs}/v3.16-fast.S", f"{stubs}/every-slot-mov.S"]
    assert main(["compare", *pair, "--plot", str(again)]) == 0
    capsys.readouterr()
    assert again.read_bytes() == PLOT.read_bytes(), "make plots"


def test_the_plot_reaches_for_nothing_outside_itself() -> None:
    text = PLOT.read_text(encoding="utf-8")
    assert "<image" not in text
    assert 'href="http' not in text
    assert len(text) < 200_000
