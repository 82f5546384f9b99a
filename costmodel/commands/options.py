"""Arguments several commands share, and how they are read."""

from __future__ import annotations

import argparse
import math
import sys
from typing import TYPE_CHECKING

from costmodel import scenarios, streams
from costmodel.commands import Outcome
from costmodel.errors import CoreError, InputError, UnknownInstructionError, UsageError
from costmodel.views.render import FORMATS as FORMATS
from costmodel.views.render import WIDTH, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from costmodel.api import PathOptions
    from costmodel.code.insn import Path
    from costmodel.engine.cold import Cold
    from costmodel.engine.result import Estimate
    from costmodel.views.figure import Plot
    from costmodel.views.tree import Report

INPUT_HELP = (
    "a .S, .s, object or vmlinux, disassembly, hex or an oops Code: line; - is stdin"
)


ALL_ALIGNS = -1
_WIDEST = 100  # columns of a terminal that are used


def any_alignment(text: str) -> int:
    """An offset from a 64-byte line, or ``all`` of them."""
    return ALL_ALIGNS if text == "all" else alignment(text)


def alignment(text: str) -> int:
    """An offset from a 64-byte line, 0 to 63."""
    value = int(text) if text.isdecimal() and len(text) < 3 else -1
    if not 0 <= value <= 63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 63")
    return value


def cold_lines(text: str) -> Cold:
    """``stack=l3,code=mem``: kinds of line and the level each is in."""
    from costmodel.engine.cold import parsed

    return parsed(text)


