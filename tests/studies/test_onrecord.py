"""What is known of a change: found by the code of both sides, on its core only."""

from __future__ import annotations

import json

import costmodel as cm
from costmodel import data
from costmodel.studies.compare import code_change
from costmodel.studies.onrecord import known_of
from costmodel.views.known import known_texts, points_of

STUBS = data.stubs_dir() / "top-of-stack"
FAST, BY_MOV = (str(STUBS / f"{name}.S") for name in ("v3.16-fast", "every-slot-mov"))


def test_a_measured_change_is_found_both_ways_round() -> None:
    (there,) = known_of(cm.compare(FAST, BY_MOV, "zen5", draws=0))
    (back,) = known_of(cm.compare(BY_MOV, FAST, "zen5", draws=0))
    assert (there.cycles, there.low, there.high) == (3.5, 1.0, 6.0)
    assert (back.cycles, back.low, back.high) == (-3.5, -6.0, -1.0)
    assert "other way round" in back.source


def test_nothing_is_known_of_another_core_scenario_or_code() -> None:
    assert known_of(cm.compare(FAST, BY_MOV, "zen2", draws=0)) == ()
    assert known_of(cm.compare(FAST, BY_MOV, "zen5", draws=0, scenario="once")) == ()
    assert known_of(cm.compare(FAST, FAST, "zen5", draws=0)) == ()
    cold = {"frame": "l3"}
    assert known_of(cm.compare(FAST, BY_MOV, "zen5", draws=0, cold=cold)) == ()


def test_variants_of_a_measured_table_are_known_by_their_bytes() -> None:
    table = (data.stubs_dir() / "record" / "zen5-entry.csv").read_text().splitlines()
    rows = [line.split(",") for line in table if ",lfence1," in line]
    sides = [cm.load_path("-", stdin=row[3].encode()) for row in rows[:2]]
    change = cm.compare(*sides, "zen5", scenario="unroll", draws=0)
    (known,) = known_of(change)
    assert known.cycles == float(rows[1][4]) - float(rows[0][4])
    assert known.low < known.cycles < known.high
    assert points_of([known])[0].value == known.cycles


def test_every_format_tells_it_with_the_draws() -> None:
    change = cm.compare(FAST, BY_MOV, "zen5", draws=4)
    assert "this change on zen5: +3.5 (+1 to +6)" in change.text()
    assert "Interval: of 4 draws" in " ".join(change.text().split())
    (result,) = json.loads(change.render("json"))["results"]
    assert result["draws"] == 4
    assert result["known"][0]["cycles"] == 3.5
    assert set(result["known"][0]) == {
        "uarch", "scenario", "cycles", "low", "high", "source",
    }  # fmt: skip


def test_bounds_on_record_are_told_once_for_the_cores_that_share_them() -> None:
    record = data.stubs_dir() / "record"
    sides = str(record / "nospill.S"), str(record / "spill.S")
    cores = "haswell", "ivybridge", "sandybridge"
    found = [
        known
        for core in cores
        for known in known_of(cm.compare(*sides, core, scenario="once", draws=0))
    ]
    (line,) = known_texts(found)
    assert line.text.startswith(
        "this change on haswell, ivybridge, sandybridge: +4 to +10; on record (R10)"
    )
    assert points_of(found) == ()


def test_the_change_of_the_thread_is_the_six_instructions_the_study_names() -> None:
    change = code_change(cm.compare(FAST, BY_MOV, "zen5", draws=0))
    assert change.instructions == 6 and change.stores == 5 and change.loads == 1
    study = (STUBS / "study.yaml").read_text()
    assert "six here" in study and "five added stores" in study
