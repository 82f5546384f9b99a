"""What the measured tests need: the native program, and a machine that lets them."""

from __future__ import annotations

import pytest

from costmodel.errors import CostmodelError
from costmodel.measure.native import Native


@pytest.fixture(scope="session")
def measuring() -> None:
    """Skips, with the reason, where nothing can be measured."""
    try:
        with Native():
            pass
    except CostmodelError as error:
        pytest.skip(str(error))
