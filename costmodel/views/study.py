"""A study's answers, as text for a mail and in the formats of scripts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from costmodel import __version__
from costmodel.studies.study import NEVER, Answer, Outcome, to_plain
from costmodel.views.formats import table_in
from costmodel.views.json import document, error_record
from costmodel.views.layout import number, plural, table, wrap
from costmodel.views.text import errors_said

COLUMNS = [
    "id", "uarch", "value", "median", "low", "high", "unit", "verdict", "guesses",
    "sentence",
]  # fmt: skip


def study_in(style: str, outcome: Outcome) -> str:
    """``style``: text, json, markdown, csv or html."""
    if style == "text":
        return study_text(outcome)
    if style in ("markdown", "html"):
        from costmodel.views.studypage import study_html, study_markdown

        return (study_markdown if style == "markdown" else study_html)(outcome)
    rows = [to_plain(a) for a in outcome.answers]
    if style == "json":
        return document(
            title=outcome.study.title, cores=list(outcome.cores), draws=outcome.draws,
            core_errors={name: error_record(e) for name, e in outcome.errors},
            answers=rows,
        )  # fmt: skip
    return table_in(style, COLUMNS, rows, outcome.study.title)


def study_text(outcome: Outcome) -> str:
    """Questions in the study's order: a row a core, then the claim and its fate."""
    lines = [wrap(outcome.study.title)]
    for group in questions(outcome):
        lines += ["", *question_lines(group)]
    for paragraph in basis(outcome):
        lines += ["", wrap(paragraph)]
    return "\n".join(lines)


def questions(outcome: Outcome) -> list[list[Answer]]:
    """The answers question by question, in the study's order."""
    return [list(some) for _, some in groupby(outcome.answers, key=lambda a: a.id)]


def basis(outcome: Outcome) -> list[str]:
    """Paragraphs: what the figures are, and how far the cores are known to be off."""
    said = f"Modelled by costmodel {__version__}, not measured"
    if outcome.draws:
        said += (
            f". Intervals: 5 to 95 % of {plural(outcome.draws, 'draw')} of the figures "
            "each core is known by and the stated figures, the same draws on both "
            "sides; what the model itself gets wrong is not in them."
        )
    else:
        said += "; no draws."
    most = max((a.guesses for a in outcome.answers), default=0)
    if most:
        said += (
            f" ?: rests on assumed figures of the core, at most {most} "
            "(--json counts them)."
        )
    if not outcome.errors:
        return [said]
    known = errors_said(dict(outcome.errors))
    return [said, f"{known[0].upper()}{known[1:]}."]


def question_lines(answers: Sequence[Answer]) -> list[str]:
    """One question: its table, or its sentence where no core matters."""
    first = answers[0]
    lines = [wrap(first.question)]
    if first.uarch == "all":
        return [*lines, wrap(first.sentence, "  ")]
    plain = everywhere(answers)
    lines += [wrap(plain, "  ")] if plain else _table(answers)
    said = claim_said(answers)
    return lines + ([wrap(said, "  ")] if said else [])


def everywhere(answers: Sequence[Answer]) -> str:
    """The answer where all cores agree and none is unsure, else nothing."""
    first = answers[0]
    if not all(a.low == a.high == a.value == first.value for a in answers):
        return ""
    where = "every core" if len(answers) > 1 else first.uarch
    mark = "?" if any(a.guesses for a in answers) else ""
    return f"{_figure(first.value)}{mark} {first.unit} on {where}"


def answer_rows(answers: Sequence[Answer]) -> list[tuple[str, str, str]]:
    """Value, interval, and the cores that share them; least first."""
    same: dict[tuple[str, str, str], list[str]] = {}
    for a in sorted(answers, key=lambda a: (a.value, a.low, a.high)):
        span = "" if a.low != a.low else f"{_figure(a.low)} to {_figure(a.high)}"
        value = _figure(a.value) + ("?" if a.guesses else "")
        same.setdefault((value, span, _mark(a)), []).append(a.uarch)
    return [
        (value, span, ", ".join(cores) + (f" ({mark})" if mark else ""))
        for (value, span, mark), cores in same.items()
    ]


def _table(answers: Sequence[Answer]) -> list[str]:
    rows = answer_rows(answers)
    cells = [(answers[0].unit, "90 % interval"), *((v, span) for v, span, _ in rows)]
    plain = table(cells, "rl")
    indent = " " * (max(len(line) for line in plain) + 2)
    lines = [f"{plain[0]:<{len(indent)}}cores"]
    for cell, (_, _, names) in zip(plain[1:], rows, strict=True):
        lines.append(wrap(names, f"{cell:<{len(indent)}}", indent))
    return lines


def _figure(value: float) -> str:
    if value != value:  # not a number: no draws
        return "-"
    return number(round(value, 6), 1)


def _mark(a: Answer) -> str:
    if a.unit == "% of calls" and a.value >= NEVER:
        return "never"
    return "" if a.verdict in ("", "upheld") else a.verdict


def claim_said(answers: Sequence[Answer]) -> str:
    """What was claimed, and where it is upheld; nothing without a claim."""
    first = answers[0]
    if not first.statement:
        return ""
    fates: dict[str, list[str]] = {}
    for a in answers:
        fates.setdefault(a.verdict, []).append(a.uarch)
    said = "; ".join(
        f"{fate} on {'all' if len(names) == len(answers) else ', '.join(names)}"
        for fate, names in fates.items()
    )
    return f'"{first.statement}": {said}.'