def add_uarch(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("-u", "--uarch", metavar="NAME,..", help=meaning)


def add_path_options(parser: argparse.ArgumentParser) -> None:
    """Which instructions of an input are the path."""
    group = parser.add_argument_group("the path")
    group.add_argument("--symbol", metavar="SYM[+OFF[/LEN]]", help="where it starts")
    group.add_argument(
        "--take",
        metavar="LABEL",
        action="append",
        default=[],
        help="take the conditional jump to (or at) LABEL, LABEL+0x4 or FILE:LINE; *N: "
        "N times; *N*M: N times, once not, M times over; AT=TARGET: the indirect jump, "
        "call or return at AT goes to TARGET (may be repeated)",
    )
    group.add_argument(
        "--with",
        dest="given",
        metavar="REG=VALUE",
        action="append",
        default=[],
        help="a register's value at the start, such as rax=110 (may be repeated)",
    )
    group.add_argument(
        "--features",
        metavar="SET",
        action="append",
        default=[],
        help="what the kernel finds when it boots and patches itself by: none, default "
        "(of the core), names of X86_FEATURE_*, -NAME, mitigations=off",
    )
    group.add_argument(
        "--cpuinfo", metavar="FILE", help="take the features from a /proc/cpuinfo"
    )
    group.add_argument(
        "--into",
        metavar="FUNC",
        action="append",
        default=[],
        help="follow the call of FUNC (may be repeated)",
    )
    group.add_argument(
        "--region", metavar="NAME", help="the region so named in comments of the source"
    )
    group.add_argument(
        "--intel", action="store_true", help="the source is Intel syntax"
    )
    group.add_argument(
        "-D",
        dest="defines",
        metavar="NAME[=VALUE]",
        action="append",
        default=[],
        help="define a macro for the preprocessor (may be repeated)",
    )
    group.add_argument(
        "-I",
        dest="includes",
        metavar="DIR",
        action="append",
        default=[],
        help="look for headers in DIR (may be repeated)",
    )
    group.add_argument(
        "-include",
        dest="forced",
        metavar="FILE",
        action="append",
        default=[],
        help="include FILE before the source, as cpp does (may be repeated)",
    )
    group.add_argument(
        "--build",
        metavar="DIR",
        help="where the kernel of the source was configured or built, if not in its "
        "own tree: its .cmd files, compile_commands.json and generated headers",
    )


def path_options(args: argparse.Namespace, features: str | None = None) -> PathOptions:
    """The options of ``add_path_options``, as the API takes them.

    ``features``: one of those asked for; None: the only one, if there is one.
    """
    if features is None and args.features:
        (features,) = feature_sets(args, most=1)
    return {
        "given": tuple(args.given),
        "features": features,
        "cpuinfo": args.cpuinfo,
        "symbol": args.symbol,
        "take": tuple(args.take),
        "into": tuple(args.into),
        "region": args.region,
        "intel": args.intel,
        "defines": tuple(args.defines),
        "includes": tuple(args.includes),
        "forced": tuple(args.forced),
        "build": args.build,
    }


def one_path(paths: Sequence[Path]) -> Path:
    """The path that is the same on all cores. Raises UsageError if it is not."""
    if any(path is not paths[0] for path in paths):
        raise UsageError(
            "default features on several cores here",
            expected="one core, or features by name",
        )
    return paths[0]


def feature_sets(args: argparse.Namespace, most: int) -> list[str | None]:
    """Each ``--features``, [None] without one. Raises UsageError for too many."""
    found = list(args.features)
    if len(found) > most:
        raise UsageError(
            f"--features given {len(found)} times",
            expected="once" if most == 1 else f"at most {most} times",
        )
    return found or [None]


def add_model_options(
    parser: argparse.ArgumentParser,
    formats: Sequence[str] = FORMATS[:2],
    varied: bool = False,
) -> None:
    """How the path is run, and how the answer is written.

    ``varied``: a figure can be swept, and all alignments tried.
    """
    group = parser.add_argument_group("the model")
    group.add_argument(
        "--scenario",
        choices=scenarios.NAMES,
        help="default: roundtrip for a path from SYSCALL to SYSRET, otherwise once",
    )
    group.add_argument(
        "--align",
        type=any_alignment if varied else alignment,
        metavar="N",
        help="offset of the code from a 64-byte line, 0-63"
        + (" or all" if varied else "")
        + " (default 0; of unrolled copies, where those measured began)",
    )
    add_set(group)
    if varied:
        group.add_argument(
            "--sweep",
            metavar="[CORE.]PATH=A:B:N",
            help="try N values of a figure from A to B",
        )
    group.add_argument(
        "--cold",
        type=cold_lines,
        default=(),
        metavar="KIND=LEVEL,..",
        help="lines not in L1 when a trip starts: stack, frame, percpu, table, "
        "thread_info, data, code or all, in l2, l3 or mem",
    )
    group.add_argument(
        "--strict",
        action="store_true",
        help="exit 3 rather than guess the cost of an unknown instruction",
    )
    add_json(parser, formats)


def add_set(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="[CORE.]PATH=VALUE",
        action="append",
        default=[],
        help="use this figure of a core instead of its own, such as window.rob=512 or "
        "costs.swapgs.latency=30 (may be repeated)",
    )


def add_draws(parser: argparse.ArgumentParser, default: str) -> None:
    """``--draws``; ``default`` in words."""
    parser.add_argument(
        "--draws",
        type=draws,
        metavar="N",
        help="draws of the cores' figures an interval rests on; 0: no interval "
        f"(default: {default})",
    )


def draws(text: str) -> int:
    """A whole number of draws that comes to an end."""
    from costmodel.studies.draws import MOST_DRAWS

    found = count(text) if len(text) < 10 else MOST_DRAWS + 1
    if found > MOST_DRAWS:
        raise argparse.ArgumentTypeError(f"more than {MOST_DRAWS} draws")
    return found


def count(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdecimal() or len(text) > 15:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number")
    return int(text)


def cycles(text: str) -> float:
    """A number of cycles, whole or not, of either sign."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number of cycles")
    return value


def add_plot(parser: argparse.ArgumentParser, kinds: Sequence[str]) -> None:
    """The first of ``kinds`` is the default."""
    parser.add_argument(
        "--plot", metavar="OUT.svg", help=f"draw the {kinds[0]} too: .svg or .png"
    )
    parser.add_argument(
        "--plot-kind",
        choices=kinds,
        default=kinds[0],
        help=f"what --plot draws (default {kinds[0]})",
    )


def checked_plot(file: str) -> None:
    """Raise UsageError for a plot nobody can draw, before the work it would show."""
    if not file.lower().endswith((".svg", ".png")):
        raise UsageError("a plot of no known kind", where=file, expected=".svg or .png")


def refuse_with_points(args: argparse.Namespace) -> None:
    """``--sweep`` and ``--align all`` print points: what else is asked is no use."""
    asked = "--sweep" if args.sweep else "--align all"
    for name, value in (
        ("--draws", args.draws),
        ("--plot", getattr(args, "plot", None)),
        ("--fail-above", getattr(args, "fail_above", None)),
    ):
        if value not in (None, 0):
            raise UsageError(f"{name} with {asked}", expected="one of the two")


def add_json(
    parser: argparse.ArgumentParser, formats: Sequence[str] = FORMATS[:2]
) -> None:
    parser.add_argument("--json", action="store_true", help="JSON, schema 1")
    parser.add_argument(
        "--format",
        choices=formats,
        default="text",
        help="default text; --json is short for --format json",
    )


def chosen_format(args: argparse.Namespace) -> str:
    return "json" if args.json else str(args.format)


def shown(args: argparse.Namespace, report: Report) -> Outcome:
    """``report`` in the format asked for, as wide as there is room."""
    return Outcome(rendered(chosen_format(args), report, width()))


def width() -> int:
    """Columns for plain text: a terminal's up to 100; of anything else, a mail's 72."""
    if sys.stdout is None or not sys.stdout.isatty():
        return WIDTH
    return min(max(streams.columns(WIDTH), 60), _WIDEST)


def write_plot(file: str, draw: Callable[[], Plot]) -> None:
    """Draw a plot into ``file``; its ending says how. Raises UsageError, InputError."""
    from costmodel.files import write_whole
    from costmodel.views.figure import kind_of

    kind = kind_of(file)  # before the work
    write_whole(file, draw().bytes(kind))


def wants_json(args: argparse.Namespace) -> bool:
    return bool(args.json) or args.format == "json"


def chosen_cores(text: str | None, *, strict: bool = False) -> list[str]:
    """Core names of a ``--uarch`` value; None and "all" are every core."""
    from costmodel.api import core_names_of

    names = text if text is None else [n.strip() for n in text.split(",") if n.strip()]
    try:
        return core_names_of(names)
    except CoreError as error:
        if strict:
            error.status = 3
        raise


def standard_input(sources: Iterable[str]) -> bytes | None:
    """All of stdin if one source is ``-``; it can be read only once."""
    count = sum(source == "-" for source in sources)
    if count > 1:
        raise UsageError("stdin (-) given twice", expected="at most one - among inputs")
    if not count:
        return None
    from costmodel.code.kinds import MAX_TEXT

    if sys.stdin is None:
        raise InputError("stdin is closed", where="stdin", expected="code")
    try:
        data = sys.stdin.buffer.read(MAX_TEXT + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where="stdin") from None
    if not data.strip():
        raise InputError("nothing to read", where="stdin", expected="code")
    return data


def forbid_guessing(estimates: Iterable[Estimate]) -> None:
    """``--strict``: raise if any cost had to be made up for want of a row."""
    for estimate in estimates:
        if estimate.unknown:
            raise UnknownInstructionError(
                f"{estimate.uarch} has no cost for: {', '.join(estimate.unknown)}",
                where=estimate.path.origin or estimate.path.name,
                expected="instructions the core file describes (--strict)",
                hint=f"add a row to uarch/{estimate.uarch}.yaml, or drop --strict",
            )
