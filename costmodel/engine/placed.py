"""A path's trace for one set of a core's figures after another, placed by templates.

What a figure cannot change is kept ready: where the instructions lie, which accesses
meet, the lines of the uop cache. What it can change goes through ``Recipes``; counts
and latencies of whole instructions are numbers in the block, so changing them needs no
other template.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import mul
from typing import Any

from costmodel.cores.model import Core
from costmodel.engine import layout as L
from costmodel.engine.lowered import Lowered
from costmodel.engine.pathrun import Run
from costmodel.engine.place import (
    B_ROWS,
    B_SIZE,
    PLACE_FILLERS,
    PLACE_FIRST,
    PLACE_LAST,
    PLACE_NEXT,
    PLACE_SIZE,
)
from costmodel.engine.pool import Pool
from costmodel.engine.recipes import Recipes
from costmodel.engine.trace import always_at, trip_of
from costmodel.engine.uopcache import lines_of


@dataclass(frozen=True, slots=True)
class Block:
    """A path for ``place``, of templates in ``pool``."""

    numbers: array[int]
    pool: Pool
    made: list[Lowered]  # what each recipe came to
    sizes: list[int]  # integers each adds to the trace where it is used
    rows: array[int]  # the accesses
    lines: array[int]  # of the uop cache


class Placed:
    """The blocks of one path."""

    def __init__(self, first: Run, rows: Sequence[Sequence[int]]) -> None:
        """``first``: the path on the core as stated; ``rows``: its accesses."""
        builder, plan, trace = first.builder, first.plan, first.trace
        self._items = [*first.items, *plan.tail]
        self._base = trace[L.T_BASE]
        at = always_at(self._base, plan.loops, plan.repeat)
        lowered = builder.lower_all(self._items, plan.cached, at)
        self.recipes = Recipes(builder, self._items, lowered, rows)
        self.possible = not any(builder.merges(self._items))
        self._cached = plan.cached
        self._code = first.cold_lines.of_insn
        self._trip = trip_of(len(first.items), len(plan.tail), plan.repeat)
        self._cold = list(first.cold_lines.levels)
        self._head = [
            len(first.items), len(plan.tail), plan.repeat, self._base,
            trace[L.T_DEPTH], int(plan.loops), trace[L.T_ACCESS_COUNT],
            len(rows) * L.ACCESS_SIZE, 1, len(self._cold),
        ]  # fmt: skip
        self._places = [0] * (len(self._items) * PLACE_SIZE)
        for k in range(len(self._items)):
            at = k * PLACE_SIZE
            after = self._items[k + 1].address if k + 1 < len(self._items) else -1
            self._places[at + PLACE_NEXT] = after
            if k < len(self._code):
                self._places[at + PLACE_FIRST : at + PLACE_LAST + 1] = self._code[k]
        self._counts_at = B_SIZE + len(self._items) + self._head[B_ROWS] + PLACE_FILLERS
        self._at: list[list[int]] = [[] for _ in self.recipes.all]
        self._second: dict[int, int] = {}
        for k, number in enumerate(self.recipes.of):
            if number >= 0:
                self._at[number].append(k)
            else:
                item = self._items[k]
                low = builder.lowering.lower(item.form, item.taken)
                self._second[k] = low.flags
        self._times = [len(places) for places in self._at]
        self._lines: dict[Any, array[int]] = {}

    def block(
        self, made: Sequence[Lowered], rows: array[int], core: Core, pool: Pool
    ) -> Block:
        """The block of what the recipes make on ``core``, whose templates go to
        ``pool``; ``rows``: all accesses, flat."""
        lines = self._lines_on(core, made)
        templates = [0] * len(self._items)
        for k, flags in self._second.items():
            templates[k] = pool.second(self._items[k].form, flags)
        parts = self._head, templates, rows, self._places, lines, self._cold
        numbers = array("q", chain.from_iterable(parts))
        block = Block(numbers, pool, list(made), [0] * len(made), rows, lines)
        for number, low in enumerate(made):
            self._set(block, number, low)
        return block

    def changed(
        self, block: Block, made: Mapping[int, Lowered], rows: array[int], core: Core
    ) -> Block:
        """``block`` with other accesses and other outcomes of the recipes named."""
        numbers, all_made = block.numbers[:], list(block.made)
        new = replace(
            block, numbers=numbers, made=all_made, sizes=list(block.sizes), rows=rows
        )
        for number, low in made.items():
            self._set(new, number, low)
        if rows is not block.rows:
            first = B_SIZE + len(self._items)
            numbers[first : first + len(rows)] = rows
        lines = self._lines_on(core, all_made)
        if lines is not block.lines:
            first = len(numbers) - len(self._cold) - len(lines)
            numbers[first : first + len(lines)] = lines
        return new

    def _set(self, block: Block, number: int, low: Lowered) -> None:
        """Have recipe ``number`` come to ``low``."""
        bare = low._replace(fillers=0, microcode=0, latency=0, redirect=0)
        template, size = block.pool.template(bare, self.recipes.all[number].form)
        counts = array("q", (low.fillers, low.microcode, low.latency, low.redirect))
        numbers = block.numbers
        for k in self._at[number]:
            numbers[B_SIZE + k] = template
            at = self._counts_at + k * PLACE_SIZE
            numbers[at : at + 4] = counts
        block.made[number] = low
        block.sizes[number] = size + low.fillers * L.UOP_SIZE

    def room(self, block: Block) -> int:
        """Integers the trace needs, at most."""
        seconds = len(self._second) * L.INSN_SIZE
        places: int = sum(map(mul, block.sizes, self._times))
        return block.pool.fixed + len(block.numbers) + seconds + places

    def _lines_on(self, core: Core, made: Sequence[Lowered]) -> array[int]:
        """The uop-cache line of each instruction of a trip."""
        cache = core.front_end.uop_cache
        key = (
            *map(_cached_size, made), cache.line_uops, cache.line_immediates,
            cache.lines_per_window, cache.capacity,
        )  # fmt: skip
        lines = self._lines.get(key)
        if lines is None:
            lowered = [None if n < 0 else made[n] for n in self.recipes.of]
            found = lines_of(
                core, self._items, lowered, self._trip, self._base, self._cached,
                self._code,
            )  # fmt: skip
            lines = self._lines[key] = array("q", found)
        return lines


def _cached_size(low: Lowered) -> tuple[int, int, bool]:
    """What an instruction takes up in the uop cache."""
    return low.decode_slots, low.immediates, low.microcode > 0
