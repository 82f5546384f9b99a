"""What a difference is made of: exact sums, sensible pairing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel import api
from costmodel.engine.result import Comparison, Estimate
from costmodel.studies.compare import (
    by_cause,
    by_instruction,
    by_stretch,
    code_change,
    delta,
)
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


# --- real paths: the parts are of what the change did, not of ties that broke ---------
STUBS = "stubs/top-of-stack/"
CORES = ("skylake", "haswell", "zen3", "zen5")


def changed(core: str, after: str = "every-slot-mov", **options: Any) -> Comparison:
    before = f"{STUBS}v3.16-fast.S"
    return api.compare(before, f"{STUBS}{after}.S", core, **options)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("cold", [{}, {"all": "l3"}])
def test_parts_of_real_paths_add_up_exactly(core: str, cold: dict[str, str]) -> None:
    for scenario in ("once", "roundtrip"):
        c = changed(core, scenario=scenario, cold=cold)
        for side in (c.before, c.after):
            assert sum(n for _, _, n in side.retirement) == side.window_cycles
            assert sum(n for _, n in side.causes) == side.window_cycles
        assert sum(p.cycles for p in by_cause(c)) == delta(c)
        assert sum(p.cycles for p in by_instruction(c)) == delta(c)
        assert sum(n for _, n in by_stretch(c)) == delta(c)


@pytest.mark.parametrize("core", CORES)
def test_identical_files_differ_in_no_part(core: str) -> None:
    c = changed(core, after="v3.16-fast")
    assert by_cause(c) == by_instruction(c) == []
    assert not any(n for _, n in by_stretch(c))


@pytest.mark.parametrize("core", CORES)
def test_no_part_is_much_larger_than_what_was_added(core: str) -> None:
    """A handful of plain stores: nothing unchanged moves by more than a few cycles."""
    parts = by_instruction(changed(core))
    assert max(abs(p.cycles) for p in parts if p.change == " ") <= 6


def test_a_jump_whose_target_moved_is_the_same_jump() -> None:
    parts = by_instruction(changed("skylake"))
    jumps = [p for p in parts if p.insn and p.insn.form.mnemonic.startswith("j")]
    assert all(p.change == " " for p in jumps)
