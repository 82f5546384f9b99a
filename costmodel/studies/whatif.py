"""What each limit of a core costs a path: the path again without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from msgspec import Struct

from costmodel.code.insn import Path
from costmodel.cores.load import LoadedCore
from costmodel.engine.cold import Cold
from costmodel.engine.estimate import settings_for
from costmodel.engine.relax import LIMITS, Change, Relaxed
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation

_COLD = ("fill buffers", "cold lines")  # limits of cold lines only


class Relief(Struct, frozen=True):
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
    align: int | None = None,
    cold: Mapping[str, str] | Cold = (),
) -> tuple[Relief, ...]:
    """Every limit of the core, by what it is worth to the path, most first.

    Raises what ``estimate`` raises.
    """
    settings = settings_for(path, loaded, scenario=scenario, align=align, cold=cold)
    simulation = Simulation(path, loaded)
    stated = simulation.cycles(settings)
    reliefs = []
    for limit, instead, change in _changes(simulation, settings):
        relaxed = Relaxed(simulation, settings)
        change(relaxed)
        cycles = relaxed.cycles()
        reliefs.append(Relief(limit, instead, cycles, stated - cycles))
    return tuple(sorted(reliefs, key=lambda relief: (-relief.worth, relief.limit)))


def _changes(
    simulation: Simulation, settings: Settings
) -> Iterator[tuple[str, str, Change]]:
    for limit, (instead, change) in LIMITS.items():
        if settings.cold or limit not in _COLD:
            yield limit, instead, change
    names = Relaxed(simulation, settings).classes()
    for name in names:
        yield f"ports: {name.replace('_', ' ')}", "one for each uop", _ports(name)
    if len(names) > 1:
        yield "ports: all", "one for each uop", _ports(*names)


def _ports(*names: str) -> Change:
    return lambda relaxed: relaxed.free_ports(*names)
