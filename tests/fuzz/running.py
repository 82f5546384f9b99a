"""Run one case in this process and say what is wrong with how it was answered."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from costmodel.cli import main
from tests.fuzz.cases import Case

LIMIT = 20.0  # seconds
STATUSES = (0, 1, 2, 3)


class Hang(BaseException):
    """The case took longer than ``LIMIT``."""


def _ring(number: int, frame: FrameType | None) -> None:
    raise Hang


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def lay_out(case: Case, folder: Path) -> None:
    """The case's files, in an empty directory."""
    for old in folder.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    for name, data in case.files.items():
        (folder / name).write_bytes(data)


def run(case: Case, folder: Path) -> str:
    """What is wrong, as one line that tells causes apart; "" if nothing is."""
    lay_out(case, folder)
    streams = sys.stdin, sys.stdout, sys.stderr
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    here = Path.cwd()
    began = time.monotonic()
    debug = os.environ.get("COSTMODEL_DEBUG")
    os.environ["COSTMODEL_DEBUG"] = "1"  # a bug comes out as what it is
    try:
        os.chdir(folder)
        sys.stdin = io.TextIOWrapper(io.BytesIO(case.stdin), "utf-8")
        sys.stdout, sys.stderr = out, err
        with _alarm(LIMIT):
            status: object = main(case.arguments)
    except SystemExit as leaving:
        status = 0 if leaving.code is None else leaving.code
    except Hang:
        return "no end within the limit"
    except BaseException as error:
        return _place(error)
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(here)
        if debug is None:
            del os.environ["COSTMODEL_DEBUG"]
    spent = time.monotonic() - began
    said, complaint = (_text(stream) for stream in (out, err))
    return judged(case, status, said, complaint, spent)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    data = stream.buffer
    assert isinstance(data, io.BytesIO)
    return data.getvalue().decode("utf-8")


def _place(error: BaseException) -> str:
    """Type of an error and where in the program it arose."""
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if "costmodel" in f.filename
    ]
    last = frames[-1] if frames else None
    at = f"{last.filename.rpartition('costmodel/')[2]}:{last.name}" if last else "?"
    return f"{type(error).__name__} in {at}"


def judged(case: Case, status: object, out: str, err: str, spent: float) -> str:
    """What is wrong with an answer."""
    if status not in STATUSES:
        return f"status {status}"
    if spent > LIMIT:
        return "slow"
    for name, text in (("stdout", out), ("stderr", err)):
        if "Traceback" in text or "a bug:" in text:
            return f"a traceback on {name}"
        if any(not c.isprintable() and c not in "\n\t" for c in text):
            return f"a control character on {name}"
    if status in (2, 3):
        if out:
            return "an error, and yet something on stdout"
        first, *rest = err.removesuffix("\n").split("\n")
        if not first.startswith("costmodel"):
            return "an error without a message"
        if any(line and not line.startswith("  ") and "%" not in line for line in rest):
            return "more than one message"
        if not first.partition(": ")[2].strip():
            return "an empty message"
    if status == 0 and not out:
        return "no answer"
    wants = "--json" in case.arguments or "json" in case.arguments
    if status == 0 and wants and "-h" not in case.arguments and out.startswith("{"):
        try:
            json.loads(out)
        except ValueError:
            return "JSON that cannot be read"
    return ""
