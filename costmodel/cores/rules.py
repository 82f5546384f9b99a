"""What must hold between the figures of one core, besides the bounds of each.

``validate`` looks at the merged tree, where names are still at their places. A core
that breaks one of ``RULES`` is refused, by the loader and by ``with_values``; one that
breaks one of ``DOUBTS`` is told by ``costmodel cores --check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from costmodel import lazily
from costmodel.code.registers import BY_NAME
from costmodel.cores import fields, yamltree
from costmodel.cores.fields import Spec
from costmodel.cores.model import Core
from costmodel.cores.yamltree import Map, Seq
from costmodel.errors import CoreError
from costmodel.tuples import NamedTuple


class Rule(NamedTuple):
    """``holds`` of a core. ``paths``: the figures it looks at, the first to blame."""

    paths: tuple[str, ...]
    expected: str
    holds: Callable[[Core], bool]


def _cache_needs(name: str) -> Rule:
    path = f"front_end.uop_cache.{name}"
    return Rule(
        (path, "front_end.uop_cache.window"),
        "at least 1, as there is a uop cache",
        lambda core: (
            core.front_end.uop_cache.window == 0
            or getattr(core.front_end.uop_cache, name) >= 1
        ),
    )


# What the simulator cannot take.
RULES: tuple[Rule, ...] = (
    *(
        _cache_needs(name)
        for name in (
            "line_uops",
            "lines_per_window",
            "uops_per_cycle",
            "lines_per_cycle",
            "capacity",
        )
    ),
)

# What no hardware is like.
DOUBTS: tuple[Rule, ...] = (
    Rule(
        ("front_end.decode.complex_uops", "front_end.decode.uops"),
        "at most front_end.decode.uops",
        lambda core: core.front_end.decode.complex_uops <= core.front_end.decode.uops,
    ),
    Rule(
        ("window.load_buffer", "window.rob"),
        "at most the rob",
        lambda core: core.window.load_buffer <= core.window.rob,
    ),
    Rule(
        ("window.store_buffer", "window.rob"),
        "at most the rob",
        lambda core: core.window.store_buffer <= core.window.rob,
    ),
    Rule(
        ("window.retire", "window.rob"),
        "at most the rob",
        lambda core: core.window.retire <= core.window.rob,
    ),
    Rule(
        ("memory.l3_latency", "memory.l2_latency", "memory.memory_latency"),
        "load_latency <= l2_latency <= l3_latency <= memory_latency",
        lambda core: (
            core.memory.load_latency
            <= core.memory.l2_latency
            <= core.memory.l3_latency
            <= core.memory.memory_latency
        ),
    ),
)
_RULED = frozenset(path for rule in RULES for path in rule.paths)


def broken(rules: tuple[Rule, ...], core: Core) -> Iterator[Rule]:
    """The rules that do not hold."""
    return (rule for rule in rules if not rule.holds(core))


def ruled(path: str) -> bool:
    """Whether one of ``RULES`` looks at the figure."""
    return path in _RULED


# -- names in the tree -----------------------------------------------------------------
NO_PORT = "none"  # the class of a uop that needs no port
_OPERAND = lazily.pattern(r"op[0-3]|t[0-3]|flags|base|index|mem2?|result")


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
