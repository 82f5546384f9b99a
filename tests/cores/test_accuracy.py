"""The accuracy record: read back, and silent where there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from costmodel.cores import accuracy


def a_set(uarch: str, scenario: str, rows: int, mean: float, *ends: float) -> Any:
    half = {"mean": mean + 1, "median": 1.0}
    return {
        "name": f"{uarch} {scenario}", "uarch": uarch, "scenario": scenario,
        "rows": rows, "mean": mean, "median": 1.0, "held_out": half,
        "interval": {"below": ends[0], "above": ends[1]},
    }  # fmt: skip


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    sets = [
        a_set("a", "unroll", 1000, 2.0, 0.9, 1.1),
        a_set("a", "loop", 2000, 5.0, 0.95, 1.2),
        a_set("a", "", 100, 20.0, 0.97, 1.4),
        a_set("b", "unroll", 100, 9.0, 0.5, 1.05),
    ]
    (tmp_path / "calibration").mkdir()
    file = tmp_path / "calibration" / accuracy.FILE
    file.write_text(json.dumps({"sets": sets}))
    monkeypatch.setenv("COSTMODEL_DATA", str(tmp_path))
    return file


@pytest.mark.usefixtures("record")
def test_the_same_scenario_is_told_where_it_was_measured() -> None:
    found = accuracy.measured_error("a", "loop")
    assert found is not None
    assert (found.rows, found.low, found.high) == (2000, 5.0, 5.0)
    assert found.same_scenario
    assert (found.below, found.above) == (0.95, 1.2)


@pytest.mark.usefixtures("record")
def test_another_scenario_gets_the_range_of_large_sets_and_the_widest_factors() -> None:
    found = accuracy.measured_error("a", "once")
    assert found is not None
    assert (found.rows, found.low, found.high) == (2000, 2.0, 5.0)
    assert not found.same_scenario
    assert (found.below, found.above) == (0.9, 1.4)


@pytest.mark.usefixtures("record")
def test_a_core_never_measured_has_no_error_and_the_widest_factors_of_all() -> None:
    assert accuracy.measured_error("c", "once") is None
    assert accuracy.widening("c", "once") == (0.5, 1.4)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sets": [{"name": 1}]}', "\xff"])
def test_a_record_that_is_none_says_nothing(record: Path, text: str) -> None:
    record.write_bytes(text.encode("latin-1"))
    assert accuracy.measured_error("a", "loop") is None
    assert accuracy.widening("a", "loop") is None


def test_no_record_says_nothing(record: Path) -> None:
    record.unlink()
    assert accuracy.sets_of("a") == ()


@pytest.mark.usefixtures("record")
def test_without_a_scenario_all_large_sets_count() -> None:
    found = accuracy.measured_error("a")
    assert found is not None
    assert (found.low, found.high) == (2.0, 5.0)
