"""``measure``: paths on this CPU, in rounds, until the machine was quiet enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from costmodel.code import registers as R
from costmodel.errors import CostmodelError, UsageError
from costmodel.measure import native, places
from costmodel.measure.bodies import Body, body_of
from costmodel.measure.cpu import Cpu, check_cpu_number, this_cpu
from costmodel.measure.judge import CHAIN_CYCLES, Figure, Round, figure, good, round_of
from costmodel.measure.native import Job, Native, Report
from costmodel.measure.plans import Plan, check_plan, plan
from costmodel.measure.words import Failure, failure

if TYPE_CHECKING:
    from costmodel.code.insn import Path

Progress = Callable[[int, int], None]
ROUNDS = 7
MOST_ROUNDS = 1000
_MORE = 4  # times the rounds asked for, until there are enough good ones
_SAMPLES = {"once": 2000}
_USUAL_SAMPLES = 300
_BUDGET_MS = 80
_TRIAL, _TRIAL_MS = 32, 20
_ONCE_REACH = 3.0  # cycles: a single pass is timed by a counter with coarse steps
_USER_RIP, _USER_FLAGS = 0x400000, 0x246


@dataclass(frozen=True, slots=True)
class Settings:
    """How to measure. ``cpu`` -1: where the kernel puts it. ``pause`` in seconds."""

    scenario: str = "once"
    cpu: int = -1
    rounds: int = ROUNDS
    pause: float = 0.02
    align: int = 0
    counter: int = -1
    patience: float = 5.0  # seconds for one path, pauses apart; then what there is


@dataclass(frozen=True, slots=True)
class Measured:
    """What one path takes on this CPU, or why that cannot be said."""

    path: Path
    scenario: str
    figure: Figure
    failure: Failure | None = None
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        return self.figure.status if self.failure is None else self.failure.word


NOTHING = Figure(None, None, None, 0, 0, 0, 0, None, "")


def check_settings(settings: Settings) -> None:
    """Raises UsageError."""
    if not 2 <= settings.rounds <= MOST_ROUNDS:
        raise UsageError(
            f"{settings.rounds} rounds",
            where="--rounds",
            expected=f"2 to {MOST_ROUNDS}: two have to agree",
        )
    if settings.cpu >= 0 and not check_cpu_number(settings.cpu):
        raise UsageError(
            f"CPU {settings.cpu} is not there, or this process may not use it",
            where="--cpu",
            expected="one of those `taskset -p $$` shows",
        )


def job_of(made: Plan, bodies: Sequence[Body], settings: Settings) -> Job:
    """The job that runs a plan; samples and time are those of the scenario."""
    flags = 0 if any(body.calls for body in bodies) else native.CONFINE
    if any(body.writes_bases for body in bodies):
        flags |= native.RESET_BASES
    if any(body.uses_fs for body in bodies):
        flags |= native.USES_FS
    words: dict[int, int] = {}
    for body in bodies:
        words.update(body.words)
    frame = any(body.frame for body in bodies)
    registers: tuple[tuple[int, int], ...] = ()
    if frame:
        registers = (
            (R.RAX, places.GETPID), (R.RCX, _USER_RIP), (11, _USER_FLAGS),
        )  # fmt: skip
    return Job(
        made.code, tuple(p.entry for p in made.programs), flags,
        0 if frame else places.POINTED_AT, tuple(words.items()), registers,
        samples=_SAMPLES.get(settings.scenario, _USUAL_SAMPLES),
        budget_ms=_BUDGET_MS, cpu=settings.cpu,
    )  # fmt: skip


def check(runner: Native, body: Body, settings: Settings) -> Failure | float:
    """Run one copy and three: about the cycles of a copy, or why it cannot be run.

    Code with a real system call in it cannot be confined. So it is run without that
    call first: it must make none of its own.
    """
    if body.calls:
        quiet = body_of(body.path, frame=True, handler="nothing")
        found = check(runner, quiet, settings)
        if isinstance(found, Failure) and found.word == "system call":
            return found
    made = check_plan(body)
    job = job_of(made, [body], settings)._replace(samples=_TRIAL, budget_ms=_TRIAL_MS)
    job = job._replace(flags=job.flags | native.UNFILTERED)
    report = runner.run(job)
    if report.status != "measured":
        return failure(report, body, made)
    ticks = sorted(row[1] - row[0] for row in report.rows)[len(report.rows) // 4]
    chain = median(row[2] for row in report.rows)
    return max(0.0, ticks * CHAIN_CYCLES / max(chain, 1) / made.per_copy())


def rounds_of(
    runner: Native,
    plans: Sequence[Plan],
    bodies: Sequence[Body],
    settings: Settings,
    tick: Callable[[], None],
    orders: Sequence[Sequence[int]] = (),
    most: int = 0,
) -> list[Round] | Report:
    """Rounds until as many as asked are good, or ``_MORE`` times as many were tried.

    ``plans`` take turns; ``orders`` has for each which body each of its pairs is. A
    Report instead, if the code failed after all. ``tick`` is called once a round.
    ``most``: no more rounds than that.
    """
    rounds: list[Round] = []
    until = time.monotonic() + settings.patience + settings.pause * settings.rounds
    for number in range(most or _MORE * settings.rounds):
        if rounds:
            time.sleep(settings.pause)
        made = plans[number % len(plans)]
        order = orders[number % len(plans)] if orders else range(len(bodies))
        copies = [made.per_copy(k) for k in range(len(bodies))]
        report = runner.run(job_of(made, bodies, settings))
        if report.status not in ("measured", "never quiet"):
            return report
        rounds.append(_round(report, copies, order))
        tick()
        if len(good(rounds)) >= settings.rounds or time.monotonic() > until:
            break
    return rounds


def _round(report: Report, copies: Sequence[int], order: Sequence[int]) -> Round:
    """A round with its bodies back in their own order."""
    if not report.rows:
        return Round((0.0,) * len(copies), 0, report.taken, 0.0, 0.0)
    found = round_of(
        report.rows, copies, report.taken, report.tsc_khz, report.nop_millicycles
    )
    cycles = [0.0] * len(copies)
    for body, value in zip(order, found.cycles, strict=True):
        cycles[body] = value
    return found._replace(cycles=tuple(cycles))


def measure(
    paths: Sequence[Path],
    settings: Settings,
    *,
    frame: bool = False,
    progress: Progress | None = None,
) -> list[Measured]:
    """Every path in one scenario, or why not. Raises UsageError where nothing can be
    measured at all."""
    check_settings(settings)
    done = 0
    whole = len(paths) * settings.rounds

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, whole - 1), whole)

    results: list[Measured] = []
    with Native() as runner:
        for number, path in enumerate(paths):
            results.append(measure_path(runner, path, settings, frame, tick))
            done = (number + 1) * settings.rounds
    if progress is not None:
        progress(whole, whole)
    return results


def measure_path(
    runner: Native,
    path: Path,
    settings: Settings,
    frame: bool,
    tick: Callable[[], None],
) -> Measured:
    """One path; what is wrong with it becomes a Failure, not an exception."""
    try:
        body = body_of(path, frame=frame)
        slow = check(runner, body, settings)
        if isinstance(slow, Failure):
            return Measured(path, settings.scenario, NOTHING, slow, notes_of(body))
        made = plan(
            settings.scenario,
            [body],
            counter=settings.counter,
            align=settings.align,
            cycles=slow,
        )
    except CostmodelError as error:
        word = "refused" if error.status == 2 else "unknown"
        return Measured(
            path, settings.scenario, NOTHING, Failure(word, error.found, error.hint)
        )
    rounds = rounds_of(runner, [made], [body], settings, tick)
    if isinstance(rounds, Report):
        failed = failure(rounds, body, made)
        return Measured(path, settings.scenario, NOTHING, failed, notes_of(body))
    reach = _ONCE_REACH if settings.scenario == "once" else 0.0
    return Measured(
        path, settings.scenario, figure(rounds, 0, reach), None, notes_of(body)
    )


def notes_of(body: Body) -> tuple[str, ...]:
    """What was changed so that the path could be run."""
    notes = []
    if body.left_out:
        notes.append("left out: " + ", ".join(body.left_out))
    if body.calls:
        notes.append("a real failing system call stands in the handler's place")
    elif body.frame and any(step.handler for step in body.path.steps):
        notes.append("nothing stands in the handler's place")
    return tuple(notes)


def with_cpu(settings: Settings, cpu: int) -> Settings:
    return replace(settings, cpu=cpu)


def machine() -> Cpu:
    """The CPU all this is about. Raises CoreError."""
    return this_cpu()
