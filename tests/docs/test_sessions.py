"""The pages' sessions are true. ``make golden`` rewrites what they print."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.sessions import ROOT, followed

# Figures of the page on accuracy need measured blocks and minutes: a tool makes it.
PAGES = [
    page
    for page in sorted((ROOT / "docs").glob("*.md"))
    if page.name != "accuracy.md"
    and "```console\n$ costmodel" in page.read_text(encoding="utf-8")
]


def test_adding_a_core_is_among_them() -> None:
    assert "adding-a-core.md" in [page.name for page in PAGES]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_following_the_page_gives_what_it_shows(page: Path, tmp_path: Path) -> None:
    for name in ("uarch", "stubs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    text = page.read_text(encoding="utf-8")
    now = followed(text, tmp_path)
    if os.environ.get("COSTMODEL_GOLDEN") == "write":
        page.write_text(now, encoding="utf-8")
        return
    assert now == text, "make golden"
