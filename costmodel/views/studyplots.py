"""Which plots a study has, by name, and each of them drawn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from costmodel.errors import UsageError
from costmodel.studies.evenpoints import pair_questions
from costmodel.studies.study import Outcome
from costmodel.studies.studyfile import Question, Study
from costmodel.views.figure import Plot
from costmodel.views.plots import answers_plot, break_even_of
from costmodel.views.tree import Picture

_PLOTTED = ("difference", "break_even")
SHARE = "share-of-slow-calls"


def plot_of(outcome: Outcome, name: str = "") -> Plot:
    """One plot by name; "": the first question's. Raises UsageError."""
    chosen = checked_name(outcome.study, name)
    pair = _pair_questions(outcome.study)
    if chosen == SHARE and pair is not None:
        return break_even_of(outcome, *pair)
    return answers_plot(outcome, chosen)


def checked_name(study: Study, name: str = "") -> str:
    """A plot's name, the first one's for "". Raises UsageError."""
    known = [q.id for q in study.questions if q.kind in _PLOTTED]
    if _pair_questions(study) is not None:
        known.append(SHARE)
    if not known or (name and name not in known):
        found = f"no plot {name!r} of this study" if name else "a study without plots"
        expected = ", ".join(known) or "a question of kind " + ", ".join(_PLOTTED)
        raise UsageError(found, expected=expected)
    return name or known[0]


def plots_of(outcome: Outcome) -> dict[str, Plot]:
    """A plot for each question that has an interval on each core, by its id."""
    asked = outcome.study.questions
    plots = {q.id: answers_plot(outcome, q.id) for q in asked if q.kind in _PLOTTED}
    pair = _pair_questions(outcome.study)
    if pair is not None:
        plots[SHARE] = break_even_of(outcome, *pair)
    return plots


def pictures_of(outcome: Outcome, plots: Mapping[str, Plot]) -> dict[str, Picture]:
    """The plots as pictures kept beside a page, each as ``NAME.svg``."""
    said = {q.id: q.question for q in outcome.study.questions}
    return {
        name: Picture(name, said.get(name, name), partial(_same, plot), f"{name}.svg")
        for name, plot in plots.items()
    }


def _same(plot: Plot) -> Plot:
    return plot


def _pair_questions(study: Study) -> tuple[Question, Question] | None:
    """The questions that ask for the two sides of the break-even one."""
    even = next((q for q in study.questions if q.kind == "break_even"), None)
    return pair_questions(study, even) if even is not None else None
