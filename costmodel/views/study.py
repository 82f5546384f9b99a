"""A study's answers as a tree: the answer, the evidence, then every question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from costmodel import __version__
from costmodel.studies.certainty import DIFFERENCES, UNDRAWN, mark_of_spread
from costmodel.studies.evenpoints import even_points
from costmodel.studies.headline import Told
from costmodel.studies.study import (
    DRAWN,
    NEVER,
    Answer,
    Outcome,
    silicon_verdict,
    to_plain,
)
from costmodel.studies.studyfile import Question
from costmodel.views.accuracy_said import errors_said
from costmodel.views.answer import answer_sections
from costmodel.views.claims import claim_said
from costmodel.views.json import error_record
from costmodel.views.layout import number, plural
from costmodel.views.tree import Block, Picture, Quote, Report, Section, Table, Text
from costmodel.views.unsettled import unsettled_said

COLUMNS = [
    "id", "uarch", "value", "median", "low", "high", "unit", "verdict", "guesses",
    "sentence", "settled",
]  # fmt: skip


def study_report(
    outcome: Outcome, told: Told | None = None, pictures: Mapping[str, Picture] = {}
) -> Report:
    """The study in its order, after its answer if it names one (``told``).

    ``pictures``: a plot for questions, by id; those of no question stand last.
    """
    rows = [to_plain(a) for a in outcome.answers]
    asked = {q.id: q for q in outcome.study.questions}
    sections = list(answer_sections(told)) if told else []
    for answers in questions(outcome):
        sections.append(_question(outcome, asked[answers[0].id], answers, pictures))
    left = [picture for name, picture in pictures.items() if name not in asked]
    if left:
        sections.append(Section("", tuple(left)))
    return Report(
        title=outcome.study.title,
        sections=tuple(sections),
        foot=tuple(basis(outcome)),
        data={
            "title": outcome.study.title,
            "cores": list(outcome.cores),
            "draws": outcome.draws,
            "core_errors": {name: error_record(e) for name, e in outcome.errors},
            "answers": rows,
            "hidden": [
                {name: getattr(h, name) for name in h.__struct_fields__}
                for h in outcome.hidden
            ],
            "measured": [
                {
                    "id": q.id,
                    **{name: getattr(p, name) for name in p.__struct_fields__},
                    "verdict": silicon_verdict(q.claim, p) if q.claim else "",
                }
                for q in outcome.study.questions
                for p in q.measured
            ],
        },
        columns=COLUMNS,
        rows=rows,
    )


def questions(outcome: Outcome) -> list[list[Answer]]:
    """The answers question by question, in the study's order."""
    return [list(some) for _, some in groupby(outcome.answers, key=lambda a: a.id)]


def basis(outcome: Outcome) -> list[str]:
    """Paragraphs: what the figures are, and how far the cores are known to be off."""
    text = f"Modelled by costmodel {__version__}, not measured"
    if outcome.draws:
        text += (
            f". Intervals: 5 to 95 % of {plural(outcome.draws, 'draw')} of the figures "
            "each core is known by and the stated figures, the same draws on both "
            "sides; those of differences then move out until measured differences lie "
            f"inside (docs/trust.md). {DIFFERENCES}"
        )
    else:
        text += f"; no draws. {UNDRAWN}"
    most = max((a.guesses for a in outcome.answers), default=0)
    if most:
        text += (
            f" At most {most} assumed figures stand behind one (--json counts them)."
        )
    if not outcome.errors:
        return [text]
    known = errors_said(dict(outcome.errors))
    return [text, f"{known[0].upper()}{known[1:]}."]


def _question(
    outcome: Outcome,
    question: Question,
    answers: Sequence[Answer],
    pictures: Mapping[str, Picture],
) -> Section:
    """One question: its table, or its sentence where no core matters."""
    blocks: list[Block] = []
    plain = everywhere(outcome, question, answers)
    if answers[0].uarch == "all":
        blocks.append(Text(answers[0].sentence))
    elif why := as_warm_said(outcome, question):
        blocks.append(Text(why))
    elif plain:
        blocks.append(Text(plain))
    else:
        rows = tuple(answer_rows(outcome, question, answers))
        head = (answers[0].unit, "90 % interval", "cores")
        if question.kind in DRAWN:
            blocks.append(Table(head, rows, "rll", wrapped=True))
        else:  # a count has no interval
            counts = tuple((value, cores) for value, _, cores in rows)
            blocks.append(Table((head[0], head[2]), counts, "rl", wrapped=True))
    if question.kind == "break_even" and any(a.high >= NEVER for a in answers):
        blocks.append(Text("never: not even if every call were a slow one"))
    for point in question.measured or even_points(outcome.study, question):
        blocks.append(
            Text(
                f"measured on {point.uarch}: {_figure(point.value)} "
                f"({_span(point.low, point.high, question.kind == 'break_even')}): "
                f"{point.source}",
                hanging=True,
            )
        )
    if unsettled := unsettled_said(x.uarch for x in answers if not x.settled):
        blocks.append(Text(unsettled, hanging=True))
    if claim := claim_said(question, answers):
        blocks.append(Quote(claim))
    if question.id in pictures:
        blocks.append(pictures[question.id])
    return Section(question.question, tuple(blocks))


