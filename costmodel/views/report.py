"""A study's report: the answers in every format, and its plots, in one directory."""

from __future__ import annotations

from pathlib import Path

from costmodel.errors import InputError
from costmodel.studies.study import Outcome
from costmodel.views.plots import answers_plot, break_even_of
from costmodel.views.study import study_in

_FILES = {
    "report.txt": "text", "report.md": "markdown", "answers.csv": "csv",
    "answers.json": "json", "report.html": "html",
}  # fmt: skip


def write_report(outcome: Outcome, folder: str) -> list[str]:
    """Write it all; the names written. Raises InputError."""
    place = Path(folder)
    written = []
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, style in _FILES.items():
            (place / name).write_text(study_in(style, outcome) + "\n", encoding="utf-8")
            written.append(str(place / name))
    except OSError as problem:
        found = f"cannot write: {problem.strerror}"
        raise InputError(found, where=folder) from None
    for question in outcome.study.questions:
        if question.kind in ("difference", "break_even"):
            file = place / f"{question.id}.svg"
            answers_plot(outcome, question.id).save(str(file))
            written.append(str(file))
    even = next((q for q in outcome.study.questions if q.kind == "break_even"), None)
    if even is not None:
        pair = _pair_questions(outcome)
        if pair is not None:
            file = place / "share-of-slow-calls.svg"
            break_even_of(outcome, *pair).save(str(file))
            written.append(str(file))
    return written


def _pair_questions(outcome: Outcome) -> tuple[str, str] | None:
    """The questions that ask for the two sides of the break-even one."""
    even = next(q for q in outcome.study.questions if q.kind == "break_even")
    slow = even.slow[0]
    fast_id = slow_id = None
    for q in outcome.study.questions:
        if q.kind != "difference":
            continue
        if (q.before, q.after, q.scenario) == (even.before, even.after, even.scenario):
            fast_id = q.id
        if (q.after, q.before, q.scenario) == (slow.before, slow.after, slow.scenario):
            slow_id = q.id
    return (fast_id, slow_id) if fast_id and slow_id else None
