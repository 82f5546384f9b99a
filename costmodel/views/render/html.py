"""A report as one page: no network, no script; light, dark and on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from html import escape

from costmodel.views.pipeline import COLOURS, STYLE, legend, pipeline_svg
from costmodel.views.tree import (
    Block,
    Items,
    Picture,
    Pipeline,
    Quote,
    Report,
    Section,
    Table,
    Text,
)

SMALLEST = 0.9  # of the size a plot is made for
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:1.5em auto;max-width:62em;
padding:0 1em;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.45em;line-height:1.25;margin:.2em 0}
h2,summary{font-size:1.1em;font-weight:700;margin:1.5em 0 .3em;line-height:1.3}
summary{cursor:pointer}a{color:var(--link)}
.big{font-size:2.2em;font-weight:700;overflow-wrap:normal}
.note{color:var(--soft);font-size:.9em}.lead{margin:.2em 0}.key{white-space:nowrap;
margin-right:.9em}.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;margin:.5em 0}caption{text-align:left;font-weight:600}
th,td{padding:.15em .8em .15em 0;border-bottom:1px solid var(--rule);text-align:left;
white-space:nowrap;overflow-wrap:normal}td.names{white-space:normal;min-width:9em}
th.r,td.r{text-align:right;font-variant-numeric:tabular-nums}
.bar{background:var(--bar);height:.8em;display:inline-block}
blockquote{margin:.6em 0;padding:0 1em;border-left:3px solid var(--rule)}
img{width:100%;max-width:44em;height:auto}ul{padding-left:1.2em;margin:.3em 0}
@media(max-width:30em){body{padding:0 .7em}th,td{padding-right:.5em;white-space:normal}
td.names{min-width:6em}th.r,td.r{white-space:nowrap}}
@media print{body{max-width:none;font-size:11px}
details::details-content{content-visibility:visible;block-size:auto}}
"""


def render(report: Report, width: int) -> str:
    """The answer large, then sections; how it was made stands last."""
    body = [f"<h1>{escape(report.title)}</h1>"]
    if report.answer:
        body.append(
            f'<p class="lead"><span class="big">{escape(report.answer)}</span> '
            f"{escape(report.unit)}</p>"
        )
    body += [f'<p class="lead">{escape(line)}</p>' for line in report.lead]
    for section in report.sections:
        body += _section(section)
    body += [f'<p class="note">{escape(text)}</p>' for text in report.foot]
    return page(report.title, "\n".join(body))


def page(title: str, body: str) -> str:
    """A whole page without anything from the network."""
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        f"<style>{COLOURS}{_STYLE}{STYLE}</style></head>\n<body>\n{body}\n</body></html>"
    )


def _section(section: Section) -> Iterator[str]:
    # Some begin with the name of a core or a structure: those stay as they are.
    named = section.inset or section.closed or "_" in section.title.split(" ")[0]
    title = section.title if named else section.title[:1].upper() + section.title[1:]
    title = escape(title)
    if section.closed:
        yield f"<details><summary>{title}</summary>"
    elif title:
        yield f"<h2>{title}</h2>"
    for block in section.blocks:
        yield from _block(block)
    if section.closed:
        yield "</details>"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Text):
        yield f"<p>{escape(block.text)}</p>"
    elif isinstance(block, Quote):
        yield f"<blockquote>{escape(block.text)}</blockquote>"
    elif isinstance(block, Items):
        items = "".join(f"<li>{escape(item)}</li>" for item in block.items)
        yield f"<ul>{items}</ul>"
    elif isinstance(block, Table):
        yield scrolled(html_table(block.head, block.rows, block))
    elif isinstance(block, Pipeline):
        yield scrolled(pipeline_svg(block.estimate)) + legend()
    elif isinstance(block, Picture):
        yield scrolled(_picture(block))


def _picture(picture: Picture) -> str:
    """A plot beside the page if it is kept there, else within it. On a narrow page it
    scrolls rather than have letters too small to be read."""
    plot = picture.draw()
    source = escape(picture.file)
    if not source:
        data = base64.b64encode(plot.bytes("svg")).decode()
        source = f"data:image/svg+xml;base64,{data}"
    least = round(SMALLEST * plot.width)
    return (
        f'<img src="{source}" alt="{escape(picture.alt)}" style="min-width:{least}px">'
    )


def scrolled(inner: str) -> str:
    """What is wider than the page scrolls by itself; the page never does."""
    return f'<div class="scroll">{inner}</div>'


def html_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    table: Table | None = None,
    caption: str = "",
) -> str:
    """A table; cells are escaped, figures stand to the right, bars are drawn last."""
    align = table.align if table else ""
    bars = table.bars if table else ()
    most = max(map(abs, bars), default=Fraction(1)) or Fraction(1)
    titles = [
        f"<th{_kind('', k, align)}>{escape(name)}</th>" for k, name in enumerate(head)
    ]
    body = []
    for number, row in enumerate(rows):
        cells = [
            f"<td{_kind(cell, k, align, table)}>{escape(cell.strip())}</td>"
            for k, cell in enumerate(row)
        ]
        if number < len(bars):
            share = float(100 * abs(bars[number]) / most)
            cells.append(
                f'<td><span class="bar" style="width:{share * 1.6:.0f}px"></span></td>'
            )
        body.append("<tr>" + "".join(cells) + "</tr>")
    top = f"<thead><tr>{''.join(titles)}</tr></thead>" if head else ""
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{said}{top}<tbody>{''.join(body)}</tbody></table>"


def _kind(text: str, column: int, align: str, table: Table | None = None) -> str:
    if table and table.wrapped and column == len(align) - 1:
        return ' class="names"'
    if align:
        return ' class="r"' if align[column] == "r" else ""
    figure = text[:1].isdigit() or (text[:1] in "+-" and text[1:2].isdigit())
    return ' class="r"' if figure else ""
