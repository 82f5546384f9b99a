"""How far a core's estimates were from measured blocks, in a phrase.

The error of one scenario says nothing of another: where the one asked for was not
measured, the phrase says which was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from costmodel.cores.accuracy import MeasuredError

NONE = "no blocks measured in this setting"
NOT_TOLD = "no measured block tells of it: assumed costs could move it by a tenth"


def error_said(known: MeasuredError | None, assumed: bool = False) -> str:
    """Of one core. ``assumed``: the cycles rest on assumed costs (``??``)."""
    if known is None:
        return NOT_TOLD if assumed else NONE
    if known.same_scenario:
        return (
            f"measured on {known.rows:,} blocks{_setting(known)}: "
            f"{mean_said(known)} mean error"
        )
    return (
        f"nothing measured in this scenario; {known.rows:,} blocks"
        f"{_setting(known)}: {mean_said(known)} mean error"
    )


def errors_said(
    known: Mapping[str, MeasuredError | None], assumed: Collection[str] = ()
) -> str:
    """Of several cores; those without measured blocks together, and apart from them the
    ``assumed``, whose cycles rest on assumed costs."""
    told = [
        f"{name} {mean_said(error)} mean of {error.rows:,} blocks{_setting(error)}"
        for name, error in known.items()
        if error is not None
    ]
    open_ = [name for name in known if name in assumed and known[name] is None]
    bare = [n for n, error in known.items() if error is None and n not in open_]
    if not told:
        return NOT_TOLD if open_ else f"{NONE} on any of these cores"
    if bare:
        told.append(f"none in this setting: {_names(bare)}")
    if open_:
        told.append(f"none that tells of assumed costs: {_names(open_)}")
    elsewhere = any(e is not None and not e.same_scenario for e in known.values())
    title = "measured error, of other scenarios" if elsewhere else "measured error"
    return f"{title}: " + "; ".join(told)


def _names(cores: Sequence[str]) -> str:
    return ", ".join(cores) if len(cores) < 4 else f"the other {len(cores)}"


def mean_said(known: MeasuredError) -> str:
    """``4.3 %``, or from least to greatest of several sets."""
    low, high = f"{known.low:.1f}", f"{known.high:.1f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def _setting(known: MeasuredError) -> str:
    """The scenarios that were measured."""
    return f" in {', '.join(known.scenarios)}" if known.scenarios else ""
