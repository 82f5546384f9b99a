"""One path on variants of one core, run by compiled code.

A variant is the core and the figures that differ from what its file states. Each gives
what the path's recipes make, a block of templates, and the machine's parameters; the
rest is ready from the first run.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from fractions import Fraction
from typing import Any

from costmodel.cores.load import LoadedCore, with_values
from costmodel.cores.model import Core, Cost
from costmodel.engine import compiled, state
from costmodel.engine import layout as L
from costmodel.engine.bulkrun import MARKS
from costmodel.engine.compose import Composer
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import Lowered
from costmodel.engine.params import Params
from costmodel.engine.pathrun import CALENDARS, LIMIT, Run
from costmodel.engine.placed import Block, Placed
from costmodel.engine.pool import Pool
from costmodel.engine.recipes import Key, LoweredForms

_COUNTS = ("filler", "microcode", "latency")  # of a cost row: plain numbers in a block
MOST_KEPT = 20_000  # rows with figures of their own; those of draws seldom come back
MOST_TEMPLATES = 1 << 18  # integers
# Figures a base block does not depend on, or that are set in it afterwards.
_NOT_PLACED = (
    "costs.", "window.", "front_end.redirect", "front_end.uop_cache.",
    "front_end.loop_buffer", "memory.renaming.",
)  # fmt: skip


class Quick:
    """Runs a path in compiled code. Raises UsageError where there is no compiler."""

    def __init__(
        self, first: Run, rows: array[int], loaded: LoadedCore, lowered: LoweredForms
    ) -> None:
        """``first``: the path on the core as ``loaded``; ``rows``: its accesses, flat.

        ``lowered`` is shared with other paths on the same core.
        """
        self._first = first
        self._loaded = loaded
        self._lowered = lowered
        size = L.ACCESS_SIZE
        self.placed = Placed(
            first, [rows[k : k + size] for k in range(0, len(rows), size)]
        )
        self._pool = Pool(first.builder)
        self._bases: dict[Key, tuple[Block, dict[str, list[int]]]] = {}
        self._states: dict[int, Any] = {}
        self._call = compiled.raw("place_and_rate", "aaaaaaiiiiaaaa")
        self._group = first.group()
        self._room = compiled.fill(1 << 12, 0)
        self._marks, self._uops_at, self._out, self._found, self._log = (
            compiled.fill(length, 0) for length in (MARKS, MARKS, self._group, 8, 1)
        )
        self._places = [
            compiled.address(kept)
            for kept in (self._marks, self._uops_at, self._out, self._found)
        ]

    def cycles(
        self, core: Core, key: Key, p: Params, rows: array[int], need: int
    ) -> Fraction | None:
        """Cycles a copy on the variant ``core`` with the figures ``key``, whose
        accesses are ``rows``; None: no calendar is long enough. ``need``: uops over
        which the rhythm must hold."""
        block = self._block(core, key, rows)
        room = self.placed.room(block)
        if room > len(self._room):
            self._room = compiled.fill(2 * room, 0)
        first, at = self._first, compiled.address
        once = first.scenario == "once"
        numbers = array("q", p)
        for calendar in (CALENDARS[0] >> 2, *CALENDARS):
            m = self._state(core, p, calendar)
            self._call(
                at(block.pool.numbers), at(block.numbers), at(self._room),
                at(numbers), at(m), at(self._log), first.plan.mode, self._group, need,
                0 if once else LIMIT, *self._places,
            )  # fmt: skip
            found = self._found
            if not found[4]:
                return Fraction(found[0], found[1] * first.plan.repeat)
        return None

    def _state(self, core: Core, p: Params, size: int) -> Any:
        """A machine of the right shape; the engine resets it before each run."""
        if size not in self._states:
            fill: Any = compiled.fill  # as good as a list to the engine
            ports = self._first.builder.map
            self._states[size] = state.new_state(
                p, size, self._first.cells, ports.group_of, ports.group_size,
                ports.alternates, fill, len(self._first.cold_lines.levels),
            )  # fmt: skip
        m = self._states[size]
        for k, scheduler in enumerate(core.window.schedulers):
            m[state.GROUP_SIZE_AT + k] = scheduler.entries
        return m

    # --- the block of a variant -----------------------------------------------------
    def _block(self, core: Core, key: Key, rows: array[int]) -> Block:
        if len(self._pool.numbers) > MOST_TEMPLATES:
            self._pool = Pool(self._first.builder)
            self._bases.clear()
        if len(self._lowered) > MOST_KEPT:
            self._lowered.clear()
        rules = tuple(item for item in key if not item[0].startswith(_NOT_PLACED))
        known = self._bases.get(rules)
        if known is None:
            known = self._bases[rules] = self._base(rules, rows)
        block, users = known
        changed: dict[int, Lowered] = {}
        again: Lowering | None = None
        redirect = core.front_end.redirect
        for number, low in enumerate(block.made):
            if low.redirect not in (0, redirect):
                changed[number] = low._replace(redirect=redirect)
        for row, figures in _by_row(key).items():
            numbers = users.get(row, ())
            cost = _cost(core, row)
            counts = all(name[len(row) + 1 :] in _COUNTS for name, _ in figures)
            for number in numbers:
                low = changed.get(number, block.made[number])
                recipe = self.placed.recipes.all[number]
                alike = (low.microcode > 0) == (cost.microcode > 0)
                if counts and alike and recipe.second is None:
                    changed[number] = low._replace(
                        fillers=cost.filler, latency=cost.latency,
                        microcode=cost.microcode,
                    )  # fmt: skip
                    continue
                again = again or self._lowering(core)
                # A pair may follow from another row's figures too.
                again._cache = (
                    self._lowered.setdefault((rules, figures), {})
                    if recipe.second is None
                    else {}
                )
                low = self.placed.recipes.make(number, again)
                if low.redirect:
                    low = low._replace(redirect=redirect)
                changed[number] = low
        return self.placed.changed(block, changed, rows, core)

    def _base(self, rules: Key, rows: array[int]) -> tuple[Block, dict[str, list[int]]]:
        """The block with all rows' figures as stated, and the recipes of each row."""
        core = with_values(self._loaded, dict(rules))
        lowering = self._lowering(core)
        lowering._cache = self._lowered.setdefault((rules, ()), {})
        recipes = self.placed.recipes
        made = [recipes.make(number, lowering) for number in range(len(recipes.all))]
        block = self.placed.block(made, rows, core, self._pool)
        return block, recipes.rows(made)

    def _lowering(self, core: Core) -> Lowering:
        """A lowering onto ``core``. A new one would look for the semantic table on
        disk, once a draw."""
        made = copy(self._first.builder.lowering)
        made.loaded, made.core = replace(self._loaded, core=core), core
        made._composer = Composer(core)
        return made


def _cost(core: Core, row: str) -> Cost:
    _, operation, shape = row.split(".", 2)
    return core.costs[operation][shape]


def _by_row(key: Key) -> Mapping[str, Key]:
    """The figures of each cost row."""
    rows: dict[str, Key] = {}
    for name, value in key:
        if name.startswith("costs."):
            row = ".".join(name.split(".")[:3])
            rows[row] = (*rows.get(row, ()), (name, value))
    return rows
