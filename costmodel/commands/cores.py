"""``costmodel cores [NAME]``: the list, or one core with every number's source."""

from __future__ import annotations

import argparse

from costmodel.commands import Outcome
from costmodel.commands.options import add_json, chosen_cores, wants_json


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one core in full")
    parser.add_argument(
        "--check",
        action="store_true",
        help="list what is doubtful in the core files; exit 1 if anything is",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> Outcome:
    if args.check:
        return _check(args)
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


def _check(args: argparse.Namespace) -> Outcome:
    from costmodel.cores.check import check, check_all
    from costmodel.views import cores as view

    whole = args.name is None or args.name == "all"
    found = check_all() if whole else check(args.name)
    show = view.findings_document if wants_json(args) else view.findings_text
    return Outcome(show(found), status=1 if found else 0)
