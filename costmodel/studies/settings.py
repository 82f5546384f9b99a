"""Figures of cores the user sets: ``--set`` and ``--sweep``, read and applied.

``window.rob=512`` is for every core asked about, ``skylake.window.rob=512`` for one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from costmodel.cores.load import LoadedCore, core_names, load_core, with_values
from costmodel.cores.model import Cost
from costmodel.errors import UsageError

Value = float | str | bool
Values = tuple[tuple[str, Value], ...]
_MOST_POINTS = 10_000
_COST_FIELDS = frozenset(field.name for field in msgspec.structs.fields(Cost))


class Sweep(Struct, frozen=True):
    """One figure at several values. ``core`` "": on every core."""

    core: str
    path: str
    points: tuple[float, ...]


def parse_settings(texts: Iterable[str]) -> dict[str, dict[str, Value]]:
    """Core ("": all) -> path -> value. Raises UsageError."""
    out: dict[str, dict[str, Value]] = {}
    for text in texts:
        core, path, value = _split(text, "--set")
        out.setdefault(core, {})[path] = _value(value)
    return out


def parse_sweep(text: str) -> Sweep:
    """``[core.]path=a:b:n``: n values from a to b. Raises UsageError."""
    core, path, span = _split(text, "--sweep")
    parts = span.split(":")
    try:
        first, last = float(parts[0]), float(parts[1])
        count = int(parts[2])
    except (ValueError, IndexError):
        count, first, last = 0, 0.0, 0.0
    if len(parts) != 3 or not 1 <= count <= _MOST_POINTS:
        raise UsageError(
            f"--sweep {text!r}",
            expected="PATH=A:B:N, N values from A to B, such as window.rob=128:512:4",
        )
    step = (last - first) / (count - 1) if count > 1 else 0.0
    return Sweep(core, path, tuple(first + step * k for k in range(count)))


def values_for(settings: Mapping[str, Mapping[str, Value]], core: str) -> Values:
    """What is set on one core; what names it wins over what is for all."""
    name = core if core in settings else load_core(core).name
    return tuple(sorted({**settings.get("", {}), **settings.get(name, {})}.items()))


def whole(value: float) -> float:
    """``value`` as the field takes it: an int where it is whole."""
    return int(value) if math.isfinite(value) and value == int(value) else value


def with_settings(loaded: LoadedCore, values: Values) -> LoadedCore:
    """The core with the user's figures, which are then exact. Raises CoreError."""
    if not values:
        return loaded
    evidence = dict(loaded.evidence)
    values = tuple((of_core(loaded, path), value) for path, value in values)
    for path, value in values:
        known = evidence.get(path)
        if known is not None and not isinstance(value, (str, bool)):
            evidence[path] = type(known)(
                value, value, value, "set by the user", integer=known.integer
            )
    return replace(loaded, core=with_values(loaded, dict(values)), evidence=evidence)


def of_core(loaded: LoadedCore, path: str) -> str:
    """The figure of this core that ``path`` means: the latency of a row that takes its
    time once older code has retired is its ``after_older``."""
    row, _, field = path.rpartition(".")
    after = f"{row}.after_older"
    if field != "latency" or path in loaded.evidence or after not in loaded.evidence:
        return path
    return after


def _split(text: str, option: str) -> tuple[str, str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise UsageError(
            f"{option} {text!r}",
            expected="[CORE.]PATH=VALUE, such as skylake.window.rob=256",
            hint="costmodel cores NAME lists the paths",
        )
    first, _, rest = name.strip().partition(".")
    if rest and first in core_names():
        return first, canonical(rest), value.strip()
    return "", canonical(name.strip()), value.strip()


def canonical(path: str) -> str:
    """The path as the core file has it. ``costs.swapgs.latency``, as reports print it,
    is the row for every shape of operands, whose key is empty; so is ``*``."""
    parts = path.split(".")
    if parts[0] != "costs" or len(parts) < 3:
        return path
    if parts[2] in _COST_FIELDS:
        parts.insert(2, "")
    elif parts[2] == "*":
        parts[2] = ""
    return ".".join(parts)


def _value(text: str) -> Value:
    lowered = text.lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    try:
        return whole(float(text))
    except ValueError:
        return text


def describe(settings: Mapping[str, Mapping[str, Value]]) -> Sequence[str]:
    """The settings as they were given, for a report."""
    return [
        f"{core + '.' if core else ''}{path}={value}"
        for core, mine in settings.items()
        for path, value in mine.items()
    ]
