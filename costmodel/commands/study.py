"""``costmodel study STUDY.yaml``: questions answered, with intervals."""

from __future__ import annotations

import argparse

from costmodel.commands import Outcome
from costmodel.commands.options import (
    FORMATS,
    add_draws,
    add_json,
    add_uarch,
    checked_plot,
    chosen_cores,
    chosen_format,
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", metavar="STUDY.yaml", help="paths and questions")
    add_uarch(parser, "cores to answer for (default: the study's, else all)")
    add_draws(parser)
    parser.add_argument(
        "--out", metavar="DIR", help="write the report, its tables and plots there"
    )
    parser.add_argument(
        "--plot",
        metavar="OUT.svg",
        help="draw one question's answers on each core: .svg or .png",
    )
    parser.add_argument(
        "--plot-kind",
        metavar="QUESTION",
        default="",
        help="the question --plot draws, by its id, or share-of-slow-calls "
        "(default: the first difference)",
    )
    add_json(parser, FORMATS)


def run(args: argparse.Namespace) -> Outcome:
    from costmodel.studies.study import answer, load_study
    from costmodel.views.study import study_in

    if args.plot:
        checked_plot(args.plot)
    study, paths = load_study(args.study)
    if args.plot:
        from costmodel.views.report import checked_name

        checked_name(study, args.plot_kind)  # before the work
    asked = args.uarch or (",".join(study.cores) or None)
    outcome = answer(
        study, paths, chosen_cores(asked), draws=args.draws, progress=args.progress
    )
    notes: tuple[str, ...] = ()
    if args.plot:
        from costmodel.views.report import plot_of

        plot_of(outcome, args.plot_kind).save(args.plot)
    if args.out:
        from costmodel.views.report import write_report

        notes = tuple(f"wrote {name}" for name in write_report(outcome, args.out))
    return Outcome(study_in(chosen_format(args), outcome), notes)
