"""estimate, explain and compare as text, held against stored pages."""

from __future__ import annotations

import re
from fractions import Fraction

from msgspec.structs import replace

from costmodel.engine.result import Comparison, Estimate, Guess
from costmodel.views.render.text import section_lines
from costmodel.views.sections import cause_section
from tests.golden_file import check
from tests.make import (
    A_GUESS,
    LOAD,
    STORE,
    STORE_IMMEDIATE,
    SWAPGS,
    a_path,
    an_estimate,
)
from tests.shown import comparisons_text, estimates_text, explanation_text


def a_comparison() -> Comparison:
    after = a_path(SWAPGS, STORE, STORE_IMMEDIATE, LOAD, file="after.S")
    return Comparison(
        an_estimate(),
        an_estimate(
            after,
            window_cycles=35,
            causes=(("serialising", 20), ("store forwarding", 7), ("decode width", 8)),
            charges=(
                (0, "serialising", 20),
                (2, "decode width", 8),
                (3, "store forwarding", 3),
                (-1, "start", 4),
            ),
        ),
    )


def fits(text: str, width: int = 72) -> bool:
    return text.isascii() and all(len(line) <= width for line in text.splitlines())


def test_one_estimate() -> None:
    text = estimates_text([an_estimate(guesses=(A_GUESS,), unknown=("frobq",))])
    assert text.startswith("30?? cycles")
    assert fits(text)
    check("views/estimate.txt", text)


def of_the_core(*names: str) -> tuple[Guess, ...]:
    return tuple(Guess(name, 2, 1, 3, "") for name in names)


def test_assumed_figures_of_the_core_are_counted_and_the_first_few_named() -> None:
    names = [f"window.a_rather_long_name_{k}" for k in range(9)]
    text = estimates_text([an_estimate(guesses=(*of_the_core(*names), A_GUESS))])
    assert text.startswith("30?? cycles")
    assert fits(text)
    said = " ".join(text.split())
    assert "? 9 of the core itself: window.a_rather_long_name_0 2 (1-3)," in said
    assert "window.a_rather_long_name_4" not in said
    assert "and 5 more (--json lists them) ? swapgs * latency" in said
    whole = " ".join(explanation_text(an_estimate(guesses=of_the_core(*names))).split())
    assert "window.a_rather_long_name_8 2 (1-3)" in whole


def test_of_several_cores_the_assumed_figures_are_counted() -> None:
    one = an_estimate(guesses=of_the_core("window.rob", "memory.line"))
    other = an_estimate(uarch="zen5", guesses=of_the_core("window.rob"))
    text = estimates_text([one, other])
    assert fits(text)
    assert "? of the core itself: skylake 2, zen5 1 (--json lists them)" in text


def test_a_difference_rests_on_what_either_side_assumes() -> None:
    both = Comparison(an_estimate(guesses=of_the_core("window.rob")), an_estimate())
    text = comparisons_text([both])
    assert re.search(r"0\? .* skylake", text)
    assert "figures assumed, not sourced (?)" in text


def test_several_cores() -> None:
    other = an_estimate(uarch="zen5", title="AMD Zen 5", window_cycles=61, copies=2)
    text = estimates_text([an_estimate(), other])
    assert fits(text)
    check("views/estimates.txt", text)


def test_several_paths_get_a_table_each() -> None:
    text = estimates_text([an_estimate(), an_estimate(a_path(file="other.S"))])
    assert text.count("most in") == 2


def test_causes_printed_add_up_to_the_cycles_printed() -> None:
    thirds = (("a", 10), ("b", 10), ("c", 10))
    made = cause_section(an_estimate(causes=thirds, window_cycles=30, copies=7))
    lines = section_lines(made, 72)
    figures = [Fraction(m) for m in re.findall(r"^ +([\d.]+)", "\n".join(lines), re.M)]
    assert sum(figures[:-1]) == figures[-1] == Fraction("4.29")


def test_slots_that_are_not_written_are_named() -> None:
    assert "not written: SS, RSP" in estimates_text([an_estimate()])


def test_a_path_without_memory_or_causes_is_shown_too() -> None:
    bare = an_estimate(
        lines=(), pt_regs=(), causes=(), charges=(), critical_path=(), timeline=()
    )
    assert "touches no memory" in estimates_text([bare])
    assert fits(explanation_text(bare))


def test_explanation() -> None:
    text = explanation_text(an_estimate(guesses=(A_GUESS,)))
    assert fits(text)
    check("views/explain.txt", text)


def test_a_wider_terminal_gets_a_wider_timeline() -> None:
    wide = explanation_text(an_estimate(), 120)
    assert any(len(line) > 72 for line in wide.splitlines())
    assert fits(wide, 120)


def test_comparison() -> None:
    text = comparisons_text([a_comparison()])
    assert fits(text)
    check("views/compare.txt", text)


def test_comparison_on_several_cores_with_intervals() -> None:
    one = a_comparison()

    def on(core: str, e: Estimate) -> Estimate:
        return replace(e, uarch=core, copies=4)

    two = Comparison(on("zen5", one.before), on("zen5", one.after), -0.5, 3.25)
    text = comparisons_text([one, two])
    assert fits(text)
    check("views/compare-intervals.txt", text)


def test_no_difference_says_so() -> None:
    same = Comparison(an_estimate(), an_estimate())
    assert "no cause differs" in comparisons_text([same])
