"""Totals on record are met: whole system calls, and pairs of system instructions.

How each total divides among its instructions is assumed; that they add up is not.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate
from costmodel.engine.estimate import estimate
from costmodel.studies.record import findings, load_record

RECORD, PATHS = load_record(
    str(Path(__file__).parents[2] / "stubs" / "record" / "record.yaml")
)
TOTALS = [row for row in RECORD.rows if row.id.startswith("T")]


@pytest.mark.parametrize("row", TOTALS, ids=lambda row: row.id)
def test_a_total_is_met_or_said_why(row) -> None:
    (core,) = row.cores
    cycles = float(
        estimate(PATHS[row.after], load_core(core), scenario=row.scenario).cycles
    )
    met = row.expect.low <= cycles <= row.expect.high
    assert met or row.why, cycles
    assert not (met and row.why), "what is met needs no excuse"


def test_most_totals_are_met() -> None:
    assert len(TOTALS) >= 9
    assert sum(bool(row.why) for row in TOTALS) <= 1


# wrgsbase %rax, wrgsbase %rcx; apart, with 24 nops between
BOTH = bytes.fromhex("f3480faed8f3480faed9")


@pytest.mark.parametrize("core", ["haswell", "skylake", "icelake", "goldencove"])
def test_a_second_update_of_a_segment_base_waits_on_intel(core: str) -> None:
    loaded = load_core(core)
    together = rate(loaded, BOTH, "unroll")[0] / 2
    apart = rate(loaded, BOTH[:5] + bytes.fromhex("90") * 96, "unroll")[0]
    empty = rate(loaded, bytes.fromhex("90") * 96, "unroll")[0]
    assert 15 <= together <= 22
    assert apart - empty <= 10


def test_interrupt_flag_is_cheap_once_on_amd() -> None:
    """CLI and STI as a pair take 9 on K7; 47 on Zen 4 is of STI repeated."""
    cycles = rate(load_core("k10"), bytes.fromhex("fafb"), "unroll")[0]
    assert cycles == pytest.approx(10, abs=3)


def test_totals_lie_inside_their_interval_or_it_is_said_why() -> None:
    """What was measured, the middle of it, and the 90 % interval of the model."""
    cores = list(dict.fromkeys(core for row in TOTALS for core in row.cores))
    why = {row.id: row.why for row in TOTALS}
    for found in findings(replace(RECORD, rows=tuple(TOTALS)), PATHS, cores, draws=16):
        middle = (found.expect_low + found.expect_high) / 2
        assert found.low <= middle <= found.high or why[found.id], found.id


@pytest.mark.parametrize("core", ["zen1", "zen3", "zen5"])
def test_only_who_uses_gs_waits_for_swapgs_on_amd(core: str) -> None:
    """Behind a chain of 60 cycles: 40 additions beside it, or of a load through GS."""
    chain, swapgs = bytes.fromhex("480fafc0") * 20, bytes.fromhex("0f01f8")
    additions = bytes.fromhex("4801d1") * 40  # of %rdx to %rcx
    joined = bytes.fromhex("4801c8")  # add %rcx,%rax: the next chain waits for them
    loaded = load_core(core)
    beside = rate(loaded, chain + swapgs + additions + joined, "opcache")[0]
    through = bytes.fromhex("65488b0a")  # mov %gs:(%rdx),%rcx
    after = rate(loaded, chain + swapgs + through + additions + joined, "opcache")[0]
    assert beside == pytest.approx(61, abs=3)
    assert after > beside + 45
