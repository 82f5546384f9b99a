"""``costmodel validate`` as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from costmodel.code.decode import decode_bytes
from costmodel.cores.accuracy import sets_of
from costmodel.errors import CostmodelError
from costmodel.studies.groups import Group, grouped
from costmodel.studies.validate import NEAR, Block, Validation, relative_error
from costmodel.views.json import document
from costmodel.views.layout import clip, plural, spelled, table, wrap
from costmodel.views.unsettled import UNSETTLED

LEGEND = (
    f"near: within {NEAR[0]:g} cycle or {100 * NEAR[1]:g} % of the measured; "
    "tau: rank correlation"
)
TITLES = {
    "size": "instructions",
    "mechanism": "what bound it",
    "mix": "holds (groups overlap)",
}


def validation_document(
    outcome: Validation, worst: int = 0, by: Sequence[str] = ()
) -> str:
    """The contract's figures; errors in percent; null where nothing was estimated."""
    content: dict[str, Any] = {
        "file": outcome.file,
        "uarch": outcome.uarch,
        "scenarios": sorted({block.scenario for block in outcome.blocks}),
        **figures(outcome),
        "blocks_per_second": outcome.blocks_per_second,
        "tuning_half": figures(outcome.half(False)),
        "held_out_half": figures(outcome.half(True)),
    }
    for kind in by:
        content.setdefault("by", {})[kind] = {
            group.name: figures(group.outcome) for group in grouped(outcome, kind)
        }
    if worst:
        content["worst"] = [
            {
                "line": block.line,
                "hex": block.code.hex(),
                "scenario": block.scenario,
                "measured": block.cycles,
                "estimated": cycles,
            }
            for block, cycles in outcome.worst(worst)
        ]
    return document(**content)


def figures(outcome: Validation) -> dict[str, Any]:
    """Counts and errors of some blocks, in percent; null where there is none."""
    return {
        "blocks": len(outcome.blocks),
        "estimated": len(outcome.pairs()),
        "mape": outcome.mape,
        "median_ape": outcome.median_ape,
        "kendall_tau": outcome.kendall_tau,
        "near": outcome.near,
        "unsettled": outcome.settled.count(False),
    }


def validation_text(outcome: Validation, worst: int = 0, by: Sequence[str] = ()) -> str:
    """The errors, those of both halves, of groups, and the worst rows."""
    scenarios = ", ".join(sorted({block.scenario for block in outcome.blocks}))
    lines = [
        f"{outcome.uarch}, {scenarios}: {percent(outcome.mape)} mean, "
        f"{percent(outcome.median_ape)} median error; "
        f"tau {_tau(outcome.kendall_tau)}",
        clip(
            f"  {len(outcome.pairs())} of {plural(len(outcome.blocks), 'block')} "
            f"estimated ({100 * outcome.supported:.2f} %), "
            f"{outcome.blocks_per_second:.0f} blocks/s",
            72,
        ),
        *_unsettled(outcome),
        clip(f"  {outcome.file}", 72),
        "",
        *_table(
            "half (by hash)",
            [
                Group(name, outcome.half(held_out))
                for name, held_out in zip(_halves(outcome), (False, True), strict=True)
            ],
        ),
    ]
    lines += ["", f"  {LEGEND}"]
    for kind in by:
        lines += ["", *_table(TITLES[kind], grouped(outcome, kind))]
    if worst:
        lines += ["", *_worst(outcome, worst)]
    return "\n".join(lines)


def _halves(outcome: Validation) -> tuple[str, str]:
    """What the halves are called: tuning saw both of frame variants, and of cores all
    of whose sets it saw whole."""
    sets = sets_of(outcome.uarch)
    whole = bool(sets) and all(one.seen == "all" for one in sets)
    if whole or any(block.variant for block in outcome.blocks):
        return "even (tuning saw both)", "odd"
    return "looked at while tuning", "held out"


def _unsettled(outcome: Validation) -> list[str]:
    """Of how many blocks no repeating state was found."""
    count = outcome.settled.count(False)
    if not count:
        return []
    return [wrap(f"{plural(count, 'block')} {UNSETTLED}", "  ")]


def _table(title: str, groups: Sequence[Group]) -> list[str]:
    rows = [(title, "blocks", "mean", "median", "near", "tau")]
    for group in groups:
        some = group.outcome
        near = "n/a" if some.near is None else f"{100 * some.near:.0f} %"
        rows.append(
            (
                group.name,
                str(len(some.blocks)),
                percent(some.mape),
                percent(some.median_ape),
                near,
                _tau(some.kendall_tau),
            )
        )
    return table(rows, "lrrrrr")


def _worst(outcome: Validation, count: int) -> list[str]:
    """The worst rows: figures in a line, the block's code below."""
    lines = ["  line  measured  model  error"]
    where = {id(block): k for k, block in enumerate(outcome.blocks)}
    for block, cycles in outcome.worst(count):
        bound = outcome.bound[where[id(block)]] if outcome.bound else ""
        lines.append(
            f"  {block.line:>4}  {block.cycles:>8.2f}  {cycles:>5.2f}  "
            f"{100 * relative_error(block, cycles):>3.0f} %"
            + (f"  {bound}" if bound else "")
        )
        lines.append(wrap(_assembly(block), "      "))
    return lines


def percent(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f} %"


def _tau(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.4f}"


def _assembly(block: Block) -> str:
    try:
        return "; ".join(spelled(insn) for insn in decode_bytes(block.code))
    except CostmodelError:
        return block.code.hex()


def predictions_csv(outcome: Validation) -> str:
    """Every row with its prediction; blank where the model refused it."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("line", "hex", "scenario", "measured", "estimated"))
    for block, cycles in zip(outcome.blocks, outcome.predicted, strict=True):
        shown = "" if cycles is None else f"{cycles:.4f}"
        code = block.code.hex()
        writer.writerow((block.line, code, block.scenario, block.cycles, shown))
    return stream.getvalue()
