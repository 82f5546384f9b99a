"""Tables in the formats scripts and pages want: markdown, csv, html."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from costmodel import __version__
from costmodel.engine.result import Comparison, Estimate
from costmodel.views.html import html_table
from costmodel.views.layout import ascii_only
from costmodel.views.tables import comparison_rows, rows
from costmodel.views.text import errors_said

Row = Mapping[str, Any]


def table_in(
    style: str, columns: Sequence[str], found: Iterable[Row], title: str = ""
) -> str:
    """One table; ``style`` is markdown, csv or html (a whole page)."""
    cells = [[_cell(row.get(name)) for name in columns] for row in found]
    if style == "csv":
        return csv_text(columns, cells)
    if style == "markdown":
        return markdown(columns, cells)
    return page(title, html_table(title, columns, cells))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def csv_text(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(cells)
    return out.getvalue().rstrip("\n")


def markdown(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """A pipe table; figures stand to the right."""
    body = [
        [" ".join(cell.split("\n")).replace("|", "\\|") for cell in row]
        for row in cells
    ]
    right = [
        bool(body) and all(_figure(row[k]) for row in body if row[k])
        for k in range(len(columns))
    ]
    rule = ["---:" if r else "---" for r in right]
    lines = [columns, rule, *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _figure(text: str) -> bool:
    return text.lstrip("+-")[:1].isdigit()


def page(title: str, body: str, style: str = "") -> str:
    """A whole page without anything from the network."""
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        f"<style>{_STYLE}{style}</style></head>\n<body>\n{body}\n</body></html>"
    )


_STYLE = (
    "body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:70em;"
    "padding:0 1em;color:#111}table{border-collapse:collapse;margin:1em 0}"
    "caption{text-align:left;font-weight:600;padding:.3em 0}"
    "th,td{padding:.15em .7em;border-bottom:1px solid #ccc;text-align:left}"
)


def comparisons_in(style: str, comparisons: Sequence[Comparison]) -> str:
    """Differences: one row a core and, in a page or markdown, what they are made of."""
    columns, found = comparison_rows(comparisons, "summary")
    title = _title(comparisons)
    if style == "csv":
        return table_in(style, columns, found)
    causes = comparison_rows(comparisons, "causes")
    if style == "markdown":
        return "\n\n".join(
            [
                f"**{title}**",
                table_in(style, columns, found),
                table_in(style, *causes),
                _footer(comparisons),
            ]
        )
    cells = [[_cell(row.get(name)) for name in columns] for row in found]
    because = [[_cell(row.get(name)) for name in causes[0]] for row in causes[1]]
    body = html_table(title, columns, cells) + html_table("causes", causes[0], because)
    body += f"<p>{escape(_footer(comparisons))}</p>"
    return page(title, body)


def _footer(comparisons: Sequence[Comparison]) -> str:
    errors = errors_said({c.after.uarch: c.after.core_error for c in comparisons})
    return f"Modelled by costmodel {__version__}, not measured; {errors}."


def _title(comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return "no core"
    first = comparisons[0]
    old, new = (e.path.origin or e.path.name for e in (first.before, first.after))
    return ascii_only(f"{old} -> {new}: modelled cycles")


def estimates_in(style: str, estimates: Sequence[Estimate]) -> str:
    """Estimates: one row each; a page of its own for a single one."""
    if style == "html" and len(estimates) == 1:
        from costmodel.views.page import estimate_page

        return estimate_page(estimates[0])
    columns, found = rows(estimates, "summary")
    return table_in(style, columns, found, "modelled cycles")
