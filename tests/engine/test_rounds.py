"""Loops: the block that closes itself, rounds inside it, strings of known length."""

from __future__ import annotations

import pytest

from costmodel.api import estimate, load_path
from costmodel.code.insn import Path
from costmodel.engine.scenarios import closing


def a_path(text: str) -> Path:
    return load_path("-", stdin=text.encode())


NOPS = ".loop:\n" + " nop\n" * 16 + "inc %rax\ncmp $999,%rax\njne .loop\n"


@pytest.mark.parametrize(
    ("uarch", "measured"), [("skylake", 4.5), ("haswell", 4.5), ("icelake", 3.6)]
)
def test_a_block_with_its_own_back_edge_is_that_loop(
    uarch: str, measured: float
) -> None:
    """Case 02 (llvm-project #82908): 7.00 on Skylake, with a second dec and jnz."""
    result = estimate(a_path(NOPS), uarch, scenario="loop")
    assert result.cycles == pytest.approx(measured)
    assert result.instructions == 19


def test_the_appended_jump_is_the_two_byte_one() -> None:
    """Case 60 (uiCA PR #13): the pair split at 64 was four bytes off."""
    dec, jump = closing(15)
    assert (dec.form.length, jump.form.length) == (3, 2)
    assert closing(15, 400)[1].form.length == 6


@pytest.mark.parametrize(
    ("uarch", "low", "high"),
    [("ivybridge", 31, 33.5), ("sandybridge", 31, 33.5), ("haswell", 16, 18),
     ("skylake", 16, 18)],
)  # fmt: skip
def test_rounds_at_one_address_share_their_lines(
    uarch: str, low: float, high: float
) -> None:
    """Case 32 (Stack Overflow): 32.16 an outer round on Ivy Bridge, 52 modelled."""
    path = a_path("mov $16,%eax\ninner: dec %rax\njnz inner\n")
    assert low <= estimate(path, uarch, scenario="loop").cycles <= high


@pytest.mark.parametrize(
    ("uarch", "low", "high"), [("goldencove", 60, 100), ("skylake", 128, 190)]
)
def test_a_string_costs_by_its_length(uarch: str, low: float, high: float) -> None:
    """Case 61 and kernel-hour E8: 4,096 bytes in 70 to 96 cycles on Golden Cove,
    about 32 bytes a cycle on Skylake; 13 cycles for every length were printed."""
    whole = estimate(a_path("mov $4096,%ecx\nrep movsb\n"), uarch).cycles
    assert low <= whole <= high
    short = estimate(a_path("mov $64,%ecx\nrep movsb\n"), uarch).cycles
    assert short < whole - 50


def test_draws_move_what_a_string_costs() -> None:
    from costmodel.studies.absolute import with_intervals

    path = a_path("mov $4096,%ecx\nrep movsb\n")
    (result,) = with_intervals([estimate(path, "skylake")], [path], draws=20)
    assert result.low is not None and result.high is not None
    assert result.high - result.low > 20


@pytest.mark.parametrize(
    ("number", "operation"),
    [(0x48, "wrmsr_spec_ctrl"), (0x49, "wrmsr_pred_cmd"), (0xC0000101, "wrmsr_base"),
     (0x10, "")],
)  # fmt: skip
def test_a_wrmsr_costs_by_its_register(number: int, operation: str) -> None:
    """Kernel-hour B: entry_ibpb was priced as any WRMSR."""
    path = a_path(f"mov ${number:#x},%ecx\nwrmsr\n")
    assert path.steps[-1].insn.form.special == operation
    plain = estimate(a_path("mov (%rdi),%ecx\nwrmsr\n"), "skylake").cycles
    cycles = estimate(path, "skylake").cycles
    assert cycles > plain + 1000 if operation == "wrmsr_pred_cmd" else cycles < 500


@pytest.mark.parametrize("core", ["zen1", "zen3", "zen5", "skylake", "goldencove"])
@pytest.mark.parametrize(
    "code", ["f30f01ca", "f20f01ca", "0f01c6", "f20f00f0"],
    ids=["eretu", "erets", "wrmsrns", "lkgs"],
)  # fmt: skip
def test_no_core_has_fred_yet(core: str, code: str) -> None:
    """Kernel-hour A6: eretu on Zen 3 was 200 cycles, also under --strict."""
    assert estimate(a_path(code), core).unknown
