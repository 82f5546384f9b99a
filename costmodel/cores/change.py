"""Another core that differs in some values, made without reading files again.

Only what changes is copied and converted: everything else is shared with the core it
was made from, so a draw over all parameters stays well under a millisecond.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import msgspec

from costmodel.cores import fields, yamltree
from costmodel.cores.fields import Spec
from costmodel.cores.model import Core, Cost
from costmodel.cores.rules import RULES, broken, ruled
from costmodel.errors import CoreError

_Parts = tuple[str, ...]


def changed(core: Core, tree: Mapping[str, Any], values: Mapping[str, Any]) -> Core:
    """``core``, whose plain values are ``tree``, with ``values`` set by path."""
    copied: dict[_Parts, Any] = {}
    top: dict[str, Any] = {}
    for path, value in values.items():
        parts, spec = _leaf(path)
        value = _checked(path, value, spec)
        owner = _owner(tree, top, copied, path, parts)
        owner[int(parts[-1]) if isinstance(owner, list) else parts[-1]] = value
    fresh: dict[str, Any] = {}
    for name, plain in top.items():
        if name != "costs":
            fresh[name] = _convert(plain, _types()[name], name)
    if "costs" in top:
        fresh["costs"] = _costs(core, top["costs"], copied)
    made = msgspec.structs.replace(core, **fresh) if fresh else core
    if any(map(ruled, values)):
        for rule in broken(RULES, made):
            path = next((one for one in rule.paths if one in values), rule.paths[0])
            raise CoreError(
                f"{values.get(path)} cannot be",
                where=path,
                expected=f"{rule.paths[0]} {rule.expected}",
            )
    return made


def _costs(core: Core, plain: Any, copied: Mapping[_Parts, Any]) -> Any:
    costs: dict[str, dict[str, Cost]] = dict(core.costs)
    for parts in copied:
        if len(parts) == 3 and parts[0] == "costs":
            _, operation, shape = parts
            if costs[operation] is core.costs[operation]:
                costs[operation] = dict(core.costs[operation])
            row = plain[operation][shape]
            costs[operation][shape] = _convert(row, Cost, ".".join(parts))
    return costs


def _owner(
    tree: Mapping[str, Any],
    top: dict[str, Any],
    copied: dict[_Parts, Any],
    path: str,
    parts: _Parts,
) -> Any:
    """The container of the value, copied along the way from the root once."""
    key = parts[:-1]
    if not key:
        return top
    known = copied.get(key)
    if known is not None:
        return known
    above = _owner(tree, top, copied, path, key)
    name: Any = int(key[-1]) if isinstance(above, list) else key[-1]
    try:
        old = above[name] if above is not top else tree[name]
    except (KeyError, IndexError):
        if "costs" in key or isinstance(above, list):
            raise _unknown(path, above) from None
        old = {}  # a section the file leaves to the defaults
    new = list(old) if isinstance(old, list) else dict(old)
    above[name] = new
    copied[key] = new
    return new


@functools.lru_cache(maxsize=65536)
def _leaf(path: str) -> tuple[_Parts, Spec]:
    spec = fields.at(path)
    if spec is None or not (spec.number or spec.kind in ("bool", "choice")):
        known = [p for p, s in fields.paths() if s.number or s.kind in _SETTABLE]
        raise CoreError(
            f"{path!r} is no number of a core",
            expected="a path such as window.rob or costs.imul.r,r.uops.0.latency",
            hint=yamltree.close(path, known),
        )
    return tuple(path.split(".")), spec


_SETTABLE = ("bool", "choice")


def _checked(path: str, value: Any, spec: Spec) -> Any:
    if spec.number:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise CoreError(f"{value!r} is no number", where=path, expected="a number")
        if not spec.allows(value):
            raise CoreError(
                f"{value:g} is impossible",
                where=path,
                expected=spec.bounds,
            )
        if spec.kind == "int":
            if value != int(value):
                raise CoreError(
                    f"{value:g} is not whole", where=path, expected="a whole number"
                )
            return int(value)
        return float(value)
    if spec.kind == "bool":
        if isinstance(value, bool):
            return value
        raise CoreError(f"{value!r}", where=path, expected="true or false")
    if value not in spec.choices:
        allowed = " or ".join(repr(one) for one in spec.choices)
        raise CoreError(f"{value!r}", where=path, expected=allowed)
    return value


def _unknown(path: str, above: Any) -> CoreError:
    known = list(above) if isinstance(above, dict) else []
    return CoreError(
        f"the core has no {path!r}",
        expected="a row and uop it has",
        hint=yamltree.close(path.split(".")[1], known) if known else "",
    )


@functools.cache
def _types() -> dict[str, Any]:
    return {info.name: info.type for info in msgspec.structs.fields(Core)}


def _convert(plain: Any, kind: Any, where: str) -> Any:
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as problem:
        raise CoreError(str(problem), where=where) from None
