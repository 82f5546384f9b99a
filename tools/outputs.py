"""A fixed set of outputs: the same bytes on every Python.

Usage: outputs.py FOLDER, in the project's directory: writes each as a file.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from costmodel import cli
from costmodel.code.load import load_path
from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate
from costmodel.errors import CostmodelError

ROOT = Path(__file__).parents[1]
TOP = "stubs/top-of-stack"
FAST, EVERY = f"{TOP}/v3.16-fast.S", f"{TOP}/every-slot-mov.S"
SOME = "skylake,lioncove,k10,zen3"
COMMANDS = {
    "estimate-all.json": f"estimate {FAST} --uarch all --json",
    "estimate-once.json": f"estimate {EVERY} --uarch {SOME} --scenario once --json",
    "estimate-cold.json": f"estimate {FAST} --uarch {SOME} --cold stack=l3,code=mem "
    "--json",
    "estimate-unroll.json": f"estimate {TOP}/fixup.S --uarch {SOME} --scenario unroll "
    "--json",
    "estimate-opcache.json": f"estimate {TOP}/fixup.S --uarch {SOME} --scenario "
    "opcache --align 13 --json",
    "estimate-loop.json": f"estimate {TOP}/fixup.S --uarch {SOME} --scenario loop "
    "--json",
    "estimate-draws.json": f"estimate {FAST} --uarch skylake,zen5 --draws 9 --json",
    "estimate.html": f"estimate {FAST} --uarch zen5 --format html",
    "compare.json": f"compare {FAST} {EVERY} --uarch haswell,zen2,zen5 --draws 9 "
    "--json",
    "compare.txt": f"compare {FAST} {EVERY} --uarch nehalem,zen4 --draws 0",
    "explain.json": f"explain {FAST} --uarch goldencove --json",
    "explain.txt": f"explain {EVERY} --uarch zen1 --what-if",
    "sweep.json": f"estimate {FAST} --uarch skylake --sweep window.rob=64:224:3 --json",
    "study.json": "study tests/small-study.yaml --uarch sandybridge,zen2 --json",
    "study.txt": "study tests/small-study.yaml --uarch skylake,zen4",
    "core.json": "cores zen3 --json",
}
BLOCKS = 200
BULK_CORES = ("skylake", "zen5")
BULK_SCENARIOS = ("unroll", "loop")


def blocks(count: int = BLOCKS) -> list[bytes]:
    """Blocks of 1 to 12 instructions, cut from the stubs' paths."""
    out: dict[bytes, None] = {}
    for number, file in enumerate(sorted((ROOT / "stubs").glob("*/*.S"))):
        try:
            path = load_path(str(file.relative_to(ROOT)))
        except CostmodelError:  # one that needs a symbol, say
            continue
        code = [step.insn.form.data for step in path.steps]
        for first in range(number % 3, len(code), 5):
            size = 1 + (first * 7 + number) % 12
            out[b"".join(code[first : first + size])] = None
    found = list(out)
    return found[:: max(1, len(found) // count)][:count]


def bulk(core: str, scenario: str, code: Sequence[bytes]) -> str:
    """A line a block: its bytes, its cycles and whether they settled, or why there are
    none."""
    loaded = load_core(core)
    lines = []
    for block in code:
        try:
            cycles, settled = rate(loaded, block, scenario)
            lines.append(f"{block.hex()} {cycles} {settled}")
        except CostmodelError as error:
            lines.append(f"{block.hex()} {error.found}")
    return "\n".join(lines)


def outputs(count: int = BLOCKS) -> Iterator[tuple[str, str]]:
    """Name and text of each, bulk runs of ``count`` blocks.

    Raises RuntimeError if a command does not end well.
    """
    for name, command in COMMANDS.items():
        printed = io.StringIO()
        with redirect_stdout(printed):
            status = cli.main(command.split())
        if status:
            raise RuntimeError(f"costmodel {command}: status {status}")
        yield name, printed.getvalue()
    code = blocks(count)
    for core in BULK_CORES:
        for scenario in BULK_SCENARIOS:
            yield f"bulk-{core}-{scenario}.txt", bulk(core, scenario, code)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main(folder: str) -> None:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, text in outputs():
        (target / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
