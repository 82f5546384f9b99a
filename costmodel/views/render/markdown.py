"""A report as Markdown: for a cover letter, a pull request, a page on GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from costmodel import lazily
from costmodel.views.timeline import timeline_lines
from costmodel.views.tree import (
    PAGE,
    Block,
    Items,
    Picture,
    Pipeline,
    Quote,
    Report,
    Table,
    Text,
)

# An underscore within a word is none.
_MARKUP = lazily.pattern(r"[\\*<\[]|(?<!\w)_|_(?!\w)")


def render(report: Report, width: int) -> str:
    """A heading, the answer in bold, then sections under headings of their own."""
    parts = [f"# {escaped(report.title)}"]
    lead = [escaped(line) for line in report.lead]
    if report.answer:
        lead.insert(0, f"**{escaped(report.answer)} {report.unit}**")
    if lead:
        parts.append("  \n".join(lead))
    for section in report.sections:
        if section.only == PAGE:
            continue
        if section.title:
            parts.append(f"## {escaped(section.title)}")
        for block in section.blocks:
            parts += _block(block)
    parts += [escaped(paragraph) for paragraph in report.foot]
    return "\n\n".join(parts)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Text):
        yield escaped(block.text)
    elif isinstance(block, Quote):
        yield f"> {escaped(block.text)}"
    elif isinstance(block, Items):
        yield "\n".join(f"- {escaped(item)}" for item in block.items)
    elif isinstance(block, Table) and block.rows:
        right = [letter == "r" for letter in block.align]
        yield pipe_table(block.head or ("",) * len(right), block.rows, right)
    elif isinstance(block, Pipeline):
        yield "\n".join(["```text", *timeline_lines(block.estimate, 100), "```"])
    elif isinstance(block, Picture) and block.file:
        yield f"![{escaped(block.alt)}]({block.file})"


def pipe_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[bool] | None = None,
) -> str:
    """A pipe table. ``right``: columns of figures; None: those that hold only such."""
    body = [
        [" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows
    ]
    if right is None:
        right = [
            bool(body) and all(_is_figure(row[k]) for row in body if row[k])
            for k in range(len(head))
        ]
    rule = ["---:" if r else "---" for r in right]
    lines = [list(head), rule, *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _is_figure(text: str) -> bool:
    return text.lstrip("+-")[:1].isdigit()


def escaped(text: str) -> str:
    """What Markdown would take for markup, as it is written."""
    return _MARKUP.sub(r"\\\g<0>", text)
