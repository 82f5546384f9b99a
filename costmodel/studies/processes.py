"""Local processes for many runs, started so that a script without a guard is told so.

A new process imports the script it was started from. One that asks for draws at its top
level would do so again there, and again: the new process leaves quietly instead, and
the script is told what it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import current_process, get_context

from costmodel.errors import UsageError


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """``workers`` new processes. Raises UsageError where they cannot be kept."""
    if getattr(current_process(), "_inheriting", False):
        raise SystemExit(0)  # the script is being imported, not run
    try:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            yield pool
    except BrokenProcessPool:
        raise UsageError(
            "the processes that were to share the work ended at once",
            expected='a script that asks under: if __name__ == "__main__":',
            hint="or pass executor=, a ThreadPoolExecutor(1) for one process only",
        ) from None
