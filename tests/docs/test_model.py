"""docs/model.md names every figure of a core, every cause, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import fields

from costmodel.cores.model import Core
from costmodel.engine import causes, scenarios

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
DOTTED = re.compile(r"`([a-z0-9_]+(?:\.[a-z0-9_]+)+)`")


def figures(section: type[Struct], prefix: str = "") -> Iterator[str]:
    """Paths of the figures of a section; a core's own plain fields left out."""
    for one in fields(section):
        name = prefix + one.name
        if isinstance(one.type, type) and issubclass(one.type, Struct):
            yield from figures(one.type, name + ".")
        elif prefix:
            yield name


def test_every_figure_is_described_and_no_other() -> None:
    assert set(DOTTED.findall(TEXT)) == set(figures(Core))


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
    for path in figures(Core):
        leaf = path.rpartition(".")[2]
        assert re.search(rf"\.{leaf}\b(?!\")", engine), path


def test_every_scenario_is_explained() -> None:
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for name in scenarios.NAMES:
        assert f"`{name}`" in text
