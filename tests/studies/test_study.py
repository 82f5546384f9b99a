"""Studies: read strictly, answered draw by draw, claims upheld or not."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from costmodel import data
from costmodel.errors import InputError, UsageError
from costmodel.studies.study import Outcome, answer, even, load_study, verdict
from costmodel.studies.uncertainty import Interval
from costmodel.views.render import rendered
from costmodel.views.study import study_report

SHIPPED = data.stubs_dir() / "top-of-stack" / "study.yaml"
TINY = """\
title: "tiny"
draws: 4
paths: {short: short.hex, long: long.hex}
questions:
- id: more
  question: "What does one more cost?"
  kind: difference
  before: short
  after: long
  scenario: once
  sentence: "On {uarch}: {value} cycles ({low} to {high})."
  claim: {source: "nobody", says: "nothing", below: 1}
- id: same
  question: "And no more?"
  kind: difference
  before: short
  after: short
  scenario: once
  sentence: "On {uarch}: {value}."
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "short.hex").write_text("4801d8\n")
    (tmp_path / "long.hex").write_text("4801d8 480fafc3 480fafc3\n")
    (tmp_path / "study.yaml").write_text(TINY)
    return tmp_path / "study.yaml"


def study_in(style: str, outcome: Outcome) -> str:
    return rendered(style, study_report(outcome))


def test_answers_have_figures_verdicts_and_sentences(tiny: Path) -> None:
    outcome = answer(*load_study(str(tiny)), ["skylake", "zen5"])
    more, same = outcome.of("more"), outcome.of("same")
    assert [a.uarch for a in more] == ["skylake", "zen5"]
    for a in more:
        assert a.low <= a.value <= a.high
        assert a.value > 1
        assert a.verdict == "not upheld"
        assert a.sentence.startswith(f"On {a.uarch}: {a.value:g} cycles (")
    assert all((a.value, a.low, a.high) == (0, 0, 0) for a in same)


def test_the_documented_keys_are_there(tiny: Path) -> None:
    outcome = answer(*load_study(str(tiny)), ["skylake"])
    document = json.loads(study_in("json", outcome))
    wanted = {"question", "uarch", "value", "low", "high", "unit", "verdict",
              "sentence"}  # fmt: skip
    assert all(wanted <= set(a) for a in document["answers"])
    assert document["schema"] == 1


@pytest.mark.parametrize("style", ["text", "json", "markdown", "csv", "html"])
def test_every_format_is_the_same_each_time(tiny: Path, style: str) -> None:
    first, again = (
        study_in(style, answer(*load_study(str(tiny)), ["skylake"])) for _ in range(2)
    )
    assert first == again
    if style == "text":
        assert first.isascii()
        assert all(len(line) <= 72 for line in first.splitlines())


def test_answers_on_assumed_figures_are_marked(tiny: Path) -> None:
    study, paths = load_study(str(tiny))
    outcome = answer(study, paths, ["skylake"], draws=0)
    assert all(a.guesses >= 2 for a in outcome.answers)  # any core has a few
    text = study_in("text", outcome)
    assert "?" in text.split("What does one more cost?")[1].split("cycles")[0]
    assert "assumed figures stand behind one" in " ".join(text.split())
    assert json.loads(study_in("json", outcome))["answers"][0]["guesses"] >= 2


def test_without_draws_there_is_a_figure_and_no_interval(tiny: Path) -> None:
    outcome = answer(*load_study(str(tiny)), ["skylake"], draws=0)
    (a,) = outcome.of("more")
    assert a.low == a.value == a.high


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("kind: difference", "kind: guess"), "guess"),
        (("title:", "titel:"), "titel"),
        (("before: short", "before: shirt"), "shirt"),
        (("draws: 4", "draws: [4"), "study.yaml"),
    ],
)
def test_a_bad_study_is_refused_with_its_place(
    tiny: Path, change: tuple[str, str], said: str
) -> None:
    tiny.write_text(TINY.replace(*change))
    with pytest.raises(InputError) as problem:
        load_study(str(tiny))
    assert said in str(problem.value)
    assert "study.yaml" in problem.value.where


def test_break_even_is_where_savings_repay() -> None:
    assert even(Fraction(2), Fraction(8)) == 25
    assert even(Fraction(-1), Fraction(8)) == 0
    assert even(Fraction(2), Fraction(0)) == 100
    assert even(Fraction(9), Fraction(3)) == 100


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(1, 4, "upheld"), (1, 12, "cannot say"), (10, 12, "not upheld")],
)
def test_a_claim_holds_if_its_whole_interval_does(
    low: float, high: float, expected: str
) -> None:
    known = Interval((low + high) / 2, 0, low, high, 9)
    assert verdict(known, float("-inf"), 10) == expected


def test_the_shipped_study_asks_what_the_thread_asked() -> None:
    study, paths = load_study(str(SHIPPED))
    assert set(paths) == set(study.paths)
    wanted = {"fast-roundtrip", "break-even", "commits", "sysret", "unset-v3.16"}
    assert wanted <= {q.id for q in study.questions}
    outcome = answer(study, paths, ["zen5"], draws=2)
    (unset,) = outcome.of("unset-v3.16")
    assert (unset.value, unset.uarch) == (11, "all")
    assert "SS, RSP, EFLAGS, CS, RCX" in unset.sentence
    (lines,) = outcome.of("cold-lines")
    assert (lines.value, lines.verdict) == (0, "upheld")


def test_a_plot_is_chosen_by_its_question() -> None:
    from costmodel.views.studyplots import checked_name

    study, _ = load_study(str(SHIPPED))
    assert checked_name(study) == "fast-roundtrip"
    assert checked_name(study, "break-even") == "break-even"
    assert checked_name(study, "share-of-slow-calls") == "share-of-slow-calls"
    with pytest.raises(UsageError, match="no plot 'fast'"):
        checked_name(study, "fast")
