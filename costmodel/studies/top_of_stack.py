"""The question of August 2014: fill all of pt_regs at entry, and drop the dance?

Filling every slot at entry costs each system call a little; the dance it replaces,
FIXUP_TOP_OF_STACK and RESTORE_TOP_OF_STACK, costs only the slow ones, but more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from costmodel import api, data
from costmodel.engine.result import Comparison, Estimate

CLAIM = 10  # "considerably fewer than ten cycles on any modern chip"
FAST = "v3.16-fast.S"
BY_MOV = "every-slot-mov.S"
BY_PUSH = "every-slot-push.S"
FORK = "v3.16-fork-syscall.S"
FORK_WITHOUT = "v3.16-fork-syscall-nodance.S"


@dataclass(frozen=True, slots=True)
class CoreAnswer:
    """The thread's figures on one core: system-call round trips, in cycles."""

    uarch: str
    fast: Estimate
    by_mov: Comparison  # v3.16's fast path -> every slot by MOV
    by_push: Comparison  # v3.16's fast path -> every slot by PUSH
    dance: Comparison  # fork without the dance -> fork as it was

    @property
    def break_even(self) -> float | None:
        """Share of slow calls at which filling by MOV costs nothing overall.

        None if the dance costs nothing, so that no share would do.
        """
        if self.by_mov.delta <= 0:
            return 0.0
        return self.by_mov.delta / self.dance.delta if self.dance.delta > 0 else None


def stubs() -> Path:
    """Where the thread's entry paths are. Raises UsageError if not installed."""
    return data.stubs_dir() / "top-of-stack"


def answer(cores: Sequence[str] | None = None) -> list[CoreAnswer]:
    """The thread's figures on each of ``cores`` (None: all there are)."""
    folder = stubs()
    names = (FAST, BY_MOV, BY_PUSH, FORK, FORK_WITHOUT)
    paths = {name: api.load_path(folder / name) for name in names}
    answers = []
    for core in api.core_names_of(cores):
        results = {
            name: api.estimate(paths[name], core, scenario="roundtrip")
            for name in names
        }
        answers.append(
            CoreAnswer(
                uarch=core,
                fast=results[FAST],
                by_mov=Comparison(results[FAST], results[BY_MOV]),
                by_push=Comparison(results[FAST], results[BY_PUSH]),
                dance=Comparison(results[FORK_WITHOUT], results[FORK]),
            )
        )
    return answers
