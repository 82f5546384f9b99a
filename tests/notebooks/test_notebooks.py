"""Every notebook runs from top to bottom in a fresh namespace, and is its script."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from costmodel.studies.study import load_study
from costmodel.studies.studyfile import headline_of, study_file
from tools.notebooks import FOLDER, cells, notebook

SCRIPTS = sorted(FOLDER.glob("*.py"))


def shown(value: Any) -> str:
    """What a notebook shows of a cell's last value."""
    for method in ("_repr_html_", "_repr_svg_"):
        if hasattr(type(value), method):
            return str(getattr(value, method)())
    return repr(value)


def run(cell: str, file: str, namespace: dict[str, Any]) -> Any:
    """Execute a cell as Jupyter does; its last expression's value."""
    tree = ast.parse(cell, file)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), namespace)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), file, "eval"), namespace)


def test_there_are_five() -> None:
    assert [script.stem[:2] for script in SCRIPTS] == ["01", "02", "03", "04", "05"]


def test_the_first_opens_with_what_was_measured() -> None:
    study, _ = load_study(study_file("top-of-stack"), answer=True)
    (added,) = (q for q in study.questions if q.id == headline_of(study).added)
    low, *_, high = sorted(point.value for point in added.measured)
    opening = next(iter(cells(SCRIPTS[0].read_text(encoding="utf-8")))).text
    assert f"pays {low:g} to {high:g} cycles more" in " ".join(opening.split())


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_it_runs_and_shows_what_it_ends_its_cells_with(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(FOLDER)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    values = []
    for cell in cells(script.read_text(encoding="utf-8")):
        if cell.kind == "code":
            # The line numbers of an error are those of the script.
            text = "\n" * (cell.line - 1) + cell.text
            values.append(run(text, str(script), namespace))
    assert all(shown(value) for value in values if value is not None)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_notebook_is_its_script(script: Path) -> None:
    made = script.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert made == notebook(script.read_text(encoding="utf-8")), "make notebooks"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_jupytext_reads_the_same_cells(script: Path) -> None:
    jupytext = pytest.importorskip("jupytext")
    text = script.read_text(encoding="utf-8")
    read = jupytext.reads(text, fmt="py:percent")
    ours = json.loads(notebook(text))["cells"]
    assert [(c["cell_type"], c["source"]) for c in read["cells"]] == [
        (c["cell_type"], "".join(c["source"])) for c in ours
    ]


@pytest.mark.nightly
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_jupyter_runs_it(script: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    read = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    nbclient.NotebookClient(
        read, timeout=120, resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
