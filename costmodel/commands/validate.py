"""``costmodel validate BLOCKS.csv --uarch NAME``: the model held against silicon."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from costmodel import scenarios
from costmodel.commands import Outcome
from costmodel.commands.measure import add_measuring
from costmodel.commands.options import (
    add_json,
    checked_plot,
    chosen_cores,
    count,
    wants_json,
    write_plot,
)
from costmodel.errors import UsageError

if TYPE_CHECKING:
    from costmodel.studies.blocks import Block


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="BLOCKS.csv", help="rows of hex and cycles")
    parser.add_argument(
        "-u", "--uarch", metavar="NAME", required=True, help="the core they ran on"
    )
    parser.add_argument(
        "--scenario",
        choices=scenarios.NAMES,
        help="how the blocks were measured; a scenario column in the file wins",
    )
    parser.add_argument(
        "--column",
        default="cycles",
        metavar="NAME",
        help="the measured column (default cycles); blank cells are skipped",
    )
    parser.add_argument(
        "--worst", type=count, default=0, metavar="N", help="list the N worst rows"
    )
    parser.add_argument(
        "--by",
        metavar="KIND,..",
        help="tables by size, mechanism (what bound a block: half as long again), "
        "mix, or all of them; text shows size and mix, and JSON none, unless told",
    )
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="only the half of the blocks that tuning leaves out, by hash (of Golden "
        "Cove and of frame variants it saw both: docs/accuracy.md)",
    )
    parser.add_argument(
        "--limit", type=count, metavar="N", help="use the first N rows only"
    )
    parser.add_argument(
        "--plot", metavar="OUT.svg", help="draw predicted against measured"
    )
    parser.add_argument("--out", metavar="CSV", help="write every prediction there")
    add_json(parser)
    group = parser.add_argument_group("measuring")
    group.add_argument(
        "--measure",
        action="store_true",
        help="measure the blocks on this CPU now, instead of reading their cycles; "
        "this executes them",
    )
    add_measuring(group, frame=False)


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api
    from costmodel.files import write_whole
    from costmodel.studies.validate import read_blocks, validate
    from costmodel.views import validation as view

    if args.plot:
        checked_plot(args.plot)
    names = chosen_cores(args.uarch)
    if len(names) != 1:
        raise UsageError("validate needs exactly one core", where="--uarch")
    if args.measure:
        rows = _measured_here(args)
    else:
        rows = read_blocks(args.file, column=args.column, scenario=args.scenario)
    if args.limit is not None and not args.measure:
        rows = rows[: args.limit]
    if args.held_out:
        rows = [row for row in rows if row.held_out]
    by = _kinds(args)
    outcome = validate(
        args.file, rows, api.load_core(names[0]), args.progress,
        bound="mechanism" in by,
    )  # fmt: skip
    if args.out:
        write_whole(args.out, view.predictions_csv(outcome).encode())
    if args.plot:
        from costmodel.views.plots import predicted_plot

        write_plot(args.plot, lambda: predicted_plot(outcome))
    if wants_json(args):
        return Outcome(view.validation_document(outcome, args.worst, by))
    return Outcome(view.validation_text(outcome, args.worst, by))


def _measured_here(args: argparse.Namespace) -> list[Block]:
    """The blocks of the file as this CPU runs them."""
    from costmodel.commands.measure import WARNING, settings_of
    from costmodel.measure.blocks import as_blocks, measure_blocks, read_rows

    rows = read_rows(args.file, args.scenario or "unroll")
    if args.limit is not None:
        rows = rows[: max(args.limit, 0)]
    args.warn(WARNING)
    found = as_blocks(
        measure_blocks(rows, settings_of(args, "unroll"), progress=args.progress)
    )
    args.warn(f"{len(found)} of {len(rows)} rows measured")
    return found


def _kinds(args: argparse.Namespace) -> list[str]:
    """What to group by."""
    from costmodel.studies.groups import KINDS

    if args.by is None:
        return [] if wants_json(args) else ["size", "mix"]
    if args.by in ("all", "none"):
        return list(KINDS) if args.by == "all" else []
    chosen = [name.strip() for name in args.by.split(",") if name.strip()]
    for name in chosen:
        if name not in KINDS:
            expected = ", ".join((*KINDS, "all", "none"))
            raise UsageError(f"no groups by {name!r}", where="--by", expected=expected)
    return chosen
