"""``compare --measure``: the same change on this CPU, beside the model's answer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from costmodel.commands.measure import WARNING, add_measuring, settings_of

if TYPE_CHECKING:
    from costmodel.code.insn import Path
    from costmodel.measure.cpu import Cpu
    from costmodel.measure.paired import Paired


class MeasuredHere(NamedTuple):
    """What this CPU says of a change, in every setting."""

    cpu: Cpu
    results: tuple[Paired, ...]


def add_measured(parser: argparse.ArgumentParser) -> None:
    """``--measure`` and how."""
    group = parser.add_argument_group("measuring")
    group.add_argument(
        "--measure",
        action="store_true",
        help="measure both on this CPU too, beside the core it has (native); "
        "this executes the code",
    )
    group.add_argument(
        "--ring0",
        action="store_true",
        help="with --measure: entry paths as they are, in a guest through /dev/kvm",
    )
    add_measuring(group)


def measured_here(
    args: argparse.Namespace,
    before: Sequence[Path],
    after: Sequence[Path],
    cores: Sequence[str],
) -> MeasuredHere:
    """Both paths against each other on this CPU; tells what it is about to do.

    ``before`` and ``after`` are the paths on each of ``cores``: those of this CPU's
    core are measured, or the first where it is not among them.
    """
    from costmodel.measure.cpu import this_cpu
    from costmodel.measure.paired import needs_frame, paired

    settings = settings_of(args, "unroll")
    cpu = this_cpu()
    mine = cores.index(cpu.uarch) if cpu.uarch in cores else 0
    paths = before[mine], after[mine]
    args.warn(WARNING)
    frame = args.frame or any(needs_frame(path) for path in paths)
    if frame and not args.frame:
        args.warn("user mode forbids some of it: measured as --frame does")
    if cpu.uarch not in cores:
        core = cpu.uarch or "this CPU, which no core file describes,"
        args.warn(f"{core} is not among the cores asked: nothing stands beside it")
    results = paired(paths[0], paths[1], settings, frame=frame, progress=args.progress)
    if args.ring0:
        from costmodel.measure.ring0 import pair

        results.insert(0, pair(paths[0], paths[1], settings.cpu))
    return MeasuredHere(cpu, tuple(results))
