"""Core files as they were read the last time, so that one estimate need not parse them.

Reading a core takes longer than estimating a stub on it. What was read is kept beside
the compiled modules, under the rules Python has for those: not where it was told to
write no bytecode, and nothing is wrong where the place cannot be written. It holds for
the same bytes in the same files, read by the same code; anything else is read anew.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from costmodel import __version__, data
from costmodel.cores.loaded import LoadedCore
from costmodel.cores.model import Core
from costmodel.cores.quantity import Quantity

_FIELDS = tuple(Quantity.__struct_fields__)


def core(path: Path) -> LoadedCore | None:
    """The core in the file ``path``, if it was kept and still holds."""
    found: LoadedCore | None = _recall("core", path, _core_of)
    return found


def keep_core(path: Path, loaded: LoadedCore, files: Sequence[Path]) -> None:
    """Keep a core for the next time; ``files`` are those it was made from."""
    rows = {
        name: [getattr(quantity, field) for field in _FIELDS]
        for name, quantity in loaded.evidence.items()
    }
    _keep("core", path, files, loaded, lambda: [
        dict(loaded.tree), rows, dict(loaded.sources), loaded.files, loaded.cpuid,
    ])  # fmt: skip


def _core_of(value: Any) -> LoadedCore:
    tree, rows, sources, files, cpuid = value
    evidence = {name: Quantity(*row) for name, row in rows.items()}
    return LoadedCore(
        msgspec.convert(tree, Core),
        MappingProxyType(evidence),
        MappingProxyType(sources),
        tuple(files),
        tuple(cpuid),
        MappingProxyType(tree),
    )


def table(
    path: Path, make: Callable[[Any], Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """What ``make`` makes of the kept rows of a table, if they still hold."""
    found: Mapping[str, Any] | None = _recall("table", path, make)
    return found


def keep_table(path: Path, rows: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    """Keep the rows of the table in the file ``path``."""
    _keep("table", path, [path], made, lambda: dict(rows))


# -- the store -------------------------------------------------------------------------


def _place(kind: str, path: Path) -> Path | None:
    """Where a file's reading is kept; None for files that are not the program's own."""
    folder = _folder()
    if folder is None or path.parent != data.uarch_dir():
        return None
    where = zlib.crc32(os.fsencode(path.parent))
    return folder / f"{path.stem}.{where:08x}.{kind}"


def _folder() -> Path | None:
    """Where Python keeps this package's bytecode."""
    cached = getattr(__spec__, "cached", None)
    return Path(cached).parent if cached else None


def forget() -> None:
    """Forget what this process has read; what is on the disk stays."""
    _known().clear()


def _stamp(files: Sequence[str]) -> list[tuple[str, int, int]]:
    """Name, size and checksum of each file. Raises OSError."""
    out = []
    for name in files:
        content = Path(name).read_bytes()
        out.append((name, len(content), zlib.crc32(content)))
    return out


@functools.cache
def _code() -> str:
    """What reads the files: a change of it makes all that is kept worthless."""
    with os.scandir(Path(__file__).parent) as entries:
        parts = sorted(
            f"{entry.name}:{entry.stat().st_size}:{entry.stat().st_mtime_ns}"
            for entry in entries
            if entry.name.endswith(".py")
        )
    version = (__version__, sys.version_info[:3], msgspec.__version__)
    return f"{version} {' '.join(parts)}"


@functools.cache
def _known() -> dict[tuple[str, str], tuple[Any, Any]]:
    """What this process has read: for the same stamps, the same value."""
    return {}


def _recall(kind: str, path: Path, make: Callable[[Any], Any]) -> Any:
    place = _place(kind, path)
    if place is None:
        return None
    key = (kind, str(path))
    with contextlib.suppress(OSError, msgspec.MsgspecError, TypeError, ValueError):
        if key in _known():
            stamp, made = _known()[key]
            return made if stamp == _stamp([row[0] for row in stamp]) else None
        code, rows, value = msgspec.msgpack.decode(place.read_bytes())
        stamp = [tuple(row) for row in rows]
        if code != _code() or stamp != _stamp([row[0] for row in stamp]):
            return None
        made = make(value)
        _known()[key] = stamp, made
        return made
    return None


def _keep(
    kind: str,
    path: Path,
    files: Sequence[Path],
    made: Any,
    value: Callable[[], Any],
) -> None:
    place = _place(kind, path)
    if place is None:
        return
    with contextlib.suppress(OSError, TypeError, ValueError):
        stamp = _stamp([str(file) for file in files])
        _known()[kind, str(path)] = stamp, made
        if sys.dont_write_bytecode:
            return
        part = place.with_name(f"{place.name}.{os.getpid()}")
        part.write_bytes(msgspec.msgpack.encode((_code(), stamp, value())))
        part.replace(place)
