"""--set and --sweep, read; and one thing varied at a time."""

from __future__ import annotations

import pytest

from costmodel import api, data
from costmodel.errors import CoreError, UsageError
from costmodel.studies.settings import (
    Sweep,
    parse_settings,
    parse_sweep,
    values_for,
)
from costmodel.studies.sweep import sweep

FAST = api.load_path(str(data.stubs_dir() / "top-of-stack" / "v3.16-fast.S"))
EVERY = api.load_path(str(data.stubs_dir() / "top-of-stack" / "every-slot-mov.S"))


def test_what_names_a_core_wins_over_what_is_for_all() -> None:
    found = parse_settings(["window.rob=300", "zen5.window.rob=512", "ghz=2.5"])
    assert values_for(found, "zen5") == (("ghz", 2.5), ("window.rob", 512))
    assert values_for(found, "skylake") == (("ghz", 2.5), ("window.rob", 300))


def test_an_alias_of_a_core_is_set_too() -> None:
    found = parse_settings(["skylake.window.rob=300"])
    assert values_for(found, "skl") == (("window.rob", 300),)


@pytest.mark.parametrize("text", ["window.rob", "=3", "window.rob="])
def test_a_setting_without_a_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        parse_settings([text])


def test_a_sweep_includes_both_ends() -> None:
    assert parse_sweep("zen5.window.rob=100:400:4") == Sweep(
        "zen5", "window.rob", (100, 200, 300, 400)
    )
    assert parse_sweep("ghz=2:3:1").points == (2,)


@pytest.mark.parametrize("text", ["a=1:2", "a=1:2:0", "a=1:2:x", "a=1:2:3:4", "a"])
def test_a_bad_sweep_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--sweep"):
        parse_sweep(text)


def test_sweeping_a_latency_moves_the_path() -> None:
    points = sweep([FAST], "skylake", parse_sweep("costs.swapgs..latency=6:46:3"))
    assert [p.value for p in points] == [6, 26, 46]
    assert points[0].cycles < points[1].cycles < points[2].cycles
    assert all(p.delta is None for p in points)


def test_a_point_as_stated_is_the_estimate() -> None:
    (point,) = sweep([FAST, EVERY], "zen5", parse_sweep("window.rob=448:448:1"))
    made = api.compare(FAST, EVERY, "zen5")
    assert (float(point.before or 0), float(point.cycles)) == (
        made.before.cycles, made.after.cycles,
    )  # fmt: skip


def test_all_alignments_are_tried() -> None:
    points = sweep([FAST], "skylake", None, scenario="once")
    assert [p.value for p in points] == list(range(64))
    for at in (0, 17):
        made = api.estimate(FAST, "skylake", scenario="once", align=at)
        assert float(points[at].cycles) == made.cycles


def test_an_unknown_figure_is_refused() -> None:
    with pytest.raises(CoreError, match=r"window\.rib"):
        sweep([FAST], "skylake", parse_sweep("window.rib=1:2:2"))
