"""The model against llvm-mca on plain ALU code: every difference has a class."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
    for name, _ in CLASSES:
        assert f"| {name} |" in text
