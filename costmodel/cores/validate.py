"""What must hold between the figures of one core, at the place that breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from costmodel.code.registers import BY_NAME
from costmodel.cores import fields, yamltree
from costmodel.cores.fields import Spec
from costmodel.cores.yamltree import Map, Seq
from costmodel.errors import CoreError

NO_PORT = "none"  # the class of a uop that needs no port
_OPERAND = re.compile(r"op[0-3]|t[0-3]|flags|base|index|mem2?|result")


def validate(tree: Map, problems: list[CoreError]) -> None:
    """Append a CoreError for every contradiction in the merged ``tree``."""
    _required(tree, fields.core_spec(), "", tree.mark, problems)
    ports = tree.get("ports", Map(tree.mark))
    names: list[str] = ports.get("names", Seq(tree.mark))
    if len(set(names)) != len(names):
        mark = ports.values_at["names"]
        problems.append(_problem(mark, "a port named twice", "distinct names"))
    _classes(ports, names, problems)
    _ports(ports, "alternate", names, problems)
    for scheduler in tree.get("window", {}).get("schedulers", ()):
        _ports(scheduler, "ports", names, problems)
    classes = ports.get("classes", {})
    for rows in tree.get("costs", {}).values():
        for row in rows.values():
            for uop in row.get("uops", ()):
                _uop(uop, classes, problems)


def _problem(mark: Any, found: str, expected: str, hint: str = "") -> CoreError:
    return yamltree.error(mark, found, expected, hint)


def _required(
    tree: Map, spec: Spec, path: str, mark: Any, problems: list[CoreError]
) -> None:
    for key in spec.required:
        if key not in tree:
            problems.append(
                _problem(mark, f"{path}{key} is missing", f"{key}: in this mapping")
            )
    for key, field in spec.fields.items():
        value = tree.get(key)
        if value is None:
            continue
        if field.kind == "section":
            _required(value, field, f"{path}{key}.", value.mark, problems)
        elif field.kind == "list" and field.item and field.item.kind == "section":
            for index, member in enumerate(value):
                _required(
                    member, field.item, f"{path}{key}.{index}.", member.mark, problems
                )


def _classes(ports: Map, names: Iterable[str], problems: list[CoreError]) -> None:
    classes = ports.get("classes", Map(ports.mark))
    for name in classes:
        if name == NO_PORT:
            problems.append(
                _problem(
                    classes.keys_at[name],
                    f"a class called {NO_PORT}",
                    "another name: it stands for uops without a port",
                )
            )
        _ports(classes, name, names, problems)


def _ports(
    owner: Map, key: str, names: Iterable[str], problems: list[CoreError]
) -> None:
    used = owner.get(key)
    if used is None:
        return
    for name, mark in zip(used, used.items_at, strict=True):
        if name not in names:
            problems.append(
                _problem(
                    mark,
                    f"{key}: there is no port {name!r}",
                    "a port of ports.names: " + ", ".join(names),
                    yamltree.close(name, names),
                )
            )


def _uop(uop: Map, classes: Iterable[str], problems: list[CoreError]) -> None:
    on = uop["on"]
    if on != NO_PORT and on not in classes:
        problems.append(
            _problem(
                uop.values_at["on"],
                f"there is no port class {on!r}",
                f"a class of ports.classes, or {NO_PORT}",
                yamltree.close(on, [*classes, NO_PORT]),
            )
        )
    if len(uop) == 2:  # on and latency: most uops
        return
    for key in ("reads", "writes"):
        used = uop.get(key)
        if used is not None:
            for name, mark in zip(used, used.items_at, strict=True):
                _operand(name, mark, problems)
    for key in ("late", "slow"):
        for name in uop.get(key, ()):
            _operand(name, uop[key].keys_at[name], problems)


def _operand(name: str, mark: Any, problems: list[CoreError]) -> None:
    if name not in BY_NAME and _OPERAND.fullmatch(name) is None:
        problems.append(
            _problem(
                mark,
                f"{name!r} is no operand, register or flag",
                "op0 to op3, t0 to t3, base, index, mem, result, a flag or a register",
                yamltree.close(name, BY_NAME),
            )
        )
