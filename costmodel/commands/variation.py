"""``--sweep`` and ``--align all`` of estimate and compare."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import ALL_ALIGNS, refuse_with_points, shown
from costmodel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from costmodel.code.insn import Path


def varied(args: argparse.Namespace, cores: Sequence[str], *paths: Path) -> Outcome:
    """One path, or the two of a comparison, at every point on every core."""
    from costmodel.studies.settings import parse_settings, parse_sweep, values_for
    from costmodel.studies.sweep import sweep
    from costmodel.views.sweeps import sweep_report

    refuse_with_points(args)
    if args.sweep and args.align == ALL_ALIGNS:
        raise UsageError("--sweep with --align all", expected="one of the two")
    settings = parse_settings(args.settings)
    asked = parse_sweep(args.sweep) if args.sweep else None
    names = [c for c in cores if asked is None or asked.core in ("", c)]
    if not names:
        raise UsageError(
            f"--sweep {args.sweep!r}", expected=f"a core of {', '.join(cores)}"
        )
    points = []
    for done, core in enumerate(names):
        if args.progress is not None:
            args.progress(done, len(names))
        points += sweep(
            paths, core, asked, scenario=args.scenario,
            align=None if args.align == ALL_ALIGNS else args.align,
            values=values_for(settings, core), cold=args.cold,
        )  # fmt: skip
    if args.progress is not None:
        args.progress(len(names), len(names))
    return shown(args, sweep_report(paths, points))
