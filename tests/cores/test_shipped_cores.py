"""Every core there is loads, with a source and an interval on every number."""

from __future__ import annotations

import pytest

from costmodel.cores import catalogue
from costmodel.cores.check import check, check_all
from costmodel.cores.load import load_core

CORES = catalogue.core_names()


@pytest.mark.parametrize("name", CORES)
def test_every_number_has_a_source_and_bounds_around_it(name: str) -> None:
    loaded = load_core(name)
    assert loaded.core.name == name
    assert loaded.evidence
    for path, known in loaded.evidence.items():
        assert known.low <= known.value <= known.high, path
        assert known.assumed or known.source_id in loaded.sources, path
        assert known.where or not known.stated, path


@pytest.mark.parametrize("name", CORES)
def test_no_figure_rests_on_a_default_of_the_model(name: str) -> None:
    doubts = [one for one in check(name) if one.kind in ("unsourced", "invalid")]
    assert doubts == []


def test_no_name_means_two_cores() -> None:
    assert [one for one in check_all() if one.kind == "alias"] == []


@pytest.mark.parametrize("name", CORES)
def test_every_alias_finds_its_core(name: str) -> None:
    for alias in load_core(name).core.aliases:
        assert catalogue.resolve(alias).stem == name
