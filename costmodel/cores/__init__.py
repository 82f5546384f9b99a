"""Core models: read from YAML, checked, each number with its source.

Importing this package sets ``costmodel.cores`` to it, which is also the name of a
function users call; so the package can be called, and answers as the function does.
"""

from __future__ import annotations

import sys
from types import ModuleType


class _Package(ModuleType):
    def __call__(self) -> list[str]:
        """Names of the cores there are: ``costmodel.cores()``."""
        from costmodel.cores.catalogue import core_names

        return list(core_names())


sys.modules[__name__].__class__ = _Package
