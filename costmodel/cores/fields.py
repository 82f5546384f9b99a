"""The fields a core file may have, read off the types of ``model``.

The model's classes are the only description; this turns them into a small table the
reader, the JSON Schema and the checks walk.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from costmodel import lazily
from costmodel.cores import model
from costmodel.cores.declarations import parted
from costmodel.cores.figure import Figure
from costmodel.cores.model import MOST_WAIT

MAXIMUM = MOST_WAIT  # no figure of a core is larger
MAX_COUNT = 4096  # members of a list

SHAPE = lazily.pattern(r"\*||(?:[rhmiscd][0-9]*|[01])(?:,(?:[rhmiscd][0-9]*|[01]))*")
NAME = lazily.pattern(r"[a-z0-9][a-z0-9_]*")
SHAPE_EXPECTED = 'operand kinds such as "r,m", "r64,i8", "", or "*"'


class Spec(msgspec.Struct, frozen=True, eq=False):
    """What a value may be.

    ``kind``: int, float, bool, str, choice, list, dict, section, cost, uop. ``item`` is
    the Spec inside a list or dict, ``fields`` those of a section, cost or uop.
    ``minimum`` and ``maximum`` bound numbers; with ``off`` they may be 0 as well, and
    with ``binary`` they are powers of two.
    """

    kind: str
    item: Spec | None = None
    fields: dict[str, Spec] = {}
    choices: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    defaults: dict[str, Any] = {}
    minimum: float = 0
    maximum: float = MAXIMUM
    binary: bool = False
    off: bool = False
    type: Any = None

    @property
    def number(self) -> bool:
        return self.kind in ("int", "float")

    def allows(self, value: float) -> bool:
        """Whether the number is within the bounds."""
        if self.off and value == 0:
            return True
        if not self.minimum <= value <= self.maximum:  # NaN fails as well
            return False
        return not self.binary or (int(value) & (int(value) - 1)) == 0

    @property
    def bounds(self) -> str:
        """The bounds in words: "1 to 64"."""
        said = f"{self.minimum:g} to {self.maximum:.9g}"
        if self.binary:
            said = f"a power of two, {said}"
        return f"0 or {said}" if self.off else said

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


def _spec(annotated: Any, owner: str, name: str) -> Spec:
    hint, figure = parted(annotated)
    return _bare(hint, owner, name, figure or Figure("", most=MAXIMUM))


def _bare(hint: Any, owner: str, name: str, figure: Figure) -> Spec:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (hint,) = (one for one in inside if one is not types.NoneType)
        return _bare(hint, owner, name, figure)
    if origin is Literal:
        return Spec("choice", choices=inside)
    if origin is tuple:
        item = _bare(inside[0], owner, name, figure)
        most = MAX_COUNT if item.number or item.fields else min(MAX_COUNT, figure.most)
        return Spec("list", item=item, maximum=most, type=hint)
    if origin is dict:
        return Spec("dict", item=_bare(inside[1], owner, name, figure), type=hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        kinds: dict[Any, str] = {model.Cost: "cost", model.UopCost: "uop"}
        return _section(hint, kinds.get(hint, "section"))
    if hint in (int, float):
        return Spec(
            "int" if hint is int else "float",
            minimum=figure.least,
            maximum=figure.most,
            binary=figure.binary,
            off=figure.off,
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
