"""How far a core's estimates were from measured blocks, in a phrase.

The error of one scenario says nothing of another: where the one asked for was not
measured, the phrase says which was.
"""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.cores.accuracy import MeasuredError


def error_said(known: MeasuredError | None) -> str:
    """Of one core."""
    if known is None:
        return "no blocks measured in this setting"
    if known.same_scenario:
        return (
            f"measured on {known.rows:,} blocks{_setting(known)}: "
            f"{mean_said(known)} mean error"
        )
    return (
        f"nothing measured in this scenario; {known.rows:,} blocks"
        f"{_setting(known)}: {mean_said(known)} mean error"
    )


def errors_said(known: Mapping[str, MeasuredError | None]) -> str:
    """Of several cores; those without measured blocks together."""
    told = [
        f"{name} {mean_said(error)} mean of {error.rows:,} blocks{_setting(error)}"
        for name, error in known.items()
        if error is not None
    ]
    bare = [name for name, error in known.items() if error is None]
    if not told:
        return "no blocks measured in this setting on any of these cores"
    if bare:
        others = ", ".join(bare) if len(bare) < 4 else f"the other {len(bare)}"
        told.append(f"none in this setting: {others}")
    elsewhere = any(e is not None and not e.same_scenario for e in known.values())
    title = "measured error, of other scenarios" if elsewhere else "measured error"
    return f"{title}: " + "; ".join(told)


def mean_said(known: MeasuredError) -> str:
    """``4.3 %``, or from least to greatest of several sets."""
    low, high = f"{known.low:.1f}", f"{known.high:.1f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def _setting(known: MeasuredError) -> str:
    """The scenarios that were measured."""
    return f" in {', '.join(known.scenarios)}" if known.scenarios else ""
