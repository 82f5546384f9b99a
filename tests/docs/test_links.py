"""Links of the README, the docs and the notebooks' page lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "notebooks" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
LINK = re.compile(r"\]\(([^)#\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith(("http:", "https:"))]
    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_the_readme_leads_to_the_index_and_the_index_to_every_page() -> None:
    links = set(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert "docs/README.md" in links
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(LINK.findall(index))


def test_generated_pages_say_by_which_command() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"`make ([\w-]+)`", index))
    assert {"report", "validate", "golden", "man", "completions"} <= commands
    assert all(f"\n{name}:" in makefile for name in commands)


def test_the_plot_of_the_readme_is_the_report_s() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "docs/top-of-stack/fast-roundtrip.svg" in text
