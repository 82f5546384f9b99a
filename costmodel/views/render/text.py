"""A report as plain text that fits a mail: ASCII, the answer in the first line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costmodel.views.layout import bar, clip, wrap
from costmodel.views.layout import table as text_table
from costmodel.views.timeline import timeline_lines
from costmodel.views.tree import (
    PAGE,
    Block,
    Items,
    Pipeline,
    Quote,
    Report,
    Section,
    Table,
    Text,
)

_BAR = 28


def render(report: Report, width: int) -> str:
    """Headline, lead, sections one blank line apart, and how it was made."""
    lines = [*_headline(report, width)]
    for line in report.lead:
        lines.append(wrap(line, "  ", "    ", width))
    for section in report.sections:
        if section.only != PAGE:
            lines += ["", *section_lines(section, width)]
    for paragraph in report.foot:
        lines += ["", wrap(paragraph, "  ", "  ", width)]
    return "\n".join(lines)


def _headline(report: Report, width: int) -> list[str]:
    if not report.answer:
        return [wrap(report.title, "", "", width)] if report.title else []
    return [clip(f"{report.answer} {report.unit}  {report.title}", width)]


def section_lines(section: Section, width: int) -> list[str]:
    """The title, unless a table's head says the same, then the blocks."""
    first = section.blocks[0] if section.blocks else None
    heads = isinstance(first, Table) and first.head[:1] == (section.title,)
    lines = (
        [] if heads or not section.title else [wrap(section.title, "  ", "    ", width)]
    )
    indent = "    " if section.inset else "  "
    for block in section.blocks:
        lines += _block(block, indent, width)
    return lines


def _block(block: Block, indent: str, width: int) -> Iterator[str]:
    if isinstance(block, Text):
        hanging = indent + "  " if block.hanging else indent
        yield wrap(block.text, indent, hanging, width)
    elif isinstance(block, Quote):
        yield wrap(block.text, indent, indent, width)
    elif isinstance(block, Items):
        for item in block.items:
            yield wrap(item, "    ", "      ", width)
    elif isinstance(block, Table):
        yield from table_lines(block, indent, width)
    elif isinstance(block, Pipeline):
        yield from timeline_lines(block.estimate, width)


def table_lines(table: Table, indent: str = "  ", width: int = 72) -> list[str]:
    """A table with its bars; names too many for a line go on below."""
    rows = [*([table.head] if table.head else []), *table.rows]
    if not rows:
        return []
    if table.wrapped:
        return _wrapped(rows, table.align, indent, width)
    if table.bars:
        longest = max(map(abs, table.bars), default=0)
        drawn = [bar(value, longest, _BAR) for value in table.bars]
        drawn += [""] * (len(table.rows) - len(drawn))
        if table.head:
            drawn.insert(0, "")
        rows = [(*row, line) for row, line in zip(rows, drawn, strict=True)]
        return text_table(rows, table.align + "l", indent, width)
    return text_table(rows, table.align, indent, width)


def _wrapped(
    rows: Sequence[Sequence[str]], align: str, indent: str, width: int
) -> list[str]:
    """The last column filled to the width, set in below itself."""
    plain = text_table([row[:-1] for row in rows], align[:-1], indent, width)
    start = max(map(len, plain)) + 2
    return [
        wrap(row[-1], f"{cells:<{start}}", " " * start, width)
        if row[-1]
        else cells.rstrip()
        for row, cells in zip(rows, plain, strict=True)
    ]
