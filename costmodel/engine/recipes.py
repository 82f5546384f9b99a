"""What each place of a path lowers to, for one set of a core's figures after another.

Which instructions fuse, which join a move, and which loads chase a pointer is settled
once, on the core as stated; a figure changes only what comes out of each recipe. A rule
that would change the recipes themselves (``SETTLED``) needs the path laid out anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from costmodel.code.insn import Form
from costmodel.engine.fusion import fuse, join
from costmodel.engine.item import Item
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import Lowered
from costmodel.engine.trace import Builder

# Figures and rules the recipes, the port map or the machine's shape follow from.
SETTLED = (
    "fusion.", "ports.", "rename.high_byte", "rename.move_elimination.",
    "rename.zero_idioms", "rename.dependency_idioms", "memory.chase_saves",
    "memory.displacement_limit", "memory.alias_4k",
    "front_end.decode.ends_after_branch", "front_end.uop_cache.counts",
    "front_end.uop_cache.spans_windows", "front_end.uop_cache.branch_ends_line",
    "front_end.uop_cache.jcc_erratum", "front_end.uop_cache.microcode_own_line",
    "front_end.uop_cache.window",
)  # fmt: skip


Key = tuple[tuple[str, Any], ...]  # figures that are not as stated, by path
# What forms lowered to: by the rules of the variant, then by its figures of their row.
LoweredForms = dict[tuple[Key, Key], dict[tuple[object, ...], Lowered]]


class Recipe(NamedTuple):
    """An instruction, with the one it fused with or the one that joined it."""

    form: Form
    taken: bool
    second: Form | None = None
    second_taken: bool = False
    quick: tuple[int, ...] = ()  # its accesses that chase a loaded pointer


class Recipes:
    """The recipes of a path's places, and what they make on one core."""

    def __init__(
        self,
        builder: Builder,
        items: Sequence[Item],
        lowered: Sequence[Lowered | None],
        links: Sequence[Sequence[int]],
    ) -> None:
        """``items`` and ``links`` as ``Builder.build`` takes them; ``lowered``: what
        the builder makes of the items."""
        self.builder = builder
        facts = [
            None if low is None else builder.chaser.facts(item.form, low)
            for item, low in zip(items, lowered, strict=True)
        ]
        quick: Sequence[tuple[int, ...]] = [()] * len(items)
        if builder.core.memory.chase_saves:
            quick = builder.chaser.quick(facts, links)
        number: dict[Recipe, int] = {}
        self.of: list[int] = []  # recipe of each place; -1: came with the one before
        for k, item in enumerate(items):
            if lowered[k] is None:
                self.of.append(-1)
                continue
            made = Recipe(item.form, item.taken, quick=quick[k])
            if k + 1 < len(items) and lowered[k + 1] is None:
                after = items[k + 1]
                made = made._replace(second=after.form, second_taken=after.taken)
            self.of.append(number.setdefault(made, len(number)))
        self.all = list(number)

    def make(self, number: int, lowering: Lowering) -> Lowered:
        """What recipe ``number`` comes to with ``lowering``."""
        recipe = self.all[number]
        low = lowering.lower(recipe.form, recipe.taken)
        if recipe.second is not None:
            second = lowering.lower(recipe.second, recipe.second_taken)
            both = fuse if recipe.second.condition else join
            low = both(low, second)
        if recipe.quick:
            low = self.builder.chaser.quickened(low, recipe.quick)
        return low

    def rows(self, made: Sequence[Lowered]) -> dict[str, list[int]]:
        """The recipes that use each cost row, of what they all make."""
        found: dict[str, list[int]] = {}
        for number, (recipe, low) in enumerate(zip(self.all, made, strict=True)):
            found.setdefault(low.row, []).append(number)
            if recipe.second is not None:
                row = self.builder.lowering.lower(
                    recipe.second, recipe.second_taken
                ).row
                if row != low.row:
                    found.setdefault(row, []).append(number)
        return found
