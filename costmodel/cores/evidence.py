"""The merged tree of a core as plain values, with the evidence set apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costmodel.cores.fields import Spec
from costmodel.cores.quantity import ASSUMED, Quantity

DEFAULT_NOTE = "not stated in the core's files; the model's default"

# Sections whose other figures mean nothing while this one is off.
SWITCHES = {
    "front_end.uop_cache": "window",
    "front_end.predecode": "width",
    "memory.renaming": "window",
    "rename.stack_engine": "present",
}


def plain(tree: Any, path: str, evidence: dict[str, Quantity]) -> Any:
    """The tree as dicts, lists and numbers; provenance goes to ``evidence``."""
    if isinstance(tree, Quantity):
        evidence[path] = tree
        return int(tree.value) if tree.integer else tree.value
    if isinstance(tree, dict):
        at = f"{path}." if path else ""
        return {key: plain(value, at + key, evidence) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(v, f"{path}.{i}", evidence) for i, v in enumerate(tree)]
    return tree


def defaults(
    tree: Mapping[str, Any], spec: Spec, path: str, evidence: dict[str, Quantity]
) -> None:
    """Evidence for figures no file states: the model's defaults, marked assumed."""
    switch = SWITCHES.get(path[:-1])
    if switch and not tree.get(switch, spec.defaults.get(switch)):
        return
    for key, kind in spec.fields.items():
        if kind.kind == "section":
            defaults(tree.get(key, {}), kind, f"{path}{key}.", evidence)
        elif kind.number and key not in tree and spec.defaults.get(key):
            value = float(spec.defaults[key])
            evidence[path + key] = Quantity(
                value, value, value, ASSUMED, ASSUMED, DEFAULT_NOTE, "",
                kind.kind == "int", stated=False,
            )  # fmt: skip
