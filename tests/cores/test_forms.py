"""Single forms against uops.info's figures, and the families that went wrong once.

``tools/forms.py`` holds all of calibration/forms.csv; here it is every fifth block.
"""

from __future__ import annotations

import pytest

from costmodel.code.decode import decode_bytes
from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate
from costmodel.engine.lower import Lowering
from tools.forms import Row, agreement, held, rows

CORES, TABLE = rows()
FLOOR = 0.97


@pytest.mark.parametrize("core", CORES)
def test_forms_agree_with_measurement(core: str) -> None:
    blocks = held(core, TABLE[::5])
    good, count = agreement(blocks, register=True)
    assert count > 40
    assert good / count >= FLOOR, [
        (b.row.form, b.row.kind, b.expected, b.modelled) for b in blocks if not b.agrees
    ]
    good, count = agreement(blocks, register=False)
    assert good >= 0.95 * count, core


def test_a_wrong_latency_is_seen() -> None:
    row = Row("IMUL (R64, R64)", "alone", bytes.fromhex("480fafd3"), {"skylake": 4.0})
    assert not held("skylake", [row])[0].agrees


def cycles(core: str, code: str) -> float:
    return rate(load_core(core), bytes.fromhex(code), "opcache")[0]


# popcnt %rsi,%rax: the destination is waited for up to Skylake
@pytest.mark.parametrize(
    ("core", "measured"),
    [("sandybridge", 3), ("skylake", 3), ("icelake", 1), ("goldencove", 1)],
)
def test_population_count_waits_for_its_destination(core: str, measured: int) -> None:
    assert cycles(core, "f3480fb8c6") == pytest.approx(measured, abs=0.3)


# adc $1,%eax as 15 id, adc $0,%al as 14 ib, sbb as 1d id
@pytest.mark.parametrize("code", ["1501000000", "1400", "1d01000000"])
def test_short_forms_of_carry_take_two_cycles_to_skylake(code: str) -> None:
    assert cycles("broadwell", code) == pytest.approx(2, abs=0.1)
    assert cycles("skylake", code) == pytest.approx(2, abs=0.1)
    assert cycles("goldencove", code) == pytest.approx(1, abs=0.1)


# add $2,%bh
@pytest.mark.parametrize(
    ("core", "measured"), [("skylake", 1), ("icelake", 3), ("lioncove", 4)]
)
def test_high_bytes_are_slow_from_ice_lake_on(core: str, measured: int) -> None:
    assert cycles(core, "80c702") == pytest.approx(measured, abs=0.1)


# xchg %dh,%bh; %dl,%bh; %dh,%bl: each has its own latencies, by uops.info
@pytest.mark.parametrize(
    ("code", "measured"), [("86f7", 7.5), ("86d7", 5.5), ("86f3", 5.5)]
)
def test_each_of_two_high_bytes_counts_by_itself(code: str, measured: float) -> None:
    assert cycles("lioncove", code) == pytest.approx(measured, abs=0.3)


def test_a_row_for_high_bytes_states_all_they_cost() -> None:
    lowering = Lowering(load_core("goldencove"))
    high, low = (decode_bytes(bytes.fromhex(c))[0].form for c in ("f6e7", "f6e3"))
    assert lowering.lower(high).row == "costs.mul_high.h8"  # mul %bh
    assert lowering.lower(high).uops[0].latency == lowering.lower(low).uops[0].latency
    # sub %bh,%bh needs no old value on Nehalem, as sub %bl,%bl
    for core in ("nehalem", "westmere"):
        assert cycles(core, "28ff") < 0.5
        assert cycles(core, "28db") < 0.5


def test_instructions_with_implied_registers_use_them_beside_their_operands() -> None:
    mulx = decode_bytes(bytes.fromhex("c4e2ebf6de"))[0].form  # mulx %rsi,%rdx,%rbx
    assert 2 in {use.reg for use in mulx.reads}
    mul = decode_bytes(bytes.fromhex("48f7e0"))[0].form  # mul %rax
    assert {0, 2} <= {use.reg for use in mul.writes}
    cbw = decode_bytes(bytes.fromhex("6698"))[0].form
    assert [(use.reg, use.width) for use in cbw.writes] == [(0, 16)]


# 1: loop 1b; 1: loopne 1b, as reported (and 4.94 and 6.0 on Alder Lake, uops.info)
@pytest.mark.parametrize(
    ("core", "loop", "loopne"),
    [("nehalem", 4, 7), ("skylake", 5, 6), ("goldencove", 5, 6)],
)
def test_counting_loops(core: str, loop: int, loopne: int) -> None:
    assert cycles(core, "e200") == pytest.approx(loop, abs=0.3)
    assert cycles(core, "e000") == pytest.approx(loopne, abs=0.3)


# adc %rbx,%rax alone, and with inc %rcx before it
def test_partial_flags_stall_nehalem_and_cost_sandy_bridge_a_uop() -> None:
    apart, between = "4811d8", "48ffc14811d8"
    assert cycles("nehalem", between) >= cycles("nehalem", apart) + 4
    assert cycles("sandybridge", between) == pytest.approx(2, abs=0.1)
    # inc %rax, setbe %cl reads the carry of an older writer, cmp's is its own
    both, own = "48ffc00f96c1", "4839d80f96c1"
    assert cycles("sandybridge", both) > cycles("sandybridge", own)
    assert cycles("skylake", both) == pytest.approx(cycles("skylake", own), abs=0.1)
