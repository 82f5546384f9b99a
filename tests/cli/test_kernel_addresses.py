"""Code and data above 2**63, and sums that wrap: where a kernel lives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from costmodel.code import registers as R
from costmodel.code.execution import run as execute
from costmodel.code.values import CONST, linkage
from tests.cli.conftest import Run
from tests.code.symbolic import block

TOP = 0xFFFFFFFF81000000
BODY = (
    "65488924251460" + "0000",  # mov %rsp,%gs:0x6014
    "65488b250460007f",  # mov %gs:0x7f006004(%rip),%rsp
    "488b0500100000",  # mov 0x1000(%rip),%rax
    "48890500100000",  # mov %rax,0x1000(%rip)
    "c3",
)


def listing(tmp_path: Path, base: int, body: Sequence[str] = BODY) -> str:
    lines, at = [f"{base:016x} <f>:"], base
    for code in body:
        data = bytes.fromhex(code)
        lines.append(f"{at:16x}:\t{data.hex(' ')} \tinsn")
        at += len(data)
    file = tmp_path / "kernel.txt"
    file.write_text("\n".join(lines) + "\n")
    return str(file)


@pytest.mark.parametrize("scenario", ["once", "roundtrip", "unroll", "loop", "opcache"])
def test_kernel_code_costs_what_it_costs_below(
    run: Run, tmp_path: Path, scenario: str
) -> None:
    answers = []
    for base in (TOP, 0x7FFFFFFFFFFFFFF0 & ~63, 0x1000):
        file = listing(tmp_path, base, (BODY[0], *BODY[2:]))
        common = ("-u", "skylake,zen5", "--scenario", scenario, "--json")
        status, out, err = run("estimate", file, *common, "--draws", "9")
        assert (status, err) == (0, "")
        results = json.loads(out)["results"]
        answers.append([(r["cycles"], r["low"], r["high"]) for r in results])
        assert run("compare", file, file, *common, "--draws", "9")[0] == 0
    assert answers[0] == answers[1] == answers[2]


def test_a_per_cpu_address_wraps_to_64_bits(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("explain", listing(tmp_path, TOP), "-u", "skylake")
    assert status == 0
    assert "per-CPU 0x6000" in out
    assert "0x1000000000000" not in out


@pytest.mark.parametrize(
    ("text", "register", "offset"),
    [
        ("mov $0x7fffffffffffffff,%rax; inc %rax", R.RAX, -(1 << 63)),
        ("mov $0x7fffffffffffffff,%rax; lea 1(%rax),%rax", R.RAX, -(1 << 63)),
        ("mov $0x7ffffffffffffff8,%rsp; pop %rax", R.RSP, -(1 << 63)),
        ("mov $0x8000000000000000,%rsp; push %rax", R.RSP, (1 << 63) - 8),
        ("mov $0x8000000000000000,%rax; add %rax,%rax", R.RAX, 0),
        ("mov $0x7fffffffffffffff,%rdi; stosb", R.RDI, -(1 << 63)),
    ],
)
def test_numbers_wrap_as_the_cpu_does(text: str, register: int, offset: int) -> None:
    machine = execute(block(text)).machine
    assert (machine.roots[register], machine.offsets[register]) == (CONST, offset)


def test_every_address_fits_64_bits_signed() -> None:
    far = "mov $0x7000000000000000,%rax; mov %rax,(%rax,%rax,8)"
    affine = "movabs $0x7fffffffffffffff,%rcx; add %rcx,%rbx; mov 8(%rbx,%rbx,8),%rax"
    for text in (far, affine, f"{far}; {affine}; add %rcx,%rax; push (%rax,%rcx,4)"):
        known = linkage(block(text), copies=4, always=True)
        for number in (*known.offset, *known.stride):
            assert -(1 << 63) <= number < 1 << 63


def test_a_store_is_found_by_an_address_that_wraps() -> None:
    text = "mov %rdx,-8(%rbx); movabs $0x8000000000000000,%rcx; add %rcx,%rbx;"
    known = linkage(block(text + "add %rcx,%rbx; mov -8(%rbx),%rax"))
    assert known.store[1] == 0


def test_validate_takes_blocks_with_addresses_past_the_end(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "blocks.csv"
    file.write_text("hex,cycles\n48b80000000000000070488904c0,1\n90,1\n")
    for scenario in ("once", "unroll", "loop", "opcache"):
        status, _, err = run(
            "validate", str(file), "-u", "skylake", "--scenario", scenario
        )
        assert (status, err) == (0, "")
