"""Which cores there are, and what people call them.

A core exists because its file does: ``uarch/NAME.yaml``. Names that begin with ``_``
are bases to extend. Aliases and CPU identities are read from the files' own lines
without parsing the rest, so a name costs no more than a directory listing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from costmodel import data, lazily
from costmodel.errors import CoreError, UsageError
from costmodel.tuples import NamedTuple

NATIVE = "native"
CPUINFO = Path("/proc/cpuinfo")
# The semantic table and the sets of features live beside the cores.
NOT_CORES = ("instructions", "features")
_HEADER = lazily.pattern(r"^(aliases|cpuid):(?:[^\n]*\n)(?:[ \t#-][^\n]*\n|\n)*", re.M)


class Names(NamedTuple):
    """What one file says it answers to."""

    aliases: tuple[str, ...]
    cpuid: tuple[str, ...]  # patterns such as "GenuineIntel-6-5E", "AuthenticAMD-26-*"


def core_names() -> tuple[str, ...]:
    """The cores there are, sorted. Raises UsageError if no data is installed."""
    names = tuple(path.stem for path in _files())
    if not names:
        raise UsageError(
            "no core files there",
            where=str(data.uarch_dir()),
            expected="NAME.yaml for each core",
            hint=f"is {data.VARIABLE} set to a whole copy of the data?",
        )
    return names


def resolve(name: str) -> Path:
    """The file of a core: its name, an alias, ``native``, or a path.

    Raises CoreError naming what comes close if there is none.
    """
    if "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
        return Path(name)
    wanted = normal(name)
    if wanted == NATIVE:
        return native()
    if re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,99}", wanted):
        direct = data.uarch_dir() / f"{wanted}.yaml"
        if wanted not in NOT_CORES and direct.is_file():
            return direct
    by_alias = aliases()
    for path in _files():
        if normal(path.stem) == wanted:
            return path
    found = by_alias.get(wanted, ())
    if len(found) == 1:
        return data.uarch_dir() / f"{found[0]}.yaml"
    if found:
        raise CoreError(
            f"{name!r} may be " + " or ".join(found),
            expected="a name only one core answers to",
            hint=f"use {found[0]}",
        )
    from costmodel.cores import yamltree  # YAML takes a while, and most names are right

    known = [path.stem for path in _files()]
    raise CoreError(
        f"no core is called {name!r}" if name else "an empty core name",
        expected=", ".join(known) or "a file in uarch/",
        hint=yamltree.close(wanted, [*known, *by_alias, NATIVE]),
    )


def normal(name: str) -> str:
    """A name as it is compared: lower case, no outer blanks, ``-`` for ``_``."""
    return name.strip().casefold().replace("_", "-").replace(" ", "-")


def aliases() -> dict[str, tuple[str, ...]]:
    """Alias -> the cores that claim it (more than one is a mistake ``check`` finds)."""
    out: dict[str, tuple[str, ...]] = {}
    for path in _files():
        for alias in names_in(path).aliases:
            known = out.get(normal(alias), ())
            if path.stem not in known:
                out[normal(alias)] = (*known, path.stem)
    return out


def native(cpuinfo: Path = CPUINFO) -> Path:
    """The file of the core this machine has, by CPU vendor, family and model.

    Raises CoreError where the machine does not say or no core claims it.
    """
    identity = identify(cpuinfo)
    best: tuple[int, Path] | None = None
    for path in _files():
        for pattern in names_in(path).cpuid:
            # "GenuineIntel-6-55" means every stepping; the longest pattern wins
            if any(fnmatchcase(identity, p) for p in (pattern, f"{pattern}-*")):
                if best is None or len(pattern) > best[0]:
                    best = (len(pattern), path)
    if best is None:
        raise CoreError(
            f"no core file describes this CPU, {identity}",
            expected="one whose cpuid: lists it",
            hint="name a core: " + ", ".join(core_names()),
        )
    return best[1]


def identify(cpuinfo: Path = CPUINFO) -> str:
    """``VENDOR-FAMILY-MODEL-STEPPING``, family decimal, the last two hexadecimal."""
    try:
        text = cpuinfo.read_text(encoding="ascii", errors="replace")
    except OSError:
        text = ""
    found: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    numbers = [found.get(key, "") for key in ("cpu family", "model", "stepping")]
    if not found.get("vendor_id") or not all(one.isdecimal() for one in numbers):
        raise CoreError(
            "this machine does not say which x86 CPU it has",
            where=str(cpuinfo),
            expected="vendor_id, cpu family, model and stepping",
            hint="name a core: " + ", ".join(core_names()),
        )
    family, model, stepping = map(int, numbers)
    return f"{found['vendor_id']}-{family}-{model:X}-{stepping:X}"


def names_in(path: Path) -> Names:
    """Aliases and CPU identities of a file, without reading the rest of it."""
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return Names((), ())
    return _names_in(path, stamp)


@functools.lru_cache(maxsize=256)
def _names_in(path: Path, stamp: int) -> Names:
    from costmodel.cores import yamltree

    try:
        text = yamltree.read_text(path, data.display_name(path)) + "\n"
        chunks = [match.group() for match in _HEADER.finditer(text)]
        tree = yamltree.parse("".join(chunks), str(path)) if chunks else {}
    except CoreError:
        return Names((), ())  # the file's own error is told when it is loaded
    return Names(_strings(tree.get("aliases")), _strings(tree.get("cpuid")))


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(one for one in value if isinstance(one, str))


def _files() -> Iterator[Path]:
    for path in sorted(data.uarch_dir().glob("*.yaml")):
        if not path.stem.startswith(("_", ".")) and path.stem not in NOT_CORES:
            yield path
