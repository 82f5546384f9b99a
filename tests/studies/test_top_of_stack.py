"""The answer of a study: figures measured and modelled, and a sentence that follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from costmodel import data
from costmodel.errors import InputError, UsageError
from costmodel.studies.headline import Told, told
from costmodel.studies.study import Answer, Cost, Outcome, answer, load_study
from costmodel.studies.studyfile import Study, narrowed
from costmodel.views.answer import answer_report, sentence
from costmodel.views.render import rendered

STUDY = data.stubs_dir() / "top-of-stack" / "study.yaml"


@pytest.fixture(scope="module")
def study() -> Study:
    return narrowed(load_study(str(STUDY))[0])


def answered(study: Study, added: dict[str, tuple[float, float, float]]) -> Outcome:
    """The shipped study with figures (value, low, high) of what each call pays."""
    answers = []
    for q in study.questions:
        if q.kind == "unset":
            text = q.sentence.replace("{slots}", "SS, CS")
            answers.append(
                Answer(q.id, q.question, "all", 2, 2, 2, 2, "slots", "", text, "")
            )
            continue
        for core, (value, low, high) in added.items():
            if q.id != "fast-roundtrip":
                value, low, high = 8.0, 8.0, 8.0
            answers.append(
                Answer(q.id, q.question, core, value, value, low, high, "cycles", "",
                       "", "", 3)
            )  # fmt: skip
    costs = tuple(
        Cost(core, name, "roundtrip", 100.0, 3)
        for core in added
        for name in study.paths
    )
    return Outcome(study, tuple(added), 24, tuple(answers), costs=costs)


def a_told(study: Study, **added: tuple[float, float, float]) -> Told:
    return told(answered(study, added))


def test_the_interval_holds_what_was_measured_on_the_same_core(study: Study) -> None:
    spread = a_told(study, zen5=(1, 1, 1), zen2=(2, 2, 3)).added
    assert (spread.median, spread.least, spread.most) == (1.5, 1, 2)
    assert spread.low == 1
    assert spread.high == 3.5  # measured on zen5, and modelled at 1


def test_a_measured_point_inside_its_cores_interval_widens_nothing(
    study: Study,
) -> None:
    spread = a_told(study, zen5=(1, -1, 4), zen2=(5, 4, 6)).added
    assert (spread.low, spread.high) == (-1, 6)  # 3.5 is between -1 and 4


def test_without_a_measured_core_the_interval_is_that_of_the_draws(
    study: Study,
) -> None:
    spread = a_told(study, zen2=(5, 4, 6)).added
    assert (spread.low, spread.high) == (4, 6)


def test_the_claim_is_upheld_only_if_every_end_keeps_it(study: Study) -> None:
    kept = a_told(study, zen2=(5, 4, 12))
    assert kept.upheld is False
    assert kept.expected
    assert sentence(kept).startswith("Most likely.")
    assert "fewer than 10 as was claimed (intervals reach 12)" in sentence(kept)


def test_the_claim_falls_if_a_stated_figure_breaks_it(study: Study) -> None:
    over = a_told(study, zen2=(11, 9, 12))
    assert over.upheld is False
    assert not over.expected
    assert "not always fewer than 10" in sentence(over)


def test_the_sentence_tells_what_was_measured(study: Study) -> None:
    text = sentence(a_told(study, zen5=(1, 1, 1)))
    assert "pays 1.6 to 3.5 cycles more, fewer than 10 as was claimed" in text
    assert "17 to 33 % of all calls are slow (Zen 4, Golden Cove, measured" in text


def test_one_screen_of_a_mail_with_the_answer_in_its_first_lines(
    study: Study,
) -> None:
    cores = {f"core{k:02}": (float(k % 6), 0.0, 6.0) for k in range(20)}
    outcome = answered(study, cores)
    lines = rendered("text", answer_report(told(outcome), outcome)).splitlines()
    assert len(lines) <= 36
    assert all(len(line) <= 72 and line.isascii() for line in lines)
    assert "cycles more" in "\n".join(lines[:6])
    assert sum("measured" in line for line in lines[:14]) >= 3


def test_json_keeps_the_keys_of_the_contract(study: Study) -> None:
    outcome = answered(study, {"zen5": (2.0, 1.0, 3.0)})
    whole = json.loads(rendered("json", answer_report(told(outcome), outcome)))
    assert whole["schema"] == 1
    (result,) = whole["results"]
    assert result["by_mov_delta"] == 2
    assert result["dance"] == 8
    assert result["break_even"] == pytest.approx(0.25)
    assert {"uarch", "scenario", "fast", "by_mov", "by_push", "by_push_delta",
            "guesses"} <= set(result)  # fmt: skip
    measured = {point["uarch"] for point in whole["measured"]}
    assert measured == {"zen4", "zen5", "goldencove"}


def test_the_answer_is_the_studys_own(study: Study) -> None:
    whole, paths = load_study(str(STUDY))
    outcome = answer(study, paths, ["zen5", "skylake"], draws=4)
    found = told(outcome, paths)
    assert sorted(reason.uarch for reason in found.reasons) == ["skylake", "zen5"]
    assert len(whole.questions) > len(study.questions) == 6


def test_a_study_without_a_headline_has_no_answer_to_tell(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    text = STUDY.read_text(encoding="utf-8")
    (tmp_path / "x").mkdir()
    file.write_text(text.replace("saved: dance-fork", "saved: commits"))
    with pytest.raises(InputError, match="headline names the question 'commits'"):
        load_study(str(file))
    bare = Study(title="x", paths={}, questions=())
    with pytest.raises(UsageError, match="names no answer"):
        narrowed(bare)
