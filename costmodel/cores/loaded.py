"""A core as the rest of the program has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from costmodel.cores.fields import Spec
from costmodel.cores.model import Core
from costmodel.cores.quantity import ASSUMED, Fit, Quantity, Source


class LoadedCore(Struct, frozen=True, eq=False):
    """A core and how each of its numbers is known.

    ``evidence`` is keyed by the number's path: "window.rob",
    "costs.imul.r,r.uops.0.latency". ``sources`` maps ids to what they are. ``files``
    are the file and what it extends, nearest first, as messages name them. ``cpuid``
    are the CPU identities it claims, ``relatives`` the family its base stands for.
    ``tree`` is the core as plain values, not to be changed. ``fits``: how switches and
    choices were chosen that measured rows decided, by path.
    """

    core: Core
    evidence: Mapping[str, Quantity]
    sources: Mapping[str, Source]
    files: tuple[str, ...]
    cpuid: tuple[str, ...] = ()
    relatives: str = ""
    tree: Mapping[str, Any] = field(default_factory=dict)
    fits: Mapping[str, Fit] = field(default_factory=dict)

    def __repr__(self) -> str:
        """One line: a core holds thousands of figures."""
        return f"<LoadedCore {self.name}: {len(self.evidence)} figures>"

    @property
    def name(self) -> str:
        return self.core.name


DEFAULT_NOTE = "not stated in the core's files; the model's default"

# Sections whose other figures mean nothing while this one is off.
SWITCHES = {
    "front_end.uop_cache": "window",
    "front_end.predecode": "width",
    "memory.renaming": "window",
    "rename.stack_engine": "present",
}


def plain_values(tree: Any, path: str, evidence: dict[str, Quantity]) -> Any:
    """The tree as dicts, lists and numbers; provenance goes to ``evidence``."""
    if isinstance(tree, Quantity):
        evidence[path] = tree
        return int(tree.value) if tree.integer else tree.value
    if isinstance(tree, dict):
        at = f"{path}." if path else ""
        plain: dict[str, Any] = {}
        for key, value in tree.items():
            if type(value) is Quantity:  # as most are: not worth a call
                evidence[at + key] = value
                plain[key] = int(value.value) if value.integer else value.value
            elif type(value) is str:
                plain[key] = value
            else:
                plain[key] = plain_values(value, at + key, evidence)
        return plain
    if isinstance(tree, list):
        return [plain_values(v, f"{path}.{i}", evidence) for i, v in enumerate(tree)]
    return tree


def add_defaults(
    tree: Mapping[str, Any], spec: Spec, path: str, evidence: dict[str, Quantity]
) -> None:
    """Evidence for figures no file states: the model's defaults, marked assumed."""
    switch = SWITCHES.get(path[:-1])
    if switch and not tree.get(switch, spec.defaults.get(switch)):
        return
    for key, kind in spec.fields.items():
        if kind.kind == "section":
            add_defaults(tree.get(key, {}), kind, f"{path}{key}.", evidence)
        elif kind.number and key not in tree and spec.defaults.get(key):
            value = float(spec.defaults[key])
            evidence[path + key] = Quantity(
                value, value, value, ASSUMED, ASSUMED, DEFAULT_NOTE, "",
                kind.kind == "int", stated=False,
            )  # fmt: skip
