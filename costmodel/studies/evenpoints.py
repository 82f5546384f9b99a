"""Where a change breaks even by what was measured: shares of calls, from two questions.

A break-even question asks what is added to every call against what a slow one is
spared. Where other questions of the study ask for each and both were measured on one
core, their quotient was measured too.
"""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.studies.studyfile import Question, Silicon, Study

ALL = 100.0  # percent of calls


def pair_questions(study: Study, even: Question) -> tuple[Question, Question] | None:
    """The questions on what is added and what a slow call is spared."""
    if even.kind != "break_even":
        return None
    slow = even.slow[0]
    added = saved = None
    for q in study.questions:
        if q.kind != "difference":
            continue
        if (q.before, q.after, q.scenario) == (even.before, even.after, even.scenario):
            added = q
        if (q.after, q.before, q.scenario) == (slow.before, slow.after, slow.scenario):
            saved = q
    return (added, saved) if added and saved else None


def even_points(study: Study, even: Question) -> tuple[Silicon, ...]:
    """The measured shares of a break-even question, percent of calls."""
    pair = pair_questions(study, even)
    return share_points(pair[0].measured, pair[1].measured) if pair else ()


def share_points(
    added: Sequence[Silicon], saved: Sequence[Silicon]
) -> tuple[Silicon, ...]:
    """Added over saved on each core that has both; the ends are those of both ends."""
    spared = {point.uarch: point for point in saved}
    found = []
    for point in added:
        other = spared.get(point.uarch)
        if other is not None and other.value > 0:
            found.append(
                Silicon(
                    uarch=point.uarch, value=_share(point.value, other.value),
                    low=_share(point.low, other.high),
                    high=_share(point.high, other.low),
                    source="measured as added, over measured as spared",
                )
            )  # fmt: skip
    return tuple(found)


def _share(added: float, saved: float) -> float:
    if added <= 0:
        return 0.0
    return min(ALL, 100 * added / saved) if saved > 0 else ALL
