"""``costmodel cores [NAME]``: the list, or one core with every number's source."""

from __future__ import annotations

import argparse

from costmodel.commands import Outcome
from costmodel.commands.options import add_json, chosen_cores, wants_json


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one core in full")
    add_json(parser)


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api
    from costmodel.views import cores as view

    names = chosen_cores(args.name)
    loaded = [api.load_core(name) for name in names]
    if args.name is None or args.name == "all":
        document, text = view.list_document, view.list_text
        return Outcome(document(loaded) if wants_json(args) else text(loaded))
    if wants_json(args):
        return Outcome(view.core_document(loaded[0]))
    return Outcome("\n".join(view.core_text(core) for core in loaded))
