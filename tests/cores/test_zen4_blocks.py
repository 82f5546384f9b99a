"""Zen 4 does what blocks measured on one (data/zen4) showed, mechanism by mechanism.

Figures are cycles a copy from the uop cache, of data/zen4/blocks.csv.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate

ROWS = Path(__file__).resolve().parents[2] / "data" / "zen4" / "blocks.csv"

SHOWS = {
    "a NOP takes no slot": "mov 0x18(%rbx),%r15; nopl 0x0(%rax); test %r15,%r15",
    "a register moved to itself": "mov %edi,%edi",
    "stores in both halves of a line": "movl $0x0,0xc(%rsp); mov %rax,0x28(%rsp); "
    "mov %rax,%r14",
    "stores in one half": "mov %rcx,0x28(%rax); test %r9,%r9; mov %r9,0x30(%rax)",
    "PUSH and SUB are a chain of two": "push %rbx; mov %rdi,%rsi; mov %rdi,%rbx; "
    "sub $0x10,%rsp",
    "renamed far below the base": "addl $0x1,-0x500(%rbp); mov %rdx,%rax",
    "a chain does not wait for other work": "add $0x1,%rcx; movzbl (%rcx),%eax; "
    "test %al,%al",
}


@pytest.mark.parametrize("what", SHOWS)
def test_a_block_takes_what_it_took(what: str) -> None:
    with ROWS.open(encoding="utf-8") as rows:
        row = next(r for r in csv.DictReader(rows) if r["asm"].endswith(SHOWS[what]))
    measured = float(row["cycles_O"])
    modelled, *_ = rate(load_core("zen4"), bytes.fromhex(row["hex"]), "opcache", -1)
    assert modelled == pytest.approx(measured, rel=0.06)
