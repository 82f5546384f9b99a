"""``costmodel compare BEFORE AFTER``: what a change costs, and why."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.measured import add_measured, measured_here
from costmodel.commands.options import (
    ALL_ALIGNS,
    FORMATS,
    INPUT_HELP,
    add_draws,
    add_model_options,
    add_path_options,
    add_plot,
    add_uarch,
    chosen_cores,
    chosen_format,
    forbid_guessing,
    path_options,
    standard_input,
)
from costmodel.errors import UsageError

if TYPE_CHECKING:
    from costmodel.api import Difference
    from costmodel.commands.measured import MeasuredHere
    from costmodel.studies.sensitivity import Effect

PLOTS = ("differences", "causes", "sensitivity")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "before", metavar="BEFORE", help=INPUT_HELP + "; REV:PATH is read through git"
    )
    parser.add_argument(
        "after",
        metavar="AFTER",
        help="the same after the change; after a range A..B: the file to compare "
        "between the two revisions",
    )
    add_uarch(parser, "cores to compare on (default: all)")
    add_path_options(parser)
    add_model_options(parser, FORMATS, varied=True)
    add_draws(parser)
    add_plot(parser, PLOTS)
    add_measured(parser)
    parser.add_argument(
        "--fail-above",
        type=float,
        metavar="N",
        help="exit 1 if any core loses more than N cycles",
    )


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api
    from costmodel.studies.settings import parse_settings, values_for

    cores = chosen_cores(args.uarch, strict=args.strict)
    sources = _sides(args.before, args.after)
    stdin = standard_input(sources)
    before, after = (
        api.load_path(
            source,
            **path_options(args),
            stdin=stdin,
        )
        for source in sources
    )
    if args.measure and (args.sweep or args.align == ALL_ALIGNS):
        raise UsageError(
            "--measure with --sweep or --align all",
            expected="one change in one place",
            hint="leave one of them out",
        )
    if args.sweep or args.align == ALL_ALIGNS:
        from costmodel.commands.variation import varied

        return varied(args, cores, before, after)
    settings = parse_settings(args.settings)
    values = [values_for(settings, core) for core in cores]
    differences = [
        api.compare(
            before,
            after,
            core,
            scenario=args.scenario,
            align=args.align,
            values=mine,
            cold=args.cold,
        )
        for core, mine in zip(cores, values, strict=True)
    ]
    if args.strict:
        forbid_guessing(e for d in differences for e in (d.before, d.after))
    from costmodel.studies.uncertainty import DRAWS, with_intervals

    draws = DRAWS if args.draws is None else args.draws
    if draws:
        differences = with_intervals(
            differences, (before, after), draws=draws, cores=cores, values=values,
            progress=args.progress,
        )  # fmt: skip
    felt: list[Effect] | None = None
    if draws and len(cores) == 1:
        from costmodel.studies.sensitivity import sensitivities

        felt = sensitivities(
            differences[0], (before, after), cores[0], draws=draws, values=values[0],
            progress=args.progress,
        )  # fmt: skip
    here = measured_here(args, (before, after), cores) if args.measure else None
    if args.plot:
        _plot(args, differences, felt, here)
    notes, status = _verdict(args, differences)
    shown = _shown(differences, felt, chosen_format(args), here)
    return Outcome(shown, notes, status)


def _sides(before: str, after: str) -> tuple[str, str]:
    """The two sources; of a range ``A..B`` the file at both revisions.

    An end left out is HEAD, as git has it.
    """
    first, dots, last = before.partition("..")
    path = last.startswith((".", "/")) or first.endswith("/") or ":" in before
    if not dots or path or Path(before).exists():
        return before, after
    # From here, as git takes paths after a range, not from the top of the work tree.
    file = after if after.startswith((".", "/")) else f"./{after}"
    return f"{first or 'HEAD'}:{file}", f"{last or 'HEAD'}:{file}"


def _plot(
    args: argparse.Namespace,
    differences: list[Difference],
    felt: list[Effect] | None,
    here: MeasuredHere | None,
) -> None:
    from costmodel.views import plots
    from costmodel.views.text import heading

    if args.plot_kind == "differences":
        from costmodel.views.beside import plot_rows

        rows = plot_rows(differences, here.cpu, here.results) if here else ()
        plots.difference_plot(differences, rows).save(args.plot)
        return
    if len(differences) > 1:
        raise UsageError(
            f"--plot-kind {args.plot_kind} of {len(differences)} cores",
            expected="one core, such as --uarch skylake",
        )
    (one,) = differences
    if args.plot_kind == "causes":
        plots.causes_plot(one).save(args.plot)
        return
    if felt is None:
        raise UsageError("--plot-kind sensitivity without draws", expected="--draws 32")
    title = f"{heading(one.before)} → {heading(one.after)} on {one.after.uarch}"
    plots.tornado_plot(felt, one.delta, title, one.after.scenario).save(args.plot)


def _verdict(
    args: argparse.Namespace, differences: list[Difference]
) -> tuple[tuple[str, ...], int]:
    """What is above ``--fail-above``, and the status that makes of it."""
    if args.fail_above is None:
        return (), 0
    above = [d for d in differences if d.delta > args.fail_above]
    notes = tuple(
        f"{d.after.uarch}: {d.delta:+.2f} cycles is above {args.fail_above:g}"
        for d in above
    )
    return notes, 1 if above else 0


def _shown(
    differences: list[Difference],
    felt: list[Effect] | None,
    style: str,
    here: MeasuredHere | None,
) -> str:
    if here is not None:
        from costmodel.views.beside import beside_in

        return beside_in(style, differences, felt, here.cpu, here.results)
    if style == "json":
        from costmodel.views.json import comparisons_document

        return comparisons_document(differences, felt)
    if style == "text":
        from costmodel.views.comparison import comparisons_text

        return comparisons_text(differences, felt or ())
    from costmodel.views.formats import comparisons_in

    return comparisons_in(style, differences)
