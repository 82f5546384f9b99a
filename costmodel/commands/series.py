"""``compare --each`` and ``compare --all-entries``: a table with a row each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import (
    ALL_ALIGNS,
    forbid_guessing,
    path_options,
    shown,
)
from costmodel.errors import CostmodelError, UsageError

if TYPE_CHECKING:
    from costmodel.api import Difference
    from costmodel.code.changes import Change, Input
    from costmodel.code.image import Image
    from costmodel.code.insn import Path
    from costmodel.code.revisions import Workspace
    from costmodel.studies.series import Row, Series

    Compared = Callable[[list[Path], list[Path]], list[Difference]]


def run(
    args: argparse.Namespace,
    cores: list[str],
    changes: Sequence[Change],
    stdin: bytes | None,
    space: Workspace,
) -> Outcome:
    from costmodel.commands.compare import verdict
    from costmodel.views.series import series_report

    for option in ("plot", "sweep"):
        if getattr(args, option):
            raise UsageError(
                f"--{option} with --each or --all-entries", expected="one comparison"
            )
    if args.each and args.all_entries:
        raise UsageError("--each with --all-entries", expected="one of the two")
    if args.each:
        found = _commits(args, cores, changes, stdin, space)
    else:
        found = _entries(args, cores, changes, stdin, space)
    rows = [d for row in found.rows for d in row.differences]
    notes, status = verdict(args.fail_above, list(found.whole or rows))  # type: ignore[arg-type]
    if not rows and found.rows:
        status = 2
    made = shown(args, series_report(found))
    return made._replace(notes=notes, status=status)


def _compared(args: argparse.Namespace, cores: list[str], default: int) -> Compared:
    """The paths of two sides on each core to their differences, as options ask."""
    from costmodel import api
    from costmodel.studies.settings import parse_settings, values_for

    settings = parse_settings(args.settings)
    values = [values_for(settings, core) for core in cores]
    draws = default if args.draws is None else args.draws

    def compared(before: list[Path], after: list[Path]) -> list[Difference]:
        found = [
            api.compare(
                old, new, core, scenario=args.scenario,
                align=None if args.align == ALL_ALIGNS else args.align,
                values=mine, cold=args.cold, draws=draws,
            )
            for old, new, core, mine in zip(before, after, cores, values, strict=True)
        ]  # fmt: skip
        if args.strict:
            forbid_guessing(e for d in found for e in (d.before, d.after))
        return found

    return compared


def _commits(
    args: argparse.Namespace,
    cores: list[str],
    changes: Sequence[Change],
    stdin: bytes | None,
    space: Workspace,
) -> Series:
    from costmodel import api
    from costmodel.studies.series import Row, Series
    from costmodel.studies.uncertainty import DRAWS

    compared = _compared(args, cores, DRAWS)
    known: dict[Input, list[Path] | CostmodelError] = {}

    def paths_of(source: Input) -> list[Path]:
        if source not in known:
            try:
                known[source] = api.load_paths(
                    source, cores, **path_options(args), stdin=stdin, workspace=space
                )
            except CostmodelError as error:
                known[source] = error
        found = known[source]
        if isinstance(found, CostmodelError):
            raise found
        return found

    rows: list[Row] = []
    for done, change in enumerate(changes):
        args.progress(done, len(changes) + 1)
        try:
            found = compared(paths_of(change.before), paths_of(change.after))
        except CostmodelError as error:
            if error.status == 3 and args.strict:
                raise
            rows.append(Row(change.commit, change.subject, (), str(error)))
        else:
            rows.append(Row(change.commit, change.subject, tuple(found)))
    whole: Sequence[Difference] = ()
    try:
        ends = paths_of(changes[0].before), paths_of(changes[-1].after)
        whole = compared(*ends) if len(changes) > 1 else ()
    except CostmodelError:
        pass  # a row says why
    args.progress(1, 1)
    title = f"{args.after} {args.symbol or ''}".strip() + f", {args.before}"
    return Series(title, tuple(_names(rows, cores)), tuple(rows), tuple(whole))


def _entries(
    args: argparse.Namespace,
    cores: list[str],
    changes: Sequence[Change],
    stdin: bytes | None,
    space: Workspace,
) -> Series:
    from msgspec.structs import replace

    from costmodel import sources
    from costmodel.code.image import LineRow
    from costmodel.studies.series import Row, Series, by_size, entry_points

    if args.symbol or args.region or args.take or args.into:
        raise UsageError(
            "--all-entries with one path chosen",
            expected="neither --symbol, --region, --take nor --into",
        )
    options = path_options(args)
    images: list[Image] = []
    for source in (changes[0].before, changes[-1].after):
        image = sources.image_of(source, stdin, space, options)
        # Source lines are not shown, and a kernel's table takes long to read.
        images.append(replace(image, lines=image.lines or (LineRow(0, None),)))
    names = [entry_points(image) for image in images]
    both = [name for name in names[0] if name in set(names[1])]
    if not both:
        raise UsageError("no entry point that both have", where=args.after)
    compared = _compared(args, cores, 0)
    rows = []
    for done, name in enumerate(both):
        args.progress(done, len(both))
        options["symbol"] = name
        try:
            old, new = (sources.on_cores(image, cores, options) for image in images)
            rows.append(Row(name, "", tuple(compared(old, new))))
        except CostmodelError as error:
            if error.status == 3 and args.strict:
                raise
            rows.append(Row(name, "", (), str(error)))
    args.progress(1, 1)
    notes = [
        f"only {where}: {', '.join(sorted(only))}"
        for where, only in (
            ("before", set(names[0]) - set(names[1])),
            ("after", set(names[1]) - set(names[0])),
        )
        if only
    ]
    title = f"{images[0].title or images[0].origin} -> "
    title += images[1].title or images[1].origin
    return Series(title, tuple(_names(rows, cores)), by_size(rows), (), tuple(notes))


def _names(rows: Sequence[Row], cores: list[str]) -> list[str]:
    """What the cores asked about call themselves: a file's core has a name too."""
    for row in rows:
        if row.differences:
            return [c.after.uarch for c in row.differences]
    return cores
