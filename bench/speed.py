"""Speed, each input for the first time, as ratios to llvm-mca and a bare start.

    python bench/speed.py [BLOCKS.csv]

``BLOCKS.csv`` is a table with a column ``hex``. Every block is met once, in a process
that has met no other: whole commands, start included, take their turns with llvm-mca
over the same part of the table. Times are processor time, so other work on the machine
matters less. What is not there (blocks, llvm-mca) is skipped and said so. Exit status 1
if a floor is missed.
"""

from __future__ import annotations

import csv
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from costmodel import api, data
from costmodel.code.decode import decode_bytes, format_insn
from costmodel.cores.load import load_core
from costmodel.engine import _simulator
from costmodel.engine.blocks import simulation
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation
from costmodel.errors import CostmodelError
from costmodel.studies.draws import columns, leaves

DEFAULT = Path(__file__).parents[2] / "shared/data/blocks/bhive_skl_dev.csv"
CORE = "skylake"
TURNS = 5
PART = 2_000  # blocks of a turn
DRAWS = 10_000
STUBS = data.stubs_dir() / "top-of-stack"
FAST, EVERY = str(STUBS / "v3.16-fast.S"), str(STUBS / "every-slot-mov.S")
# Commands, and how many times a bare interpreter's start they may take.
STARTS = {
    "estimate on one core": (["estimate", FAST, "-u", CORE], 10),
    "compare on one core": (["compare", FAST, EVERY, "-u", CORE], 30),
    "compare on all cores": (["compare", FAST, EVERY], 110),
}
LONG = "01d84801fb488b0d0000000029d84883c00148890d00000000"
# As a user has it: modules compiled once, not at every start.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


class Floors:
    """Figures as they are measured, and those that miss their floor."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def say(
        self, what: str, value: float, unit: str, least: float = 0, most: float = 0
    ) -> None:
        """Print a figure; ``least`` and ``most`` are floors where they are not 0."""
        floor = f"(floor {least or most:g})" if least or most else ""
        bad = value < least or (most and value > most)
        if bad:
            self.missed.append(what)
        print(
            f"{what:<44}{value:>12,.4g} {unit:<10}{floor}{'  MISSED' if bad else ''}",
            flush=True,
        )


def processor_seconds(work: Callable[[], Any]) -> float:
    """Of this process, for one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def child(command: Sequence[str], text: str | None = None) -> float:
    """Processor seconds of a command. Raises SystemExit if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, input=text,
        env=ENVIRONMENT,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)[:80]}: {done.stderr.strip()[-200:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def usable(path: Path, count: int) -> list[bytes]:
    """The first blocks of a table that hold no vector code, no two alike."""
    blocks: dict[bytes, None] = {}
    with path.open(newline="") as table:
        for row in csv.DictReader(table):
            code = bytes.fromhex(row["hex"])
            if not any(i.form.vector for i in decode_bytes(code)):
                blocks[code] = None
            if len(blocks) == count:
                break
    return list(blocks)


class Peer:
    """llvm-mca over blocks. ``seconds`` at so many iterations of each."""

    def __init__(self, command: str) -> None:
        self.command = command

    def seconds(self, blocks: Sequence[bytes], iterations: int) -> float:
        lines = []
        for k, code in enumerate(blocks):
            body = map(format_insn, decode_bytes(code))
            lines += [f"# LLVM-MCA-BEGIN b{k}", *body, "# LLVM-MCA-END"]
        return child(
            [
                self.command, f"-mcpu={CORE}", f"-iterations={iterations}",
                "-all-views=false", "-summary-view",
            ],
            "\n".join(lines) + "\n",
        )  # fmt: skip


def validate_seconds(blocks: Sequence[bytes]) -> float:
    """The whole command over the blocks, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "blocks.csv"
        rows = "".join(f"{code.hex()},1.0\n" for code in blocks)
        table.write_text("hex,cycles\n" + rows)
        return child(
            [
                sys.executable, "-m", "costmodel", "validate", str(table),
                "--uarch", CORE, "--scenario", "unroll", "--json",
            ]
        )  # fmt: skip


