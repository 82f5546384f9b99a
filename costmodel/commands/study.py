"""``costmodel study STUDY.yaml``: questions answered, with intervals."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import (
    FORMATS,
    add_draws,
    add_json,
    add_uarch,
    checked_plot,
    chosen_cores,
    shown,
    write_plot,
)

if TYPE_CHECKING:
    from costmodel.studies.headline import Told
    from costmodel.studies.study import Outcome as Answers

VIEWS = ("whole", "answer")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "study",
        metavar="STUDY.yaml",
        help="paths and questions; top-of-stack is the one that ships",
    )
    add_uarch(parser, "cores to answer for (default: the study's, else all)")
    add_draws(parser, "the study's")
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
    parser.add_argument(
        "--view",
        choices=VIEWS,
        default=VIEWS[0],
        help="answer: one screen, of a study that names its answer (default whole)",
    )
    add_json(parser, FORMATS)


def run(args: argparse.Namespace) -> Outcome:
    from costmodel.studies.headline import told
    from costmodel.studies.study import answer, load_study
    from costmodel.studies.studyfile import study_file
    from costmodel.views.study import study_report

    if args.plot:
        checked_plot(args.plot)
    alone = args.view == "answer" and not (args.out or args.plot)
    study, paths = load_study(study_file(args.study), answer=alone)
    if args.plot:
        from costmodel.views.studyplots import checked_name

        checked_name(study, args.plot_kind)  # before the work
    asked = args.uarch or (",".join(study.cores) or None)
    outcome = answer(
        study, paths, chosen_cores(asked), draws=args.draws, progress=args.progress
    )
    answered = told(outcome, paths) if study.headline else None
    notes: tuple[str, ...] = ()
    if args.plot:
        from costmodel.views.studyplots import plot_of

        write_plot(args.plot, lambda: plot_of(outcome, args.plot_kind))
    if args.out:
        notes = tuple(f"wrote {n}" for n in _write_all(args.out, outcome, answered))
    if args.view == "answer" and answered is not None:
        from costmodel.views.answer import answer_report

        return shown(args, answer_report(answered, outcome))._replace(notes=notes)
    return shown(args, study_report(outcome, answered))._replace(notes=notes)


def _write_all(folder: str, outcome: Answers, answered: Told | None) -> list[str]:
    from costmodel.files import write_folder
    from costmodel.views.studyfiles import report_files

    return write_folder(folder, report_files(outcome, answered))
