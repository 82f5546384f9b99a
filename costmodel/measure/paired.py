"""Two paths against each other: timed alternately, in every setting, with controls.

What a change costs is often less than a system call's noise. So both bodies run in one
process, one after the other in every sample, and what is judged is their difference.
Two controls run beside them: the first body once more, and the first body with NOPs of
as many bytes as the second is longer. They show what placement alone does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from costmodel.code.insn import Path
from costmodel.errors import CostmodelError
from costmodel.measure.bodies import Body, Piece, body_of
from costmodel.measure.judge import Figure, difference, good
from costmodel.measure.native import Native, Report
from costmodel.measure.plans import plan
from costmodel.measure.run import (
    NOTHING,
    Progress,
    Settings,
    check,
    check_settings,
    notes_of,
    rounds_of,
)
from costmodel.measure.words import Failure, failure

SETTINGS = ("system call", "lfence", "opcache", "unroll")
# The setting that comes nearest to a scenario of the model.
NEAREST = {
    "roundtrip": "system call", "once": "lfence", "unroll": "unroll",
    "opcache": "opcache", "loop": "opcache",
}  # fmt: skip
_NOPS = {
    1: "90", 2: "6690", 3: "0f1f00", 4: "0f1f4000", 5: "0f1f440000",
    6: "660f1f440000", 7: "0f1f8000000000", 8: "0f1f840000000000",
}  # fmt: skip
_LONGEST_NOP = 8
_MOST_PADDING = 64
# Rounds differ in where the bodies lie, so that their median does not hang on it.
_ORDERS = ((0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0)) * 2
_SHIFT, _LINE = 8, 64
_FEWEST_ROUNDS = 2 * len(_ORDERS)
_CALL = (Piece(bytes.fromhex("b8ffffffff"), -1), Piece(bytes.fromhex("0f05"), -1))


@dataclass(frozen=True, slots=True)
class Paired:
    """The difference in one setting, cycles a copy; or why there is none.

    ``floor`` is what the controls read where nothing was changed: (low, high).
    """

    setting: str
    delta: Figure
    before: float | None = None
    after: float | None = None
    floor: tuple[float, float] | None = None
    failure: Failure | None = None
    notes: tuple[str, ...] = ()


def needs_frame(path: Path) -> bool:
    """Whether only what is left without privileged instructions can be run."""
    try:
        body_of(path)
    except CostmodelError:
        return True
    return False


def paired(
    before: Path,
    after: Path,
    settings: Settings,
    *,
    frame: bool = False,
    chosen: Sequence[str] = SETTINGS,
    progress: Progress | None = None,
) -> list[Paired]:
    """The difference in each of the ``chosen`` settings."""
    check_settings(settings)
    done = 0
    each = max(settings.rounds, _FEWEST_ROUNDS)
    whole = len(chosen) * each

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, whole - 1), whole)

    results = []
    with Native() as runner:
        for number, setting in enumerate(chosen):
            results.append(
                _in_setting(runner, (before, after), setting, settings, frame, tick)
            )
            done = (number + 1) * each
    if progress is not None:
        progress(whole, whole)
    return results


def _in_setting(
    runner: Native,
    paths: tuple[Path, Path],
    setting: str,
    settings: Settings,
    frame: bool,
    tick: Callable[[], None],
) -> Paired:
    calls = setting == "system call"
    try:
        bodies = [
            body_of(path, frame=frame, handler="syscall" if calls else "nothing")
            for path in paths
        ]
    except CostmodelError as error:
        return Paired(
            setting, NOTHING, failure=Failure("refused", error.found, error.hint)
        )
    rounds_wanted = max(settings.rounds, _FEWEST_ROUNDS)
    settings = replace(settings, scenario=setting, rounds=rounds_wanted)
    slowest = 0.0
    for body in bodies:
        known = check(runner, body, settings)
        if isinstance(known, Failure):
            return Paired(setting, NOTHING, failure=known)
        slowest = max(slowest, known)
    if calls and not any(s.handler for p in paths for s in p.steps):
        bodies = [
            replace(body, pieces=(*body.pieces, *_CALL), calls=True) for body in bodies
        ]
    padding = min(abs(bodies[1].size - bodies[0].size) or 1, _MOST_PADDING)
    everything = [*bodies, bodies[0], _padded(bodies[0], padding)]
    try:
        plans = [
            plan(
                setting,
                [everything[k] for k in order],
                align=(settings.align + _SHIFT * turn) % _LINE,
                cycles=slowest,
            )
            for turn, order in enumerate(_ORDERS)
        ]
    except CostmodelError as error:
        return Paired(
            setting, NOTHING, failure=Failure("refused", error.found, error.hint)
        )
    rounds = rounds_of(runner, plans, everything, settings, tick, _ORDERS)
    if isinstance(rounds, Report):
        pair = min(rounds.program // 2, len(everything) - 1)
        return Paired(
            setting, NOTHING, failure=failure(rounds, everything[pair], plans[0])
        )
    controls = [difference(rounds, 0, k).cycles for k in (2, 3)]
    read = [0.0, *(c for c in controls if c is not None)]
    used = good(rounds)
    middle = [median(r.cycles[k] for r in used) if used else None for k in (0, 1)]
    return Paired(
        setting, difference(rounds, 0, 1), middle[0], middle[1],
        (min(read), max(read)), None, notes_of(bodies[1]),
    )  # fmt: skip


def _padded(body: Body, size: int) -> Body:
    """The body with so many bytes of NOPs behind it."""
    nops = []
    while size:
        part = min(size, _LONGEST_NOP)
        nops.append(Piece(bytes.fromhex(_NOPS[part]), -1))
        size -= part
    return replace(body, pieces=(*body.pieces, *nops))


def nearest(results: Sequence[Paired], scenario: str) -> Paired | None:
    """The result whose setting comes nearest to the scenario, if it was measured."""
    wanted = NEAREST.get(scenario, "lfence")
    ring0 = next((r for r in results if r.setting == "ring 0"), None)
    if scenario == "roundtrip" and ring0 and ring0.delta.cycles is not None:
        return ring0
    found = next((r for r in results if r.setting == wanted), None)
    if found is not None and found.delta.cycles is not None:
        return found
    return next((r for r in results if r.delta.cycles is not None), None)


def disagrees(
    result: Paired, delta: float, low: float | None, high: float | None
) -> bool:
    """Whether measured and modelled intervals leave a gap.

    The measured one is widened by what the controls read: no difference below that can
    be told from placement.
    """
    figure_ = result.delta
    if figure_.cycles is None or figure_.low is None or figure_.high is None:
        return False
    below, above = result.floor or (0.0, 0.0)
    measured = (figure_.low - max(above, 0.0), figure_.high - min(below, 0.0))
    modelled = (delta if low is None else low, delta if high is None else high)
    return measured[1] < modelled[0] or measured[0] > modelled[1]
