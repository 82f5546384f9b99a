"""The thread's question: the sentence follows from the figures."""

from __future__ import annotations

import json

import pytest

from costmodel import api
from costmodel.engine.result import Comparison, Estimate, LineUse
from costmodel.studies import top_of_stack
from costmodel.studies.top_of_stack import CoreAnswer
from costmodel.views.answer import answer_document, answer_text, sentence
from tests.make import an_estimate


def cycles(count: int, core: str = "skylake", lines: int = 1) -> Estimate:
    uses = tuple(LineUse(f"stack L{i}", 1, 1, 1) for i in range(lines))
    return an_estimate(uarch=core, window_cycles=count, copies=10, lines=uses)


def an_answer(
    mov: int, push: int, dance: int, core: str = "skylake", lines: int = 1
) -> CoreAnswer:
    """Differences in tenths of a cycle over a fast path of 100."""
    fast = cycles(1000, core)
    return CoreAnswer(
        core,
        fast,
        Comparison(fast, cycles(1000 + mov, core, lines)),
        Comparison(fast, cycles(1000 + push, core)),
        Comparison(cycles(2000, core), cycles(2000 + dance, core)),
    )


def test_the_break_even_share_is_cost_over_saving() -> None:
    assert an_answer(20, 0, 80).break_even == pytest.approx(0.25)
    assert an_answer(-5, 0, 80).break_even == 0
    assert an_answer(20, 0, 0).break_even is None


def test_fewer_than_ten_everywhere_upholds_the_claim() -> None:
    said = sentence([an_answer(20, 10, 80), an_answer(99, 10, 80, "zen5")])
    assert "adds 2.0 to 9.9 cycles" in said
    assert "as was claimed" in said


def test_ten_is_not_fewer_than_ten() -> None:
    said = sentence([an_answer(20, 10, 80), an_answer(100, 10, 80, "zen5")])
    assert "except on zen5" in said


def test_a_share_above_one_is_no_break_even() -> None:
    assert "at no share" in sentence([an_answer(90, 0, 10)])
    said = sentence([an_answer(90, 0, 10, "zen5"), an_answer(20, 0, 80)])
    assert "once 25 % of all calls" in said
    assert "never on zen5" in said


def test_a_new_line_is_not_passed_over() -> None:
    assert "touch no line" in answer_text([an_answer(20, 10, 80)])
    assert "touch a new line" in answer_text([an_answer(20, 10, 80, lines=2)])


def test_the_page_fits_a_mail() -> None:
    page = answer_text([an_answer(20, 10, 80), an_answer(30, 10, 70, "sandybridge")])
    assert page.isascii()
    assert all(len(line) <= 72 for line in page.splitlines())


def test_json_says_the_same() -> None:
    document = json.loads(answer_document([an_answer(20, 10, 80)]))
    assert document["schema"] == 1
    (result,) = document["results"]
    assert result["by_mov_delta"] == pytest.approx(2)
    assert result["dance"] == pytest.approx(8)


def test_the_stubs_it_compares_are_there() -> None:
    names = (
        top_of_stack.FAST, top_of_stack.BY_MOV, top_of_stack.BY_PUSH,
        top_of_stack.FORK, top_of_stack.FORK_WITHOUT,
    )  # fmt: skip
    assert all((top_of_stack.stubs() / name).is_file() for name in names)


def test_the_forks_it_compares_run_from_entry_to_sysret() -> None:
    for name, count in ((top_of_stack.FORK, 61), (top_of_stack.FORK_WITHOUT, 50)):
        path = api.load_path(top_of_stack.stubs() / name)
        assert len(path.steps) == count
        assert path.steps[-1].insn.form.mnemonic.startswith("sysret")
