"""Plots over time of one estimate: the pipeline, and the store buffer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel.engine.result import Estimate, UopTimes
from costmodel.scenarios import said
from costmodel.views.estimate import heading
from costmodel.views.figure import ACCENT, INK, SHADES, Plot, axes, style
from costmodel.views.layout import clip, spelled
from costmodel.views.pipeline import MOST_UOPS, STAGES, abridged, spans

_STORES = ("store address", "store data")


def timeline_plot(estimate: Estimate) -> Plot:
    """The pipeline diagram: a row a uop, from the queue to retirement and commit."""
    uops = abridged(estimate.timeline)[:MOST_UOPS]
    with style():
        figure, ax = axes(
            7.6, 1.2 + 0.15 * len(uops),
            f"{heading(estimate)} on {estimate.uarch}", _note(estimate),
        )  # fmt: skip
        last = -1
        for y, uop in enumerate(uops):
            for span in spans(uop):
                shade, hatch = _LOOKS[span.stage]
                ax.barh(
                    y, span.end - span.start, left=span.start, height=0.8, color=shade,
                    hatch=hatch, edgecolor=INK, linewidth=0.3,
                )  # fmt: skip
            if uop.retired >= 0:
                ax.plot([uop.retired], [y], "|", color=INK, markersize=5)
            if uop.step != last:
                ax.annotate(
                    clip(spelled(estimate.insn(uop.step)), 34), (-0.01, y),
                    xycoords=("axes fraction", "data"), ha="right", va="center",
                    fontsize=7, family="DejaVu Sans Mono",
                )  # fmt: skip
            last = uop.step
        ax.set_ylim(len(uops) - 0.4, -0.6)
        ax.set_yticks([])
        ax.set_xlabel("cycle")
        ax.grid(axis="x")
        _legend(ax)
    return Plot(figure)


# Shade and hatch of each of ``STAGES``.
_LOOKS = (
    (SHADES[4], ""), (SHADES[3], "//"), (SHADES[3], "xx"), (SHADES[0], ""),
    (SHADES[2], ""), (SHADES[3], ".."),
)  # fmt: skip


def _legend(ax: Any) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=shade, hatch=hatch, edgecolor=INK, linewidth=0.3, label=name)
        for (_, name), (shade, hatch) in zip(STAGES, _LOOKS, strict=True)
    ]
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3,
        fontsize=8, borderaxespad=0.1,
    )  # fmt: skip
    ax.set_title(
        ax.get_title(loc="left"),
        loc="left",
        pad=26,
        fontsize=10,
        fontweight="bold",
    )


def store_buffer_plot(estimate: Estimate) -> Plot:
    """Stores between issue and commit over time, and when each is written."""
    stores = [u for u in estimate.timeline if u.committed >= 0]
    with style():
        figure, ax = axes(
            6.8, 2.8, f"store buffer: {heading(estimate)} on {estimate.uarch}",
            _note(estimate),
        )  # fmt: skip
        times, counts = occupancy(stores)
        if times:
            ax.step(times, counts, where="post", color=INK, linewidth=1.4)
            ax.fill_between(times, counts, step="post", color=SHADES[3])
            ax.plot([u.committed for u in stores], [-0.6] * len(stores), "|",
                    color=ACCENT, markersize=8)  # fmt: skip
            ax.annotate("commits", (times[-1], -0.6), fontsize=8.5, va="center",
                        xytext=(5, 0), textcoords="offset points",
                        annotation_clip=False, color=ACCENT)  # fmt: skip
        ax.set_ylim(-1.2, max(counts, default=1) + 1)
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("cycle")
        ax.set_ylabel("stores waiting")
        ax.grid(axis="y")
    return Plot(figure)


def occupancy(stores: Sequence[UopTimes]) -> tuple[list[int], list[int]]:
    """Cycles at which the number of waiting stores changes, and the number."""
    changes: dict[int, int] = {}
    for store in stores:
        changes[store.issued] = changes.get(store.issued, 0) + 1
        changes[store.committed] = changes.get(store.committed, 0) - 1
    times = sorted(changes)
    counts, now = [], 0
    for time in times:
        now += changes[time]
        counts.append(now)
    return times, counts


def _note(estimate: Estimate) -> str:
    return said(estimate.scenario)
