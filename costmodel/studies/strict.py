"""YAML files of the project's own making, read into msgspec types."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

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
        raise InputError(said, where=_where(tree, at.rstrip("`"), file)) from None


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
