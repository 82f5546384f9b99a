"""Blocks of code in the settings they were measured in: bytes in, cycles out."""

from __future__ import annotations

from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Path, Step
from costmodel.cores.load import LoadedCore
from costmodel.engine import causes
from costmodel.engine.attribution import critical_path
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation


def simulation(loaded: LoadedCore, code: bytes) -> Simulation:
    """The block as a path on a core. Raises InputError for bytes that are no code."""
    return Simulation(Path("", tuple([Step(i) for i in decode_bytes(code)])), loaded)


def rate(
    loaded: LoadedCore, code: bytes, scenario: str, counter: int = -1
) -> tuple[float, bool]:
    """Cycles an iteration, and whether a period was found.

    ``counter``: register of a loop's ``dec``; -1: a free one. Raises InputError for
    bytes that are no code, UnknownInstructionError for code the model refuses.
    """
    block = simulation(loaded, code)
    settings = Settings.measured(loaded.core, scenario, counter)
    outcome = block.run(settings)
    copies = outcome.trips * block.layout(settings).plan.repeat
    return outcome.cycles / copies, outcome.settled


def bound(
    loaded: LoadedCore, code: bytes, scenario: str, counter: int = -1
) -> tuple[float, bool, dict[str, int]]:
    """The same, and whole cycles of the window the rate was read from, by cause."""
    block = simulation(loaded, code)
    settings = Settings.measured(loaded.core, scenario, counter)
    outcome, log, _ = block.logged(settings)
    end = outcome.start + outcome.cycles
    charged: dict[str, int] = {}
    for link in critical_path(log, outcome.last_event, outcome.start, end):
        name = causes.NAMES[link.cause]
        charged[name] = charged.get(name, 0) + link.cycles
    copies = outcome.trips * block.layout(settings).plan.repeat
    return outcome.cycles / copies, outcome.settled, charged
