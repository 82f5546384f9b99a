"""The simulator under test: the one that was built, or the library that
``COSTMODEL_SIMULATOR`` names, as the checks with sanitizers do."""

from __future__ import annotations

import importlib.util
import os
from importlib.machinery import ExtensionFileLoader
from typing import Any


def load() -> Any:
    """The extension module."""
    path = os.environ.get("COSTMODEL_SIMULATOR")
    if not path:
        from costmodel.engine import _simulator

        return _simulator
    loader = ExtensionFileLoader("_simulator", path)
    spec = importlib.util.spec_from_loader("_simulator", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


SIMULATOR = load()
