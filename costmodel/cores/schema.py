"""The JSON Schema of a core file, for editors: ``uarch/schema.json``.

Generated from the model, so that there is one description of what a core may say. It is
looser than the loader, which alone knows what is inherited. ``python -m
costmodel.cores.schema`` writes it.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from costmodel import data
from costmodel.cores import fields
from costmodel.cores.fields import Spec
from costmodel.cores.quantity import OF_SOURCES

Json = dict[str, Any]
_FREE_TEXT: Json = {"type": "string", "minLength": 1}
_EVIDENCE: Json = {
    "source": {
        "type": "string",
        "minLength": 1,
        "description": '"ID" or "ID: detail" of sources:, or "assumed"',
    },
    "spread": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "relative half width of the interval of bare numbers inside",
    },
    "note": _FREE_TEXT,
    "of": {
        "anyOf": [_FREE_TEXT, {"type": "array", "items": _FREE_TEXT}],
        "description": "the cores the figures are of, where the source has no cores",
    },
}
_FITTED: Json = {
    "type": "object",
    "properties": {
        "rows": {"type": "integer", "minimum": 1},
        "gain": _FREE_TEXT,
        "half": _FREE_TEXT,
    },
    "required": ["rows", "gain", "half"],
    "additionalProperties": False,
    "description": "chosen because this many measured rows came out; what it brought",
}
_SOURCE: Json = {
    "type": "object",
    "properties": {
        "says": _FREE_TEXT,
        "class": {"enum": list(OF_SOURCES)},
        "cores": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["says"],
    "additionalProperties": False,
}


def build() -> Json:
    """The schema as plain values."""
    parts = _Parts()
    whole = parts.object(fields.core_spec())
    whole["properties"] = {
        "extends": {
            "type": "string",
            "pattern": "^[^/]+$",
            "description": "the core file this one is laid over, without .yaml",
        },
        "sources": {
            "type": "object",
            "additionalProperties": {"anyOf": [_FREE_TEXT, _SOURCE]},
            "description": "id: one line saying what the source is",
        },
        "relatives": {
            "type": "string",
            "description": "of a base: the family its cores are held against",
        },
        "cpuid": {
            "type": "array",
            "items": _FREE_TEXT,
            "description": "CPUs this is, such as GenuineIntel-6-5E or "
            "AuthenticAMD-26-*: family decimal, model and stepping hexadecimal",
        },
        **whole["properties"],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "costmodel core",
        **whole,
        "$defs": dict(sorted(parts.definitions.items())),
    }


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(build(), indent=1) + "\n"


class _Parts:
    """Builds schemas; what is used again stands in ``definitions`` once."""

    def __init__(self) -> None:
        self.definitions: Json = {}

    def define(self, name: str, make: Callable[[], Json]) -> Json:
        """A reference to ``name``, which ``make`` describes."""
        if name not in self.definitions:
            self.definitions[name] = {}  # holds the place while its inside is made
            self.definitions[name] = make()
        return {"$ref": f"#/$defs/{name}"}

    def value(self, spec: Spec) -> Json:
        """A value, or null to remove what is inherited."""
        if spec.kind == "section":
            inside = self.define(spec.type.__name__, lambda: self.object(spec))
            return {"anyOf": [inside, {"type": "null"}]}
        return self.define(_name(spec), lambda: self.anything(spec))

    def anything(self, spec: Spec) -> Json:
        return {"anyOf": [*self.choices(spec), {"type": "null"}]}

    def choices(self, spec: Spec) -> list[Json]:
        """The forms a value may take, short ones first."""
        if spec.number:
            kind = "integer" if spec.kind == "int" else "number"
            number = {"type": kind, "minimum": spec.minimum, "maximum": spec.maximum}
            if spec.off:
                number["minimum"] = 0
            return [number, self.wrapped(number, interval=True)]
        if spec.kind == "uop":
            short = {"type": "string", "pattern": "^[a-z0-9_]+( +x?[0-9]+)?$"}
            return [short, self.define("UopCost", lambda: self.object(spec))]
        if spec.kind == "cost":
            uops = self.choices(_inner(spec.fields["uops"]))
            row = self.define("Cost", lambda: self.object(spec))
            # a mapping here is a row, so one uop alone has only its short form
            return [uops[0], {"type": "array", "items": {"anyOf": uops}}, row]
        if spec.kind == "dict":
            return [self.free(spec)]
        if spec.kind == "section":
            return [self.define(spec.type.__name__, lambda: self.object(spec))]
        plain: Json = {"type": "string"}
        if spec.kind == "bool":
            plain = {"type": "boolean"}
        elif spec.kind == "choice":
            plain = {"enum": list(spec.choices)}
        elif spec.kind == "list":
            items = self.choices(_inner(spec))
            if _inner(spec).number:
                items = items[:1]
            plain = {"type": "array", "items": {"anyOf": items}}
        return [plain, self.wrapped(plain, interval=False)]

    def wrapped(self, value: Json, *, interval: bool) -> Json:
        bounds: Json = {"type": "number", "minimum": 0, "maximum": fields.MAXIMUM}
        ends = {"low": bounds, "high": bounds} if interval else {}
        return {
            "type": "object",
            "properties": {
                "value": value,
                **ends,
                "fitted": _FITTED,
                **self.evidence(),
            },
            "required": ["value"],
            "additionalProperties": False,
        }

    def object(self, spec: Spec) -> Json:
        about = inspect.getdoc(spec.type) or ""
        inside = {name: self.value(field) for name, field in spec.fields.items()}
        return {
            "type": "object",
            "description": about.partition("\n\n")[0].replace("\n", " "),
            "properties": {**inside, **self.evidence()},
            "additionalProperties": False,
        }

    def free(self, spec: Spec) -> Json:
        item = _inner(spec)
        pattern = fields.SHAPE if item.kind == "cost" else fields.NAME
        return {
            "type": "object",
            "properties": self.evidence(),
            "patternProperties": {f"^(?:{pattern.pattern})$": self.value(item)},
            "additionalProperties": False,
        }

    def evidence(self) -> Json:
        return {
            key: self.define(key, lambda about=about: about)  # type: ignore[misc]
            for key, about in _EVIDENCE.items()
        }


def _inner(spec: Spec) -> Spec:
    assert spec.item is not None
    return spec.item


def _name(spec: Spec) -> str:
    """A name for a kind of value: equal names mean equal schemas."""
    if spec.number:
        low = 0 if spec.off else spec.minimum
        return f"{spec.kind}_from_{low}_to_{spec.maximum}"
    if spec.kind == "choice":
        return "choice_" + "_".join(one or "none" for one in spec.choices)
    if spec.kind in ("list", "dict"):
        return f"{spec.kind}_of_{_name(_inner(spec))}"
    if spec.kind == "section":
        return str(spec.type.__name__)
    return spec.kind


def main() -> None:
    """Write the schema beside the core files, or to the path given."""
    path = sys.argv[1] if len(sys.argv) > 1 else data.uarch_dir() / "schema.json"
    Path(path).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
