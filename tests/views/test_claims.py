"""What is said of a claim: the bounds it is read as, and every verdict on it."""

from __future__ import annotations

from math import inf

import pytest

from costmodel.studies.study import Answer
from costmodel.studies.studyfile import Claim, Question, Silicon
from costmodel.views.claims import bounds_said, claim_said


def a_question(*measured: Silicon, below: float = 10) -> Question:
    return Question(
        id="q", question="How much?", kind="difference", before="a", after="b",
        sentence="{value}", measured=measured,
        claim=Claim(source="a mail", says="next to nothing", below=below),
    )  # fmt: skip


def an_answer(uarch: str, verdict: str, unit: str = "cycles") -> Answer:
    return Answer("q", "How much?", uarch, 2, 2, 1, 3, unit, verdict, "", "said")


def a_point(uarch: str, low: float, high: float) -> Silicon:
    return Silicon(uarch=uarch, value=(low + high) / 2, low=low, high=high, source="s")


@pytest.mark.parametrize(
    ("above", "below", "unit", "said"),
    [
        (-inf, 10, "cycles", "below 10 cycles"),
        (30, inf, "cycles", "at least 30 cycles"),
        (0.5, 2, "lines", "at least 0.5 and below 2 lines"),
        (-inf, 1, "commits", "below 1 commit"),
        (-inf, inf, "cycles", "any number"),
    ],
)
def test_bounds_are_said_as_they_are(
    above: float, below: float, unit: str, said: str
) -> None:
    claim = Claim(source="s", says="t", above=above, below=below)
    assert bounds_said(claim, unit) == said


def test_one_verdict_everywhere_is_said_once() -> None:
    answers = [an_answer("zen3", "upheld"), an_answer("zen5", "upheld")]
    assert claim_said(a_question(), answers) == (
        '"next to nothing" (a mail), read as below 10 cycles: upheld on all cores.'
    )
    assert claim_said(a_question(), answers[:1]).endswith("upheld on zen3.")


def test_what_was_measured_has_a_verdict_of_its_own() -> None:
    asked = a_question(a_point("zen5", 1, 6), a_point("goldencove", 2, 12))
    said = claim_said(asked, [an_answer("zen5", "upheld")])
    assert "modelled, upheld on zen5; measured, " in said
    assert "upheld on zen5 (1 to 6)" in said
    assert "cannot say on goldencove (2 to 12)" in said


def test_the_most_common_verdict_is_that_of_elsewhere() -> None:
    answers = [an_answer("zen5", "upheld")]
    answers += [an_answer(f"core{k}", "not upheld") for k in range(5)]
    assert claim_said(a_question(), answers).endswith(
        "upheld on zen5 and not upheld elsewhere."
    )
    assert claim_said(a_question(), answers[:3]).endswith(
        "upheld on zen5 and not upheld on core0, core1."
    )
