"""Figures of a core file: numbers with the evidence written beside or around them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from costmodel.cores import yamltree
from costmodel.cores.fields import Spec
from costmodel.cores.quantity import (
    ASSUMED,
    FITTED,
    INHERITED,
    Evidence,
    Fit,
    Quantity,
    Source,
)
from costmodel.cores.yamltree import Map, Seq
from costmodel.errors import CoreError
from costmodel.tuples import NamedTuple

EVIDENCE_KEYS = ("source", "of", "spread", "note")
QUANTITY_KEYS = ("value", "low", "high", *EVIDENCE_KEYS, "fitted")
FIT_KEYS = ("rows", "gain", "half")


NOWHERE = Source("")  # stands in for a source that is not declared
Shared = tuple[str, float | None]  # source and spread of a group


class Group(NamedTuple):
    """What a number inherits from the mappings around it.

    ``own``: the source stands in this file, so what the file extends has no say.
    ``of``: the cores it is said of, if not of all its source speaks of.
    """

    source: str = ""
    spread: float | None = None
    note: str = ""
    own: bool = False
    of: tuple[str, ...] = ()


class FigureReader:
    """Reads numbers. ``sources`` are those known to the file and its bases, by id.

    ``core`` is the core that is made, ``file`` the name of the file that is read.
    ``inherited`` are sources and spreads of groups, by path, of the files it extends:
    they serve numbers that have no source in their own file. ``problems`` collects a
    CoreError for everything wrong, in the order of the file; ``groups`` what heirs
    inherit.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        core: str = "",
        file: str = "",
        inherited: Mapping[str, Shared] | None = None,
    ) -> None:
        self.sources = sources
        self.named, self.file = core, file
        self.groups: dict[str, Shared] = dict(inherited or {})
        self.problems: list[CoreError] = []
        self.known: dict[Group, tuple[Evidence, str]] = {}

    def group(self, tree: Map, outer: Group, path: str | None = None) -> Group:
        """What numbers inside ``tree`` inherit. A new source ends the old spread."""
        source, spread, note, own, of = outer
        if "source" in tree:
            source, spread, note, own = self.source(tree, source), None, "", True
            of = ()
        elif not own and path is not None and path in self.groups:
            shared, spread = self.groups[path]
            source, note = shared or source, ""
        if "spread" in tree:
            value = tree["spread"]
            if type(value) not in (int, float) or not 0 <= value <= 1:
                self.problem(
                    tree.values_at["spread"],
                    f"spread {value!r}",
                    "a relative half width between 0 and 1, such as 0.1",
                )
            else:
                spread = float(value)
        if "note" in tree:
            note = self.text(tree, "note")
        if "of" in tree:
            of = self.cores(tree)
        if path is not None and ("source" in tree or "spread" in tree):
            self.groups[path] = (source, spread)
        return Group(source, spread, note, own, of)

    def cores(self, tree: Map) -> tuple[str, ...]:
        """The names under ``of``."""
        value = tree["of"]
        names = [value] if isinstance(value, str) else value
        if isinstance(names, list) and names and all(_is_name(one) for one in names):
            return tuple(names)
        self.problem(
            tree.values_at["of"], f"of: {show(value)}", "a core, or a list of cores"
        )
        return ()

    def source(self, tree: Map, fallback: str) -> str:
        text = self.text(tree, "source")
        name = text.partition(":")[0].strip()
        if not text:
            return fallback
        if name != ASSUMED and name not in self.sources:
            self.problem(
                tree.values_at["source"],
                f"the source {name!r} is not declared",
                "an id under sources: of this file or one it extends, or 'assumed'",
                yamltree.close(name, self.sources),
            )
        return text

    def text(self, tree: Map, key: str) -> str:
        value = tree[key]
        if isinstance(value, str) and value.strip():
            return value
        self.problem(tree.values_at[key], f"{key}: {show(value)}", "a line of text")
        return ""

    def number(
        self, value: Any, spec: Spec, group: Group, mark: Any, name: str
    ) -> Quantity:
        """A bare number, or ``{value, low, high, source, note}``."""
        low = high = fit = None
        if isinstance(value, Map):
            tree = value
            for key in tree:
                if key not in QUANTITY_KEYS:
                    self.problem(
                        tree.keys_at[key],
                        f"unknown key {key!r} in {name}, which is a number",
                        ", ".join(QUANTITY_KEYS),
                        yamltree.close(key, QUANTITY_KEYS),
                    )
            group = self.group(tree, group)
            if "value" not in tree:
                self.problem(tree.mark, f"{name} has no value", "value: a number")
                return Quantity(0, 0, 0, group.source)
            value, mark = tree["value"], tree.values_at["value"]
            low = self.bound(tree, "low", spec)
            high = self.bound(tree, "high", spec)
            if "fitted" in tree:
                fit = self.fitted(tree)
        if not self.fits(value, spec, mark, name):
            return Quantity(0, 0, 0, group.source)
        return self.quantity(value, low, high, spec, group, mark, name, fit=fit)

    def fitted(self, tree: Map) -> Fit | None:
        """How a figure was chosen by measured rows."""
        value = tree["fitted"]
        whole = isinstance(value, Map) and sorted(value) == sorted(FIT_KEYS)
        if whole and type(value["rows"]) is int and value["rows"] > 0:
            if all(isinstance(value[key], str) for key in ("gain", "half")):
                return Fit(value["rows"], value["gain"], value["half"])
        self.problem(
            tree.values_at["fitted"],
            f"fitted: {show(value)}",
            "{rows: how many, gain: what it brought, half: which rows it saw}",
        )
        return None

    def bound(self, tree: Map, key: str, spec: Spec) -> float | None:
        if key not in tree:
            return None
        value = tree[key]
        if type(value) in (int, float) and spec.allows(value):
            return float(value)
        self.wrong(tree.values_at[key], key, value, f"a number, {spec.bounds}")
        return None

    def fits(self, value: Any, spec: Spec, mark: Any, name: str) -> bool:
        whole = spec.kind == "int"
        wanted = "a whole number" if whole else "a number"
        if type(value) is not int and (whole or type(value) is not float):
            hint = ""
            if isinstance(value, str) and value.strip().isdecimal():
                hint = "take the quotes off"
            self.wrong(mark, name, value, wanted, hint)
            return False
        if not spec.allows(value):
            wanted += f", {spec.bounds}"
            self.wrong(mark, name, value, wanted)
            return False
        return True

    def quantity(
        self,
        value: float,
        low: float | None,
        high: float | None,
        spec: Spec,
        group: Group,
        mark: Any,
        name: str,
        implied: bool = False,
        fit: Fit | None = None,
    ) -> Quantity:
        """``value`` with its interval. ``implied`` numbers stand in no file: exact."""
        source, spread, note, _, _ = group
        if not source:
            self.problem(
                mark,
                f"{name}: {value:g} has no source",
                "a source: key beside it or in a mapping around it",
                "a guess is written {value: .., low: .., high: .., source: assumed}",
            )
        known = self.known.get(group)
        if known is None:
            known = self.known[group] = self.evidence(group)
        evidence, origin = known
        assumed = evidence == ASSUMED
        if low is None or high is None:
            if assumed and spread is None and not implied:
                self.problem(
                    mark,
                    f"{name}: {value:g} is assumed but has no interval",
                    "low: and high: beside value:, or a spread: in the group",
                    f"{{value: {value:g}, low: .., high: .., source: assumed}}",
                )
            half = 0.0 if spread is None or implied else abs(value) * spread
            least = max(0.0 if spec.off else float(spec.minimum), value - half)
            low = least if low is None else low
            high = min(value + half, float(spec.maximum)) if high is None else high
        if not low <= value <= high:
            self.problem(
                mark,
                f"{name}: {value:g} is outside its interval {low:g} to {high:g}",
                "low <= value <= high",
            )
        where = f"{mark.name}:{mark.line + 1}"
        if fit is not None and not (origin or assumed):
            evidence = FITTED
        whole = spec.kind == "int"
        return Quantity(
            value, low, high, source, evidence, note, where, whole, True, origin, fit
        )

    def evidence(self, group: Group) -> tuple[Evidence, str]:
        """How a figure with this group is known for the core, and whose it is."""
        name = group.source.partition(":")[0].strip()
        if name == ASSUMED:
            return ASSUMED, ""
        source = self.sources.get(name, NOWHERE)
        cores = group.of or source.cores
        if self.named in cores if cores is not None else self.file == self.named:
            return source.evidence, ""
        return INHERITED, cores[0] if cores else self.file

    problem_limit = 1000

    def problem(
        self, mark: Any, found: str, expected: str = "", hint: str = ""
    ) -> None:
        if len(self.problems) < self.problem_limit:
            self.problems.append(yamltree.error(mark, found, expected, hint))

    def wrong(
        self, mark: Any, name: str, value: Any, expected: str, hint: str = ""
    ) -> None:
        self.problem(mark, f"{name}: {show(value)}", expected, hint)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def show(value: Any) -> str:
    """A value as its author knows it, shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, Map):
        return "a mapping"
    if isinstance(value, Seq):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number"
    text = repr(value) if isinstance(value, str) else f"{value}"
    return text if len(text) <= 40 else text[:37] + "..."
