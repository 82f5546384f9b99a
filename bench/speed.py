"""Speed of the bulk path and the engine, as ratios to llvm-mca in one run.

Usage: speed.py [BLOCKS.csv], a table with a column ``hex``. Times are processor time,
so other work on the machine matters less, and the two sides of a ratio are
measured in turn. What is not there (blocks, llvm-mca, a C compiler) is skipped
and said so.
"""

from __future__ import annotations

import csv
import functools
import itertools
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from costmodel import api, data
from costmodel.code.decode import decode_bytes, format_insn
from costmodel.cores.load import load_core
from costmodel.engine import compiled
from costmodel.engine.bulk import Bulk
from costmodel.engine.item import Item
from costmodel.engine.rerun import Rerun
from costmodel.errors import CostmodelError
from costmodel.studies.draws import leaves, sample

DEFAULT = Path(__file__).parents[2] / "shared/data/blocks/bhive_skl_dev.csv"
CORE = "skylake"
COUNT = 1000
TURNS = 5
DRAWS = 10_000
START = (
    "from costmodel.engine.bulk import Bulk;"
    "from costmodel.cores.load import load_core;"
    f"Bulk(load_core({CORE!r})).throughput(bytes.fromhex('01c0'))"
)
PLAIN_START = (
    "import sys, costmodel as cm; cm.estimate('-', 'skylake');"
    "bad = {'numpy', 'ctypes', 'costmodel.engine.compiled'} & set(sys.modules);"
    "sys.exit(f'loaded for one estimate: {bad}' if bad else 0)"
)


def say(what: str, value: float, unit: str, note: str = "") -> None:
    print(f"{what:<44}{value:>12,.4g} {unit:<10}{note}")


def timed(work: Callable[[], Any], least: float = 0.0) -> float:
    """Processor seconds of one call, over as many as take ``least`` seconds."""
    calls, start = 0, time.process_time()
    while not calls or time.process_time() - start < least:
        work()
        calls += 1
    return (time.process_time() - start) / calls


