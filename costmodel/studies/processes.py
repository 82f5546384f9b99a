"""Local processes for many runs, which end as soon as they are of no more use.

A new process imports the script it was started from. One that asks for draws at its top
level would do so again there, and again: the new process leaves quietly instead, and
the script is told what it lacks.

An interrupt at the keyboard goes to all processes of a group. Those started here never
see it: the first of them all does, and ends them. If it is killed itself, they notice.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import (
    active_children,
    current_process,
    get_context,
    parent_process,
)
from typing import ParamSpec, TypeVar

from costmodel.errors import UsageError

P = ParamSpec("P")
T = TypeVar("T")


class _Workers(ProcessPoolExecutor):
    """Processes started with the interrupt signal blocked, which they inherit."""

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """``workers`` new processes. Raises UsageError where they cannot be kept.

    Whatever ends the work early ends them at once.
    """
    if getattr(current_process(), "_inheriting", False):
        raise SystemExit(0)  # the script is being imported, not run
    others = set(active_children())
    pool = _Workers(workers, mp_context=get_context("spawn"), initializer=_attend)
    try:
        yield pool
        pool.shutdown()
    except BrokenProcessPool:
        raise UsageError(
            "the processes that were to share the work ended at once",
            expected='a script that asks under: if __name__ == "__main__":',
            hint="or pass executor=, a ThreadPoolExecutor(1) for one process only",
        ) from None
    finally:
        # After a shutdown none is left. Otherwise nobody wants what they are at.
        pool.shutdown(wait=False, cancel_futures=True)
        for child in active_children():
            if child not in others:
                child.kill()


def _attend() -> None:
    """In a new process: end when the process that started this one has ended."""
    parent = parent_process()
    if parent is None:
        return

    def leave() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
