"""Write docs/folds.md: frame variants left out whole, fitted figures chosen anew.

    python tools/folds.py DIR

DIR holds the files tools/folds.yaml names. The same rows, cores and engine give the
same bytes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from costmodel.cores.load import LoadedCore, load_core
from costmodel.errors import CostmodelError, InputError
from costmodel.studies.blocks import read_blocks
from costmodel.studies.folds import Declared, Fold, left_out, read_declared
from costmodel.views.render.markdown import pipe_table

ROOT = Path(__file__).resolve().parents[1]
LISTED = ROOT / "tools" / "folds.yaml"
_HEAD = """# Frame variants left out whole

Written by `make folds`; do not edit. Rows of one variant of the frame code share code,
so a variant goes to one of four folds with all its rows: variants in the order of the
SHA-256 of their names are dealt to the folds in turn. Every figure that was fitted on
such rows is chosen anew on the other three folds, by how many of their rows it meets
(within 0.6 cycle or 5 %), from the values in
[tools/folds.yaml](../tools/folds.yaml), beginning with the mechanism off; then the rows
of the fold that was left out are estimated. What the four folds meet, together, is what
to expect of variants nobody looked at, but for one thing: that a mechanism is there at
all was seen on all rows, and so was what is stated as measured.
"""


def fitted(loaded: LoadedCore, rows: int) -> list[str]:
    """Figures fitted on no more rows than the set of variants has: on such rows. Blocks
    come in thousands."""
    return [
        path
        for path, figure in loaded.evidence.items()
        if figure.fit is not None and figure.fit.rows <= rows
    ]


def page(sets: Sequence[tuple[Declared, LoadedCore, Sequence[Fold]]]) -> str:
    parts = [_HEAD, _overall(sets)]
    parts += [_set(*one) for one in sets]
    return "\n".join(parts).rstrip() + "\n"


def _overall(sets: Sequence[tuple[Declared, LoadedCore, Sequence[Fold]]]) -> str:
    rows = []
    for declared, _, folds in sets:
        count = sum(len(fold.blocks) for fold in folds)
        met = sum(fold.met for fold in folds)
        off = sum(fold.error * len(fold.blocks) for fold in folds)
        rows.append(
            (
                declared.uarch,
                str(sum(len(fold.variants) for fold in folds)),
                str(count),
                str(len(declared.paths)),
                f"{met} ({100 * met / count:.1f} %)",
                f"{100 * off / count:.2f} %",
            )
        )
    head = ("core", "variants", "rows", "figures chosen anew", "met", "mean error")
    return pipe_table(head, rows) + "\n"


def _set(declared: Declared, loaded: LoadedCore, folds: Sequence[Fold]) -> str:
    rows = [
        (
            ", ".join(fold.variants),
            str(len(fold.blocks)),
            f"{100 * fold.met / len(fold.blocks):.1f} %",
            f"{100 * fold.error:.2f} %",
            f"{100 * fold.fitted:.1f} %",
        )
        for fold in folds
    ]
    head = ("left out", "rows", "met", "mean error", "met of the others")
    parts = [f"\n## {declared.uarch}\n", pipe_table(head, rows) + "\n"]
    if not declared.paths:
        return "\n".join([*parts, "No figure of this core was fitted on such rows.\n"])
    chosen = [
        (
            f"`{path}`",
            *(f"{fold.chosen[path]:g}" for fold in folds),
            f"{loaded.evidence[path].value:g}",
        )
        for path in declared.paths
    ]
    heads = (f"fold {k + 1}" for k in range(len(folds)))
    text = (
        "What each fold chose without the left-out one, and what the core file has:\n"
    )
    return "\n".join([*parts, text, pipe_table(("figure", *heads, "stated"), chosen)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, default=ROOT, metavar="ROOT")
    args = parser.parse_args()
    sets = []
    try:
        for declared in read_declared(LISTED):
            loaded = load_core(declared.uarch)
            file = args.data / declared.file
            blocks = read_blocks(str(file), column="cycles", scenario=None)
            missing = set(fitted(loaded, len(blocks))) - set(declared.paths)
            if missing:
                raise InputError(
                    f"fitted on these rows, not listed: {', '.join(sorted(missing))}",
                    where=str(LISTED),
                )
            folds = left_out(blocks, loaded, declared.figures)
            sets.append((declared, loaded, folds))
            print(f"  {declared.uarch}", file=sys.stderr, flush=True)
    except CostmodelError as error:
        print(f"folds: {error}", file=sys.stderr)
        return error.status
    out = args.out / "docs" / "folds.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(sets), encoding="utf-8")
    print(out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
