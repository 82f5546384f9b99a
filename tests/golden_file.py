"""Outputs kept as files: compared in the tests, rewritten by ``make golden``."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def check(name: str, text: str) -> None:
    """``text`` must be what ``tests/golden/name`` holds."""
    path = GOLDEN / name
    if os.environ.get("COSTMODEL_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="ascii")
    assert path.exists(), f"{path} is missing: make golden"
    assert text + "\n" == path.read_text(encoding="ascii"), "make golden, then git diff"