def simulator_speed(blocks: Sequence[bytes]) -> float:
    """Instructions a second of the simulator alone: each block laid out, run once."""
    core = load_core(CORE)
    settings = Settings.measured(core.core, "unroll")
    ready = []
    for code in blocks:
        try:
            block = simulation(core, code)
            block.run(settings._replace(limit=1))  # lays it out; runs four groups
            ready.append((block, len(block.layout(settings).items)))
        except CostmodelError:
            continue
    insns = 0
    start = time.process_time()
    for block, size in ready:
        outcome = block.run(settings)
        insns += (outcome.first + outcome.trips) * size
    return insns / (time.process_time() - start)


def against_peer(floors: Floors, blocks: Sequence[bytes], peer: Peer) -> None:
    """Both programs in turn, over one part of the blocks after the other."""
    whole, alone = [], []
    for turn in range(TURNS):
        part = blocks[turn * PART : (turn + 1) * PART]
        insns = sum(len(decode_bytes(code)) for code in part)
        ours = len(part) / validate_seconds(part)
        at_100 = peer.seconds(part, 100)
        more = peer.seconds(part, 500) - at_100
        theirs, their_insns = len(part) / at_100, 400 * insns / more
        engine = simulator_speed(part)
        whole.append((ours / theirs, ours, theirs))
        alone.append((engine / their_insns, engine, their_insns))
    for name, rows, unit, least in (
        ("whole command", whole, "blocks/s", 5),
        ("simulator alone", alone, "insns/s", 20),
    ):
        ratio, ours, theirs = (median(column) for column in zip(*rows, strict=True))
        floors.say(name, ours, unit)
        floors.say("llvm-mca", theirs, unit)
        floors.say(f"{name} / llvm-mca", ratio, "times", least=least)


def draws(floors: Floors) -> None:
    """Parameter draws of the 3.16 fast path, laid out and drawn for the first time."""
    core = load_core(CORE)
    path = api.load_path(FAST)

    def work() -> None:
        run = Simulation(path, core)
        settings = Settings.of(core.core, "roundtrip")
        figures = leaves(core, run.rows(settings))
        run.draws(settings, columns(figures, DRAWS), DRAWS)

    seconds = processor_seconds(work)
    floors.say(f"{DRAWS:,} draws of the 3.16 fast path", seconds, "s", most=1)


def linear(floors: Floors) -> None:
    """What a uop costs in runs of 10^3 to 10^6, and what they leave in memory."""
    block = simulation(load_core(CORE), bytes.fromhex(LONG))
    settings = Settings.measured(block.loaded.core, "unroll")
    laid = block.layout(settings)
    trace = _simulator.Trace(laid.trace.packed(), block.stated, array("q"))
    size = len(laid.items)

    def run(trips: int) -> float:
        return processor_seconds(
            lambda: trace.run(block.stated, laid.plan.mode, trips, 0, 0, 256)
        )

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    costs = []
    for power in range(3, 7):
        trips = 10**power // size
        cost = min(run(trips) for _ in range(TURNS)) / (trips * size) * 1e9
        costs.append(cost)
        floors.say(f"one run of {10**power:,} uops", cost, "ns/uop")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
    floors.say("dearest, against 1,000,000", 100 * (max(costs) / costs[-1] - 1), "%")
    floors.say("memory grown meanwhile", grown / 1024, "MB", most=1)


def starts(floors: Floors) -> None:
    """Whole commands against the start of an interpreter that does nothing."""
    times: dict[str, list[float]] = {name: [] for name in STARTS}
    for _ in range(TURNS):
        bare = child([sys.executable, "-c", "pass"])
        for name, (arguments, _) in STARTS.items():
            taken = child([sys.executable, "-m", "costmodel", *arguments])
            times[name].append(taken / bare)
    for name, (_, most) in STARTS.items():
        floors.say(f"{name} / bare start", median(times[name]), "times", most=most)


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    peer = shutil.which("llvm-mca")
    blocks = usable(path, TURNS * PART) if path.exists() else []
    floors = Floors()
    if len(blocks) < TURNS or not peer:
        print(f"note: ratios need blocks (none at {path}) and llvm-mca (package llvm)")
    else:
        against_peer(floors, blocks, Peer(peer))
    draws(floors)
    linear(floors)
    starts(floors)
    if floors.missed:
        print(f"floors missed: {'; '.join(floors.missed)}")
    return 1 if floors.missed else 0


if __name__ == "__main__":
    sys.exit(main())
