"""From a core's name to typed values, each with its provenance.

``load_core`` reads the file and those it extends, merges and validates them, and keeps
the result; ``with_values`` makes another core of it with some numbers changed.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.cores import catalogue
from costmodel.cores.catalogue import core_names as core_names
from costmodel.cores.catalogue import resolve as resolve
from costmodel.cores.loaded import LoadedCore as LoadedCore
from costmodel.cores.semantic import Semantic as Semantic
from costmodel.cores.semantic import instructions as instructions

if TYPE_CHECKING:
    from costmodel.cores.model import Core
    from costmodel.errors import CoreError


def load_core(name: str) -> LoadedCore:
    """The core ``name``: a name, an alias, ``native``, or the path of a file.

    Raises CoreError; the first problem of the file is the one told.
    """
    path = catalogue.resolve(name)
    from costmodel.cores import chain

    with _no_collection():
        return chain.read(path)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """A tree that grows is no garbage: looking for some takes a third of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def problems_of(path: Path) -> tuple[CoreError, ...]:
    """Everything wrong with a core file, in order; empty if it loads."""
    from costmodel.cores import chain

    return chain.problems_of(path)


def with_values(loaded: LoadedCore, values: Mapping[str, Any]) -> Core:
    """The core with some fields changed: ``{"window.rob": 512}``.

    Numbers, switches (bool) and choices can be set, by the paths of ``evidence`` or of
    any field of the model. Raises CoreError for a path there is not or a value the core
    file could not have.
    """
    from costmodel.cores import change

    return change.changed(loaded.core, loaded.tree, values)
