"""YAML files of the project's own making, read into msgspec types."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from costmodel.cores import yamltree
from costmodel.errors import CoreError, InputError

T = TypeVar("T")


def read_strict(file: str, kind: type[T]) -> T:
    """A YAML file as ``kind``. Raises InputError with the file's place."""
    path = Path(file)
    if not path.is_file():
        raise InputError("no such file", where=file, expected="a YAML file")
    try:
        tree = yamltree.load(path, file)
    except CoreError as problem:
        raise InputError(
            problem.found, where=problem.where, expected=problem.expected
        ) from None
    try:
        return msgspec.convert(tree, kind, strict=True)
    except msgspec.ValidationError as problem:
        said, _, at = str(problem).partition(" - at `")
        at = at.rstrip("`")
        raise InputError(
            said,
            where=_where(tree, at, file),
            expected=_fields_said(_type_at(kind, at)),
        ) from None


def _type_at(kind: Any, at: str) -> Any:
    """The type of ``$.questions[3].claim`` in a file of type ``kind``."""
    for key, _ in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", at):
        kind = _struct_of(kind)
        if key and kind is not None:
            fields = {f.encode_name: f.type for f in msgspec.structs.fields(kind)}
            kind = fields.get(key)
        elif kind is None:
            return None
    return _struct_of(kind)


def _struct_of(kind: Any) -> Any:
    """The Struct in ``tuple[X, ...]``, ``X | None`` or X itself; None: there is none."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    inside = [_struct_of(one) for one in get_args(kind)]
    return next((one for one in inside if one is not None), None)


def _fields_said(kind: Any) -> str:
    """Which fields there are, and which of them must be there."""
    if kind is None:
        return ""
    fields = msgspec.structs.fields(kind)
    needed = [f.encode_name for f in fields if f.required]
    others = [f.encode_name for f in fields if not f.required]
    said = ", ".join(needed)
    return f"fields {said}" + (f"; if wanted {', '.join(others)}" if others else "")


def _where(tree: Any, at: str, file: str) -> str:
    """``file:line:column`` of ``$.questions[3].kind``, as near as is known."""
    found, here = file, tree
    for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", at):
        if key and isinstance(here, yamltree.Map) and key in here:
            found = yamltree.place(here.values_at[key])
            here = here[key]
        elif index and isinstance(here, yamltree.Seq):
            found = yamltree.place(here.items_at[int(index)])
            here = here[int(index)]
        else:
            break
    return found
