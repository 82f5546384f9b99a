"""The plots, one call each: what a difference is, where it comes from, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel.engine.result import Comparison, Estimate
from costmodel.scenarios import said
from costmodel.studies.certainty import mark_of_difference
from costmodel.studies.compare import delta
from costmodel.studies.evenpoints import even_points
from costmodel.studies.families import Family
from costmodel.studies.sensitivity import Effect
from costmodel.studies.study import NEVER, Answer, Outcome
from costmodel.studies.studyfile import Silicon
from costmodel.studies.validate import Validation
from costmodel.views.assumed import spoken
from costmodel.views.estimate import heading
from costmodel.views.evenplot import break_even_of, break_even_plot
from costmodel.views.figure import ACCENT, HATCHES, INK, SHADES, Plot, axes, style
from costmodel.views.forest import Row, forest
from costmodel.views.layout import plural
from costmodel.views.study import mark_of

_MOST_CAUSES = 7


def difference_plot(
    comparisons: Sequence[Comparison],
    families: Sequence[Family] = (),
    measured: Sequence[Silicon] = (),
) -> Plot:
    """The difference on each core, with its interval; by descent if that is given, and
    beside what was measured of it."""
    first = comparisons[0]
    rows = [
        Row(
            c.after.uarch, float(delta(c)), c.low, c.high, mark_of_difference(c),
            c.after.core_error is not None,
        )
        for c in comparisons
    ]  # fmt: skip
    title = f"{heading(first.before)} → {heading(first.after)}"
    return forest(
        rows, title, "cycles added", _scenario(first.after), families, measured
    )


def answers_plot(outcome: Outcome, question: str = "") -> Plot:
    """One question of a study on each core; the first difference if none is named."""
    chosen = question or next(
        (q.id for q in outcome.study.questions if q.kind == "difference"),
        outcome.study.questions[0].id,
    )
    answers = outcome.of(chosen)
    asked = next(q for q in outcome.study.questions if q.id == chosen)
    held = {core for core, error in outcome.errors if error is not None}
    rows = [
        Row(
            a.uarch, a.value, a.low, a.high, mark_of(outcome, asked, a),
            a.uarch in held,
        )
        for a in answers
    ]  # fmt: skip
    note = f"90 % of {plural(outcome.draws, 'draw')}"
    if asked.scenario:
        note = f"{said(asked.scenario)}; {note}"
    if asked.cold:
        note += "; " + ", ".join(f"{k} lines in {v}" for k, v in asked.cold.items())
    if asked.kind == "break_even":
        unit = "slow calls at which both cost the same, % of all calls"
        points = even_points(outcome.study, asked)
        return forest(
            rows, asked.question, unit, note, outcome.families, points, False, NEVER
        )
    return forest(
        rows, asked.question, answers[0].unit, note, outcome.families, asked.measured
    )


def causes_plot(comparison: Comparison) -> Plot:
    """Where the cycles go before and after, stacked by cause."""
    sides = (comparison.before, comparison.after)
    parts = [side.breakdown() for side in sides]
    names = sorted(
        {name for part in parts for name in part},
        key=lambda name: -max(part.get(name, 0) for part in parts),
    )
    shown, rest = names[:_MOST_CAUSES], names[_MOST_CAUSES:]
    labels = [*shown, *(["others"] if rest else [])]
    after = comparison.after
    with style():
        figure, ax = axes(
            6.8, 2.9, f"where the cycles go on {after.uarch}", _scenario(after)
        )
        left = [0.0, 0.0]
        for number, label in enumerate(labels):
            kept = [label] if label in shown else rest
            widths = [sum(part.get(name, 0.0) for name in kept) for part in parts]
            ax.barh(
                [1, 0], widths, left=left, height=0.62, label=label,
                color=SHADES[1 + number % (len(SHADES) - 1)],
                hatch=HATCHES[number % len(HATCHES)], edgecolor=INK, linewidth=0.6,
            )  # fmt: skip
            left = [a + b for a, b in zip(left, widths, strict=True)]
        for y, side in ((1, sides[0]), (0, sides[1])):
            ax.annotate(f" {side.cycles:.1f}", (side.cycles, y), va="center")
        ax.set_yticks([1, 0], [heading(side) for side in sides])
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("cycles a copy")
        ax.grid(axis="x")
        ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.28), ncols=4,
                  fontsize=8.5, handlelength=1.8)  # fmt: skip
    return Plot(figure)


def tornado_plot(
    felt: Sequence[Effect], stated: float, title: str, scenario: str = ""
) -> Plot:
    """The difference with each figure alone at either end of its interval.

    Beside each, its share of the variance where that is known.
    """
    rows = sorted(felt, key=lambda e: (e.total, abs(e.at_high - e.at_low)))
    note = "one figure moved at a time; right: share of the variance over draws"
    if not any(effect.total for effect in felt):
        note = "one figure moved at a time, the others as stated"
    if scenario:
        note = f"{said(scenario)}; {note}"
    with style():
        figure, ax = axes(6.8, 1.3 + 0.34 * max(1, len(rows)), title, note)
        ax.axvline(stated, color=INK, linewidth=0.8)
        for y, effect in enumerate(rows):
            ends = (
                (effect.at_low, SHADES[2], "//"),
                (effect.at_high, SHADES[1], ""),
            )
            for value, shade, hatch in ends:
                ax.barh(y, value - stated, left=stated, height=0.6, color=shade,
                        hatch=hatch, edgecolor=INK, linewidth=0.6)  # fmt: skip
            if effect.total:
                share = f"{100 * effect.total:.0f} %"
                ax.annotate(share, (1.01, y), fontsize=8.5, va="center",
                            xycoords=("axes fraction", "data"))  # fmt: skip
        names = [f"{spoken(e.path)}, {e.low:g} to {e.high:g}" for e in rows]
        ax.set_yticks(range(len(rows)), names)
        ax.tick_params(axis="y", length=0)
        ax.margins(x=0.08)
        ax.set_xlabel("cycles added (hatched: figure at its low end; plain: high end)")
        ax.grid(axis="x")
    return Plot(figure)


def predicted_plot(outcome: Validation) -> Plot:
    """Predicted against measured as a heat map, both axes logarithmic."""
    pairs = [(b.cycles, p) for b, p in outcome.pairs() if p > 0]
    scenarios = ", ".join(sorted({block.scenario for block in outcome.blocks}))
    error, middle = outcome.mape, outcome.median_ape
    note = "" if error is None else f"mean error {error:.1f} %, median {middle:.1f} %"
    with style():
        figure, ax = axes(
            5.6, 4.8, f"{outcome.uarch}, {scenarios}: {len(pairs)} blocks", note
        )
        values = [value for pair in pairs for value in pair] or [1.0]
        ends = [min(values) * 0.8, max(values) * 1.25]
        shown = _heat(ax, pairs, ends)
        ax.plot(ends, ends, color=INK, linewidth=0.7)
        for factor in (0.9, 1.1):
            ax.plot(ends, [v * factor for v in ends], color=INK, linewidth=0.5,
                    linestyle=(0, (4, 4)))  # fmt: skip
        from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axis.set_minor_locator(NullLocator())
        ax.set_xlim(*ends)
        ax.set_ylim(*ends)
        ax.set_aspect("equal")
        ax.set_xlabel("measured cycles (dashed: 10 % off)")
        ax.set_ylabel("predicted cycles")
        ax.grid()
        if shown is not None:
            bar = figure.colorbar(shown, ax=ax, shrink=0.8)
            bar.set_label("blocks in a cell")
            bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    return Plot(figure)


def _heat(
    ax: Any, pairs: Sequence[tuple[float, float]], ends: Sequence[float]
) -> Any | None:
    """Counts in square cells of equal ratio, dark where there are many."""
    if not pairs:
        return None
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    edges = np.geomspace(ends[0], ends[1], 81)
    measured, predicted = np.array(pairs).T
    counts, _, _ = np.histogram2d(measured, predicted, bins=(edges, edges))
    ax.set_xscale("log")
    ax.set_yscale("log")
    shades = LinearSegmentedColormap.from_list("counts", ["#d5e3f0", ACCENT, INK])
    return ax.pcolormesh(
        edges, edges, np.ma.masked_equal(counts.T, 0), cmap=shades, rasterized=True,
        norm=LogNorm(vmin=1, vmax=max(counts.max(), 2)),
    )  # fmt: skip


def _scenario(estimate: Estimate) -> str:
    return said(estimate.scenario)


__all__ = [
    "Answer", "answers_plot", "break_even_of", "break_even_plot", "causes_plot",
    "difference_plot", "predicted_plot", "tornado_plot",
]  # fmt: skip
