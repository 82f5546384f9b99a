"""``costmodel calibrate``: this CPU's figures, against its core file."""

from __future__ import annotations

import argparse

from costmodel.commands import Outcome
from costmodel.commands.measure import WARNING, add_measuring, settings_of
from costmodel.commands.options import add_json, chosen_cores, wants_json
from costmodel.errors import UsageError


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-u",
        "--uarch",
        metavar="NAME",
        default="native",
        help="the core to hold this CPU against (default: native, the one it has)",
    )
    parser.add_argument(
        "--write",
        metavar="MY.yaml",
        help="write a core that extends it with the figures measured here",
    )
    parser.add_argument(
        "--no-windows",
        action="store_true",
        help="instruction forms only, no window sizes",
    )
    parser.add_argument(
        "--ring0",
        action="store_true",
        help="system instructions too, in a guest of its own through /dev/kvm",
    )
    add_json(parser)
    add_measuring(parser.add_argument_group("measuring"), frame=False)


def run(args: argparse.Namespace) -> Outcome:
    import time

    from costmodel.measure.calibrate import calibrate, core_yaml, written
    from costmodel.measure.cpu import this_cpu
    from costmodel.measure.records import write_beside
    from costmodel.views import calibration as view

    settings = settings_of(args, "unroll")
    names = chosen_cores(args.uarch)
    if len(names) != 1:
        raise UsageError("calibrate needs exactly one core", where="--uarch")
    cpu = this_cpu()
    args.warn(WARNING)
    found = calibrate(
        names[0], settings, windows=not args.no_windows, progress=args.progress
    )
    guest = None
    if args.ring0:
        from costmodel.measure.ring0costs import instruction_costs

        guest = instruction_costs(args.cpu)
    notes: tuple[str, ...] = ()
    if args.write:
        date = time.strftime("%Y-%m-%d", time.gmtime())
        title = f"{cpu.name or cpu.label}, as measured"
        write_beside(args.write, core_yaml(found, cpu.label, date, title))
        count = len(written(found))
        notes = (
            f"wrote {args.write}: {count} figures; "
            f"{len(found.solved) - count} within rows of several uops left to you",
        )
    show = view.calibration_document if wants_json(args) else view.calibration_text
    return Outcome(show(cpu, found, guest), notes)
