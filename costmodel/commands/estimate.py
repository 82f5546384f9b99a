"""``costmodel estimate FILE...``: cycles of each path on each core."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import (
    ALL_ALIGNS,
    FORMATS,
    INPUT_HELP,
    add_draws,
    add_model_options,
    add_path_options,
    add_uarch,
    chosen_cores,
    chosen_format,
    feature_sets,
    forbid_guessing,
    one_path,
    path_options,
    shown,
    standard_input,
)
from costmodel.errors import UsageError

if TYPE_CHECKING:
    from costmodel.code.insn import Path
    from costmodel.studies.settings import Values

MOST_SETS = 32  # of features, a row each


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="FILE", help=INPUT_HELP)
    add_uarch(parser, "cores to estimate on (default: all)")
    add_path_options(parser)
    add_model_options(parser, FORMATS, varied=True)
    add_draws(parser, "0")


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api

    cores = chosen_cores(args.uarch, strict=args.strict)
    stdin = standard_input(args.inputs)
    paths = [
        api.load_paths(source, cores, **path_options(args, features), stdin=stdin)
        for source in args.inputs
        for features in feature_sets(args, MOST_SETS)
    ]
    if args.sweep or args.align == ALL_ALIGNS:
        return _varied(args, cores, [one_path(same) for same in paths])
    values = _values(args, cores)
    results = [
        api.estimate(
            path,
            core,
            scenario=args.scenario,
            align=args.align,
            values=mine,
            cold=args.cold,
        )
        for on_cores in paths
        for path, core, mine in zip(on_cores, cores, values, strict=True)
    ]
    if args.strict:
        forbid_guessing(results)
    if args.draws:
        from costmodel.studies.absolute import with_intervals

        results = with_intervals(
            results,
            [path for on_cores in paths for path in on_cores],
            draws=args.draws,
            cores=cores * len(paths),
            values=values * len(paths),
            progress=args.progress,
        )
    from costmodel.views.estimate import estimates_report

    if (
        chosen_format(args) == "text"
        and len(args.features) > 1
        and len(args.inputs) == 1
    ):
        from costmodel.views.features import features_text

        return Outcome(features_text(results))
    return shown(args, estimates_report(results))


def _values(args: argparse.Namespace, cores: list[str]) -> list[Values]:
    """What ``--set`` sets on each core."""
    if not args.settings:
        return [()] * len(cores)
    from costmodel.studies.settings import parse_settings, values_for

    settings = parse_settings(args.settings)
    return [values_for(settings, core) for core in cores]


def _varied(args: argparse.Namespace, cores: list[str], paths: list[Path]) -> Outcome:
    from costmodel.commands.variation import varied

    if len(paths) > 1:
        raise UsageError(
            "several inputs with --sweep or --align all", expected="one input"
        )
    return varied(args, cores, paths[0])
