"""A cycle-level cost model for x86-64 kernel entry paths.

    import costmodel as cm
    cm.estimate("entry.S", "skylake").cycles
    cm.compare("old.S", "new.S", "zen5").delta

Names are imported when first used, so that ``import costmodel`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from costmodel.api import Difference as Difference
    from costmodel.api import Result as Result
    from costmodel.api import compare as compare
    from costmodel.api import cores as cores
    from costmodel.api import estimate as estimate
    from costmodel.api import load_core as load_core
    from costmodel.api import load_path as load_path
    from costmodel.ask import explain as explain
    from costmodel.ask import record as record
    from costmodel.ask import study as study
    from costmodel.ask import sweep as sweep
    from costmodel.ask import validate as validate
    from costmodel.ask import what_if as what_if
    from costmodel.errors import CostmodelError as CostmodelError

__version__ = "0.1.0"

_HOME = {
    "CostmodelError": "costmodel.errors",
    "Difference": "costmodel.api",
    "Result": "costmodel.api",
    "compare": "costmodel.api",
    "cores": "costmodel.api",
    "estimate": "costmodel.api",
    "explain": "costmodel.ask",
    "load_core": "costmodel.api",
    "load_path": "costmodel.api",
    "record": "costmodel.ask",
    "study": "costmodel.ask",
    "sweep": "costmodel.ask",
    "validate": "costmodel.ask",
    "what_if": "costmodel.ask",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'costmodel' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
