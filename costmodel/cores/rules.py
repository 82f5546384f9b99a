"""What must hold between the figures of one core, besides the bounds of each.

The loader and ``with_values`` refuse a core that breaks one of ``RULES``;
``costmodel cores --check`` doubts one that breaks one of ``DOUBTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from costmodel.cores.model import Core


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
