"""One path on one core in one scenario: cycles, and everything that explains them."""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.code.insn import Path
from costmodel.cores.load import LoadedCore
from costmodel.engine import scenarios, surround
from costmodel.engine.cold import Cold, checked
from costmodel.engine.pathrun import Run
from costmodel.engine.report import report
from costmodel.engine.result import Estimate
from costmodel.errors import InputError, UsageError

MOST_STEPS = 50_000


def default_scenario(path: Path) -> str:
    """``roundtrip`` for a path that leaves the kernel as a system call does."""
    return "roundtrip" if surround.boundary(path) else "once"


def estimate(
    path: Path,
    loaded: LoadedCore,
    *,
    scenario: str | None = None,
    align: int = 0,
    cold: Mapping[str, str] | Cold = (),
) -> Estimate:
    """Cycles of ``path`` on a core.

    ``scenario``: one of ``scenarios.NAMES``, by default ``default_scenario``;
    ``align``: address of the first byte modulo 64; ``cold``: kinds of line that are in
    another level than L1 when a trip starts (``cold.KINDS``, ``cold.LEVELS``). Raises
    InputError for an empty path, UnknownInstructionError for code the model refuses.
    """
    chosen = scenario or default_scenario(path)
    if chosen not in scenarios.NAMES:
        raise UsageError(
            f"no scenario {chosen!r}", expected="one of " + ", ".join(scenarios.NAMES)
        )
    if chosen == "roundtrip" and path.event in surround.DELIVERED:
        raise UsageError(
            "a round trip of a path that an exception or interrupt enters",
            where=path.name,
            expected="--scenario once, with the delivery in the cost",
            hint="no system call leads there",
        )
    if not path.steps:
        raise InputError("the path holds no instructions", where=path.origin)
    if len(path.steps) > MOST_STEPS:
        raise InputError(
            f"the path has {len(path.steps)} instructions",
            where=path.origin,
            expected=f"at most {MOST_STEPS}",
            hint="name a symbol or a region",
        )
    return report(Run(path, loaded, chosen, align, checked(cold)))
