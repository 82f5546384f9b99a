"""``costmodel trace PERF.txt``: the path that ran, measured and modelled."""

from __future__ import annotations

import argparse

from costmodel.commands import Outcome
from costmodel.commands.options import (
    FORMATS,
    add_json,
    add_set,
    add_uarch,
    chosen_cores,
    cold_lines,
    forbid_guessing,
    shown,
    standard_input,
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input",
        metavar="PERF.txt",
        help="output of perf script -F +brstackinsn (LBR) or perf script --insn-trace "
        "(Intel PT), with bytes; - is stdin",
    )
    add_uarch(parser, "the cores to model it on (default: all)")
    parser.add_argument(
        "--symbol",
        metavar="SYM",
        help="where the path begins (default: behind SYSCALL, else where samples do)",
    )
    add_set(parser)
    parser.add_argument(
        "--cold",
        type=cold_lines,
        default=(),
        metavar="KIND=LEVEL,..",
        help="lines not in L1 when the path starts, as estimate has it",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit 3 rather than guess the cost of an unknown instruction",
    )
    add_json(parser, FORMATS)


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api
    from costmodel.code.executed import chosen, path_of
    from costmodel.code.load import load_executed
    from costmodel.studies.residual import residuals
    from costmodel.studies.settings import parse_settings, values_for
    from costmodel.views.residual import residuals_report

    cores = chosen_cores(args.uarch, strict=args.strict)
    executed = load_executed(args.input, standard_input((args.input,)))
    found = chosen(executed, args.symbol)
    path = path_of(found, executed)
    settings = parse_settings(args.settings)
    estimates = [
        api.estimate(
            path, core, scenario="once", cold=args.cold,
            values=values_for(settings, core),
        )
        for core in cores
    ]  # fmt: skip
    if args.strict:
        forbid_guessing(estimates)
    held = [residuals(found, estimate) for estimate in estimates]
    return shown(args, residuals_report(held))
