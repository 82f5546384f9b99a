"""Cold lines that change no answer: said why, and only where it is so."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from costmodel.engine.result import LineUse
from costmodel.studies.hidden import hidden
from costmodel.studies.study import Outcome, answer, load_study
from costmodel.views.render import rendered
from costmodel.views.study import study_report
from tests.make import an_estimate

STUDY = """\
title: t
draws: 2
paths: {few: few.S, more: more.S, read: read.S}
questions:
- {id: warm, question: "Warm?", kind: difference, before: few, after: more,
   scenario: once, sentence: "{value}"}
- {id: cold, question: "Cold?", kind: difference, before: few, after: more,
   scenario: once, cold: {stack: l3}, sentence: "{value}"}
- {id: warm-read, question: "Read warm?", kind: difference, before: few, after: read,
   scenario: once, sentence: "{value}"}
- {id: cold-read, question: "Read cold?", kind: difference, before: few, after: read,
   scenario: once, cold: {stack: l3}, sentence: "{value}"}
"""


def outcome_in(folder: Path) -> Outcome:
    few = "f: sub $64,%rsp\nmov %rax,(%rsp)\nmov %rbx,8(%rsp)\n"
    (folder / "few.S").write_text(few)
    (folder / "more.S").write_text(few + "mov %rcx,16(%rsp)\nmov %rdx,24(%rsp)\n")
    (folder / "read.S").write_text(few + "mov 32(%rsp),%rsi\nmov (%rsi),%rdi\n")
    (folder / "study.yaml").write_text(STUDY)
    return answer(*load_study(str(folder / "study.yaml")), ["skylake", "zen3"])


def test_stores_alone_hide_a_cold_line_and_a_load_does_not(tmp_path: Path) -> None:
    outcome = outcome_in(tmp_path)
    assert [h.id for h in outcome.hidden] == ["cold"]
    (why,) = outcome.hidden
    assert why.lines == 1 and 0 < why.waiting <= 4 < why.entries
    text = " ".join(rendered("text", study_report(outcome)).split())
    assert 'On every core as the answer to "Warm?": only stores fetch the 1' in text
    assert "the smallest store buffer holds" in text
    warm, cold = outcome.of("warm-read"), outcome.of("cold-read")
    assert all(b.value > a.value for a, b in zip(warm, cold, strict=True))


def test_without_a_question_on_warm_lines_the_table_stays(tmp_path: Path) -> None:
    outcome_in(tmp_path)
    study, paths = load_study(str(tmp_path / "study.yaml"))
    cold = replace(study, questions=study.questions[1:2])
    assert answer(cold, paths, ["zen3"]).hidden == ()


def test_nothing_is_hidden_where_a_load_fetched_or_nothing_was() -> None:
    stored = LineUse("stack L0", 1, 1, 1, "l3", "store")
    loaded = LineUse("stack L1", 1, 0, 0, "l3", "load")
    known = hidden("q", [an_estimate(lines=(stored,), store_buffer_peak=3)])
    assert known is not None and (known.lines, known.waiting) == (1, 3)
    assert hidden("q", [an_estimate(lines=(stored, loaded))]) is None
    warm = replace(an_estimate(), lines=())
    assert hidden("q", [warm]) is None
