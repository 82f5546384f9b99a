"""docs/ablation.md as text, from the errors that are left with mechanisms off."""

from __future__ import annotations

import textwrap

import msgspec

WIDTH = 88  # columns of text
SAME = 1e-9  # cycles: two estimates are one

INTRODUCTION = """\
Written by `make ablation`; do not edit. Each mechanism of a core is switched off alone,
by the figures [ablation.yaml](../tools/ablation.yaml) names at the value that means off
(as `--set PATH=VALUE` would; lists and mappings, which it does not take, are emptied),
and the measured blocks are estimated again. Rows are {rows} of each set, or all where
it has fewer: of those held out from tuning ([accuracy.md](accuracy.md)) the first in
the order of the SHA-256 that holds them out; of sets that tuning saw whole, of all
rows. So errors of the whole model differ a little from accuracy.md. *Mean* is the mean
error in percent of the measured cycles, *tau* Kendall's rank correlation, *moved* the
share of rows whose estimate changes. A large rise says that the mechanism explains what
was measured; no change says that these blocks seldom show it, not that the core lacks
it; a fall says that these rows are better without it, because it is wrong there or
because it hides another error. One row of {rows} that is off by its whole time adds
{one}. Mechanisms stand in for each other, so changes do not add up."""


class Left(msgspec.Struct, frozen=True):
    """The error that is left with one mechanism off, or with none (name "")."""

    name: str
    mean: float
    tau: float
    predicted: tuple[float | None, ...]

    def moved(self, whole: Left) -> float:
        """The share of the rows whose estimate is not that of the whole model."""
        pairs = list(zip(self.predicted, whole.predicted, strict=True))
        moved = sum(a != b and abs((a or 0) - (b or 0)) > SAME for a, b in pairs)
        return moved / len(pairs)


def page(
    lefts: dict[str, list[Left]], sizes: dict[str, int], rows: int, lacking: list[str]
) -> str:
    """The whole page. ``lefts``: by set, the whole model first."""
    about = INTRODUCTION.format(rows=rows, one=f"{100 / rows:.2g}")
    lines = ["# What each mechanism is worth", "", about]
    lines += ["", "## All sets", "", *_all_sets(lefts)]
    for name, found in lefts.items():
        lines += ["", f"## {name}", "", f"{sizes[name]} rows.", "", *_one_set(*found)]
    lines += ["", "## Not switched off", "", "No figure turns these off:", ""]
    for text in lacking:
        lines += textwrap.wrap(f"- {text}", WIDTH, subsequent_indent="  ")
    return "\n".join([*lines, ""])


def _all_sets(lefts: dict[str, list[Left]]) -> list[str]:
    cells: dict[str, dict[str, str]] = {}
    largest: dict[str, float] = {}
    for name, (whole, *others) in lefts.items():
        for one in others:
            change = one.mean - whole.mean
            moves = f" ({_signed(change, 2)})" if one.moved(whole) else ""
            cells.setdefault(one.name, {})[name] = f"{one.mean:.2f}{moves}"
            largest[one.name] = max(largest.get(one.name, 0.0), abs(change))
    whole_model = " | ".join(f"{found[0].mean:.2f}" for found in lefts.values())
    lines = [
        "Mean error in percent, in brackets its change where an estimate changes; -",
        "where the core has no such mechanism. Sorted by the largest change.",
        "",
        "| off | " + " | ".join(lefts) + " |",
        "| --- |" + " ---: |" * len(lefts),
        f"| nothing | {whole_model} |",
    ]
    for off in sorted(cells, key=lambda name: -largest[name]):
        mine = (cells[off].get(name, "-") for name in lefts)
        lines.append(f"| {off} | {' | '.join(mine)} |")
    return lines


def _one_set(whole: Left, *others: Left) -> list[str]:
    lines = [
        "| off | mean | change | tau | change | moved |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        f"| nothing | {whole.mean:.2f} % | | {whole.tau:.4f} | | |",
    ]
    still = [one.name for one in others if not one.moved(whole)]
    moving = [one for one in others if one.moved(whole)]
    for one in sorted(moving, key=lambda one: -abs(one.mean - whole.mean)):
        mean = _signed(one.mean - whole.mean, 2)
        tau = _signed(one.tau - whole.tau, 4)
        lines.append(
            f"| {one.name} | {one.mean:.2f} % | {mean} | {one.tau:.4f} | {tau} "
            f"| {one.moved(whole):.1%} |"
        )
    if still:
        said = f"The core has these, and no row moves without: {', '.join(still)}."
        lines += ["", *textwrap.wrap(said, WIDTH)]
    return lines


def _signed(change: float, digits: int) -> str:
    text = f"{change:+.{digits}f}"
    return text if float(text) else text[1:]
