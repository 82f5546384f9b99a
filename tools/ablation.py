"""Write docs/ablation.md: what each mechanism of a core is worth on measured blocks.

    python tools/ablation.py DIR [--rows N]

DIR holds the files tools/accuracy.yaml and tools/ablation.yaml name. The same blocks,
cores and engine give the same bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec.structs import replace

from costmodel.cores.load import LoadedCore, load_core
from costmodel.errors import CostmodelError
from costmodel.studies.accuracy import SetOfBlocks, read_sets
from costmodel.studies.blocks import Block, read_blocks
from costmodel.studies.heldout import digest
from costmodel.studies.processes import processes
from costmodel.studies.settings import with_settings
from costmodel.studies.validate import validate
from tools.ablation_page import Left, page

ROOT = Path(__file__).resolve().parents[1]
LISTED = ROOT / "tools" / "ablation.yaml"
ROWS = 400  # of a set


class Mechanism(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``figures``: by path as in ``--set``, the value that turns it off."""

    name: str
    figures: dict[str, Any]


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """tools/ablation.yaml. ``without``: what no figure turns off."""

    mechanisms: list[Mechanism]
    without: list[str]


def listed() -> Listed:
    """What can be switched off, and what no figure turns off."""
    return msgspec.convert(yaml.safe_load(LISTED.read_text("utf-8")), Listed)


def figures(mechanism: Mechanism, loaded: LoadedCore) -> dict[str, Any]:
    """What to set on this core: empty if it does not have the mechanism."""
    out = {}
    for pattern, off in mechanism.figures.items():
        for path in _paths(pattern, loaded):
            stated = _figure(loaded.core, path)
            value = tuple(off) if isinstance(off, list) else off
            lacks = type(stated) is int and stated == 0
            if stated != value and not (lacks and value):
                out[path] = value
    return out


def _paths(pattern: str, loaded: LoadedCore) -> Iterator[str]:
    owner, star, member = pattern.partition(".*")
    if not star:
        yield pattern
        return
    for k in range(len(_figure(loaded.core, owner))):
        yield f"{owner}.{k}{member}"


def _figure(section: Any, path: str) -> Any:
    for part in path.split("."):
        section = section[int(part)] if part.isdecimal() else getattr(section, part)
    return section


def without(loaded: LoadedCore, off: dict[str, Any]) -> LoadedCore:
    """The core with these figures off. Raises CoreError."""
    plain = {p: v for p, v in off.items() if not isinstance(v, (tuple, dict))}
    made = with_settings(loaded, tuple(plain.items()))
    core = made.core
    for path, value in off.items():
        if path not in plain:
            core = _emptied(core, path.split("."), value)
    return replace(made, core=core)


def _emptied(section: Any, parts: Sequence[str], value: Any) -> Any:
    first, *rest = parts
    inner = _emptied(getattr(section, first), rest, value) if rest else value
    return replace(section, **{first: inner})


def chosen(of: SetOfBlocks, folder: Path, rows: int) -> list[Block]:
    """The same rows of a set every time, in the order of their hash."""
    blocks = read_blocks(str(folder / of.file), column=of.column, scenario=of.scenario)
    kept = [block for block in blocks if of.seen == "all" or block.held_out]
    return sorted(kept, key=lambda b: (digest(b.code, b.variant), b.line))[:rows]


def left(task: tuple[str, list[Block], Mechanism | None]) -> Left | None:
    """Estimate blocks on a core without a mechanism. None: it does not have it."""
    uarch, blocks, mechanism = task
    loaded = load_core(uarch)
    if mechanism is not None:
        off = figures(mechanism, loaded)
        if not off:
            return None
        loaded = without(loaded, off)
    made = validate(uarch, blocks, loaded)
    name = mechanism.name if mechanism else ""
    return Left(name, made.mape or 0.0, made.kendall_tau or 0.0, made.predicted)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DIR")
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help="of a set")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "ablation.md")
    args = parser.parse_args()
    known = listed()
    try:
        sets = read_sets(ROOT / "tools" / "accuracy.yaml")
        blocks = {of.name: chosen(of, args.data, args.rows) for of in sets}
        lefts: dict[str, list[Left]] = {}
        with processes(os.cpu_count() or 1) as pool:
            for of in sets:
                tasks = [
                    (of.uarch, blocks[of.name], one)
                    for one in (None, *known.mechanisms)
                ]
                found = pool.map(left, tasks)
                lefts[of.name] = [one for one in found if one is not None]
                print(f"  {of.name}", file=sys.stderr, flush=True)
    except CostmodelError as error:
        print(f"ablation: {error}", file=sys.stderr)
        return error.status
    sizes = {name: len(mine) for name, mine in blocks.items()}
    args.out.write_text(page(lefts, sizes, args.rows, known.without), encoding="utf-8")
    print(args.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
