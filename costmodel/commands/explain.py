"""``costmodel explain FILE --uarch NAME``: where the cycles of one estimate go."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import (
    INPUT_HELP,
    add_model_options,
    add_path_options,
    add_plot,
    add_uarch,
    chosen_cores,
    forbid_guessing,
    path_options,
    standard_input,
    wants_json,
)
from costmodel.errors import UsageError

if TYPE_CHECKING:
    from costmodel.studies.whatif import Relief

PLOTS = ("timeline", "store-buffer")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="FILE", help=INPUT_HELP)
    add_uarch(parser, "the core to explain it on")
    add_path_options(parser)
    add_model_options(parser)
    add_plot(parser, PLOTS)
    parser.add_argument(
        "--what-if",
        action="store_true",
        help="also take one limit of the core away at a time: the cycles each costs",
    )


def width() -> int:
    """Columns of the report: 72 for mail, unless COLUMNS asks for another width."""
    text = os.environ.get("COLUMNS", "")
    return min(max(int(text), 60), 400) if text.isdecimal() and int(text) else 72


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api

    if not args.uarch or args.uarch == "all" or "," in args.uarch:
        raise UsageError(
            "explain needs exactly one core",
            where="--uarch",
            expected=", ".join(api.cores()),
        )
    (core,) = chosen_cores(args.uarch, strict=args.strict)
    path = api.load_path(
        args.input,
        core=core,
        **path_options(args),
        stdin=standard_input((args.input,)),
    )
    result = api.estimate(
        path, core, scenario=args.scenario, align=args.align, cold=args.cold
    )
    if args.strict:
        forbid_guessing([result])
    if args.plot:
        from costmodel.views.timeplots import store_buffer_plot, timeline_plot

        draw = timeline_plot if args.plot_kind == PLOTS[0] else store_buffer_plot
        draw(result).save(args.plot)
    reliefs: tuple[Relief, ...] = ()
    if args.what_if:
        from costmodel.ask import what_if

        reliefs = what_if(
            path, core, scenario=args.scenario, align=args.align, cold=args.cold
        )
    if wants_json(args):
        from costmodel.views.json import explanation_document

        return Outcome(explanation_document(result, reliefs))
    from costmodel.views.explain import explanation_text

    return Outcome(explanation_text(result, width(), reliefs))
