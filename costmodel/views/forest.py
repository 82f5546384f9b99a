"""The plot of one figure on many cores: a row each, its interval, what was measured.

Cores stand by descent; those of a family that answer alike, on like evidence, share a
row. A marker says
how much its figure rests on what nobody has measured: full, grey (``?``), hollow
(``??``). Measured points are diamonds in the row of their core.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from costmodel import __version__
from costmodel.studies.families import Family
from costmodel.studies.studyfile import Silicon
from costmodel.tuples import NamedTuple
from costmodel.views.figure import ACCENT, INK, SHADES, WIDTH, Plot, axes, style
from costmodel.views.layout import number

_LABEL = 28  # letters of a row's name
_FACES = {"": INK, "?": SHADES[2], "??": "#ffffff"}


class Row(NamedTuple):
    """One core: the figure, its interval, its mark, and whether the core was held
    against measured blocks."""

    core: str
    value: float
    low: float | None
    high: float | None
    mark: str
    held: bool


class _Line(NamedTuple):
    """Rows that are drawn as one. ``first``: the first of a family."""

    rows: tuple[Row, ...]
    first: bool


def forest(
    rows: Sequence[Row],
    title: str,
    unit: str,
    note: str,
    families: Sequence[Family] = (),
    measured: Sequence[Silicon] = (),
    signed: bool = True,
    never: float | None = None,
) -> Plot:
    """``unit`` of the axis; ``signed``: a figure above zero is written with its +;
    ``never``: the figure that stands for none, drawn as an arrow off the axis."""
    lines = _lines(rows, families)
    with style():
        figure, ax = axes(WIDTH, 1.9 + 0.27 * len(lines), title, "")
        ax.axvline(0, color=INK, linewidth=0.8)
        places: dict[str, int] = {}
        for y, line in enumerate(reversed(lines)):
            _draw(ax, y, line, signed, never)
            places |= {row.core: y for row in line.rows}
        points = [p for p in measured if p.uarch in places]
        for point in points:
            at = places[point.uarch] - 0.27
            ax.plot([point.low, point.high], [at, at], color=ACCENT, linewidth=1.2)
            ax.plot([point.value], [at], "D", color=ACCENT, markersize=4)
        _ticks(ax, lines)
        ax.set_xlabel(unit)
        ax.grid(axis="x")
        _legend(ax, rows, bool(points), note, never)
    return Plot(figure)


def _lines(rows: Sequence[Row], families: Sequence[Family]) -> list[_Line]:
    """By descent where that is known, else by value; alike ones as one."""
    of = {row.core: row for row in rows}
    groups = [[of[name] for name in f.cores if name in of] for f in families]
    left = [row for row in rows if not any(row.core in f.cores for f in families)]
    groups.append(sorted(left, key=lambda row: (row.value, row.core)))
    lines = []
    for group in groups:
        alike: dict[tuple[object, ...], list[Row]] = {}
        for row in group:
            alike.setdefault(row[1:], []).append(row)
        for number_, same in enumerate(alike.values()):
            lines.append(_Line(tuple(same), number_ == 0))
    return lines


def _draw(ax: Any, y: int, line: _Line, signed: bool, never: float | None) -> None:
    _, value, low, high, mark, _ = line.rows[0]
    if low is not None and high is not None and low == low:
        ax.plot([low, high], [y, y], color=SHADES[1], linewidth=3.2,
                solid_capstyle="butt", zorder=2)  # fmt: skip
    none = never is not None and value >= never
    ax.plot([value], [y], ">" if none else "o", markerfacecolor=_FACES[mark],
            markeredgecolor=INK, markersize=5.5, zorder=3)  # fmt: skip
    amount = number(Fraction(value), 1, sign=signed and round(value, 1) != 0)
    amount = "never" if none else amount
    ax.annotate(amount + mark, (1.01, y), va="center", fontsize=8.5,
                xycoords=("axes fraction", "data"))  # fmt: skip


def _ticks(ax: Any, lines: Sequence[_Line]) -> None:
    """Names beside the rows, in bold those held against measured blocks."""
    bottom_up = list(reversed(lines))
    ax.set_yticks(range(len(lines)), [_label(line) for line in bottom_up])
    for text, line in zip(ax.get_yticklabels(), bottom_up, strict=True):
        if any(row.held for row in line.rows):
            text.set_fontweight("bold")
    for y, line in enumerate(bottom_up):
        if line.first and y + 1 < len(lines):
            ax.axhline(y + 0.5, color="#d9d9d9", linewidth=0.6, zorder=0)
    ax.set_ylim(-0.7, len(lines) - 0.4)
    ax.tick_params(axis="y", length=0)


def _label(line: _Line) -> str:
    names = [row.core for row in line.rows]
    shown: list[str] = []
    for name in names:
        if shown and len(", ".join([*shown, name])) > _LABEL:
            return f"{', '.join(shown)} +{len(names) - len(shown)}"
        shown.append(name)
    return ", ".join(shown)


def _legend(
    ax: Any, rows: Sequence[Row], measured: bool, note: str, never: float | None
) -> None:
    """Only what is in the picture; below it how it was made."""
    from matplotlib.lines import Line2D

    said = {"": "no draw moves it", "?": "? moves", "??": "?? by more than itself"}
    marks = {row.mark for row in rows}
    handles = [
        Line2D([], [], marker="o", linestyle="", markersize=5.5, markeredgecolor=INK,
               markerfacecolor=_FACES[mark], label=text)
        for mark, text in said.items()
        if mark in marks
    ]  # fmt: skip
    if any(row.low is not None for row in rows):
        handles.append(Line2D([], [], color=SHADES[1], linewidth=3.2, label="90 %"))
    if measured:
        handles.append(
            Line2D([], [], color=ACCENT, marker="D", markersize=4, linewidth=1.2,
                   label="measured")
        )  # fmt: skip
    if never is not None and any(row.value >= never for row in rows):
        handles.append(
            Line2D([], [], marker=">", linestyle="", markersize=5.5,
                   markeredgecolor=INK, markerfacecolor="#ffffff",
                   label="never, as stated")
        )  # fmt: skip
    if any(row.held for row in rows):
        handles.append(
            Line2D([], [], linestyle="", label="bold: core with measured blocks")
        )
    ax.figure.legend(handles=handles, loc="outside lower left", ncols=3, fontsize=8.5,
                     handlelength=1.6, frameon=False, alignment="left",
                     title=f"{note}; modelled by costmodel {__version__}",
                     title_fontsize=8.5, columnspacing=1.2)  # fmt: skip
