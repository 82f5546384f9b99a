"""``costmodel measure FILE..``: what paths take on the CPU at hand."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import (
    INPUT_HELP,
    add_json,
    add_path_options,
    alignment,
    path_options,
    standard_input,
    wants_json,
)
from costmodel.errors import UsageError

if TYPE_CHECKING:
    from costmodel.code.insn import Path
    from costmodel.measure.paired import Paired
    from costmodel.measure.run import Measured, Settings

SCENARIOS = ("unroll", "opcache", "loop", "once")
_TROUBLE = {
    "busy": "no quiet moment in all the time\n  try: --pause 20, another --cpu, a "
    "machine with less to do",
    "unstable": "no two rounds agree\n  try: --rounds 15 --pause 20",
}
WARNING = (
    "measuring executes the code it is given, on this CPU, as you; "
    "give it no code you would not run"
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="FILE",
        help=INPUT_HELP + "; two are measured against each other too",
    )
    add_path_options(parser)
    group = parser.add_argument_group("measuring")
    group.add_argument(
        "--scenario",
        choices=SCENARIOS,
        default="unroll",
        help="copies in a row, in an op-cache loop, one in a loop, or a single pass "
        "(default unroll)",
    )
    add_measuring(group)
    group.add_argument(
        "--align",
        type=alignment,
        default=0,
        metavar="N",
        help="offset of the first copy from a 64-byte line, 0-63 (default 0)",
    )
    group.add_argument(
        "--blocks",
        metavar="F.csv",
        help="measure every row of a file of blocks (hex, scenario, loop_ctr); "
        "the rows with their cycles go to stdout or --out",
    )
    group.add_argument(
        "--limit", type=int, metavar="N", help="first N rows of --blocks"
    )
    group.add_argument("--out", metavar="CSV", help="where --blocks writes")
    group.add_argument(
        "--ring0",
        action="store_true",
        help="run an entry path as it is, in a guest of its own through /dev/kvm",
    )
    group.add_argument(
        "--save",
        metavar="RECORD.json",
        help="write CPU, kernel and results there, to be sent (see record --add)",
    )
    add_json(parser)


def add_measuring(group: argparse._ArgumentGroup, *, frame: bool = True) -> None:
    """Options of every command that measures; ``frame``: it takes entry paths."""
    group.add_argument(
        "--cpu", type=int, default=-1, metavar="N", help="run on this CPU only"
    )
    group.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help="rounds of samples; those that agree count (default 7)",
    )
    group.add_argument(
        "--pause",
        type=float,
        default=0.02,
        metavar="SECONDS",
        help="between two rounds; minutes let a neighbour go away (default 0.02)",
    )
    if not frame:
        return
    group.add_argument(
        "--frame",
        action="store_true",
        help="of an entry path, leave out what user mode forbids and put a real "
        "failing system call in the handler's place",
    )


def settings_of(args: argparse.Namespace, scenario: str) -> Settings:
    from costmodel.measure.run import ROUNDS, Settings, check_settings

    if not 0 <= args.pause <= 3600:
        raise UsageError(
            f"{args.pause:g} seconds", where="--pause", expected="0 to 3600"
        )
    settings = Settings(
        scenario=scenario,
        cpu=args.cpu,
        rounds=ROUNDS if args.rounds is None else args.rounds,
        pause=args.pause,
        align=getattr(args, "align", None) or 0,
    )
    check_settings(settings)
    return settings


def run(args: argparse.Namespace) -> Outcome:
    settings = settings_of(args, args.scenario)
    if args.blocks:
        return _blocks(args, settings)
    if not args.inputs:
        raise UsageError("nothing to measure", expected="FILE.., or --blocks F.csv")
    from costmodel import api

    stdin = standard_input(args.inputs)
    paths = [
        api.load_path(source, **path_options(args), stdin=stdin)
        for source in args.inputs
    ]
    args.warn(WARNING)
    if args.ring0:
        from costmodel.commands.ring0 import run_paths

        return run_paths(args, paths, settings)
    return _paths(args, paths, settings)


def _paths(args: argparse.Namespace, paths: list[Path], settings: Settings) -> Outcome:
    from costmodel.measure.run import machine, measure
    from costmodel.views import measuring as view

    cpu = machine()
    results = measure(paths, settings, frame=args.frame, progress=args.progress)
    pairs: list[Paired] = []
    if len(paths) == 2 and all(m.failure is None for m in results):
        from costmodel.measure.paired import paired

        pairs = paired(
            paths[0], paths[1], settings, frame=args.frame, progress=args.progress
        )
    if args.save:
        from costmodel.measure.records import save

        save(args.save, cpu, results)
    show = view.measured_document if wants_json(args) else view.measured_text
    notes, status = _failures(results)
    return Outcome(show(cpu, results, pairs), notes, status)


def _failures(results: list[Measured]) -> tuple[tuple[str, ...], int]:
    """A message for each path that could not be measured, and the status they make."""
    notes = []
    status = 0
    for measured in results:
        failed = measured.failure
        where = measured.path.origin or measured.path.name
        if failed is None:
            if measured.status in _TROUBLE:
                notes.append(f"{where}: {_TROUBLE[measured.status]}")
            continue
        said = f"{where}: {failed.says}"
        notes.append(f"{said}\n  try: {failed.hint}" if failed.hint else said)
        status = max(status, 3 if failed.word == "unknown" else 2)
    return tuple(notes), status


def _blocks(args: argparse.Namespace, settings: Settings) -> Outcome:
    from costmodel.measure.blocks import measure_blocks, read_rows, rows_csv

    if args.inputs:
        raise UsageError("FILE with --blocks", expected="one of the two")
    rows = read_rows(args.blocks, args.scenario)
    if args.limit is not None:
        rows = rows[: max(args.limit, 0)]
    args.warn(WARNING)
    found = measure_blocks(rows, settings, progress=args.progress)
    text = rows_csv(found)
    lost = sum(1 for row in found if row.status != "ok")
    notes = (f"{len(found) - lost} of {len(found)} rows measured",)
    if args.out:
        from costmodel.measure.records import write_beside

        write_beside(args.out, text)
        return Outcome("", (*notes, f"wrote {args.out}"))
    return Outcome(text.rstrip("\n"), notes)
