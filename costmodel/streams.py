"""How the program meets its surroundings: streams that fail, signals that end it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

from costmodel.errors import UsageError

_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class ReaderLeft(Exception):
    """Nobody reads what is printed any more."""


def columns(fallback: int) -> int:
    """The width of the terminal, as ``shutil.get_terminal_size`` has it."""
    try:
        told = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        told = 0
    if told > 0:
        return told
    if sys.__stdout__ is None:
        return fallback
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or fallback
    except (ValueError, OSError):  # closed, detached, no terminal
        return fallback


def write(stream: TextIO | None, text: str) -> None:
    """Print ``text`` and flush it; nothing where the stream is closed.

    Raises ReaderLeft, and UsageError where stdout takes no more. What stderr does not
    take is lost: there is nobody to tell.
    """
    if stream is None:
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            known = stream.encoding
            stream.write(text.encode(known, "backslashreplace").decode(known))
        stream.flush()
    except BrokenPipeError:
        _give_up(stream)
        if stream is not sys.stderr:
            raise ReaderLeft from None
    except (OSError, ValueError) as problem:
        _give_up(stream)
        if stream is not sys.stderr:
            reason = getattr(problem, "strerror", None) or str(problem)
            raise UsageError(
                f"cannot write: {reason}", where="stdout", expected="room for it"
            ) from None


def _give_up(stream: TextIO) -> None:
    """Let what is left in the stream's buffer go nowhere, now and at the exit."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def ends_orderly() -> Iterator[None]:
    """While this lasts, what would kill the program lets it clean up first: processes
    it started end, files not yet whole go. Streams closed at the start stay so."""
    _hold_places()
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = {}
    for number in _ENDINGS:
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup's SIG_IGN stays
            before[number] = signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough
    raise SystemExit(128 + number)


def _hold_places() -> None:
    """Give the numbers of closed streams to /dev/null: the next file opened would have
    them, and a program started from here write its complaints into it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
