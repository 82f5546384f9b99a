"""The plot of an average call's cost against the share of slow calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from costmodel.scenarios import said
from costmodel.studies.study import Outcome
from costmodel.studies.studyfile import Question, Silicon
from costmodel.views.figure import ACCENT, INK, SHADES, WIDTH, Plot, axes, style
from costmodel.views.layout import number

_LINES = ("-", "--", "-.", ":")
_LETTERS = 26  # of the names beside a line
_EXPLAINED = (
    "beside a line: what every call pays; below 0 the change gains;\n"
    "dot: break-even; never: no share of slow calls repays it"
)


def break_even_plot(
    added: Mapping[str, float],
    saved: Mapping[str, float],
    note: str = "",
    measured: Mapping[str, tuple[float, float]] | None = None,
) -> Plot:
    """Cycles an average call gains, against the share of slow calls.

    ``added``: what each call pays; ``saved``: what a slow call is spared; by core.
    Cores with equal lines share one. ``measured``: both, where they were.
    """
    lines: dict[tuple[float, float], list[str]] = {}
    for core, cost in added.items():
        lines.setdefault((cost, saved[core]), []).append(core)
    ordered = [(*line, _names(line, cores), False) for line, cores in lines.items()]
    for core, line in (measured or {}).items():
        ordered.append((*line, f"{core}, measured", True))
    ordered.sort(key=lambda line: line[0] - line[1])
    with style():
        explained = f"{_EXPLAINED}\n{note}" if note else _EXPLAINED
        figure, ax = axes(
            WIDTH, 4.6, "cycles an average call pays, by share of slow calls", explained
        )
        ax.axhline(0, color=INK, linewidth=0.8)
        for k, (cost, spared, _, silicon) in enumerate(ordered):
            colour = ACCENT if silicon else SHADES[k % 3]
            ax.plot([0, 100], [cost, cost - spared], color=colour, linewidth=1.4,
                    linestyle="-" if silicon else _LINES[k % len(_LINES)],
                    zorder=3 if silicon else 2)  # fmt: skip
            if 0 < cost < spared:
                kind, size, order = ("D", 5.5, 5) if silicon else ("o", 4.5, 4)
                ax.plot([100 * cost / spared], [0], kind, markersize=size,
                        color=ACCENT if silicon else INK, zorder=order)  # fmt: skip
        _label(ax, ordered)
        ax.set_xlim(0, 100)
        ax.set_xlabel("slow calls, % of all calls")
        ax.set_ylabel("cycles more for an average call")
        ax.grid()
    return Plot(figure)


def _label(ax: Any, ordered: Sequence[tuple[float, float, str, bool]]) -> None:
    """What each line is, beside its end; lines that end together are told apart by
    where they begin."""
    ends = [cost - spared for cost, spared, _, _ in ordered]
    gap = (max(ends) - min(ends) or 1.0) / max(9, len(ends))
    for place, end, line in zip(_spread(ends, gap), ends, ordered, strict=True):
        cost, _, names, silicon = line
        colour = ACCENT if silicon else SHADES[1]
        ax.annotate(
            f"{_amount(cost)}: {names}", (100, end), xytext=(106, place), fontsize=8.5,
            va="center", annotation_clip=False, color=ACCENT if silicon else INK,
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": colour,
                        "relpos": (0, 0.5), "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip


def _amount(value: float) -> str:
    return number(Fraction(value), 1, sign=round(value, 1) != 0)


def _names(line: tuple[float, float], cores: Sequence[str]) -> str:
    """As many names as there is room for, and whether the line never gets to 0."""
    never = ", never" if line[0] > 0 and line[1] <= line[0] else ""
    shown: list[str] = []
    for core in cores:
        if shown and len(", ".join([*shown, core]) + never) > _LETTERS:
            return f"{', '.join(shown)} +{len(cores) - len(shown)}{never}"
        shown.append(core)
    return ", ".join(shown) + never


def _spread(places: Sequence[float], gap: float) -> list[float]:
    """Ascending places moved as little as can be to lie at least ``gap`` apart.

    Least squares: less k gaps they must not descend, and those that do are averaged.
    """
    runs: list[tuple[float, int]] = []  # sum, count
    for k, place in enumerate(places):
        total, count = place - k * gap, 1
        while runs and runs[-1][0] / runs[-1][1] > total / count:
            before = runs.pop()
            total, count = total + before[0], count + before[1]
        runs.append((total, count))
    level = [total / count for total, count in runs for _ in range(count)]
    return [value + k * gap for k, value in enumerate(level)]


def break_even_of(outcome: Outcome, fast: Question, slow: Question) -> Plot:
    """The plot of two questions of a study: what is added, what the dance costs."""
    added = {a.uarch: a.value for a in outcome.of(fast.id)}
    saved = {a.uarch: a.value for a in outcome.of(slow.id)}
    note = said(fast.scenario) if fast.scenario else ""
    return break_even_plot(added, saved, note, _both(fast.measured, slow.measured))


def _both(
    added: Sequence[Silicon], saved: Sequence[Silicon]
) -> dict[str, tuple[float, float]]:
    spared = {point.uarch: point.value for point in saved}
    return {p.uarch: (p.value, spared[p.uarch]) for p in added if p.uarch in spared}
