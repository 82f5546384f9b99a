"""``costmodel estimate FILE...``: cycles of each path on each core."""

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
    parser.add_argument("inputs", nargs="+", metavar="FILE", help=INPUT_HELP)
    add_uarch(parser, "cores to estimate on (default: all)")
    add_path_options(parser)
    add_model_options(parser)


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api

    cores = chosen_cores(args.uarch, strict=args.strict)
    stdin = standard_input(args.inputs)
    paths = [
        api.load_path(
            source,
            **path_options(args),
            stdin=stdin,
        )
        for source in args.inputs
    ]
    results = [
        api.estimate(path, core, scenario=args.scenario, align=args.align)
        for path in paths
        for core in cores
    ]
    if args.strict:
        forbid_guessing(results)
    if wants_json(args):
        from costmodel.views.json import estimates_document

        return Outcome(estimates_document(results))
    from costmodel.views.text import estimates_text

    return Outcome(estimates_text(results))
