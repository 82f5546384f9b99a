"""A study's answers, as text for a mail and in the formats of scripts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from costmodel import __version__
from costmodel.studies.study import NEVER, Answer, Outcome, to_plain
from costmodel.views.formats import table_in
from costmodel.views.json import document
from costmodel.views.layout import number, plural, table, wrap

COLUMNS = [
    "id", "uarch", "value", "median", "low", "high", "unit", "verdict", "guesses",
    "sentence",
]  # fmt: skip


def study_in(style: str, outcome: Outcome) -> str:
    """``style``: text, json, markdown, csv or html."""
    if style == "text":
        return study_text(outcome)
    rows = [to_plain(a) for a in outcome.answers]
    if style == "json":
        return document(
            title=outcome.study.title, cores=list(outcome.cores), draws=outcome.draws,
            answers=rows,
        )  # fmt: skip
    return table_in(style, COLUMNS, rows, outcome.study.title)


def study_text(outcome: Outcome) -> str:
    """Questions in the study's order: a row a core, then the claim and its fate."""
    lines = [wrap(outcome.study.title)]
    for _, group in groupby(outcome.answers, key=lambda a: a.id):
        lines += ["", *question_lines(list(group))]
    basis = (
        f"Modelled by costmodel {__version__}, not measured. Intervals: 5 to 95 % of "
        f"{plural(outcome.draws, 'draw')} of the figures each core is known by, the "
        "same draws on both sides; what the model itself gets wrong is not in them."
        if outcome.draws
        else f"Modelled by costmodel {__version__}, not measured; no draws."
    )
    most = max((a.guesses for a in outcome.answers), default=0)
    if most:
        basis += (
            f" ?: rests on assumed figures of the core, at most {most} "
            "(--json counts them)."
        )
    return "\n".join([*lines, "", wrap(basis)])


def question_lines(answers: Sequence[Answer]) -> list[str]:
    """One question: its table, or its sentence where no core matters."""
    first = answers[0]
    lines = [wrap(first.question)]
    if first.uarch == "all":
        return [*lines, wrap(first.sentence, "  ")]
    if all(a.low == a.high == a.value == first.value for a in answers):
        where = "every core" if len(answers) > 1 else first.uarch
        mark = "?" if any(a.guesses for a in answers) else ""
        lines.append(f"  {_figure(first.value)}{mark} {first.unit} on {where}")
    else:
        lines += _table(answers)
    return lines + _claim_lines(answers)


def _table(answers: Sequence[Answer]) -> list[str]:
    """A row for all cores that agree, least first."""
    same: dict[tuple[str, str, str], list[str]] = {}
    for a in sorted(answers, key=lambda a: (a.value, a.low, a.high)):
        span = "" if a.low != a.low else f"{_figure(a.low)} to {_figure(a.high)}"
        value = _figure(a.value) + ("?" if a.guesses else "")
        same.setdefault((value, span, _mark(a)), []).append(a.uarch)
    rows = [(answers[0].unit, "90 % interval")]
    rows += [(value, span) for value, span, _ in same]
    plain = table(rows, "rl")
    indent = " " * (max(len(line) for line in plain) + 2)
    lines = [f"{plain[0]:<{len(indent)}}cores"]
    for row, ((_, _, mark), cores) in zip(plain[1:], same.items(), strict=True):
        names = ", ".join(cores) + (f" ({mark})" if mark else "")
        lines.append(wrap(names, f"{row:<{len(indent)}}", indent))
    return lines


def _figure(value: float) -> str:
    if value != value:  # not a number: no draws
        return "-"
    return number(round(value, 6), 1)


def _mark(a: Answer) -> str:
    if a.unit == "% of calls" and a.value >= NEVER:
        return "never"
    return "" if a.verdict in ("", "upheld") else a.verdict


def _claim_lines(answers: Sequence[Answer]) -> list[str]:
    first = answers[0]
    if not first.statement:
        return []
    fates: dict[str, list[str]] = {}
    for a in answers:
        fates.setdefault(a.verdict, []).append(a.uarch)
    said = "; ".join(
        f"{fate} on {'all' if len(names) == len(answers) else ', '.join(names)}"
        for fate, names in fates.items()
    )
    return [wrap(f'"{first.statement}": {said}.', "  ")]
