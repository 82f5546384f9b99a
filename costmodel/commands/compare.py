"""``costmodel compare BEFORE AFTER``: what a change costs, and why."""

from __future__ import annotations

import argparse
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
    checked_plot,
    chosen_cores,
    cycles,
    feature_sets,
    forbid_guessing,
    one_path,
    path_options,
    shown,
    standard_input,
    write_plot,
)
from costmodel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from costmodel.api import Difference
    from costmodel.code.changes import Change
    from costmodel.code.insn import Path
    from costmodel.code.revisions import Workspace
    from costmodel.commands.measured import MeasuredHere
    from costmodel.studies.onrecord import Known
    from costmodel.studies.sensitivity import Effect
    from costmodel.studies.settings import Values

PLOTS = ("differences", "causes", "sensitivity")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "before",
        metavar="BEFORE",
        help=INPUT_HELP + "; a built kernel tree is its vmlinux; REV:PATH is read "
        "through git; or a change of the file AFTER: a range A..B, A...B or REV^!, a "
        "patch or a mailbox of patches",
    )
    parser.add_argument(
        "after",
        metavar="AFTER",
        nargs="?",
        help="the same after the change; after a range or patches: the file to compare",
    )
    add_uarch(parser, "cores to compare on (default: all)")
    add_path_options(parser)
    group = parser.add_argument_group("many changes at once")
    group.add_argument(
        "--each",
        action="store_true",
        help="a row for every commit of the range, or every patch of the mailbox",
    )
    group.add_argument(
        "--base", metavar="REV", help="what patches apply to (default: HEAD)"
    )
    group.add_argument(
        "--all-entries",
        action="store_true",
        help="a row for every entry point of both, largest difference first",
    )
    add_model_options(parser, FORMATS, varied=True)
    add_draws(parser, "32")
    add_plot(parser, PLOTS)
    add_measured(parser)
    parser.add_argument(
        "--fail-above",
        type=cycles,
        metavar="N",
        help="exit 1 if any core loses more than N cycles",
    )


def run(args: argparse.Namespace) -> Outcome:
    from costmodel.code.revisions import Workspace

    cores = chosen_cores(args.uarch, strict=args.strict)
    if args.plot:
        _check_plot(args, cores)
    if args.measure and (args.sweep or args.align == ALL_ALIGNS):
        raise UsageError(
            "--measure with --sweep or --align all",
            expected="one change in one place",
            hint="leave one of them out",
        )
    sets = feature_sets(args, 2)
    sources = (args.before,) if args.after is None else (args.before, args.after)
    args.after = _after(args, sets)
    with Workspace() as space:
        stdin = standard_input(sources)
        changes = _changes(args, stdin, space)
        if args.each or args.all_entries:
            from costmodel.commands import series

            return series.run(args, cores, changes, stdin, space)
        whole = changes[0]._replace(after=changes[-1].after)
        return _one(args, cores, whole, stdin, space)


def _changes(
    args: argparse.Namespace, stdin: bytes | None, space: Workspace
) -> list[Change]:
    """What is asked about, in order: more than one of a series only."""
    from costmodel.code import changes, patches

    if changes.is_range(args.before):
        of = changes.each_of_range if args.each else None
        if of is not None:
            return of(args.before, args.after)
        return [changes.of_range(args.before, args.after)]
    given = patches.read(args.before, stdin)
    if given is not None:
        return patches.changes_of(given, args.before, args.after, args.base, space)
    if args.base is not None:
        raise UsageError("--base without patches", expected="a patch as BEFORE")
    if args.each:
        raise UsageError(
            f"--each with {args.before!r}",
            expected=f"{changes.FORMS}, a patch or a mailbox of patches",
        )
    return [changes.Change(args.before, args.after)]


