"""One path as boot patches it for several sets of features: a row each.

entry_SYSCALL_64, system-call round trip, cycles

  features  skylake  goldencove  zen3
  none       137?        145??   135?
  pti,pcid   718?        740?    495?
"""

from __future__ import annotations

from collections.abc import Sequence

from costmodel import __version__
from costmodel.engine.result import Estimate
from costmodel.scenarios import said
from costmodel.studies.certainty import TOTALS, mark_of
from costmodel.views.layout import clip, decimals_for, number, table, wrap
from costmodel.views.sections import exact_cycles

_MOST_COLUMNS = 5  # of cores; more of them become the rows
_WIDTH = 24


def features_text(estimates: Sequence[Estimate]) -> str:
    """The table, and what was left as it is for want of a site on the path."""
    sets = list(dict.fromkeys(e.path.features for e in estimates))
    cores = list(dict.fromkeys(e.uarch for e in estimates))
    digits = decimals_for([exact_cycles(e) for e in estimates])
    shown = {(e.path.features, e.uarch): _cycles(e, digits) for e in estimates}
    first = estimates[0]
    by_core = len(cores) > _MOST_COLUMNS
    rows = [("core", *map(_short, sets)) if by_core else ("features", *cores)]
    if by_core:
        rows += [(core, *(shown[s, core] for s in sets)) for core in cores]
    else:
        rows += [(_short(s), *(shown[s, core] for core in cores)) for s in sets]
    lines = [f"{first.path.name}, {said(first.scenario)}, cycles", ""]
    lines += [f"  {line}" for line in table(rows, "l" + "r" * (len(rows[0]) - 1))]
    idle = [s for s in sets if s and not _replaced(estimates, s)]
    if idle:
        text = "no site of the path is replaced for: " + "; ".join(idle)
        lines += ["", wrap(text, "  ", "    ")]
    marked = any(mark_of(e) for e in estimates)
    foot = f"Modelled by costmodel {__version__}, not measured."
    lines += ["", wrap(f"{foot} {TOTALS}" if marked else foot, "  ")]
    return "\n".join(lines)


def _cycles(estimate: Estimate, digits: int) -> str:
    return number(exact_cycles(estimate), digits) + mark_of(estimate).ljust(2)


def _short(features: str) -> str:
    return clip(features or "as in the file", _WIDTH)


def _replaced(estimates: Sequence[Estimate], features: str) -> bool:
    return any(
        site.applied
        for e in estimates
        if e.path.features == features
        for site in e.path.alternatives
    )
