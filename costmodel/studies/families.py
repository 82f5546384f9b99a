"""Cores by descent: a vendor's families in the order of their years."""

from __future__ import annotations

from collections.abc import Iterable

from costmodel.cores.load import load_core
from costmodel.tuples import NamedTuple

_VENDORS = {"intel": "Intel", "amd": "AMD"}


class Family(NamedTuple):
    """Cores of one family, oldest first. ``title``: "Intel skylake"."""

    title: str
    cores: tuple[str, ...]


def families(cores: Iterable[str]) -> tuple[Family, ...]:
    """The families of ``cores``: Intel's first, oldest first. Raises CoreError."""
    members: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for name in cores:
        core = load_core(name).core
        members.setdefault((core.vendor, core.family), []).append((core.year, name))
    order = sorted(members, key=lambda key: (key[0] != "intel", min(members[key])))
    return tuple(
        Family(
            f"{_VENDORS.get(vendor, vendor)} {family}",
            tuple(name for _, name in sorted(members[vendor, family])),
        )
        for vendor, family in order
    )
