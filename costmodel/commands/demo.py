"""``costmodel demo``: the question of August 2014, on every core there is."""

from __future__ import annotations

import argparse

from costmodel.commands import Outcome
from costmodel.commands.options import add_json, add_uarch, chosen_cores, wants_json


def add(parser: argparse.ArgumentParser) -> None:
    add_uarch(parser, "cores to answer for (default: all)")
    add_json(parser)


def run(args: argparse.Namespace) -> Outcome:
    from costmodel.studies.top_of_stack import answer
    from costmodel.views.answer import answer_document, answer_text

    answers = answer(chosen_cores(args.uarch))
    show = answer_document if wants_json(args) else answer_text
    return Outcome(show(answers))
