"""docs/model.md names every figure of a core, every cause, and nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path

from costmodel.cores.declarations import BY_PATH, FIGURES, markdown
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


def engine_text() -> str:
    """The engine, without the tables and headers that only name things."""
    engine = ROOT / "costmodel" / "engine"
    files = [*engine.glob("*.py"), *(engine / "sim").glob("*.c")]
    return "".join(
        path.read_text(encoding="utf-8") for path in files if path.name != "causes.py"
    )


def test_causes_that_are_charged_are_named_with_their_mechanism() -> None:
    code = engine_text()
    charged = {
        told
        for name, told in zip(causes.IDENTIFIERS, causes.NAMES, strict=True)
        if re.search(rf"\b(?:causes\.|CAUSE_){name}\b", code)
    }
    flat = " ".join(TEXT.split())
    named = {name for name in causes.NAMES if f"*{name}*" in flat}
    assert named == charged


def test_the_engine_looks_at_every_figure() -> None:
    code = engine_text()
    for path in STEERING:
        leaf = path.rpartition(".")[2]
        name = BY_PATH[path].name if path in BY_PATH else leaf
        read = rf"\.{leaf}\b(?!\")|(?:->|FIG\(|SET_FIG\(){name}\b"
        assert re.search(read, code), path


def test_every_scenario_is_explained() -> None:
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for name in scenarios.NAMES:
        assert f"`{name}`" in text
