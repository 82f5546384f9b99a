"""One path on one core in one scenario: cycles, and everything that explains them."""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.code.insn import Path
from costmodel.cores.load import LoadedCore
from costmodel.engine import surround
from costmodel.engine.cold import Cold, checked
from costmodel.engine.report import report
from costmodel.engine.result import Estimate
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation
from costmodel.errors import InputError, UsageError

MOST_STEPS = 50_000


def default_scenario(path: Path) -> str:
    """``roundtrip`` for a path that leaves the kernel as a system call does."""
    return "roundtrip" if surround.boundary(path) else "once"


def settings_for(
    path: Path,
    loaded: LoadedCore,
    *,
    scenario: str | None = None,
    align: int | None = None,
    cold: Mapping[str, str] | Cold = (),
) -> Settings:
    """The settings ``estimate`` runs with.

    ``scenario``: one of ``scenarios.NAMES``, None: ``default_scenario``. ``align``:
    bytes the code is moved from where it lies; of copies, their address modulo 64
    (None: where they were measured). ``cold``: kinds of line that are in another level
    than L1 when a trip starts (``cold.KINDS``, ``cold.LEVELS``). Raises UsageError.
    """
    chosen = default_scenario(path) if scenario is None else scenario
    if chosen == "roundtrip" and path.event in surround.DELIVERED:
        raise UsageError(
            "a round trip of a path that an exception or interrupt enters",
            where=path.name,
            expected="--scenario once, with the delivery in the cost",
            hint="no system call leads there",
        )
    return Settings.of(loaded.core, chosen, align, checked(cold))


def estimate(
    path: Path,
    loaded: LoadedCore,
    *,
    scenario: str | None = None,
    align: int | None = None,
    cold: Mapping[str, str] | Cold = (),
) -> Estimate:
    """Cycles of ``path`` on a core; keywords as in ``settings_for``.

    Raises InputError for an empty or too long path, UsageError for a scenario there is
    not, UnknownInstructionError for code the model refuses.
    """
    settings = settings_for(path, loaded, scenario=scenario, align=align, cold=cold)
    if not path.steps:
        raise InputError("the path holds no instructions", where=path.origin)
    if len(path.steps) > MOST_STEPS:
        raise InputError(
            f"the path has {len(path.steps)} instructions",
            where=path.origin,
            expected=f"at most {MOST_STEPS}",
            hint="name a symbol or a region",
        )
    return report(Simulation(path, loaded), settings)