def _one(
    args: argparse.Namespace,
    cores: list[str],
    change: Change,
    stdin: bytes | None,
    space: Workspace,
) -> Outcome:
    from costmodel import api
    from costmodel.studies.settings import parse_settings, values_for

    sets = feature_sets(args, 2)
    before, after = api.load_sides(
        *change[:2], cores, of_each=(sets[0], sets[-1]), stdin=stdin, workspace=space,
        **path_options(args, sets[0]),
    )  # fmt: skip
    if args.sweep or args.align == ALL_ALIGNS:
        from costmodel.commands.variation import varied

        return varied(args, cores, one_path(before), one_path(after))
    settings = parse_settings(args.settings)
    values = [values_for(settings, core) for core in cores]
    differences = [
        api.compare(
            old,
            new,
            core,
            scenario=args.scenario,
            align=args.align,
            values=mine,
            cold=args.cold,
            draws=0,
        )
        for old, new, core, mine in zip(before, after, cores, values, strict=True)
    ]
    if args.strict:
        forbid_guessing(e for d in differences for e in (d.before, d.after))
    from costmodel.studies.uncertainty import DRAWS

    draws = DRAWS if args.draws is None else args.draws
    if draws:
        differences = _intervals(args, differences, before, after, cores, values, draws)
    felt: list[Effect] | None = None
    if draws and len(cores) == 1:
        from costmodel.studies.sensitivity import sensitivities

        felt = sensitivities(
            differences[0], (before[0], after[0]), cores[0], draws=draws,
            values=values[0], progress=args.progress,
        )  # fmt: skip
    from costmodel.studies.onrecord import known_of

    known = [k for d in differences for k in known_of(d)]
    here = measured_here(args, before, after, cores) if args.measure else None
    if args.plot:
        _plot(args, differences, felt, here, known)
    from costmodel.studies.families import families
    from costmodel.views.comparison import comparisons_report

    report = comparisons_report(differences, felt, lambda: families(cores), known)
    if here is not None:
        from costmodel.views.beside import beside

        report = beside(report, differences, here.cpu, here.results)
    notes, status = verdict(args.fail_above, differences)
    return shown(args, report)._replace(notes=notes, status=status)


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


def _after(args: argparse.Namespace, sets: Sequence[str | None]) -> str:
    """AFTER; two sets of features make of BEFORE alone a comparison."""
    if args.after is not None:
        return str(args.after)
    if len(sets) < 2:
        raise UsageError(
            "nothing to compare with",
            expected="BEFORE and AFTER, or BEFORE and two times --features",
        )
    return str(args.before)


def _intervals(
    args: argparse.Namespace,
    differences: list[Difference],
    before: Sequence[Path],
    after: Sequence[Path],
    cores: Sequence[str],
    values: Sequence[Values],
    draws: int,
) -> list[Difference]:
    """The differences with intervals: at once where all cores run the same paths."""
    from costmodel.sources import alike
    from costmodel.studies.uncertainty import with_intervals

    found: list[Difference] = []
    for group in alike(before, after):
        found += with_intervals(
            [differences[k] for k in group],
            (before[group[0]], after[group[0]]),
            draws=draws,
            cores=[cores[k] for k in group],
            values=[values[k] for k in group],
            progress=args.progress,
        )
    return found


def _plot(
    args: argparse.Namespace,
    differences: list[Difference],
    felt: list[Effect] | None,
    here: MeasuredHere | None,
    known: Sequence[Known],
) -> None:
    from costmodel.studies.families import families
    from costmodel.views import plots
    from costmodel.views.estimate import heading

    if args.plot_kind == "differences":
        cores = [d.after.uarch for d in differences]
        from costmodel.views.known import points_of

        points = points_of(known)
        if here is not None:
            from costmodel.views.beside import silicon

            found = silicon(differences, here.cpu, here.results)
            mine = {point.uarch for point in found}
            points = (*(p for p in points if p.uarch not in mine), *found)
        write_plot(
            args.plot,
            lambda: plots.difference_plot(differences, families(cores), points),
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


def verdict(
    limit: float | None, differences: list[Difference]
) -> tuple[tuple[str, ...], int]:
    """What is above ``--fail-above``, and the status that makes of it."""
    if limit is None:
        return (), 0
    above = [d for d in differences if d.delta > limit]
    notes = tuple(
        f"{d.after.uarch}: {d.delta:+.2f} cycles is above {limit:g}" for d in above
    )
    return notes, 1 if above else 0
