"""Intervals of the cycles of one path: draws, then the model's own error."""

from __future__ import annotations

import pytest

from costmodel import api
from costmodel.studies import absolute
from costmodel.studies.absolute import with_intervals
from tests.make import a_path


def test_the_interval_holds_the_estimate_and_grows_with_the_models_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = a_path()
    estimate = api.estimate(path, "skylake")
    spans = []
    for factors in ((1.0, 1.0), (0.5, 2.0)):
        monkeypatch.setattr(absolute, "widening", lambda *_, f=factors: f)
        (one,) = with_intervals([estimate], [path], draws=4)
        assert one.low is not None and one.high is not None
        assert one.low <= estimate.cycles <= one.high
        spans.append(one.high - one.low)
    assert spans[1] > spans[0]


def test_without_a_record_only_the_figures_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(absolute, "widening", lambda *_: None)
    path = a_path("4801d8")
    estimate = api.estimate(path, "skylake", scenario="loop")
    (one,) = with_intervals([estimate], [path], draws=2)
    assert one.low == one.high == estimate.cycles
