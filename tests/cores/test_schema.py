"""The JSON Schema editors use: current, and no stricter than the loader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from costmodel import data
from costmodel.cores import schema
from tests.tiny import TINY

OTHERS = ("instructions", "features")
FILES = sorted(
    path for path in data.uarch_dir().glob("*.yaml") if path.stem not in OTHERS
)
WHOLE = schema.build()
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


def accepts(rule: dict[str, Any], value: Any) -> bool:
    """Enough of JSON Schema for what ``schema`` writes; other keywords fail."""
    keywords = set(rule) - {"description", "title", "$schema", "$defs"}
    if "$ref" in rule:
        return accepts(WHOLE["$defs"][rule["$ref"].rpartition("/")[2]], value)
    if "anyOf" in rule:
        return any(accepts(one, value) for one in rule["anyOf"])
    if "enum" in rule:
        return value in rule["enum"]
    kind = rule["type"]
    if not isinstance(value, TYPES[kind]):
        return False
    if isinstance(value, bool) and kind != "boolean":
        return False
    if kind in ("integer", "number"):
        assert keywords <= {"type", "minimum", "maximum"}
        return bool(rule.get("minimum", value) <= value <= rule.get("maximum", value))
    if kind == "string":
        assert keywords <= {"type", "minLength", "pattern"}
        long_enough = len(value) >= rule.get("minLength", 0)
        return long_enough and re.search(rule.get("pattern", ""), value) is not None
    if kind == "array":
        assert keywords <= {"type", "items"}
        return all(accepts(rule["items"], one) for one in value)
    if kind == "object":
        assert keywords <= {
            "type",
            "properties",
            "patternProperties",
            "additionalProperties",
            "required",
        }
        return all(key in value for key in rule.get("required", ())) and all(
            accepts_key(rule, key, one) for key, one in value.items()
        )
    return True


def accepts_key(rule: dict[str, Any], key: str, value: Any) -> bool:
    if key in rule.get("properties", {}):
        return accepts(rule["properties"][key], value)
    for pattern, one in rule.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return accepts(one, value)
    other = rule.get("additionalProperties", True)
    return bool(other) if isinstance(other, bool) else accepts(other, value)


def plain(text: str) -> Any:
    """The file as an editor reads it: ``on`` is a key, not true."""
    tree = yaml.load(text, yaml.CSafeLoader)

    def words(value: Any) -> Any:
        if isinstance(value, dict):
            return {{True: "on"}.get(k, k): words(v) for k, v in value.items()}
        return [words(v) for v in value] if isinstance(value, list) else value

    return words(tree)


def test_the_file_in_uarch_is_current() -> None:
    held = (data.uarch_dir() / "schema.json").read_text(encoding="utf-8")
    assert held == schema.text(), "run: python -m costmodel.cores.schema"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_accepts_every_core_there_is(path: Path) -> None:
    assert accepts(WHOLE, plain(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rob: 16", "robb: 16"),
        ("rob: 16", "rob: -1"),
        ("rob: 16", "rob: 1.5"),
        ("rob: 16", "rob: {low: 3}"),
        ("vendor: intel", "vendor: acme"),
        ("shift: [p0]", "shift: p0"),
        ('{"r,r": imul 3}', '{"r;r": imul 3}'),
        ('{"r,r": imul 3}', '{"r,r": imul x}'),
        ('{"r,r": imul 3}', '{"r,r": {uop: [imul]}}'),
    ],
)
def test_it_refuses_what_the_loader_refuses(old: str, new: str) -> None:
    assert accepts(WHOLE, plain(TINY))
    assert not accepts(WHOLE, plain(TINY.replace(old, new, 1)))


def test_every_reference_is_defined() -> None:
    for name in re.findall(r'"#/\$defs/([^"]+)"', schema.text()):
        assert WHOLE["$defs"][name]


def test_it_is_written_where_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.json"
    monkeypatch.setattr("sys.argv", ["schema", str(target)])
    schema.main()
    assert json.loads(target.read_text()) == WHOLE
