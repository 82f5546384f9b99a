"""A study as a page to read: Markdown or HTML, its plots beside it if there are any."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from costmodel.studies.study import Answer, Outcome
from costmodel.views.formats import markdown, page
from costmodel.views.html import html_table
from costmodel.views.study import answer_rows, basis, claim_said, everywhere, questions

_STYLE = """
body{max-width:52em}img{max-width:100%}blockquote{margin:.5em 0;padding:0 1em;
border-left:3px solid #bbb;color:#333}h2{font-size:1.1em;margin:1.6em 0 .3em}
"""


def study_markdown(outcome: Outcome, plots: Collection[str] = ()) -> str:
    """``plots``: questions with an ``ID.svg`` in the page's directory."""
    parts = [f"# {outcome.study.title}", *basis(outcome)]
    for answers in questions(outcome):
        first = answers[0]
        parts += [f"## {first.question}", _table(answers, "markdown")]
        said = claim_said(answers)
        parts += [f"> {said}"] if said else []
        parts += _images([first.id] if first.id in plots else [])
    parts += _images(_left(outcome, plots))
    return "\n\n".join(parts)


def study_html(outcome: Outcome, plots: Collection[str] = ()) -> str:
    """The same as a page without anything from the network."""
    title = escape(outcome.study.title)
    parts = [f"<h1>{title}</h1>", *(f"<p>{escape(p)}</p>" for p in basis(outcome))]
    for answers in questions(outcome):
        first = answers[0]
        parts += [f"<h2>{escape(first.question)}</h2>", _table(answers, "html")]
        said = claim_said(answers)
        parts += [f"<blockquote>{escape(said)}</blockquote>"] if said else []
        parts += _html_images([first.id] if first.id in plots else [])
    parts += _html_images(_left(outcome, plots))
    return page(outcome.study.title, "\n".join(parts), _STYLE)


def _left(outcome: Outcome, plots: Collection[str]) -> list[str]:
    """Plots of no one question."""
    asked = {question.id for question in outcome.study.questions}
    return [name for name in plots if name not in asked]


def _images(names: Collection[str]) -> list[str]:
    return [f"![{name}]({name}.svg)" for name in names]


def _html_images(names: Collection[str]) -> list[str]:
    return [
        f'<p><img src="{escape(name)}.svg" alt="{escape(name)}"></p>' for name in names
    ]


def _table(answers: list[Answer], style: str) -> str:
    """One question's answers: a sentence where no core or no difference matters."""
    first = answers[0]
    said = first.sentence if first.uarch == "all" else everywhere(answers)
    if said:
        return said if style == "markdown" else f"<p>{escape(said)}</p>"
    header, rows = (first.unit, "90 % interval", "cores"), answer_rows(answers)
    if style == "markdown":
        return markdown(header, rows)
    return html_table("", header, rows)
