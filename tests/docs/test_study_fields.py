"""docs/studies.md names every field a study file may have, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from costmodel.studies.studyfile import Claim, Question, Silicon, Slow, Study

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")


def rows(title: str) -> dict[str, str]:
    """The first cell of each row of a table, and the second."""
    table = PAGE[PAGE.index(f"| {title} |") :].partition("\n\n")[0]
    cells = [line.strip("|").split("|", 1) for line in table.splitlines()[2:]]
    return {cell[0]: cell[1] for cell in cells}


def fields(kind: type) -> dict[str, bool]:
    return {f.encode_name: f.required for f in msgspec.structs.fields(kind)}


def said(text: str) -> dict[str, bool]:
    """Field names in a text, and whether a star stands behind."""
    return {n: bool(star) for n, star in re.findall(r"`(\w+)`( \*)?", text)}


@pytest.mark.parametrize(
    ("title", "kind"), [("field of the file", Study), ("field of a question", Question)]
)
def test_every_field_is_documented(title: str, kind: type) -> None:
    named: dict[str, bool] = {}
    for first in rows(title):
        named |= said(first)
    assert named == fields(kind)


@pytest.mark.parametrize(
    ("name", "kind"), [("slow", Slow), ("claim", Claim), ("measured", Silicon)]
)
def test_fields_of_lists_are_documented(name: str, kind: type) -> None:
    (cell,) = [c for f, c in rows("field of a question").items() if f"`{name}`" in f]
    assert said(cell) == fields(kind)
