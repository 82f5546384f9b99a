"""The pipeline diagram: stages, folding, pages."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from costmodel.engine.result import UopTimes
from costmodel.views.pipeline import MOST_UOPS, abridged, pipeline_svg
from costmodel.views.timeline import fold, timeline_lines
from tests.make import an_estimate


@st.composite
def uops(draw: st.DrawFn) -> UopTimes:
    queued = draw(st.integers(0, 300))
    issued = queued + draw(st.integers(0, 40))
    ready = issued + draw(st.integers(0, 40))
    dispatched = ready + draw(st.integers(0, 40))
    completed = dispatched + draw(st.integers(0, 300))
    retired = completed + draw(st.integers(0, 40))
    committed = draw(st.sampled_from([-1, retired + 3]))
    return UopTimes(
        draw(st.integers(0, 2)), draw(st.integers(0, 2)), "load", "2", queued, issued,
        ready, dispatched, completed, retired, committed, "store forwarding",
    )  # fmt: skip


@given(st.lists(uops(), min_size=1, max_size=6))
def test_columns_cover_every_cycle_once_and_events_stand_alone(
    found: list[UopTimes],
) -> None:
    columns = fold(found)
    for column, following in pairwise(columns):
        assert column.last + 1 == following.first
    alone = {c.first for c in columns if not c.folded}
    for uop in found:
        assert {uop.queued, uop.issued, uop.dispatched, uop.retired} <= alone


@given(st.lists(uops(), min_size=1, max_size=6), st.integers(60, 200))
def test_the_diagram_fits_and_shows_every_retirement(
    found: list[UopTimes], width: int
) -> None:
    lines = timeline_lines(an_estimate(timeline=tuple(found)), width)
    assert all(len(line) <= width for line in lines)
    diagram = "\n".join(lines[lines.index("") :])
    assert diagram.count("R") >= len(found)


def test_a_wait_for_inputs_is_told_from_a_wait_for_a_port() -> None:
    uop = UopTimes(1, 0, "load", "2", 0, 1, 4, 6, 9, 10, -1, "port")
    rows = timeline_lines(an_estimate(timeline=(uop,)), 72)
    assert ".Iww==DeeCR" in rows[-1].replace("Iww=", "Iww=")
    assert rows[-1].endswith("port")


def test_no_uops_no_diagram() -> None:
    assert timeline_lines(an_estimate(timeline=()), 72) == []


def test_a_long_run_of_microcode_is_shown_by_its_ends() -> None:
    def micro(uop: int, step: int = 0) -> UopTimes:
        return UopTimes(step, uop, "microcode", "", 0, 1, 2, 3, 4, 5, -1, "")

    kept = abridged([*(micro(i) for i in range(9)), micro(0, 1), micro(1, 1)])
    assert [(u.step, u.uop) for u in kept] == [(0, 0), (0, 8), (1, 0), (1, 1)]


def test_a_diagram_ends_and_says_what_it_left_out() -> None:
    uop = UopTimes(0, 0, "load", "2", 0, 1, 4, 6, 9, 10, -1, "")
    many = an_estimate(timeline=(uop,) * (MOST_UOPS + 3))
    assert timeline_lines(many, 72)[-1].startswith("3 uops more")
    assert "3 uops more" in pipeline_svg(many)
