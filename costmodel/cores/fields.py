"""The fields a core file may have, read off the types of ``model``.

The model's classes are the only description; this turns them into a small table the
reader, the JSON Schema and the checks walk.
"""

from __future__ import annotations

import functools
import re
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from costmodel.cores import model

MAXIMUM = 10_000_000  # no figure of a core is larger; keeps one typo from eating memory
MAX_COUNT = 4096  # uops of one instruction

# Where 0 or less is impossible rather than "the core lacks it".
MINIMUMS: dict[tuple[str, str], int] = {
    ("Core", "year"): 1970,
    ("Core", "ghz"): 0,
    ("FrontEnd", "fetch_bytes"): 1,
    ("FrontEnd", "uop_queue"): 1,
    ("FrontEnd", "microcode_uops"): 1,
    ("Decode", "width"): 1,
    ("Decode", "uops"): 1,
    ("Rename", "width"): 1,
    ("Scheduler", "entries"): 1,
    ("Window", "rob"): 1,
    ("Window", "retire"): 1,
    ("UopCost", "count"): 1,
    ("Memory", "load_latency"): 1,
    ("Memory", "line"): 1,
    ("Memory", "boundary"): 1,
    ("Memory", "commit_per_cycle"): 1,
    ("Memory", "commit_same_line"): 1,
}

SHAPE = re.compile(r"\*||(?:[rmiscd][0-9]*|[01])(?:,(?:[rmiscd][0-9]*|[01]))*")
NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
SHAPE_EXPECTED = 'operand kinds such as "r,m", "r64,i8", "", or "*"'


class Spec(msgspec.Struct, frozen=True, eq=False):
    """What a value may be.

    ``kind``: int, float, bool, str, choice, list, dict, section, cost, uop. ``item`` is
    the Spec inside a list or dict, ``fields`` those of a section, cost or uop.
    ``minimum`` bounds numbers.
    """

    kind: str
    item: Spec | None = None
    fields: dict[str, Spec] = {}
    choices: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    defaults: dict[str, Any] = {}
    minimum: int = 0
    maximum: int = MAXIMUM
    type: Any = None

    @property
    def number(self) -> bool:
        return self.kind in ("int", "float")

    @property
    def mapping(self) -> bool:
        return self.kind in ("section", "cost", "uop", "dict")

    def child(self, key: str) -> Spec | None:
        """The Spec of one key, or None where there is no such key."""
        if self.kind in ("dict", "list"):
            return self.item
        return self.fields.get(key)


@functools.cache
def core_spec() -> Spec:
    """The Spec of a whole core file (less ``extends`` and ``sources``)."""
    return _section(model.Core, "section")


def _section(cls: type[Any], kind: str) -> Spec:
    fields, required, defaults = {}, [], {}
    for info in msgspec.structs.fields(cls):
        fields[info.name] = _spec(info.type, cls.__name__, info.name)
        if info.required:
            required.append(info.name)
        elif info.default is not msgspec.NODEFAULT:
            defaults[info.name] = info.default
    return Spec(
        kind,
        fields=fields,
        required=tuple(required),
        defaults=defaults,
        type=cls,
    )


def _spec(hint: Any, owner: str, name: str) -> Spec:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (hint,) = (one for one in inside if one is not types.NoneType)
        return _spec(hint, owner, name)
    if origin is Literal:
        return Spec("choice", choices=inside)
    if origin is tuple:
        return Spec("list", item=_spec(inside[0], owner, name), type=hint)
    if origin is dict:
        return Spec("dict", item=_spec(inside[1], owner, name), type=hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        kinds: dict[Any, str] = {model.Cost: "cost", model.UopCost: "uop"}
        return _section(hint, kinds.get(hint, "section"))
    if hint in (int, float):
        count = owner in ("Cost", "UopCost") and "latency" not in name
        return Spec(
            "int" if hint is int else "float",
            minimum=MINIMUMS.get((owner, name), 0),
            maximum=MAX_COUNT if count else MAXIMUM,
        )
    if hint in (bool, str):
        return Spec(hint.__name__)
    raise TypeError(f"{owner}.{name}: no rule for {hint!r}")


def at(path: str) -> Spec | None:
    """The Spec of the field ``path`` ("window.rob"), or None if there is none."""
    spec: Spec | None = core_spec()
    for key in path.split("."):
        if spec is None:
            return None
        if spec.kind == "list" and not key.isdecimal():
            return None
        spec = spec.child(key)
    return spec


def paths(spec: Spec | None = None, prefix: str = "") -> Iterator[tuple[str, Spec]]:
    """Every field outside lists and free-form mappings, with its path."""
    for key, field in (spec or core_spec()).fields.items():
        path = f"{prefix}{key}"
        yield path, field
        if field.kind == "section":
            yield from paths(field, f"{path}.")