def child(command: list[str], **environment: str) -> tuple[float, str]:
    """Processor seconds of a command, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, input="90\n",
        env={**os.environ, **environment},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(f"note: {' '.join(command)[:60]}: {done.stderr.strip()[-200:]}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, done.stdout


def usable(path: Path) -> list[str]:
    """The first blocks of a table that hold no vector code, as hex."""
    out: list[str] = []
    with path.open(newline="") as table:
        for row in csv.DictReader(table):
            insns = decode_bytes(bytes.fromhex(row["hex"]))
            if not any(i.form.vector for i in insns):
                out.append(row["hex"])
            if len(out) == COUNT:
                break
    return out


def llvm_mca(command: str, blocks: list[str]) -> tuple[float, float]:
    """Blocks a second at 100 iterations, and instructions a second beyond them."""
    lines = []
    insns = 0
    for k, code in enumerate(blocks):
        body = decode_bytes(bytes.fromhex(code))
        insns += len(body)
        lines += [f"# LLVM-MCA-BEGIN b{k}", *map(format_insn, body), "# LLVM-MCA-END"]
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "blocks.s"
        text.write_text("\n".join(lines) + "\n")
        spent = [
            child([
                command, f"-mcpu={CORE}", f"-iterations={n}", "-all-views=false",
                "-summary-view", str(text),
            ])[0]
            for n in (100, 500)
        ]  # fmt: skip
    return len(blocks) / spent[0], 400 * insns / max(1e-9, spent[1] - spent[0])


class Ours:
    """The bulk path over the blocks, as a whole and its compiled engine alone."""

    def __init__(self, blocks: list[str]) -> None:
        self.blocks = blocks
        self.bulk = Bulk(load_core(CORE), compiled=True)
        self._ran: list[tuple[Any, ...]] = []
        self._run = self.bulk._fast.run
        self.bulk._fast.run = self._keep
        self.simulated = 0
        for code in blocks:
            try:
                self.simulated += self.bulk.throughput(bytes.fromhex(code)).simulated
            except CostmodelError:
                continue
        self.bulk._fast.run = self._run

    def _keep(self, *arguments: Any) -> None:
        self._ran.append(arguments)
        self._run(*arguments)

    def _whole(self) -> None:
        for code in self.blocks:
            try:
                self.bulk.throughput(bytes.fromhex(code))
            except CostmodelError:
                continue

    def _alone(self) -> None:
        for arguments in self._ran:
            self._run(*arguments)

    def speed(self) -> tuple[float, float]:
        """Blocks a second, hex in and cycles out; instructions a second alone."""
        return (
            len(self.blocks) / timed(self._whole),
            self.simulated / timed(self._alone),
        )


def plain_speed(blocks: list[str]) -> float:
    """Instructions a second of the engine in plain Python."""
    bulk = Bulk(load_core(CORE), compiled=False)
    rate, spent, simulated = bulk._rate, 0.0, 0

    def clocked(*arguments: Any) -> None:
        nonlocal spent
        start = time.process_time()
        rate(*arguments)
        spent += time.process_time() - start

    bulk._rate = clocked
    for code in itertools.islice(blocks, 0, None, 20):
        simulated += bulk.throughput(bytes.fromhex(code)).simulated
    return simulated / spent


def linear() -> list[tuple[int, float]]:
    """Nanoseconds a uop of runs of 10^2 to 10^6 uops."""
    bulk = Bulk(load_core(CORE), compiled=True)
    code = "01d84801fb488b0d0000000029d84883c00148890d00000000"
    body = decode_bytes(bytes.fromhex(code))
    trace = array("q", bulk.builder.build([Item(i.form) for i in body]))
    run = compiled.raw("run", "aaaaia", bulk.params)
    state, log = bulk._state(64, 1 << 14), array("q", [0])
    params, reset = array("q", bulk.params), compiled.raw("reset", "aa", bulk.params)
    marks = array("q", [0]) * 1_000_000
    places = [compiled.address(kept) for kept in (trace, params, state, log, marks)]
    at_trace, at_params, at_state, at_log, at_marks = places

    def work(trips: int) -> None:
        reset(at_state, at_params)
        run(at_trace, at_params, at_state, at_log, trips, at_marks)

    # In turn, since what else the machine does comes and goes; the least is the cost.
    # What a call costs whatever it runs is not a cost of uops.
    counts = [10**power // len(body) for power in range(2, 7)]
    least = dict.fromkeys([0, *counts], float("inf"))
    for _ in range(3 * TURNS):
        for trips in least:
            spent = timed(functools.partial(work, trips), 0.03)
            least[trips] = min(least[trips], spent)
    return [
        (trips * len(body), (least[trips] - least[0]) / (trips * len(body)) * 1e9)
        for trips in counts
    ]


def draws() -> float:
    """Seconds of 10,000 parameter draws of the 3.16 fast path."""
    stub = data.stubs_dir() / "top-of-stack" / "v3.16-fast.S"
    loaded = load_core(CORE)
    again = Rerun(api.load_path(str(stub)), loaded, "roundtrip", compiled=True)
    values = sample(leaves(loaded, again.rows), DRAWS)
    return timed(lambda: [again.cycles(each) for each in values])


def compare(blocks: list[str], peer: str) -> None:
    """Both programs in turn, since what else the machine does comes and goes."""
    ours = Ours(blocks)
    turns = [(*ours.speed(), *llvm_mca(peer, blocks)) for _ in range(TURNS)]
    plain = plain_speed(blocks)

    def middle(value: Callable[[tuple[float, ...]], float]) -> float:
        return median(map(value, turns))

    say("end to end", middle(lambda x: x[0]), "blocks/s")
    say("compiled engine alone", middle(lambda x: x[1]), "insns/s")
    say("plain engine alone", plain, "insns/s")
    say("llvm-mca, 100 iterations", middle(lambda x: x[2]), "blocks/s")
    say("llvm-mca, what more iterations cost", middle(lambda x: x[3]), "insns/s")
    whole, engine = middle(lambda x: x[0] / x[2]), middle(lambda x: x[1] / x[3])
    say("end to end / llvm-mca", whole, "times", "(floor 5)")
    say("compiled engine / llvm-mca", engine, "times", "(floor 20)")
    slow = plain / middle(lambda x: x[3])
    say("plain engine / llvm-mca", slow, "times", "(floor 1)")


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    blocks = usable(path) if path.exists() else []
    if not blocks:
        print(f"note: no blocks at {path}; give a CSV with a column hex")
    fast = compiled.compiler() is not None
    if not fast:
        print("note: no C compiler; only the plain engine is measured")
    peer = shutil.which("llvm-mca")
    if blocks and fast and peer:
        compare(blocks, peer)
    else:
        print("note: ratios need blocks, a C compiler and llvm-mca (package llvm)")
    if fast:
        with tempfile.TemporaryDirectory() as cache:
            for what in ("cold cache", "warm cache"):
                start = [sys.executable, "-c", START]
                spent, _ = child(start, XDG_CACHE_HOME=cache)
                say(f"start of the bulk path, {what}", spent, "s", "(warm floor 1.5)")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        costs = linear()
        for uops, cost in costs:
            say(f"one run of {uops:,} uops", cost, "ns/uop")
        far = [100 * (cost / costs[-1][1] - 1) for _, cost in costs]
        say("dearest, against 1,000,000 uops", max(far), "%", "(floor 20)")
        say("cheapest", min(far), "%", "(an empty window is filled sooner)")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
        say("memory grown meanwhile", grown / 1024, "MB", "(8 of them the result)")
        say(f"{DRAWS:,} draws of the 3.16 fast path", draws(), "s", "(floor 5)")
    child([sys.executable, "-c", PLAIN_START])


if __name__ == "__main__":
    main()
