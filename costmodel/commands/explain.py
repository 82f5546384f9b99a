"""``costmodel explain FILE --uarch NAME``: where the cycles of one estimate go."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import (
    INPUT_HELP,
    add_draws,
    add_model_options,
    add_path_options,
    add_plot,
    add_uarch,
    checked_plot,
    chosen_cores,
    forbid_guessing,
    path_options,
    shown,
    standard_input,
    write_plot,
)
from costmodel.errors import UsageError
from costmodel.views.render import FORMATS, LOGS

if TYPE_CHECKING:
    from costmodel.studies.whatif import Relief

PLOTS = ("timeline", "store-buffer")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="FILE", help=INPUT_HELP)
    add_uarch(parser, "the core to explain it on")
    add_path_options(parser)
    add_model_options(parser, FORMATS + LOGS)
    add_draws(parser, "0")
    add_plot(parser, PLOTS)
    parser.add_argument(
        "--what-if",
        action="store_true",
        help="also take one limit of the core away at a time: the cycles each costs",
    )


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api

    if not args.uarch or args.uarch == "all" or "," in args.uarch:
        raise UsageError(
            "explain needs exactly one core",
            where="--uarch",
            expected=", ".join(api.cores()),
        )
    if args.plot:
        checked_plot(args.plot)
    (core,) = chosen_cores(args.uarch, strict=args.strict)
    path = api.load_path(
        args.input,
        core=core,
        **path_options(args),
        stdin=standard_input((args.input,)),
    )
    from costmodel.studies.settings import parse_settings, values_for

    values = values_for(parse_settings(args.settings), core)
    result = api.estimate(
        path,
        core,
        scenario=args.scenario,
        align=args.align,
        cold=args.cold,
        values=values,
        draws=args.draws or 0,
    )
    if args.strict:
        forbid_guessing([result])
    if args.plot:
        from costmodel.views.timeplots import store_buffer_plot, timeline_plot

        draw = timeline_plot if args.plot_kind == PLOTS[0] else store_buffer_plot
        write_plot(args.plot, lambda: draw(result))
    reliefs: tuple[Relief, ...] = ()
    if args.what_if:
        from costmodel.ask import what_if

        reliefs = what_if(
            path,
            core,
            scenario=args.scenario,
            align=args.align,
            cold=args.cold,
            values=values,
        )
    from costmodel.views.explain import explanation_report

    return shown(args, explanation_report(result, reliefs))
