"""The vector of declared figures is what the engine's parameters are."""

from __future__ import annotations

import pytest

from costmodel.cores import declarations
from costmodel.cores.load import core_names, load_core
from costmodel.engine import params


@pytest.mark.parametrize("name", core_names())
def test_the_vector_holds_every_parameter(name: str) -> None:
    core = load_core(name).core
    vector = dict(zip(declarations.names(), declarations.vector(core), strict=True))
    for parameter, value in params.build(core)._asdict().items():
        assert vector[parameter] == value, parameter
