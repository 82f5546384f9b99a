"""``costmodel validate`` as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

from costmodel.code.decode import decode_bytes
from costmodel.errors import CostmodelError
from costmodel.studies.validate import Block, Validation, relative_error
from costmodel.views.json import document
from costmodel.views.layout import clip, spelled, table


def validation_document(outcome: Validation, worst: int = 0) -> str:
    """The contract's figures; errors in percent; null where nothing was estimated."""
    content: dict[str, Any] = {
        "file": outcome.file,
        "uarch": outcome.uarch,
        "scenarios": sorted({block.scenario for block in outcome.blocks}),
        "blocks": len(outcome.blocks),
        "estimated": len(outcome.pairs()),
        "mape": outcome.mape,
        "median_ape": outcome.median_ape,
        "kendall_tau": outcome.kendall_tau,
        "blocks_per_second": outcome.blocks_per_second,
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


def validation_text(outcome: Validation, worst: int = 0) -> str:
    scenarios = ", ".join(sorted({block.scenario for block in outcome.blocks}))
    tau = outcome.kendall_tau
    lines = [
        f"{outcome.uarch}, {scenarios}: {_percent(outcome.mape)} mean, "
        f"{_percent(outcome.median_ape)} median error; "
        f"tau {'n/a' if tau is None else format(tau, '.4f')}",
        clip(
            f"  {len(outcome.pairs())} of {len(outcome.blocks)} blocks estimated, "
            f"{outcome.blocks_per_second:.0f} blocks/s; {outcome.file}",
            72,
        ),
    ]
    if worst:
        rows = [("line", "measured", "model", "error", "block")]
        for block, cycles in outcome.worst(worst):
            rows.append(
                (
                    str(block.line),
                    f"{block.cycles:.2f}",
                    f"{cycles:.2f}",
                    f"{100 * relative_error(block, cycles):.0f} %",
                    _assembly(block),
                )
            )
        lines += ["", *table(rows, "rrrrl")]
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f} %"


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
