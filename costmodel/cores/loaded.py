"""A core as the rest of the program has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from costmodel.cores.model import Core
from costmodel.cores.quantity import Quantity, Source


@dataclass(frozen=True, slots=True, eq=False)
class LoadedCore:
    """A core and how each of its numbers is known.

    ``evidence`` is keyed by the number's path: "window.rob",
    "costs.imul.r,r.uops.0.latency". ``sources`` maps ids to what they are. ``files``
    are the file and what it extends, nearest first, as messages name them. ``cpuid``
    are the CPU identities it claims, ``relatives`` the family its base stands for.
    ``tree`` is the core as plain values, not to be changed.
    """

    core: Core
    evidence: Mapping[str, Quantity]
    sources: Mapping[str, Source]
    files: tuple[str, ...]
    cpuid: tuple[str, ...] = ()
    relatives: str = ""
    tree: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return self.core.name
