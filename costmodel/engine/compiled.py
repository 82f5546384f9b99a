"""The engine compiled: the same source through numba, for bulk work.

Nothing of it is loaded for one estimate. The functions of the plain engine are made
callable from compiled code, then ``machine.run`` is compiled over arrays. Compiled code
is kept in the user's cache directory under the hash of the engine's source, so it is
never stale.
"""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path
from typing import Any

from costmodel.errors import UsageError

_MODULES = ("layout", "causes", "params", "state", "frontend", "backend", "uop",
            "trace", "machine", "bulkrun")  # fmt: skip


def _source_hash() -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in _MODULES:
        digest.update((here / f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]


def _cache_directory() -> str:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return str(Path(base) / "costmodel" / _source_hash())


@functools.lru_cache(maxsize=1)
def engine() -> Any:
    """The compiled ``bulkrun`` entry; raises UsageError where numba is missing."""
    os.environ.setdefault("NUMBA_CACHE_DIR", _cache_directory())
    try:
        import numba
        from numba.extending import register_jitable
    except ImportError as missing:
        raise UsageError(
            "the compiled engine needs numba",
            hint="pip install 'costmodel[bulk]', or leave --compiled out",
        ) from missing
    from costmodel.engine import backend, bulkrun, frontend, machine, state, uop

    for module in (state, frontend, backend, uop, machine, bulkrun):
        for name, value in vars(module).items():
            if callable(value) and getattr(value, "__module__", "") == module.__name__:
                if name[0].islower():
                    register_jitable(value)
    return numba.njit(cache=True)(bulkrun.rate)
