"""What follows from a path alone: worked out once, for all cores and all draws.

A core decides what loads and stores that meet cost, not which of them meet; the lines a
path touches and the words of its frame are the same everywhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from costmodel.code.frame import frame_slots
from costmodel.code.insn import Insn, Path
from costmodel.code.lines import Lines, lines_touched
from costmodel.code.values import Linkage, linkage
from costmodel.engine import surround
from costmodel.engine.result import FrameSlot

_MOST_PATHS = 64
_MOST_ANSWERS = 256  # of one path: cores and draws ask much the same of it
_T = TypeVar("_T")


class PathFacts:
    """Facts of one path. ``path``: the path itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: dict[Any, Any] = {}

    def kept(self, key: Any, make: Callable[[], _T]) -> _T:
        """The answer to ``key``, made when first asked for."""
        if key in self._kept:
            known: _T = self._kept[key]
            return known
        if len(self._kept) >= _MOST_ANSWERS:
            self._kept.clear()
        made = self._kept[key] = make()
        return made

    @functools.cached_property
    def round_trip(self) -> PathFacts:
        """The path inside a user loop of system calls."""
        return PathFacts(surround.with_user(self.path))

    @functools.cached_property
    def handled(self) -> PathFacts:
        """The path with its delivery, and with a stand-in for the C handler."""
        return PathFacts(surround.with_delivery(surround.with_handler(self.path)))

    @functools.cached_property
    def body(self) -> list[Insn]:
        """Its instructions."""
        return [step.insn for step in self.path.steps]

    @functools.cached_property
    def lines(self) -> Lines:
        """The 64-byte lines it touches."""
        return lines_touched(self.path)

    @functools.cached_property
    def frame(self) -> tuple[FrameSlot, ...]:
        """The words of ``struct pt_regs`` it writes."""
        return frame_slots(self.path)

    def linked(self, same_pointer: bool, always: bool) -> Linkage:
        """``code.values.linkage`` of its instructions."""
        return self.kept(
            ("linked", same_pointer, always),
            lambda: linkage(self.body, same_pointer=same_pointer, always=always),
        )


# By identity: paths are long, and comparing them would take as long as the answers.
_facts: dict[int, PathFacts] = {}


def facts_of(path: Path) -> PathFacts:
    """The facts of ``path``, which all that ask of the same object share."""
    known = _facts.get(id(path))
    if known is None:  # keeps the path alive, and so its id its own
        if len(_facts) >= _MOST_PATHS:
            del _facts[next(iter(_facts))]
        known = _facts[id(path)] = PathFacts(path)
    return known
