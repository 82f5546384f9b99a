"""What a difference is made of: by cause, by instruction, by source line.

Both sides of a comparison are whole cycles of their own windows. They are compared as
exact fractions of one copy, so that the parts add up to the difference without error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction

from costmodel.code.decode import format_insn
from costmodel.code.insn import Insn
from costmodel.engine.result import Comparison, Estimate


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a difference: cycles more (or fewer) a copy."""

    cause: str  # "" for the part of an instruction
    insn: Insn | None  # None for the part of a cause, or what no instruction owns
    change: str  # "+" added, "-" removed, " " in both
    cycles: Fraction


@dataclass(frozen=True, slots=True)
class CodeChange:
    """How the code differs, whatever the core."""

    instructions: int
    bytes: int
    loads: int
    stores: int


def common_scenario(first: str, second: str) -> str:
    """One scenario both sides can run, if their defaults differ: ``once``."""
    return first if first == second else "once"


def delta(comparison: Comparison) -> Fraction:
    """The difference, exactly."""
    old, new = comparison.before, comparison.after
    return Fraction(new.window_cycles, new.copies) - Fraction(
        old.window_cycles, old.copies
    )


def by_cause(comparison: Comparison) -> list[Part]:
    """Parts of the difference by cause, largest first; zeros left out."""
    shares: dict[str, Fraction] = {}
    for sign, side in ((-1, comparison.before), (1, comparison.after)):
        for cause, cycles in side.causes:
            share = Fraction(sign * cycles, side.copies)
            shares[cause] = shares.get(cause, Fraction(0)) + share
    return _ordered(Part(cause, None, " ", share) for cause, share in shares.items())


def by_instruction(comparison: Comparison) -> list[Part]:
    """Parts of the difference by instruction, largest first; zeros left out.

    Instructions of the two paths are paired by their text, as a diff pairs lines: a
    pair shares one part, the rest were added or removed. Charges no instruction owns
    are gathered in a part of their own.
    """
    before, after = comparison.before, comparison.after
    old_cost, new_cost = _step_costs(before), _step_costs(after)
    old_text, new_text = _texts(before), _texts(after)
    matcher = SequenceMatcher(None, old_text, new_text, autojunk=False)
    parts: list[Part] = []
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        paired = old_text[i1:i2] == new_text[j1:j2]
        if not paired:
            parts += [
                Part("", before.insn(i), "-", -old_cost[i]) for i in range(i1, i2)
            ]
        for j in range(j1, j2):
            change, cycles = "+", new_cost[j]
            if paired:
                change, cycles = " ", cycles - old_cost[i1 + j - j1]
            parts.append(Part("", after.insn(j), change, cycles))
    parts.append(Part("", None, " ", new_cost[-1] - old_cost[-1]))
    return _ordered(parts)


def code_change(comparison: Comparison) -> CodeChange:
    """Instructions, bytes, loads and stores the change adds."""
    old, new = _counts(comparison.before), _counts(comparison.after)
    return CodeChange(*(b - a for a, b in zip(old, new, strict=True)))


def _counts(estimate: Estimate) -> tuple[int, int, int, int]:
    accesses = [m for s in estimate.path.steps for m in s.insn.form.memory]
    return (
        len(estimate.path.steps),
        estimate.path.bytes,
        sum(m.reads for m in accesses),
        sum(m.writes for m in accesses),
    )


def _step_costs(estimate: Estimate) -> list[Fraction]:
    """Cycles a copy by step; the last entry is for charges outside the path."""
    count = len(estimate.path.steps)
    whole = [0] * (count + 1)
    for step, _, cycles in estimate.charges:
        whole[step if 0 <= step < count else count] += cycles
    return [Fraction(cycles, estimate.copies) for cycles in whole]


def _texts(estimate: Estimate) -> list[str]:
    return [format_insn(step.insn) for step in estimate.path.steps]


def _ordered(parts: Iterable[Part]) -> list[Part]:
    kept = [part for part in parts if part.cycles]
    return sorted(kept, key=lambda part: -abs(part.cycles))
