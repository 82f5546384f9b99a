"""Zen 3 against a public run of uarch-bench on an EPYC 7J13 (its zen3-clock.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest

import costmodel as cm

MEASURED = [
    ("incl -8(%rsp)\n", 1.0),
    ("addl $1,-8(%rsp)\n", 1.0),
    ("addq $0,-8(%rax)\n", 1.0),
    ("addq $0,(%rax)\n", 1.0),
    ("movl %eax,-8(%rsp)\n", 0.5),
    ("imul %rax\n", 3.0),
    ("xor %eax,%eax\nimul %rax\n", 1.0),
    ("lfence\n", 10.4),
    ("rdtsc\n", 36.3),
    ("mov (%rax),%rax\n", 4.0),
    ("mov 4096(%rax,%rcx,8),%rax\n", 5.0),
]


@pytest.mark.parametrize(("text", "cycles"), MEASURED)
def test_repeats_at_the_measured_interval(
    text: str, cycles: float, tmp_path: Path
) -> None:
    source = tmp_path / "one.s"
    source.write_text(text)
    found = float(cm.estimate(str(source), "zen3", scenario="opcache").cycles)
    assert found == pytest.approx(cycles, abs=max(0.25, 0.05 * cycles))
