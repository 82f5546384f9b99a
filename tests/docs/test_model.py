"""docs/model.md names every figure of a core, every cause, and nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path

from costmodel.cores.declarations import FIGURES, markdown
from costmodel.engine import causes, scenarios

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "model.md"
WHOLE = FILE.read_text(encoding="utf-8")
TEXT, TABLE = WHOLE.split("## Every figure")
START, END = "<!-- table: make golden -->\n", "<!-- end -->"
DOTTED = re.compile(r"`([a-z0-9_]+(?:\.[a-z0-9_]+)+)`")


SCHEDULERS = "window.schedulers"  # a list of sections
STEERING = {one.path for one in FIGURES if "." in one.path} | {SCHEDULERS}


def test_every_figure_is_described_and_no_other() -> None:
    assert set(DOTTED.findall(TEXT)) == STEERING


def test_the_table_is_that_of_the_declarations() -> None:
    head, rest = TABLE.split(START)
    tail = rest.split(END)[1]
    made = TEXT + "## Every figure" + head + START + markdown() + END + tail
    if os.environ.get("COSTMODEL_GOLDEN") == "write":
        FILE.write_text(made, encoding="utf-8")
    assert made == WHOLE, "make golden"


def test_causes_that_are_charged_are_named_with_their_mechanism() -> None:
    engine = ROOT / "costmodel" / "engine"
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in engine.glob("*.py")
        if path.name != "causes.py"
    )
    constants = {value: name for name, value in vars(causes).items() if name.isupper()
                 and isinstance(value, int)}  # fmt: skip
    charged = {
        causes.NAMES[value]
        for value, name in constants.items()
        if re.search(rf"\b(?:C|causes)\.{name}\b", code)
    }
    flat = " ".join(TEXT.split())
    named = {name for name in causes.NAMES if f"*{name}*" in flat}
    assert named == charged


def test_the_engine_looks_at_every_figure() -> None:
    engine = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "costmodel" / "engine").glob("*.py")
    )
    for path in STEERING:
        leaf = path.rpartition(".")[2]
        assert re.search(rf"\.{leaf}\b(?!\")", engine), path


def test_every_scenario_is_explained() -> None:
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for name in scenarios.NAMES:
        assert f"`{name}`" in text
