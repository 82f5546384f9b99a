"""``costmodel compare BEFORE AFTER``: what a change costs, and why."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import (
    ALL_ALIGNS,
    FORMATS,
    INPUT_HELP,
    add_draws,
    add_model_options,
    add_path_options,
    add_plot,
    add_uarch,
    checked_plot,
    chosen_cores,
    cycles,
    forbid_guessing,
    path_options,
    shown,
    standard_input,
    write_plot,
)
from costmodel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from costmodel.api import Difference
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
    parser.add_argument(
        "--fail-above",
        type=cycles,
        metavar="N",
        help="exit 1 if any core loses more than N cycles",
    )


def run(args: argparse.Namespace) -> Outcome:
    from costmodel import api
    from costmodel.studies.settings import parse_settings, values_for

    cores = chosen_cores(args.uarch, strict=args.strict)
    sources = _sides(args.before, args.after)
    if args.plot:
        _check_plot(args, cores)
    stdin = standard_input(sources)
    before, after = api.load_sides(*sources, **path_options(args), stdin=stdin)
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
    if args.plot:
        _plot(args, differences, felt)
    from costmodel.studies.families import families
    from costmodel.views.comparison import comparisons_report

    notes, status = _verdict(args, differences)
    made = shown(args, comparisons_report(differences, felt, lambda: families(cores)))
    return made._replace(notes=notes, status=status)


def _sides(before: str, after: str) -> tuple[str, str]:
    """The two sources; of a range ``A..B`` the file at both revisions.

    An end left out is HEAD, as git has it.
    """
    first, dots, last = before.partition("..")
    path = last.startswith((".", "/")) or first.endswith("/") or ":" in before
    if not dots or path or os.path.lexists(before):
        return before, after
    # From here, as git takes paths after a range, not from the top of the work tree.
    file = after if after.startswith((".", "/")) else f"./{after}"
    return f"{first or 'HEAD'}:{file}", f"{last or 'HEAD'}:{file}"


def _check_plot(args: argparse.Namespace, cores: Sequence[str]) -> None:
    """Refuse a plot that cannot be drawn before anything is computed."""
    checked_plot(args.plot)
    if args.plot_kind != "differences" and len(cores) > 1:
        raise UsageError(
            f"--plot-kind {args.plot_kind} of {len(cores)} cores",
            expected="one core, such as --uarch skylake",
        )
    if args.plot_kind == "sensitivity" and args.draws == 0:
        raise UsageError("--plot-kind sensitivity without draws", expected="--draws 32")


def _plot(
    args: argparse.Namespace, differences: list[Difference], felt: list[Effect] | None
) -> None:
    from costmodel.studies.families import families
    from costmodel.views import plots
    from costmodel.views.estimate import heading

    if args.plot_kind == "differences":
        cores = [d.after.uarch for d in differences]
        write_plot(
            args.plot, lambda: plots.difference_plot(differences, families(cores))
        )
        return
    (one,) = differences
    if args.plot_kind == "causes":
        write_plot(args.plot, lambda: plots.causes_plot(one))
        return
    assert felt is not None
    title = f"{heading(one.before)} → {heading(one.after)} on {one.after.uarch}"
    scenario = one.after.scenario
    write_plot(args.plot, lambda: plots.tornado_plot(felt, one.delta, title, scenario))


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
