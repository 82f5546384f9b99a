"""What each limit of a core costs a path: the path again without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from costmodel.code.insn import Path
from costmodel.cores.load import LoadedCore
from costmodel.engine.cold import Cold, checked
from costmodel.engine.estimate import default_scenario
from costmodel.engine.pathrun import Run
from costmodel.engine.relax import LIMITS, Change, Relaxed
from costmodel.scenarios import checked as checked_name
from costmodel.scenarios import checked_align

_COLD = ("fill buffers", "cold lines")  # limits of cold lines only


@dataclass(frozen=True, slots=True)
class Relief:
    """One limit taken away, alone. ``worth``: cycles a copy it cost; the core may also
    be slower without a limit, by binding uops to other ports, say."""

    limit: str
    instead: str  # what it was taken to
    cycles: Fraction  # a copy, without it
    worth: Fraction


def what_if(
    path: Path,
    loaded: LoadedCore,
    *,
    scenario: str | None = None,
    align: int = 0,
    cold: Mapping[str, str] | Cold = (),
) -> tuple[Relief, ...]:
    """Every limit of the core, by what it is worth to the path, most first.

    Raises what ``estimate`` raises.
    """
    chosen = default_scenario(path) if scenario is None else checked_name(scenario)
    run = Run(path, loaded, chosen, checked_align(align), checked(cold))
    stated = Relaxed(run).cycles()
    out = []
    for limit, instead, change in _changes(run):
        relaxed = Relaxed(run)
        change(relaxed)
        cycles = relaxed.cycles()
        out.append(Relief(limit, instead, cycles, stated - cycles))
    return tuple(sorted(out, key=lambda relief: (-relief.worth, relief.limit)))


def _changes(run: Run) -> Iterator[tuple[str, str, Change]]:
    for limit, (instead, change) in LIMITS.items():
        if run.cold or limit not in _COLD:
            yield limit, instead, change
    names = Relaxed(run).classes()
    for name in names:
        yield f"ports: {name.replace('_', ' ')}", "one for each uop", _ports(name)
    if len(names) > 1:
        yield "ports: all", "one for each uop", _ports(*names)


def _ports(*names: str) -> Change:
    return lambda relaxed: relaxed.free_ports(*names)
