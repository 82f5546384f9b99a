"""The list of cores and one core in full, with its block diagram."""

from __future__ import annotations

import json

import pytest

from costmodel.cores import accuracy
from costmodel.cores.accuracy import MeasuredSet
from costmodel.cores.load import core_names, load_core
from costmodel.views import cores as view
from costmodel.views.diagram import block_diagram

SETS = (
    MeasuredSet("BHive skl", "unroll", 20_000, 5.04, 1.5, 5.12, 1.6, 0.88, 1.06),
    MeasuredSet("other", "loop", 1_000, 7.0, 1.5, 7.1, 1.6, 0.9, 1.2),
)


@pytest.fixture(autouse=True)
def record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "_record", lambda: {"skylake": SETS})


@pytest.mark.parametrize("name", core_names())
def test_every_core_is_drawn_in_72_columns_with_every_port(name: str) -> None:
    core = load_core(name).core
    lines = block_diagram(core)
    assert all(len(line) <= 72 for line in lines)
    text = "\n".join(lines)
    assert text.isascii()
    assert f"ROB {core.window.rob}" in text
    drawn = {word for line in lines if "| port " in line for word in line.split()}
    assert set(core.ports.names) <= drawn
    boxed = [line for line in lines if "|" in line and line.rstrip()[-3:] != "  |"]
    assert {len(line) for line in boxed} == {70}


def test_a_core_without_a_uop_cache_is_drawn_without_one() -> None:
    assert "uop cache" not in "\n".join(block_diagram(load_core("nehalem").core))
    assert "uop cache" in "\n".join(block_diagram(load_core("skylake").core))


def test_the_list_shows_family_year_evidence_and_measured_error() -> None:
    text = view.list_text([load_core("skylake"), load_core("zen1")])
    first, second = text.splitlines()[1:3]
    assert first.split()[:3] == ["skylake", "2015", "skylake"]
    assert "5.0-7.0 %" in first
    assert " - " in second
    assert "state of evidence" in text
    assert all(len(line) <= 72 for line in text.splitlines())


def test_one_core_shows_its_errors_set_by_set() -> None:
    text = view.core_text(load_core("skylake"))
    rows = [line.split() for line in text.splitlines()]
    assert "BHive skl 20,000 5.04 % 1.50 % 5.12 % x0.880 x1.060".split() in rows
    assert "no measured blocks" in view.core_text(load_core("zen1"))


def test_json_has_the_errors_of_each_set() -> None:
    (result,) = json.loads(view.core_document(load_core("skylake")))["results"]
    assert [one["mean"] for one in result["core_error"]] == [5.04, 7.0]
    (result,) = json.loads(view.core_document(load_core("zen1")))["results"]
    assert result["core_error"] == []


def test_a_loan_and_a_fit_are_marked_with_their_reason() -> None:
    text = view.core_text(load_core("zen5"))
    lines = [line for line in text.splitlines() if line.startswith("?")]
    fitted = next(line for line in lines if "absolute_extra" in line)
    assert "ZEN5M, fitted: 120 rows" in fitted
    assert any("taken_branch" in line and "inherited" in line for line in lines)
    assert "8 fitted" in text


def test_the_json_of_a_core_has_the_class_of_every_figure() -> None:
    record = json.loads(view.core_document(load_core("lioncove")))["results"][0]
    assert set(record["classes"]) == {"measured", "documented", "inherited", "assumed"}
    figure = record["parameters"]["rename.to_dispatch"]
    assert figure["class"] == "inherited"
    assert figure["reason"].startswith("inherited from ")
    assert figure["assumed"] is False
