"""``costmodel record``: costs on record, and what the model says to each."""

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


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", metavar="RECORD.yaml", help="default: the one shipped"
    )
    add_uarch(parser, "cores to ask (default: all)")
    add_draws(parser, "32")
    parser.add_argument(
        "--add",
        metavar="RECORD.json",
        action="append",
        default=[],
        help="keep what somebody measured (measure --save), and show it from now on",
    )
    add_json(parser, FORMATS)


def run(args: argparse.Namespace) -> Outcome:
    from pathlib import Path

    from costmodel import data
    from costmodel.measure import records
    from costmodel.studies.measured import cells
    from costmodel.studies.record import findings, load_record
    from costmodel.studies.uncertainty import DRAWS
    from costmodel.views.record import record_report
    from costmodel.views.sent import sent_report, with_sent

    notes = tuple(f"kept as {records.add(name)}" for name in args.add)
    if args.add and not args.file:
        return shown(args, sent_report(records.beside()))._replace(notes=notes)
    file = args.file or str(data.stubs_dir() / "record" / "record.yaml")
    record, paths = load_record(file)
    cores = chosen_cores(args.uarch)
    draws = DRAWS if args.draws is None else args.draws
    found = findings(record, paths, cores, draws=draws, progress=args.progress)
    measured = [
        (table, list(cells(table, Path(file).parent)))
        for table in record.tables
        if table.core in cores
    ]
    report = with_sent(record_report(found, measured), records.beside())
    return shown(args, report)._replace(notes=notes)
