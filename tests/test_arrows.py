"""No arrow runs back up: which rooms may import which, within functions too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "costmodel"
# What a room must not know. Asked of every import, at the top or within a function.
FORBIDDEN = {
    "code": ("engine", "studies", "views", "commands", "api", "ask", "cli"),
    "cores": ("engine", "studies", "views", "commands", "api", "ask", "cli"),
    "engine": ("studies", "views", "commands", "api", "ask", "cli"),
    "studies": ("views", "commands", "api", "ask", "cli"),
    "views": ("commands", "api", "ask", "cli"),
}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (n for n in names if n.startswith("costmodel."))


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_does_not_import_what_stands_above_it(room: str) -> None:
    found = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in sorted((PACKAGE / room).rglob("*.py"))
        for name in imported(file)
        if name.split(".")[1] in FORBIDDEN[room]
    ]
    assert found == []


def test_views_neither_write_files_nor_print() -> None:
    for file in (PACKAGE / "views").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for word in ("write_text", "write_bytes", "print(", ".open(", "mkdir("):
            assert word not in text, f"{file.name}: {word}"


def test_the_library_needs_no_view_to_be_imported() -> None:
    for name in ("api.py", "ask.py", "shown.py"):
        tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
        for node in tree.body:
            module = getattr(node, "module", "") or ""
            assert not module.startswith("costmodel.views"), name
