"""YAML files of the project's own making, read into msgspec types."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from costmodel.cores import yamltree
from costmodel.errors import CoreError, InputError

T = TypeVar("T")


def read_strict(file: str, kind: type[T]) -> T:
    """A YAML file as ``kind``. Raises InputError with the file's place."""
    return read_with_tree(file, kind)[0]


def read_with_tree(file: str, kind: type[T]) -> tuple[T, Any]:
    """The same, and the tree of ``yamltree`` that knows where each part stands."""
    path = Path(file)
    if "\0" in file or not os.path.isfile(file):  # noqa: PTH113 no name is too long
        raise InputError("no such file", where=file, expected="a YAML file")
    try:
        tree = yamltree.load(path, file)
    except CoreError as problem:
        raise InputError(
            problem.found, where=problem.where, expected=problem.expected
        ) from None
    try:
        return msgspec.convert(tree, kind, strict=True), tree
    except msgspec.ValidationError as problem:
        said, _, at = str(problem).partition(" - at `")
        at = at.rstrip("`")
        expected, hint = _allowed(said, kind, at)
        where = _where(tree, at, file, re.findall(r"unknown field `([^`]*)`", said))
        raise InputError(said, where=where, expected=expected, hint=hint) from None


def _allowed(said: str, kind: Any, at: str) -> tuple[str, str]:
    """The keys there are, where an unknown or a missing one is complained of."""
    named = re.search(r"(unknown|required) field `([^`]*)`", said)
    fields = _fields_at(kind, at) if named else ()
    if named is None or not fields:
        return "", ""
    close = yamltree.close(named[2], fields) if named[1] == "unknown" else ""
    return "the keys " + ", ".join(fields), close


def _fields_at(kind: Any, at: str) -> tuple[str, ...]:
    """Keys of the mapping at ``$.questions[0].claim``."""
    for key in re.findall(r"\.(\w+)", at):
        kind = _struct_of(kind)
        hints = (
            {f.encode_name: f.type for f in msgspec.structs.fields(kind)}
            if kind
            else {}
        )
        kind = hints.get(key)
    kind = _struct_of(kind)
    return tuple(f.encode_name for f in msgspec.structs.fields(kind)) if kind else ()


def _struct_of(kind: Any) -> Any:
    """The msgspec Struct inside ``tuple[X, ...]``, ``X | None`` and the like."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    found = (_struct_of(inside) for inside in get_args(kind))
    return next((struct for struct in found if struct is not None), None)


def _where(tree: Any, at: str, file: str, unknown: Sequence[str] = ()) -> str:
    """``file:line:column`` of ``$.questions[3].kind``, as near as is known, or of the
    ``unknown`` key in the mapping there."""
    found, here = file, tree
    if isinstance(here, yamltree.Map):
        found = yamltree.place(here.mark)
    for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", at):
        if key and isinstance(here, yamltree.Map) and key in here:
            found = yamltree.place(here.values_at[key])
            here = here[key]
        elif index and isinstance(here, yamltree.Seq):
            found = yamltree.place(here.items_at[int(index)])
            here = here[int(index)]
        else:
            break
    for key in unknown:
        if isinstance(here, yamltree.Map) and key in here:
            found = yamltree.place(here.keys_at[key])
    return found
