"""The headers of the simulator are those Python's tables say."""

from __future__ import annotations

import pytest

from costmodel.engine import headers


@pytest.mark.parametrize("name", headers.texts())
def test_a_header_is_what_its_table_says(name: str) -> None:
    """Else: ``python -m costmodel.engine.headers``."""
    kept = (headers.FOLDER / name).read_text(encoding="utf-8")
    assert kept == headers.texts()[name]
