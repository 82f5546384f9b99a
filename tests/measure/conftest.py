"""What the measured tests need: the native program, and a machine that lets them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from costmodel.errors import CostmodelError
from costmodel.measure.native import BINARY, Native

ROOT = Path(__file__).resolve().parents[2]


def build_tool() -> ModuleType:
    """``tools/build_measure.py``, which a build of the package runs."""
    spec = importlib.util.spec_from_file_location(
        "build_measure", ROOT / "tools" / "build_measure.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def measuring() -> None:
    """Skips, with the reason, where nothing can be measured."""
    sources = (BINARY.parent / "native").iterdir()
    newest = max(source.stat().st_mtime for source in sources)
    if not BINARY.is_file() or BINARY.stat().st_mtime < newest:
        try:
            build_tool().build(BINARY.parent)
        except RuntimeError as error:
            pytest.skip(f"the measuring program cannot be built: {error}")
    try:
        with Native():
            pass
    except CostmodelError as error:
        pytest.skip(str(error))
