"""The model against llvm-mca on plain ALU code: every difference has a class."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.llvm_mca_check import Row, report

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("llvm-mca") is None, reason="no llvm-mca")
def test_every_difference_from_llvm_mca_is_explained() -> None:
    done = subprocess.run(
        [sys.executable, "tools/llvm_mca_check.py", "--count", "40",
         "--core", "haswell", "--core", "zen3"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "haswell: 40 blocks" in done.stdout


def test_every_class_is_explained() -> None:
    from tools.llvm_mca_check import CLASSES

    text = (ROOT / "docs" / "llvm-mca.md").read_text(encoding="utf-8")
    for name, _, _ in CLASSES:
        assert f"| {name} |" in text


def rows_with(ours: float, count: int = 30) -> list[Row]:
    text = ("add %rbx,%rax", "imul %rcx,%rdx")
    return [Row(text, b"", 2.0, ours, None) for _ in range(count)]


def test_a_wrong_model_fails_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert report("haswell", rows_with(2.0), 0) == 0
    some = rows_with(2.0, 20) + rows_with(2.5, 10)
    assert report("haswell", some, 0) == 0  # ports, a few of them
    assert report("haswell", rows_with(4.0, 1), 0) == 1  # too far apart for a reason
    assert report("haswell", rows_with(1e9), 0) == 30
    assert report("haswell", rows_with(2.5), 0) == 30  # every block: one error
    assert "UNEXPLAINED" in capsys.readouterr().out
