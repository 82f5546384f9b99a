"""``costmodel demo``: the question of August 2014, answered in one screen."""

from __future__ import annotations

import argparse

from costmodel.commands import Outcome
from costmodel.commands.options import (
    FORMATS,
    add_draws,
    add_json,
    add_uarch,
    chosen_cores,
    shown,
)

STUDY = "top-of-stack"


def add(parser: argparse.ArgumentParser) -> None:
    add_uarch(parser, "cores to answer for (default: all)")
    add_draws(parser, "the study's")
    add_json(parser, FORMATS)


def run(args: argparse.Namespace) -> Outcome:
    from costmodel.studies.headline import told
    from costmodel.studies.study import answer, load_study
    from costmodel.studies.studyfile import headline_of, study_file
    from costmodel.views.answer import answer_report

    study, paths = load_study(study_file(STUDY), answer=True)
    outcome = answer(
        study, paths, chosen_cores(args.uarch), draws=args.draws,
        progress=args.progress, stated=(headline_of(study).other,),
    )  # fmt: skip
    return shown(args, answer_report(told(outcome, paths), outcome))
