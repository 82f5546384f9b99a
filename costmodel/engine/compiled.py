"""The engine compiled, for bulk work: its own source, translated to C and kept.

Nothing of it is loaded for one estimate. The library is kept in the user's cache
directory under the hash of what it was made from, so it is never stale; making it takes
the C compiler two or three seconds, once.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from costmodel.engine.params import Params
from costmodel.errors import UsageError

FLAGS = ("-O2", "-std=c11", "-shared", "-fPIC")
COMPILERS = ("gcc", "clang", "cc")
TIME_LIMIT = 120  # seconds
MOST_KEPT = 100  # libraries, of some 70 kB each

EXPORTED = ("rate", "place_and_rate", "run", "reset")

Engine = Callable[..., None]


def fill(count: int, value: int) -> array[int]:
    """An array the compiled engine can work on."""
    return array("q", (value,)) * count


def compiler() -> str | None:
    """The C compiler to use; None where there is none."""
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


def cache_directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "costmodel"


def source(logs: bool = False, core: Params | None = None) -> str:
    """The C text of the whole engine; ``logs``: of one that can keep a log.

    ``core``: of one for a single core, which is quicker: what the core lacks is not in
    it.
    """
    from costmodel.engine import (
        access,
        backend,
        bulkrun,
        fills,
        frontend,
        log,
        machine,
        place,
        retirement,
        signature,
        state,
        uop,
    )
    from costmodel.engine.translate import translate

    modules = (
        log, state, fills, frontend, backend, access, uop, retirement, machine,
        signature, place, bulkrun,
    )  # fmt: skip
    if logs:
        return translate(modules, Params._fields, EXPORTED)
    return translate(
        modules, Params._fields, EXPORTED, never=("KEEP",), unread=state.LOG_ONLY,
        known=core._asdict() if core else {},
    )  # fmt: skip


def _library(text: str) -> Path:
    key = hashlib.sha256((text + " ".join(FLAGS)).encode()).hexdigest()[:24]
    made = cache_directory() / f"engine-{key}.so"
    if made.exists():
        return made
    command = compiler()
    if command is None:
        raise UsageError(
            "the compiled engine needs a C compiler",
            expected="one of " + ", ".join(COMPILERS),
            hint="install gcc, or use the plain engine",
        )
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        text_file, out = Path(folder) / "engine.c", Path(folder) / "engine.so"
        text_file.write_text(text)
        done = subprocess.run(
            [command, *FLAGS, "-o", str(out), str(text_file)],
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
        if done.returncode:
            raise UsageError(
                f"{command} could not compile the engine: "
                + next(
                    (x for x in done.stderr.splitlines() if "error" in x), "no message"
                ),
                hint="use the plain engine, and report this",
            )
        out.replace(made)
    _forget(made.parent)
    return made


def _forget(folder: Path) -> None:
    """Remove the oldest libraries beyond ``MOST_KEPT``: of cores and versions past."""
    with contextlib.suppress(OSError):  # another process may be at it too
        kept = sorted(folder.glob("engine-*.so"), key=lambda so: so.stat().st_mtime)
        for old in kept[:-MOST_KEPT]:
            old.unlink(missing_ok=True)


@functools.lru_cache(maxsize=32)
def _loaded(logs: bool = False, core: Params | None = None) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(_library(source(logs, core))))
    except OSError as problem:
        raise UsageError(
            f"the compiled engine cannot be kept or loaded: {problem}",
            hint="set XDG_CACHE_HOME to a directory that can be written",
        ) from problem


@functools.lru_cache(maxsize=32)
def engine(logs: bool = False, core: Params | None = None) -> Engine:
    """``bulkrun.rate``, compiled. Takes arrays made by ``fill`` and plain integers.

    One that ``logs`` keeps a log if it is given one, and is slower for it. ``core``:
    for the one core with these parameters.

    Raises UsageError where there is no C compiler.
    """
    entry = _loaded(logs, core).rate
    entry.restype = None

    def rate(*arguments: object) -> None:
        entry(*[_passed(a) for a in arguments])

    return rate


def raw(name: str, arguments: str, core: Params | None = None) -> Engine:
    """A function of ``EXPORTED`` that takes addresses (``a``) and integers (``i``).

    ``core``: for the one core with these parameters. Whoever calls it keeps what lies
    at the addresses alive. Raises as ``engine``.
    """
    entry = _loaded(False, core)[name]
    kinds: dict[str, Any] = {"a": ctypes.c_void_p, "i": ctypes.c_int64}
    entry.argtypes = [kinds[kind] for kind in arguments]
    entry.restype = None
    return entry


def address(numbers: array[int]) -> int:
    return numbers.buffer_info()[0]


def _passed(value: object) -> object:
    if isinstance(value, array):
        return ctypes.c_void_p(address(value))
    if isinstance(value, tuple):  # Params
        return (ctypes.c_int64 * len(value))(*value)
    return ctypes.c_int64(value)  # type: ignore[arg-type]
