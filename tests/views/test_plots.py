"""Plots: made from results alone, the same bytes each time."""

from __future__ import annotations

import re
import xml.dom.minidom
from pathlib import Path

import pytest
from matplotlib.text import Text
from msgspec.structs import replace

from costmodel.commands.options import write_plot
from costmodel.engine.result import Comparison
from costmodel.errors import InputError, UsageError
from costmodel.studies.families import Family
from costmodel.studies.sensitivity import Effect
from costmodel.studies.studyfile import Silicon
from costmodel.studies.validate import Block, Validation
from costmodel.views import evenplot, plots, timeplots
from costmodel.views.figure import Plot
from costmodel.views.forest import Row, _lines, forest
from costmodel.views.render.html import SMALLEST, render
from costmodel.views.tree import Picture, Report, Section
from tests.make import an_estimate

BEFORE = an_estimate(window_cycles=30)
AFTER = an_estimate(window_cycles=33)
CHANGE = Comparison(BEFORE, AFTER, 1.0, 4.5)
EFFECTS = [Effect("window.rob", 0.5, 2.0, 4.0, 200, 240)]
BLOCKS = tuple(Block(k, b"\x90", "unroll", float(k)) for k in range(1, 5))


def every_plot() -> dict[str, Plot]:
    return {
        "difference": plots.difference_plot([CHANGE]),
        "no interval": plots.difference_plot([replace(CHANGE, low=None, high=None)]),
        "causes": plots.causes_plot(CHANGE),
        "break even": plots.break_even_plot({"a": 2.0, "b": 0.0}, {"a": 8.0, "b": 1.0}),
        "tornado": plots.tornado_plot(EFFECTS, 3.0, "what matters"),
        "predicted": plots.predicted_plot(
            Validation("f", "zen5", BLOCKS, (1.0, None, 3.3, 4.0), 1.0)
        ),
        "timeline": timeplots.timeline_plot(BEFORE),
        "stores": timeplots.store_buffer_plot(BEFORE),
    }


def test_every_plot_is_a_picture_and_the_same_each_time() -> None:
    for name, plot in every_plot().items():
        made = plot.bytes()
        xml.dom.minidom.parseString(made)
        assert b"<dc:date>" not in made, name
    for name in ("difference", "causes"):  # fills, hatches and clips have ids
        first, again = every_plot()[name], every_plot()[name]
        assert first.bytes() == again.bytes(), name


def test_the_name_says_how_it_is_kept(tmp_path: Path) -> None:
    def draw() -> Plot:
        return plots.difference_plot([CHANGE])

    write_plot(str(tmp_path / "a.png"), draw)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match="pdf"):
        write_plot(str(tmp_path / "a.pdf"), draw)
    with pytest.raises(InputError, match="cannot write"):
        write_plot(str(tmp_path / "no" / "a.svg"), draw)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_plot_leaves_no_state_behind() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    plots.difference_plot([CHANGE]).bytes()
    assert dict(mpl.rcParams) == before


def test_occupancy_counts_stores_between_issue_and_commit() -> None:
    stores = [u for u in BEFORE.timeline if u.committed >= 0]
    times, counts = timeplots.occupancy(stores)
    assert times == sorted(times)
    assert not counts or counts[-1] == 0


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        ([0, 5], [0, 5]),
        ([0, 0], [-0.5, 0.5]),
        ([0, 0, 0, 9], [-1, 0, 1, 9]),
        ([0, 0.5, 1.2], [-0.4333333, 0.5666667, 1.5666667]),
    ],
)
def test_labels_are_moved_apart_and_no_further(
    places: list[float], wanted: list[float]
) -> None:
    assert evenplot._spread(places, 1.0) == pytest.approx(wanted)


def test_an_svg_turns_dark_with_the_screen_and_stays_what_it_is_elsewhere() -> None:
    made = plots.causes_plot(CHANGE).bytes().decode()
    style = made[made.index("<style>") : made.index("</style>")]
    assert "prefers-color-scheme:dark" in style
    assert made.index("<style>") < made.index("<path")
    drawn = set(re.findall(r"(?:fill|stroke)(?:: |=\")(#[0-9a-f]{6})", made))
    assert drawn
    for colour in drawn - {"#000000"}:
        assert f'"{colour}"]' in style or f": {colour}" in style, colour


def test_a_forest_stands_by_descent_and_joins_cores_that_are_alike() -> None:
    rows = [
        Row("a", 1.0, 1.0, 1.0, "", False), Row("b", 1.0, 1.0, 1.0, "", False),
        Row("c", 1.0, 1.0, 1.0, "", True), Row("d", 0.0, None, None, "?", False),
    ]  # fmt: skip
    families = (Family("X", ("d", "c")), Family("Y", ("b", "a")))
    lines = [[row.core for row in line.rows] for line in _lines(rows, families)]
    assert lines == [["d"], ["c"], ["b", "a"]]
    point = Silicon(uarch="c", value=3, low=2, high=4, source="a bench")
    made = forest(rows, "title", "cycles", "note", families, [point]).bytes()
    assert b"#0b5394" in made  # the colour of what was measured


def test_a_narrow_page_scrolls_a_plot_before_its_letters_get_too_small() -> None:
    plot = plots.difference_plot([CHANGE])
    page = render(
        Report("t", sections=(Section("", (Picture("p", "p", lambda: plot),)),)), 72
    )
    least = re.search(r'<div class="scroll"><img [^>]*style="min-width:(\d+)px"', page)
    assert least is not None and int(least[1]) == round(SMALLEST * plot.width)
    sizes = [float(text.get_fontsize()) for text in plot.figure.findobj(Text)]
    assert SMALLEST * min(sizes) * 96 / 72 >= 10  # pixels


def test_what_never_breaks_even_is_no_point_on_the_axis() -> None:
    rows = [
        Row("a", 40.0, 0.0, 100.0, "", False), Row("b", 100.0, 0.0, 100.0, "?", False)
    ]  # fmt: skip
    plot = forest(rows, "title", "%", "note", signed=False, never=100.0)
    texts = {text.get_text() for text in plot.figure.findobj(Text)}
    assert {"40.0", "never?", "never, as stated"} <= texts and "100.0?" not in texts
    usual = forest(rows[:1], "title", "%", "note", signed=False, never=100.0)
    texts = {text.get_text() for text in usual.figure.findobj(Text)}
    assert "never, as stated" not in texts


def test_the_shares_plot_has_what_was_measured_and_says_never() -> None:
    plot = plots.break_even_plot(
        {"a": 2.0, "b": 3.0}, {"a": 8.0, "b": 1.0}, "note", {"a": (3.0, 9.0)}
    )
    texts = " ".join(text.get_text() for text in plot.figure.findobj(Text))
    assert "+3.0: a, measured" in texts and "+3.0: b, never" in texts
    assert b"#0b5394" in plot.bytes()
