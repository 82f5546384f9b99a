"""What was claimed of a question, how it is read, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, isfinite

from costmodel.studies.study import Answer, silicon_verdict
from costmodel.studies.studyfile import Claim, Question
from costmodel.views.layout import number


def claim_said(question: Question, answers: Sequence[Answer]) -> str:
    """What was claimed, the bounds it is read as, and where they are kept: by the
    model, and by what was measured. Nothing without a claim."""
    claim = question.claim
    if claim is None:
        return ""
    everywhere = "all cores" if len(answers) > 1 else answers[0].uarch
    fates = [_fates(((a.verdict, a.uarch) for a in answers), everywhere)]
    if question.measured:
        fates[0] = f"modelled, {fates[0]}"
        told = (
            (
                silicon_verdict(claim, point),
                f"{point.uarch} ({_short(point.low)} to {_short(point.high)})",
            )
            for point in question.measured
        )
        fates.append(f"measured, {_fates(told)}")
    said = f'"{claim.says}" ({claim.source})'
    return f"{said}, read as {bounds_said(claim, answers[0].unit)}: {'; '.join(fates)}."


def bounds_said(claim: Claim, unit: str) -> str:
    """The bounds of a claim in words: ``below 10 cycles``."""
    parts = []
    if claim.above > -inf:
        parts.append(f"at least {_short(claim.above)}")
    if isfinite(claim.below):
        parts.append(f"below {_short(claim.below)}")
    if claim.below == 1 and unit.endswith("s"):
        unit = unit[:-1]
    return f"{' and '.join(parts)} {unit}" if parts else "any number"


_MANY = 4  # names from which on the last verdict's are "elsewhere"


def _fates(told: Iterable[tuple[str, str]], everywhere: str = "") -> str:
    """Each verdict and where it is given, the most common one last; ``everywhere`` is
    where a single one is."""
    fates: dict[str, list[str]] = {}
    for fate, name in told:
        fates.setdefault(fate, []).append(name)
    ordered = sorted(fates.items(), key=lambda one: len(one[1]))
    last = len(ordered) - 1
    parts = []
    for k, (fate, names) in enumerate(ordered):
        where = f"on {', '.join(names)}"
        if everywhere and k == last:
            if not k:
                where = f"on {everywhere}"
            elif len(names) >= _MANY:
                where = "elsewhere"
        parts.append(f"{fate} {where}")
    return " and ".join(parts)


def _short(value: float) -> str:
    return number(round(value, 6), 1).removesuffix(".0")
