"""The answer of a study in a few figures: what was measured, and what is modelled.

A study names the questions that are its answer (``Headline`` of its file). Over the
cores modelled the figure is the median of what they say; its interval runs from the
least low end to the greatest high end of a core, each reaching at least to what was
measured on it: it holds all that is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median

from msgspec import Struct

from costmodel.cores.load import load_core
from costmodel.engine.estimate import estimate
from costmodel.engine.result import Comparison
from costmodel.studies.compare import by_cause
from costmodel.studies.evenpoints import share_points
from costmodel.studies.study import NEVER, Answer, Outcome
from costmodel.studies.studyfile import Headline, Question, Silicon, headline_of
from costmodel.studies.studypaths import Found, path_on
from costmodel.tuples import NamedTuple


class Spread(Struct, frozen=True):
    """One question over all cores: ``median`` of them, ``low`` to ``high`` with the
    model's miss, ``least`` and ``most`` as stated. ``measured``: on silicon."""

    question: Question
    median: float
    low: float
    high: float
    least: float
    most: float
    measured: tuple[Silicon, ...]
    answers: tuple[Answer, ...]


class Reason(NamedTuple):
    """Why a core differs: the cause that weighs most in its difference."""

    uarch: str
    value: float
    cause: str
    cycles: float


class Told(Struct, frozen=True):
    """A study's answer. ``never``: cores where no share of slow calls repays it."""

    headline: Headline
    cores: tuple[str, ...]
    draws: int
    added: Spread
    saved: Spread
    even: Spread
    even_measured: tuple[tuple[str, float], ...]  # core, % of calls
    other: Spread
    unset: tuple[Answer, Answer]
    never: tuple[str, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def upheld(self) -> bool | None:
        """Whether the claim holds on every core, by every figure and every end of an
        interval; None without a claim."""
        claim = self.added.question.claim
        if claim is None:
            return None
        return self.expected and self.reach < claim.below

    @property
    def expected(self) -> bool:
        """Whether the claim holds by every measured and every stated figure, and at
        most an end of an interval is beyond it. False without a claim."""
        claim = self.added.question.claim
        values = [self.added.most, *(point.value for point in self.added.measured)]
        return claim is not None and max(values) < claim.below

    @property
    def reach(self) -> float:
        """The greatest end of an interval, measured or modelled, in cycles."""
        return max(self.added.high, *(p.high for p in self.added.measured), -math.inf)


def told(outcome: Outcome, paths: Mapping[str, Found] | None = None) -> Told:
    """The answer. With ``paths`` also why the cores furthest apart differ."""
    headline = headline_of(outcome.study)
    added = _spread(outcome, headline.added)
    saved = _spread(outcome, headline.saved)
    even = _spread(outcome, headline.even)
    before, after = (outcome.of(name)[0] for name in headline.unset)
    meets = tuple(
        (point.uarch, point.value)
        for point in share_points(added.measured, saved.measured)
    )
    return Told(
        headline, outcome.cores, outcome.draws, added, saved, even, meets,
        _spread(outcome, headline.other), (before, after),
        tuple(a.uarch for a in even.answers if a.value >= NEVER),
        () if paths is None else tuple(_reasons(added, paths)),
    )  # fmt: skip


def _spread(outcome: Outcome, name: str) -> Spread:
    (question,) = (q for q in outcome.study.questions if q.id == name)
    answers = tuple(outcome.of(name))
    values = [a.value for a in answers]
    by_core = {a.uarch: a for a in answers}
    # What was measured on a core belongs to its interval, whatever the model says.
    points = [p.value for p in question.measured if p.uarch in by_core]
    return Spread(
        question,
        median(values),
        min([a.low for a in answers] + points),
        max([a.high for a in answers] + points),
        min(values),
        max(values),
        question.measured,
        answers,
    )


def _reasons(added: Spread, paths: Mapping[str, Found]) -> list[Reason]:
    """Of the cores at both ends, the cause that pulls each its way."""
    ordered = sorted(added.answers, key=lambda a: a.value)
    if ordered[0].value == ordered[-1].value:
        return []
    return [
        _reason(added.question, paths, answer, least)
        for answer, least in ((ordered[0], True), (ordered[-1], False))
    ]


def _reason(
    question: Question, paths: Mapping[str, Found], answer: Answer, least: bool
) -> Reason:
    loaded = load_core(answer.uarch)
    sides: Sequence[str] = (question.before, question.after)
    before, after = (
        estimate(
            path_on(paths[name], answer.uarch),
            loaded,
            scenario=question.scenario or None,
        )
        for name in sides
    )
    parts = by_cause(Comparison(before, after))
    if not parts:
        return Reason(answer.uarch, answer.value, "no cause", 0.0)
    pick = min if least else max
    part = pick(parts, key=lambda p: p.cycles)
    return Reason(answer.uarch, answer.value, part.cause, float(part.cycles))
