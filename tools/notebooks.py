"""Notebooks from the percent scripts beside them: ``python tools/notebooks.py``.

A script of ``notebooks/`` is the source; its ``.ipynb`` holds the same cells without
outputs, as ``jupytext --to ipynb`` would write them but with cell ids that stay the
same, so that a difference of the two is a difference of the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
MARK = "# %%"
MARKDOWN = "# %% [markdown]"
METADATA = {
    "jupytext": {"formats": "ipynb,py:percent"},
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


class Cell(NamedTuple):
    """``kind`` is "code" or "markdown"; ``line`` is where its text starts."""

    kind: str
    text: str
    line: int


def cells(script: str) -> Iterator[Cell]:
    """The cells of a percent script, its header left out."""
    kind, lines, start = "", [], 0
    for number, line in enumerate([*script.splitlines(), MARK], 1):
        if line not in (MARK, MARKDOWN):
            lines.append(line)
            continue
        if kind:
            text = "\n".join(lines).strip("\n")
            yield Cell(kind, _bare(text) if kind == "markdown" else text, start)
        kind = "markdown" if line == MARKDOWN else "code"
        lines, start = [], number + 1


def _bare(text: str) -> str:
    return "\n".join(
        line.removeprefix("#").removeprefix(" ") for line in text.splitlines()
    )


def notebook(script: str) -> str:
    """The ``.ipynb`` of a percent script."""
    made = []
    for number, cell in enumerate(cells(script)):
        one: dict[str, object] = {
            "cell_type": cell.kind,
            "id": f"cell-{number:02d}",
            "metadata": {},
            "source": cell.text.splitlines(keepends=True),
        }
        if cell.kind == "code":
            one |= {"execution_count": None, "outputs": []}
        made.append(one)
    document = {"cells": made, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    for script in sorted(FOLDER.glob("*.py")):
        text = notebook(script.read_text(encoding="utf-8"))
        script.with_suffix(".ipynb").write_text(text, encoding="utf-8")
        print(f"notebooks/{script.stem}.ipynb")


if __name__ == "__main__":
    main()
