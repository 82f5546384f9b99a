"""What is known of the very change a comparison is of, as text, JSON and points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel.studies.onrecord import Known
from costmodel.studies.studyfile import Silicon
from costmodel.views.layout import number
from costmodel.views.tree import Text


def known_texts(known: Sequence[Known]) -> tuple[Text, ...]:
    """A line each; cores of which the same is known share one."""
    same: dict[tuple[str, str], list[str]] = {}
    for one in known:
        span = f"{_signed(one.low)} to {_signed(one.high)}"
        if one.cycles is not None and one.low == one.high:
            span = _signed(one.cycles)
        elif one.cycles is not None:
            span = f"{_signed(one.cycles)} ({span})"
        same.setdefault((span, one.source), []).append(one.uarch)
    return tuple(
        Text(f"this change on {', '.join(cores)}: {span}; {source}", hanging=True)
        for (span, source), cores in same.items()
    )


def known_record(known: Known) -> dict[str, Any]:
    return {name: getattr(known, name) for name in known.__struct_fields__}


def points_of(known: Sequence[Known]) -> tuple[Silicon, ...]:
    """Those that were measured, as a plot draws them: one a core, the first."""
    found: dict[str, Silicon] = {}
    for one in known:
        if one.cycles is not None and one.uarch not in found:
            found[one.uarch] = Silicon(
                uarch=one.uarch, value=one.cycles, low=one.low, high=one.high,
                source=one.source,
            )  # fmt: skip
    return tuple(found.values())


def _signed(value: float) -> str:
    return number(round(value, 6), 1, sign=bool(value)).removesuffix(".0")