def everywhere(outcome: Outcome, question: Question, answers: Sequence[Answer]) -> str:
    """The answer where all cores agree and none is unsure, else nothing."""
    first = answers[0]
    if not all(a.low == a.high == a.value == first.value for a in answers):
        return ""
    where = "every core" if len(answers) > 1 else first.uarch
    marked: dict[str, list[str]] = {}
    for a in answers:
        marked.setdefault(mark_of(outcome, question, a), []).append(a.uarch)
    shared = next(iter(marked)) if len(marked) == 1 else ""
    value = _figure(first.value, question)
    text = f"{value}{shared} {first.unit} on {where}"
    told = (
        f"{mark} on {', '.join(cores)}"
        for mark, cores in marked.items()
        if mark and mark != shared
    )
    return "; ".join((text, *told))


def as_warm_said(outcome: Outcome, question: Question) -> str:
    """Why cold lines change no answer, if another question asked with warm ones."""
    why = next((h for h in outcome.hidden if h.id == question.id), None)
    if why is None:
        return ""
    same = (question.kind, question.before, question.after, question.scenario)
    warm = next(
        (
            q.question
            for q in outcome.study.questions
            if (q.kind, q.before, q.after, q.scenario) == same and not q.cold
        ),
        "",
    )
    as_what = f'the answer to "{warm}"' if warm else "with these lines warm"
    text = (
        f"On every core as {as_what}: only stores fetch the "
        f"{plural(why.lines, 'cold line')}, each after it has retired, so that no "
        "instruction waits for a line"
    )
    if why.entries > why.waiting:
        text += (
            f" (at most {plural(why.waiting, 'store')} wait at once; the smallest "
            f"store buffer holds {why.entries})"
        )
    return f"{text}."


def mark_of(outcome: Outcome, question: Question, a: Answer) -> str:
    """How much the answer rests on figures nobody has measured."""
    drawn = outcome.draws > 0 and question.kind in DRAWN
    spread = a.spread if drawn and a.low == a.low else None
    return mark_of_spread(a.value, spread, assumed=a.guesses > 0)


def answer_rows(
    outcome: Outcome, question: Question, answers: Sequence[Answer]
) -> list[tuple[str, str, str]]:
    """Value, interval, and the cores that share them; least first."""
    same: dict[tuple[str, str, str], list[str]] = {}
    for a in sorted(answers, key=lambda a: (a.value, a.low, a.high)):
        share = question.kind == "break_even"
        span = "" if a.low != a.low else _span(a.low, a.high, share)
        if span and not a.central:
            span += f", median {_end(a.median, share)}"
        figure = "never" if share and a.value >= NEVER else _figure(a.value, question)
        value = figure + mark_of(outcome, question, a).ljust(2)
        same.setdefault((value, span, _fate(a)), []).append(a.uarch)
    return [
        (value, span, ", ".join(cores) + (f" ({fate})" if fate else ""))
        for (value, span, fate), cores in same.items()
    ]


def _figure(value: float, question: Question | None = None) -> str:
    """One digit; none of a count."""
    if value != value:  # not a number: no draws
        return "-"
    counted = question is not None and question.kind not in DRAWN
    return number(round(value, 6), 0 if counted else 1)


def _span(low: float, high: float, share: bool) -> str:
    return f"{_end(low, share)} to {_end(high, share)}"


def _end(value: float, share: bool) -> str:
    """An end of an interval; a ``share`` of calls may never be reached."""
    return "never" if share and value >= NEVER else _figure(value)


def _fate(a: Answer) -> str:
    return "" if a.verdict in ("", "upheld") else a.verdict
