"""One core file to a tree in the model's shape, each number with its provenance.

Short forms are written out, units of evidence (``source``, ``spread``, ``note``) are
handed down to the numbers inside, and whatever does not fit the model is an error at
its place. What the file inherits is merged later (``merge``).
"""

from __future__ import annotations

from typing import Any

from costmodel import lazily
from costmodel.cores import fields, yamltree
from costmodel.cores.fields import Spec
from costmodel.cores.quantities import EVIDENCE_KEYS, FigureReader, Group
from costmodel.cores.quantity import ASSUMED, Fit
from costmodel.cores.yamltree import Map, Seq

FILE_KEYS = ("extends", "sources", "cpuid", "relatives")  # of the file, not of the core
UNSOURCED_KEYS = ("year", "ghz")  # a name tag and a unit conversion, not findings
_SHORT_UOP = lazily.pattern(r"([a-z0-9_]+)(?: +(?:x([1-9][0-9]*)|(0|[1-9][0-9]*)))?")


class Reader(FigureReader):
    """Reads the structure of one file; its figures are read by ``FigureReader``.

    ``removes``: whether the file takes away something that it inherits. ``others``:
    paths of what it states that is no number, ``chosen`` how those of them were chosen
    that rows decided.
    """

    removes = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.others: set[str] = set()
        self.chosen: dict[str, Fit] = {}

    def core(self, tree: Map) -> Map:
        """The file's own part of a core."""
        body = Map(tree.mark)
        for key, value in tree.items():
            if key not in FILE_KEYS:
                body.put(key, value, tree.keys_at[key], tree.values_at[key])
        return self.section(body, fields.core_spec(), Group(), "", "")

    def section(self, tree: Map, spec: Spec, outer: Group, name: str, path: str) -> Map:
        """A mapping with the keys the model names."""
        group = self.group(tree, outer, path)
        out = tree.empty_copy()
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
            out[key] = self.value(value, field, inner, mark, key, inside)
        return out

    def dictionary(
        self, tree: Map, spec: Spec, outer: Group, name: str, path: str
    ) -> Map:
        """A mapping with free keys: classes, costs, shapes, late inputs."""
        group = self.group(tree, outer, path)
        item = spec.item
        assert item is not None
        shapes = item.kind == "cost"
        out = tree.empty_copy()
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
            out[key] = self.value(value, item, group, mark, key, f"{path}.{key}")
        return out

    # -- values ------------------------------------------------------------------------

    def value(
        self, value: Any, spec: Spec, group: Group, mark: Any, name: str, path: str
    ) -> Any:
        """A value of any kind; None removes what was inherited."""
        if value is None:
            self.removes = True
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
        self.others.add(path)
        if isinstance(value, Map) and "value" in value:
            inner = self.wrapped(value, group, name)
            if "fitted" in value and (fit := self.fitted(value)):
                self.chosen[path] = fit
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
            if key not in ("value", *EVIDENCE_KEYS, "fitted"):
                self.problem(
                    tree.keys_at[key],
                    f"unknown key {key!r} beside the value of {name}",
                    "value, source, of, note, fitted",
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
        if len(value) > spec.maximum:
            found = f"{len(value)} members in {name}"
            self.problem(mark, found, f"at most {spec.maximum:g}")
            return out
        for member, where in zip(value, value.items_at, strict=True):
            if member is None:
                self.wrong(where, name, member, "a value in each place")
                continue
            inside = f"{path}.{len(out)}"
            out.append(self.value(member, item, group, where, name, inside))
            out.items_at.append(where)
        return out

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
        """``alu``, ``imul 3``, a mapping, or ``p5 x3``: three that only take ports."""
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
                mark,
                "uop",
                value,
                'a class ("alu"), with a latency ("imul 3") or count ("alu x2")',
                "or write a mapping {on: .., latency: ..}",
            )
            out.put("on", "none", mark, mark)
            return out
        name, count, latency = match.groups()
        out.put("on", name, mark, mark)
        if count is not None:
            times = spec.fields["count"]
            if self.fits(int(count), times, mark, "count"):
                many = self.quantity(
                    int(count), None, None, times, group, mark, "count", False
                )
                out.put("count", many, mark, mark)
            for unused in ("reads", "writes"):
                out.put(unused, Seq(mark), mark, mark)
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
