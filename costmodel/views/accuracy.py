"""The accuracy record as a page of Markdown, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.studies.accuracy import Held
from costmodel.studies.calibration import DRAWS
from costmodel.studies.groups import KINDS, Group, grouped
from costmodel.views.layout import wrap
from costmodel.views.published import published
from costmodel.views.render.markdown import pipe_table
from costmodel.views.validation import TITLES

_FEWEST = 20  # blocks a group needs to be a row
_HEAD = """# How far the model is from silicon

Written by `make validate`; do not edit. Every core with measured blocks is held
against all of them. Errors are of cycles an iteration, in percent of the measured
cycles. *Near* is the share of estimated blocks within 0.6 cycle or 5 % of the measured;
*tau* is Kendall's rank correlation (tau-b); *apart* is that of pairs measured more than
2.5 % apart: of closer ones noise decides which is greater. Blocks the model refuses
(vector instructions, bytes that are no code) are counted, not guessed.

*Held out* is the half of the rows that tuning does not look at: those whose hex has a
SHA-256 that is odd, and of frame variants all rows of those whose name has. That both
halves agree does not say that nothing was fitted: mechanisms chosen on one half are
seen in the other. Sets that tuning saw whole have no half held out.

Rows are taken as they were measured, noise and all. BHive's own figures are off: uiCA's
authors measured again, and found raw BHive 4.4 % (skl), 2.5 % (hsw, ivb) from their
figures for the rows they kept. An error near these is the measurement's, not the
model's. On kept rows uiCA itself is 0.4 to 1.9 % off against their figures, which this
project does not have; core by core they are below, beside those of other tools.
"""


def accuracy_page(held: Sequence[Held]) -> str:
    """All sets, intervals, then each set by size, mechanism and mix."""
    parts = [_HEAD, _overall(held), _cleaned(held), published(), _intervals(held)]
    parts += [_set(one) for one in held]
    return "\n".join(parts)


def _overall(held: Sequence[Held]) -> str:
    rows = [
        ("set", "core", "rows", "estimated", "mean", "median", "near", "tau",
         "apart", "held out: rows", "mean", "median", "tau", "apart")
    ]  # fmt: skip
    for one in held:
        whole, half = one.outcome, one.outcome.half(True)
        rows.append(
            (
                one.of.name,
                whole.uarch,
                str(len(whole.blocks)),
                f"{100 * whole.supported:.2f} %",
                _percent(whole.mape),
                _percent(whole.median_ape),
                _share(whole.near),
                _number(whole.kendall_tau),
                _number(whole.tau_apart),
                *(
                    ("-", "-", "-", "-", "-")
                    if one.of.seen == "all"
                    else (
                        str(len(half.blocks)),
                        _percent(half.mape),
                        _percent(half.median_ape),
                        _number(half.kendall_tau),
                        _number(half.tau_apart),
                    )
                ),
            )
        )
    return _markdown(rows, 2)


def _cleaned(held: Sequence[Held]) -> str:
    """Rows kept and dropped by who measured again, apart."""
    rows = [("set", "rows", "estimated", "mean", "median", "near", "tau")]
    for one in held:
        for name, some in zip(("kept", "dropped"), one.clean or (), strict=False):
            rows.append(
                (
                    f"{one.of.name}, {name}",
                    str(len(some.blocks)),
                    f"{100 * some.supported:.2f} %",
                    _percent(some.mape),
                    _percent(some.median_ape),
                    _share(some.near),
                    _number(some.kendall_tau),
                )
            )
    if len(rows) == 1:
        return ""
    text = wrap(
        "Rows that uiCA's authors kept when they measured again, and those they "
        "dropped because accesses alias or figures are unstable. The cycles are "
        "BHive's in both.",
        width=88,
    )
    return f"\n## Clean and dropped rows\n\n{text}\n\n{_markdown(rows, 1)}"


def _intervals(held: Sequence[Held]) -> str:
    rows = [
        ("set", "blocks", "figures alone", "with model error", "ends times", "width")
    ]
    for one in held:
        known = one.intervals
        if known is None:
            continue
        rows.append(
            (
                one.of.name,
                str(known.rows),
                _share(known.figures),
                _share(known.whole),
                f"{known.below:.3f} / {known.above:.3f}",
                _share(known.width),
            )
        )
    text = wrap(
        "A 90 % interval should hold 90 % of measured blocks. Draws of the core's "
        "figures alone do not: they say how sure the figures are, not how true the "
        "model is. So the ends of the interval of one estimate are multiplied by two "
        "factors a set, the 5 % quantile of measured over low end and the 95 % "
        "quantile of measured over high end, found on a sample of held-out blocks "
        f"({DRAWS} draws each; where tuning saw all rows, of the same half). What "
        "they hold is counted across: blocks of one half of the sample against the "
        "factors of the other. "
        "The interval of a difference between variants moves out by cycles instead, "
        "found on measured differences (trust.md). "
        "A core without measured blocks gets the widest factors of all.",
        width=88,
    )
    return f"\n## Intervals\n\n{text}\n\n{_markdown(rows, 1)}"


def _set(one: Held) -> str:
    whole = one.outcome
    parts = [f"\n## {one.of.name}: {whole.uarch}, {one.of.origin}\n"]
    for kind in KINDS:
        groups = [g for g in grouped(whole, kind) if len(g.outcome.blocks) >= _FEWEST]
        rows: list[tuple[str, ...]] = [
            (TITLES[kind], "blocks", "mean", "median", "near", "tau")
        ]
        rows += [_group(group) for group in groups]
        parts.append(_markdown(rows, 1))
    return "\n".join(parts)


def _group(group: Group) -> tuple[str, ...]:
    some = group.outcome
    return (
        group.name,
        str(len(some.blocks)),
        _percent(some.mape),
        _percent(some.median_ape),
        _share(some.near),
        _number(some.kendall_tau),
    )


def _markdown(rows: Sequence[Sequence[str]], left: int) -> str:
    """A table, the first ``left`` columns left-aligned."""
    head, *body = rows
    return pipe_table(head, body, [k >= left for k in range(len(head))]) + "\n"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} %"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
