"""What a difference is made of: by cause, by instruction, by source line.

Both sides of a comparison are whole cycles of their own windows. They are compared as
exact fractions of one copy, so that the parts add up to the difference without error.

A cycle belongs to the instruction that retires after it (``Estimate.retirement``), not
to the critical path: of equally long paths a change of code may pick another, and what
moved nothing would show as large parts that cancel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from msgspec import Struct

from costmodel.code.decode import format_insn
from costmodel.code.insn import Insn
from costmodel.engine.result import Comparison, Estimate
from costmodel.engine.surround import STAND_IN

STRETCHES = ("entry", "handler", "exit", "user")


class Part(Struct, frozen=True):
    """A share of a difference: cycles more (or fewer) a copy."""

    cause: str  # "" for the part of an instruction
    insn: Insn | None  # None for the part of a cause, or what no instruction owns
    change: str  # "+" added, "-" removed, " " in both
    cycles: Fraction


class CodeChange(Struct, frozen=True):
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
        charged = [(cause, cycles) for _, cause, cycles in side.retirement]
        for cause, cycles in charged or side.causes:
            share = Fraction(sign * cycles, side.copies)
            shares[cause] = shares.get(cause, Fraction(0)) + share
    return _ordered(Part(cause, None, " ", share) for cause, share in shares.items())


def by_instruction(comparison: Comparison) -> list[Part]:
    """Parts of the difference by instruction, largest first; zeros left out.

    Instructions of the two paths are paired by what they do, as a diff pairs lines: a
    pair shares one part, the rest were added or removed. Charges no instruction owns
    are gathered in a part of their own.
    """
    before, after = comparison.before, comparison.after
    old_cost, new_cost = _step_costs(before), _step_costs(after)
    old_text, new_text = _texts(before), _texts(after)
    parts: list[Part] = []
    for i1, i2, j1, j2 in _stretches_of(old_text, new_text):
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


_MOST_PAIRS = 2_000_000  # of equal texts difflib is given to look at: about a second


def _stretches_of(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Stretches ``old[i1:i2]`` and ``new[j1:j2]`` that pair, or replace one another.

    What both sides begin and end with is paired first: it is most of what they have.
    Where the rest repeats itself without end, what is popular is not searched for.
    """
    least = min(len(old), len(new))
    head = 0
    while head < least and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < least - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head:
        yield 0, head, 0, head
    ends = len(old) - tail, len(new) - tail
    left, right = old[head : ends[0]], new[head : ends[1]]
    counts = Counter(right)
    many = sum(counts[text] for text in left) > _MOST_PAIRS
    from difflib import SequenceMatcher  # only comparisons need it

    matcher = SequenceMatcher(None, left, right, autojunk=many)
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        yield head + i1, head + i2, head + j1, head + j2
    if tail:
        yield ends[0], len(old), ends[1], len(new)


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


def by_stretch(comparison: Comparison) -> list[tuple[str, Fraction]]:
    """The difference by stretch of the path, in order: ``STRETCHES``, zeros too.

    Empty for a path without a handler: it has but one stretch.
    """
    if not any(s.handler for s in comparison.before.path.steps):
        return []
    shares = dict.fromkeys(STRETCHES, Fraction(0))
    for sign, side in ((-1, comparison.before), (1, comparison.after)):
        stretches = _stretches(side)
        for step, _, cycles in _charges(side):
            name = stretches[step] if 0 <= step < len(stretches) else STRETCHES[-1]
            shares[name] += Fraction(sign * cycles, side.copies)
    return list(shares.items())


def _stretches(estimate: Estimate) -> list[str]:
    """Which stretch each step is in. What surrounds the path has no source."""
    steps = estimate.path.steps
    own = [k for k, s in enumerate(steps) if s.insn.symbol != STAND_IN]
    calls = [k for k, s in enumerate(steps) if s.handler]
    out = []
    for k, step in enumerate(steps):
        if step.insn.symbol == STAND_IN:
            inside = bool(own) and own[0] < k < own[-1]
            out.append(STRETCHES[1] if inside else STRETCHES[3])
        else:
            out.append(STRETCHES[0 if calls and k <= calls[0] else 2])
    return out


def _charges(estimate: Estimate) -> Sequence[tuple[int, str, int]]:
    return estimate.retirement or estimate.charges


def _step_costs(estimate: Estimate) -> list[Fraction]:
    """Cycles a copy by step; the last entry is for charges outside the path."""
    count = len(estimate.path.steps)
    whole = [0] * (count + 1)
    for step, _, cycles in _charges(estimate):
        whole[step if 0 <= step < count else count] += cycles
    return [Fraction(cycles, estimate.copies) for cycles in whole]


def _texts(estimate: Estimate) -> list[str]:
    """What instructions are paired by: their text, less what moves with the code or is
    only a name (the targets of direct jumps, the symbols of relocations)."""
    return [_text(step.insn) for step in estimate.path.steps]


def _text(insn: Insn) -> str:
    text = format_insn(insn).partition(" # ")[0]
    return text.partition(" ")[0] if insn.target is not None else text


def _ordered(parts: Iterable[Part]) -> list[Part]:
    kept = [part for part in parts if part.cycles]
    return sorted(kept, key=lambda part: -abs(part.cycles))
