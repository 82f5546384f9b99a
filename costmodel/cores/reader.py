"""One core file to a tree in the model's shape, each number with its provenance.

Short forms are written out, units of evidence (``source``, ``spread``, ``note``) are
handed down to the numbers inside, and whatever does not fit the model is an error at
its place. What the file inherits is merged later (``merge``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from costmodel.cores import fields, yamltree
from costmodel.cores.fields import Spec
from costmodel.cores.quantity import ASSUMED, Quantity
from costmodel.cores.yamltree import Map, Seq
from costmodel.errors import CoreError

EVIDENCE_KEYS = ("source", "spread", "note")
QUANTITY_KEYS = ("value", "low", "high", *EVIDENCE_KEYS)
FILE_KEYS = ("extends", "sources", "cpuid")  # of the file, not of the core
UNSOURCED_KEYS = ("year", "ghz")  # a name tag and a unit conversion, not findings
_SHORT_UOP = re.compile(r"([a-z0-9_]+)(?: +(0|[1-9][0-9]*))?")


class Group(NamedTuple):
    """What a number inherits from the mappings around it.

    ``own``: the source stands in this file, so what the file extends has no say.
    """

    source: str = ""
    spread: float | None = None
    note: str = ""
    own: bool = False


class Reader:
    """Reads one file. ``declared`` are the source ids known to it and its ancestors.

    ``inherited`` are the sources of groups, by path, of the files it extends: they
    serve numbers that have none in their own file. ``problems`` collects a CoreError
    for everything wrong, in the order of the file; ``groups`` what heirs inherit.
    """

    def __init__(
        self, declared: frozenset[str], inherited: Mapping[str, str] | None = None
    ) -> None:
        self.declared = declared
        self.groups: dict[str, str] = dict(inherited or {})
        self.problems: list[CoreError] = []

    def core(self, tree: Map) -> Map:
        """The file's own part of a core."""
        body = Map(tree.mark)
        for key, value in tree.items():
            if key not in FILE_KEYS:
                body.put(key, value, tree.keys_at[key], tree.values_at[key])
        return self.section(body, fields.core_spec(), Group(), "", "")

    # -- mappings ----------------------------------------------------------------------

    def section(self, tree: Map, spec: Spec, outer: Group, name: str, path: str) -> Map:
        """A mapping with the keys the model names."""
        group = self.group(tree, outer, path)
        out = Map(tree.mark)
        for key, value in tree.items():
            if key in EVIDENCE_KEYS:
                continue
            field = spec.fields.get(key)
            if field is None:
                known = [*spec.fields, *EVIDENCE_KEYS]
                if not name:
                    known += FILE_KEYS
                self.problem(
                    tree.keys_at[key],
                    f"unknown key {key!r}" + (f" in {name}" if name else ""),
                    "one of " + ", ".join(known),
                    yamltree.close(key, known),
                )
                continue
            mark = tree.values_at[key]
            if not name and key in UNSOURCED_KEYS and not group.source:
                inner = Group(ASSUMED, 0.0, "nominal")
            else:
                inner = group
            inside = f"{path}.{key}" if path else key
            read = self.value(value, field, inner, mark, key, inside)
            out.put(key, read, tree.keys_at[key], mark)
        return out

    def dictionary(
        self, tree: Map, spec: Spec, outer: Group, name: str, path: str
    ) -> Map:
        """A mapping with free keys: classes, costs, shapes, late inputs."""
        group = self.group(tree, outer, path)
        item = spec.item
        assert item is not None
        shapes = item.kind == "cost"
        out = Map(tree.mark)
        for key, value in tree.items():
            if key in EVIDENCE_KEYS:
                continue
            pattern = fields.SHAPE if shapes else fields.NAME
            if pattern.fullmatch(key) is None:
                self.problem(
                    tree.keys_at[key],
                    f"the key {key!r} in {name}",
                    fields.SHAPE_EXPECTED if shapes else "a name: a-z, 0-9 and _",
                )
                continue
            mark = tree.values_at[key]
            read = self.value(value, item, group, mark, key, f"{path}.{key}")
            out.put(key, read, tree.keys_at[key], mark)
        return out

    def group(self, tree: Map, outer: Group, path: str | None = None) -> Group:
        """What numbers inside ``tree`` inherit. A new source ends the old spread."""
        source, spread, note, own = outer
        if "source" in tree:
            source, spread, note, own = self.source(tree, source), None, "", True
            if path is not None:
                self.groups[path] = source
        elif not own and path is not None and path in self.groups:
            source, spread, note = self.groups[path], None, ""
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
        return Group(source, spread, note, own)

    def source(self, tree: Map, fallback: str) -> str:
        text = self.text(tree, "source")
        name = text.partition(":")[0].strip()
        if not text:
            return fallback
        if name != ASSUMED and name not in self.declared:
            self.problem(
                tree.values_at["source"],
                f"the source {name!r} is not declared",
                "an id under sources: of this file or one it extends, or 'assumed'",
                yamltree.close(name, self.declared),
            )
        return text

    def text(self, tree: Map, key: str) -> str:
        value = tree[key]
        if isinstance(value, str) and value.strip():
            return value
        self.problem(tree.values_at[key], f"{key}: {_show(value)}", "a line of text")
        return ""

    # -- values ------------------------------------------------------------------------

    def value(
        self, value: Any, spec: Spec, group: Group, mark: Any, name: str, path: str
    ) -> Any:
        """A value of any kind; None removes what was inherited."""
        if value is None:
            return None
        kind = spec.kind
        if kind == "int" or kind == "float":
            return self.number(value, spec, group, mark, name)
        if kind == "cost":
            return self.cost(value, spec, group, mark, path)
        if kind == "uop":
            return self.uop(value, spec, group, mark, path)
        if kind == "section" or kind == "dict":
            if not isinstance(value, Map):
                self.wrong(mark, name, value, "a mapping")
                return Map(mark)
            read = self.section if kind == "section" else self.dictionary
            return read(value, spec, group, name, path)
        if isinstance(value, Map) and "value" in value:
            inner = self.wrapped(value, group, name)
            return self.value(
                value["value"], spec, inner, value.values_at["value"], name, path
            )
        if kind == "list":
            return self.list(value, spec, group, mark, name, path)
        if kind == "bool":
            if type(value) is not bool:
                self.wrong(mark, name, value, "true or false")
        elif not isinstance(value, str):
            hint = f'write "{value}"' if isinstance(value, (int, float)) else ""
            self.wrong(mark, name, value, "text", hint)
            return ""
        elif kind == "choice" and value not in spec.choices:
            allowed = " or ".join(repr(one) for one in spec.choices)
            hint = yamltree.close(value, spec.choices)
            self.wrong(mark, name, value, allowed, hint)
        return value

    def wrapped(self, tree: Map, group: Group, name: str) -> Group:
        """Evidence of a value that is not a number: it has no interval."""
        for key in tree:
            if key not in ("value", *EVIDENCE_KEYS):
                self.problem(
                    tree.keys_at[key],
                    f"unknown key {key!r} beside the value of {name}",
                    "value, source, note",
                )
        return self.group(tree, group)

    def list(
        self, value: Any, spec: Spec, group: Group, mark: Any, name: str, path: str
    ) -> Seq:
        item = spec.item
        assert item is not None
        out = Seq(mark)
        if not isinstance(value, Seq):
            hint = f"[{value}]" if isinstance(value, str) else ""
            self.wrong(mark, name, value, "a list", hint and f"write {hint}")
            return out
        if item.number:  # widths and the like: list members do not vary
            group = group._replace(spread=0.0)
        if len(value) > fields.MAX_COUNT:
            self.problem(mark, f"{len(value)} members in {name}", "a few")
            return out
        for member, where in zip(value, value.items_at, strict=True):
            if member is None:
                self.wrong(where, name, member, "a value in each place")
                continue
            inside = f"{path}.{len(out)}"
            out.append(self.value(member, item, group, where, name, inside))
            out.items_at.append(where)
        return out

    # -- numbers -----------------------------------------------------------------------

    def number(
        self, value: Any, spec: Spec, group: Group, mark: Any, name: str
    ) -> Quantity:
        """A bare number, or ``{value, low, high, source, note}``."""
        low = high = None
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
        if not self.fits(value, spec, mark, name):
            return Quantity(0, 0, 0, group.source)
        return self.quantity(value, low, high, spec, group, mark, name)

    def bound(self, tree: Map, key: str, spec: Spec) -> float | None:
        if key not in tree:
            return None
        value = tree[key]
        if type(value) in (int, float) and 0 <= value <= spec.maximum:
            return float(value)
        self.wrong(tree.values_at[key], key, value, f"a number, 0 to {spec.maximum}")
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
        if not spec.minimum <= value <= spec.maximum:
            wanted += f", {spec.minimum} to {spec.maximum}"
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
    ) -> Quantity:
        """``value`` with its interval. ``implied`` numbers stand in no file: exact."""
        source, spread, note, _ = group
        if not source:
            self.problem(
                mark,
                f"{name}: {value:g} has no source",
                "a source: key beside it or in a mapping around it",
                "a guess is written {value: .., low: .., high: .., source: assumed}",
            )
        assumed = source == ASSUMED or source.partition(":")[0].strip() == ASSUMED
        if low is None or high is None:
            if assumed and spread is None and not implied:
                self.problem(
                    mark,
                    f"{name}: {value:g} is assumed but has no interval",
                    "low: and high: beside value:, or a spread: in the group",
                    f"{{value: {value:g}, low: .., high: .., source: assumed}}",
                )
            half = 0.0 if spread is None or implied else abs(value) * spread
            least = max(float(spec.minimum), value - half)
            low = least if low is None else low
            high = value + half if high is None else high
        if not low <= value <= high:
            self.problem(
                mark,
                f"{name}: {value:g} is outside its interval {low:g} to {high:g}",
                "low <= value <= high",
            )
        where = f"{mark.name}:{mark.line + 1}"
        return Quantity(
            value, low, high, source, assumed, note, where, spec.kind == "int"
        )

    # -- cost rows ---------------------------------------------------------------------

    def cost(self, value: Any, spec: Spec, group: Group, mark: Any, path: str) -> Map:
        """A cost row: a short form replaces what is inherited, a mapping merges."""
        if isinstance(value, Map):
            return self.section(value, spec, group, "a cost row", path)
        if not isinstance(value, Seq):
            only, value = value, Seq(mark)
            value.append(only)
            value.items_at.append(mark)
        out = Map(mark, replaces=True)
        uops = self.list(value, spec.fields["uops"], group, mark, "uops", path)
        out.put("uops", uops, mark, mark)
        return out

    def uop(self, value: Any, spec: Spec, group: Group, mark: Any, path: str) -> Map:
        """``alu``, ``imul 3``, or the mapping."""
        if isinstance(value, Map):
            out = self.section(value, spec, group, "a uop", path)
            if "on" not in out:
                self.problem(mark, "a uop that runs on nothing", "on: a port class")
                out.put("on", "none", mark, mark)
            if "latency" not in out:
                self.latency(out, 1, spec, self.group(value, group, path), mark, True)
            return out
        out = Map(mark)
        match = _SHORT_UOP.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.wrong(
                mark, "uop", value, 'a class ("alu"), class and latency ("imul 3")',
                "or a mapping {on: .., latency: ..}",
            )  # fmt: skip
            out.put("on", "none", mark, mark)
            return out
        name, latency = match.groups()
        out.put("on", name, mark, mark)
        self.latency(out, int(latency or 1), spec, group, mark, latency is None)
        return out

    def latency(
        self, out: Map, value: int, spec: Spec, group: Group, mark: Any, implied: bool
    ) -> None:
        field = spec.fields["latency"]
        if self.fits(value, field, mark, "latency"):
            known = self.quantity(
                value, None, None, field, group, mark, "latency", implied
            )
            out.put("latency", known, mark, mark)

    # -- problems ----------------------------------------------------------------------

    problem_limit = 1000

    def problem(
        self, mark: Any, found: str, expected: str = "", hint: str = ""
    ) -> None:
        if len(self.problems) < self.problem_limit:
            self.problems.append(yamltree.error(mark, found, expected, hint))

    def wrong(
        self, mark: Any, name: str, value: Any, expected: str, hint: str = ""
    ) -> None:
        self.problem(mark, f"{name}: {_show(value)}", expected, hint)


def _show(value: Any) -> str:
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
