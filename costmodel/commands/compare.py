"""``costmodel compare BEFORE AFTER``: what a change costs, and why."""

from __future__ import annotations

import argparse

from costmodel.commands import Outcome
from costmodel.commands.options import (
    INPUT_HELP,
    add_model_options,
    add_path_options,
    add_uarch,
    chosen_cores,
    forbid_guessing,
    path_options,
    standard_input,
    wants_json,
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", metavar="BEFORE", help=INPUT_HELP)
    parser.add_argument("after", metavar="AFTER", help="the same after the change")
    add_uarch(parser, "cores to compare on (default: all)")
    add_path_options(parser)
    add_model_options(parser)
    parser.add_argument(
        "--fail-above",
        type=float,
        metavar="N",
        help="exit 1 if any core loses more than N cycles",
    )


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api

    cores = chosen_cores(args.uarch, strict=args.strict)
    stdin = standard_input((args.before, args.after))
    before, after = (
        api.load_path(
            source,
            **path_options(args),
            stdin=stdin,
        )
        for source in (args.before, args.after)
    )
    differences = api.compare(
        before, after, cores, scenario=args.scenario, align=args.align
    )
    if args.strict:
        forbid_guessing(e for d in differences for e in (d.before, d.after))
    notes: tuple[str, ...] = ()
    status = 0
    if args.fail_above is not None:
        above = [d for d in differences if d.delta > args.fail_above]
        notes = tuple(
            f"{d.after.uarch}: {d.delta:+.2f} cycles is above {args.fail_above:g}"
            for d in above
        )
        status = 1 if above else 0
    if wants_json(args):
        from costmodel.views.json import comparisons_document

        return Outcome(comparisons_document(differences), notes, status)
    from costmodel.views.comparison import comparisons_text

    return Outcome(comparisons_text(differences), notes, status)
