"""What a difference is made of: exact sums, sensible pairing."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from costmodel.engine.result import Comparison, Estimate
from costmodel.studies.compare import by_cause, by_instruction, code_change, delta
from tests.make import LOAD, STORE, STORE_IMMEDIATE, SWAPGS, a_path, an_estimate

CODE = st.lists(st.sampled_from([LOAD, STORE, STORE_IMMEDIATE, SWAPGS]), min_size=1)


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    path = a_path(*draw(CODE))
    steps = range(-1, len(path.steps))
    charge = st.tuples(
        st.sampled_from(steps), st.sampled_from("abcd"), st.integers(0, 50)
    )
    charges = tuple(draw(st.lists(charge, max_size=12)))
    causes: dict[str, int] = {}
    for _, cause, cycles in charges:
        causes[cause] = causes.get(cause, 0) + cycles
    return an_estimate(
        path,
        window_cycles=sum(causes.values()),
        copies=draw(st.integers(1, 7)),
        causes=tuple(causes.items()),
        charges=charges,
        timeline=(),
        critical_path=(),
        pt_regs=(),
    )


@given(estimates(), estimates())
def test_causes_and_instructions_each_add_up_to_the_difference_exactly(
    before: Estimate, after: Estimate
) -> None:
    comparison = Comparison(before, after)
    assert sum(p.cycles for p in by_cause(comparison)) == delta(comparison)
    assert sum(p.cycles for p in by_instruction(comparison)) == delta(comparison)


@given(estimates(), estimates())
def test_the_way_back_costs_the_opposite(before: Estimate, after: Estimate) -> None:
    there, back = Comparison(before, after), Comparison(after, before)
    assert delta(there) == -delta(back)
    causes = {p.cause: p.cycles for p in by_cause(there)}
    assert causes == {p.cause: -p.cycles for p in by_cause(back)}


@given(estimates())
def test_a_path_differs_from_itself_in_nothing(estimate: Estimate) -> None:
    same = Comparison(estimate, estimate)
    assert by_cause(same) == by_instruction(same) == []


def test_an_inserted_instruction_carries_its_own_cycles() -> None:
    before = an_estimate(
        a_path(SWAPGS, LOAD), window_cycles=12, charges=((0, "a", 8), (1, "b", 4))
    )
    after = an_estimate(
        a_path(SWAPGS, STORE, LOAD),
        window_cycles=17,
        charges=((0, "a", 8), (1, "c", 6), (2, "b", 3)),
    )
    parts = by_instruction(Comparison(before, after))
    shown = [
        (p.change, p.insn.form.mnemonic if p.insn else "", p.cycles) for p in parts
    ]
    assert shown == [("+", "mov", Fraction(6)), (" ", "mov", Fraction(-1))]


def test_code_change_counts_instructions_bytes_and_accesses() -> None:
    change = code_change(
        Comparison(an_estimate(a_path(STORE)), an_estimate(a_path(STORE, LOAD)))
    )
    assert (change.instructions, change.bytes) == (1, 5)
    assert (change.loads, change.stores) == (1, 0)
