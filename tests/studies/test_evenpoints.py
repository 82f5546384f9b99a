"""Measured shares of calls: added over spared, where both were measured."""

from __future__ import annotations

from costmodel import data
from costmodel.studies.evenpoints import even_points, share_points
from costmodel.studies.study import load_study
from costmodel.studies.studyfile import Silicon


def a_point(uarch: str, value: float, low: float, high: float) -> Silicon:
    return Silicon(uarch=uarch, value=value, low=low, high=high, source="a bench")


def test_a_share_is_what_is_added_over_what_is_spared() -> None:
    added = [a_point("a", 2, 1, 4), a_point("b", 2, 1, 4)]
    (share,) = share_points(added, [a_point("a", 8, 5, 10)])
    assert (share.uarch, share.value) == ("a", 25)
    assert (share.low, share.high) == (10, 80)


def test_nothing_spared_is_no_share_and_what_costs_nothing_pays_at_once() -> None:
    assert share_points([a_point("a", 2, 1, 3)], [a_point("a", 0, -1, 1)]) == ()
    (free,) = share_points([a_point("a", -1, -2, 3)], [a_point("a", 2, -1, 4)])
    assert (free.value, free.low, free.high) == (0, 0, 100)


def test_the_shipped_study_has_two() -> None:
    study, _ = load_study(str(data.stubs_dir() / "top-of-stack" / "study.yaml"))
    (even,) = (q for q in study.questions if q.kind == "break_even")
    shares = {point.uarch: round(point.value) for point in even_points(study, even)}
    assert shares == {"zen4": 17, "goldencove": 33}
    assert all(not even_points(study, q) for q in study.questions if q is not even)
