"""``costmodel complete KIND``: the names a shell can complete, one a line.

The completion scripts of ``make completions`` ask this, so that they know the cores of
the directory in use, the figures ``--set`` takes, and the symbols of the file at hand.
"""

from __future__ import annotations

import argparse

from costmodel import scenarios
from costmodel.commands import Outcome
from costmodel.errors import CostmodelError, UsageError

KINDS = ("cores", "figures", "scenarios", "symbols", "studies")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    parser.add_argument(
        "of", nargs="?", metavar="WHAT", help="the core of figures, the file of symbols"
    )


def run(args: argparse.Namespace) -> Outcome:
    return Outcome("\n".join(_names(args.kind, args.of or "")))


def _names(kind: str, of: str) -> list[str]:
    """What there is of a kind; nothing where the file cannot be read."""
    if kind == "scenarios":
        return list(scenarios.NAMES)
    if kind == "cores":
        from costmodel.cores.load import core_names

        return [*core_names(), "all"]
    if kind == "figures":
        return _figures(of or "skylake")
    if kind == "studies":
        from costmodel import data

        return sorted(f.parent.name for f in data.stubs_dir().glob("*/study.yaml"))
    if not of:
        raise UsageError("symbols of which file?", expected="complete symbols FILE")
    return _symbols(of)


def _figures(core: str) -> list[str]:
    """Every path ``--set`` takes on a core (of several, on the first)."""
    from costmodel.cores.load import load_core
    from costmodel.cores.names import core_names_of

    (name, *_) = core_names_of(core.split(",")[0])
    return sorted(load_core(name).evidence)


def _symbols(file: str) -> list[str]:
    from costmodel.code.load import load_image

    try:
        image = load_image(file)
    except CostmodelError:
        return []
    return sorted({s.name for s in image.symbols if s.name and " " not in s.name})
