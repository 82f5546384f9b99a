"""A series of changes, one after the other, or one change over many entry points."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from costmodel.code.image import Image
from costmodel.code.selectors import entry_routines
from costmodel.engine.result import Comparison


class Row(Struct, frozen=True):
    """One row of a series: a commit and what it costs on each core, or why that cannot
    be said."""

    name: str  # abbreviated commit, or a symbol
    subject: str
    differences: tuple[Comparison, ...]
    error: str = ""


class Series(Struct, frozen=True):
    """Rows in the order of the commits, or largest difference first.

    ``whole`` is from before the first to after the last; empty for entry points.
    """

    title: str
    cores: tuple[str, ...]
    rows: tuple[Row, ...]
    whole: tuple[Comparison, ...] = ()
    notes: tuple[str, ...] = ()


def entry_points(image: Image) -> list[str]:
    """Routines a path can begin at: those of ``.entry.text``, if there is such code,
    else all that are no local labels."""
    routines = entry_routines(image)
    chosen = [s.name for s in routines if s.size or not image.linked]
    return list(dict.fromkeys(chosen))


def by_size(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Largest difference on any core first; those without an answer last."""
    return tuple(sorted(rows, key=_size))


def _size(row: Row) -> tuple[bool, float, str]:
    moved = max((abs(c.delta) for c in row.differences), default=0.0)
    return bool(row.error), -moved, row.name
