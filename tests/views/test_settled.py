"""A path that did not settle is said to, wherever its cycles are shown."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

from msgspec.structs import replace

from costmodel.studies.record import Finding
from costmodel.studies.study import answer, load_study
from costmodel.studies.sweep import Point
from costmodel.studies.validate import Block, Validation
from costmodel.views.record import COLUMNS, _row
from costmodel.views.render import rendered
from costmodel.views.study import study_report
from costmodel.views.sweeps import sweep_report
from costmodel.views.tree import Report
from costmodel.views.unsettled import UNSETTLED
from costmodel.views.validation import validation_document, validation_text
from tests.make import a_path

SAID = "did not settle"
BLOCKS = tuple(Block(k, b"\x90", "unroll", float(k)) for k in range(1, 4))


def flat(text: str) -> str:
    return " ".join(text.split())


def test_of_a_sweep_the_values_are_named() -> None:
    points = [
        Point("zen5", "loop", "window.rob", at, Fraction(7, 2), settled=at != 128)
        for at in (64.0, 128.0)
    ]
    report = sweep_report([a_path()], points)
    assert f"{UNSETTLED}: 128" in flat(rendered("text", report))
    assert [p["settled"] for p in report.data["points"]] == [True, False]
    assert SAID not in rendered("text", sweep_report([a_path()], points[:1]))


def test_of_measured_blocks_it_is_a_number() -> None:
    wild = Validation("f", "zen5", BLOCKS, (1.0, 2.0, 3.0), 1.0,
                      settled=(True, False, False))  # fmt: skip
    assert f"2 blocks {UNSETTLED}" in flat(validation_text(wild))
    assert json.loads(validation_document(wild))["unsettled"] == 2
    calm = replace(wild, settled=(True, True, True))
    assert SAID not in validation_text(calm)
    assert json.loads(validation_document(calm))["unsettled"] == 0


def test_of_a_study_the_cores_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.hex").write_text("90")
    (tmp_path / "study.yaml").write_text(
        "title: t\npaths: {a: a.hex}\nquestions:\n"
        "- {id: q, question: 'How much?', kind: cost, after: a, sentence: '{value}'}\n"
    )
    outcome = answer(
        *load_study(str(tmp_path / "study.yaml")), ["zen3", "zen5"], draws=0
    )
    assert SAID not in rendered("text", study_report(outcome))
    first, last = outcome.answers
    assert first.settled and last.settled
    wild = replace(outcome, answers=(first, replace(last, settled=False)))
    assert f"{UNSETTLED}: zen5" in flat(rendered("text", study_report(wild)))
    told = json.loads(rendered("json", study_report(wild)))["answers"]
    assert [a["settled"] for a in told] == [True, False]


def test_of_a_row_of_the_record_the_cores_are_named() -> None:
    finding = Finding(
        "R1", "someone", "any", "little", "zen5", 1.0, 1.0, 1.0, "cycles", 0.0, 2.0,
        "agrees", "", "a, loop", settled=False,
    )  # fmt: skip
    report = Report("record", sections=(_row([finding]),))
    assert f"{UNSETTLED}: zen5" in flat(rendered("text", report))
    assert "settled" in COLUMNS
