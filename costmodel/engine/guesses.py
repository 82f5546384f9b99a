"""The assumed figures an estimate rests on: of cost rows, and of the core itself.

A figure is left out only where it is certain that no other value of it could change
the estimate, the rest staying as it is: the simulator never read it, no number of the
path is a sum with it, and nothing was laid out by it.
"""

from __future__ import annotations

import functools

from costmodel.cores import declarations
from costmodel.cores.loaded import LoadedCore
from costmodel.cores.quantity import Quantity
from costmodel.engine.figures import felt
from costmodel.engine.result import Guess
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Logged, Simulation

# Sizes: where the machine starts empty and runs fewer uops than fit, none can be full.
_SIZES = (
    "window.rob", "window.load_buffer", "window.store_buffer", "window.int_registers",
    "window.flag_registers", "window.schedulers.", "front_end.uop_queue",
)  # fmt: skip


def guesses(
    simulation: Simulation, settings: Settings, logged: Logged | None = None
) -> tuple[Guess, ...]:
    """Assumed figures of the core the path can feel, then those of the rows it used,
    each in the core file's order. ``logged``: its run, if there was one."""
    run = simulation.logged(settings) if logged is None else logged
    rows = simulation.rows(settings)
    summed = _summed(simulation, settings)
    core, costs = [], []
    for name, row, quantity in _assumed(simulation.loaded):
        if row:
            if row in rows:
                costs.append(_guess(name, quantity))
        elif name in summed or _felt(name, quantity, simulation, settings, run):
            core.append(_guess(name, quantity))
    return (*core, *costs)


@functools.lru_cache(maxsize=64)
def _assumed(loaded: LoadedCore) -> tuple[tuple[str, str, Quantity], ...]:
    """Name, cost row ("": of the core itself) and figure of all that is assumed."""
    return tuple(
        (
            name,
            ".".join(name.split(".")[:3]) if name.startswith("costs.") else "",
            quantity,
        )
        for name, quantity in loaded.evidence.items()
        if quantity.assumed
    )


def _guess(name: str, known: Quantity) -> Guess:
    return Guess(name, known.value, known.low, known.high, known.note)


def _summed(simulation: Simulation, settings: Settings) -> frozenset[str]:
    """Figures of the core that uops and instructions of the path take cycles by."""
    found: set[str] = set()
    for low in simulation.layout(settings).lowered:
        if low is None:
            continue
        if low.redirect:
            found.add("front_end.redirect")
        found.update(path for path, _ in low.prefix_stall_of)
        for uop in low.uops:
            found.update(path for path, _ in uop.latency_of)
    return frozenset(found)


def _felt(
    name: str, known: Quantity, simulation: Simulation, settings: Settings, run: Logged
) -> bool:
    """Whether another value of a figure of the core could change the estimate."""
    if name.startswith(_SIZES):
        return settings.scenario != "once" or run.outcome.uops >= known.low
    changes = declarations.changes(name)
    if changes in ("nothing", "latency"):
        return False
    if changes == "time":
        return name in run.figures_read
    return felt(simulation.layout(settings), name, (known.low, known.high))
