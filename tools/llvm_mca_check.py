#!/usr/bin/env python3
"""Plain ALU blocks through llvm-mca and through the model, and where they differ.

    tools/llvm_mca_check.py [--count N] [--seed S] [--blocks CORE=BLOCKS.csv] ...

Blocks of register instructions only, drawn from a seed, so that neither caches nor
forwarding count; the model runs them from a uop cache that is never in the way.
Each difference is put into the first class of ``CLASSES`` that fits it;
docs/llvm-mca.md explains them. With ``--blocks`` the measured blocks of a CSV file that
are of this kind are used as well, and each class says whose figure the measurement is
nearer.
Ends with status 1 if a difference fits no class, 77 without llvm-mca.
"""

from __future__ import annotations

import argparse
import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from costmodel.code.decode import decode_bytes, format_insn
from costmodel.code.load import load_path
from costmodel.cores.load import load_core, with_values
from costmodel.engine.blocks import rate
from costmodel.errors import CostmodelError

PROCESSORS = {
    "sandybridge": "sandybridge",
    "ivybridge": "ivybridge",
    "haswell": "haswell",
    "broadwell": "broadwell",
    "skylake": "skylake",
    "zen1": "znver1",
    "zen2": "znver2",
    "zen3": "znver3",
}
ITERATIONS = 300
NEAR = 0.05  # relative difference that is none; and in cycles:
CLOSE = 0.13
ABSENT = 77
# A uop cache that never holds anything up.
FED = {
    "front_end.uop_cache.uops_per_cycle": 64,
    "front_end.uop_cache.lines_per_cycle": 16,
    "front_end.uop_cache.lines_per_window": 64,
    "front_end.uop_cache.jcc_erratum": False,
    "front_end.uop_cache.again": 0,
}

REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11")
TWO = ("add", "sub", "and", "or", "xor", "cmp", "test", "imul", "adc", "sbb", "mov")
ONE = ("inc", "dec", "neg", "not")
CONDITIONS = ("e", "ne", "b", "ae", "l", "ge", "a", "be")

# A class, the instructions that make a difference belong to it, and how far apart it
# can put the two at most, as a share of the larger.
CLASSES = (
    ("fences and the time-stamp counter", r"^([lm]fence|rdtsc|cpuid)", 0.98),
    ("divisions", r"^i?div", 0.75),
    ("two-byte NOP", r"^xchg %ax,%ax", 0.8),
    ("carries, conditional moves and sets", r"^(adc|sbb|cmov|set)", 0.6),
    ("bit scans and counts", r"^(bs[fr]|[lt]zcnt|popcnt)", 0.85),
    ("address computations", r"^lea", 0.7),
    ("rotates and double shifts", r"^(ro[lr]|rc[lr]|sh[lr]d)", 0.6),
    ("moves", r"^(mov[ql]? %|movz)", 0.5),
    ("idioms", r"^(xor|sub|cmp|sbb)[a-z]? %(\w+),%\2", 0.5),
    ("multiply", r"^i?mul", 0.4),
    (
        "8- and 16-bit results",
        r"^(mov|set)\w* .*%([abcd][lx]|[sd]il|[sd]i|[sb]pl|r\d+[bw])$",
        0.75,
    ),
    (
        "choice of ports",
        r"^(add|sub|and|or|xor|cmp|test|inc|dec|neg|not|sh[lr]|sar|mov)",
        0.4,
    ),
)
MOST_DIFFER = 0.75  # of the blocks: more is one error, not many reasons


class Row(NamedTuple):
    """One block: cycles an iteration by each, and measured if it was."""

    text: tuple[str, ...]
    code: bytes
    theirs: float
    ours: float
    measured: float | None


def drawn(r: Random) -> str:
    """One instruction."""
    a, b, c = (r.choice(REGISTERS) for _ in range(3))
    what = r.random()
    if what < 0.55:
        return f"{r.choice(TWO)} %{b}, %{a}"
    if what < 0.65:
        return f"{r.choice(ONE)} %{a}"
    if what < 0.75:
        return f"{r.choice(('shl', 'shr', 'sar'))} ${r.randint(2, 9)}, %{a}"
    if what < 0.80:
        return f"lea 8(%{b}), %{a}"
    if what < 0.85:
        return f"lea (%{b},%{c}), %{a}"
    if what < 0.90:
        return f"lea 4(%{b},%{c}), %{a}"
    if what < 0.95:
        return f"cmov{r.choice(CONDITIONS)} %{b}, %{a}"
    return f"add ${r.randint(1, 99)}, %{a}"


def blocks(count: int, seed: int) -> Iterator[bytes]:
    """Random blocks, assembled."""
    r = Random(seed)
    for _ in range(count):
        text = "\n".join(drawn(r) for _ in range(r.randint(2, 10)))
        path = load_path("-", stdin=("\t" + text.replace("\n", "\n\t") + "\n").encode())
        yield b"".join(step.insn.form.data for step in path.steps)


def measured(file: str, most: int) -> Iterator[tuple[bytes, float]]:
    """Blocks of a CSV file that hold register instructions only."""
    kept = 0
    with Path(file).open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            try:
                code = bytes.fromhex(row["hex"])
                forms = [insn.form for insn in decode_bytes(code)]
            except CostmodelError:
                continue
            if any(f.memory or f.vector or f.stack_delta for f in forms):
                continue
            yield code, float(row["cycles"])
            kept += 1
            if kept == most:
                return


def theirs(tool: str, processor: str, texts: Sequence[Sequence[str]]) -> list[float]:
    """Cycles an iteration by llvm-mca, of blocks in AT&T syntax; nan: refused."""
    lines = []
    for n, text in enumerate(texts):
        lines += [f"# LLVM-MCA-BEGIN b{n}", *text, "# LLVM-MCA-END"]
    done = subprocess.run(
        [tool, f"-mcpu={processor}", f"-iterations={ITERATIONS}",
         "-instruction-info=0", "-resource-pressure=0"],
        input="\n".join(lines) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    out = [float("nan")] * len(texts)
    region = -1
    for line in done.stdout.splitlines():
        if found := re.search(r"Code Region - b(\d+)", line):
            region = int(found[1])
        elif found := re.match(r"Total Cycles:\s+(\d+)", line):
            out[region] = int(found[1]) / ITERATIONS
    return out


def compared(
    tool: str, core: str, codes: Sequence[tuple[bytes, float | None]]
) -> list[Row]:
    """The blocks that both could run."""
    loaded = load_core(core)
    fed = replace(loaded, core=with_values(loaded, FED))
    texts = [tuple(format_insn(i) for i in decode_bytes(code)) for code, _ in codes]
    out = []
    for (code, known), text, their in zip(
        codes, texts, theirs(tool, PROCESSORS[core], texts), strict=True
    ):
        if their == their:  # not nan
            our = rate(fed, code, "opcache")[0]
            decoded = our if known is None else rate(loaded, code, "unroll")[0]
            if abs(decoded - our) > CLOSE:
                continue  # the front end bounds what was measured
            out.append(Row(text, code, their, our, known))
    return out


def differs(row: Row) -> bool:
    apart = abs(row.ours - row.theirs)
    return apart > CLOSE and apart > NEAR * max(row.ours, row.theirs)


def class_of(row: Row) -> str:
    """The first class that explains the row: one of its instructions belongs to it, and
    the two are no further apart than it can put them; "": none."""
    apart = abs(row.ours - row.theirs) / max(row.ours, row.theirs)
    for name, pattern, most in CLASSES:
        if apart <= most and any(re.search(pattern, line) for line in row.text):
            return name
    return ""


def report(core: str, rows: Sequence[Row], show: int) -> int:
    """Print one core's table; how many differences fit no class."""
    apart = [row for row in rows if differs(row)]
    print(f"{core}: {len(rows)} blocks, {len(apart)} differ")
    for name, _, _ in CLASSES:
        some = [row for row in apart if class_of(row) == name]
        if not some:
            continue
        longer = sum(row.ours > row.theirs for row in some)
        line = f"  {name}: {len(some)}, the model longer in {longer}"
        known = [row for row in some if row.measured is not None]
        if known:
            nearer = sum(
                abs(row.ours - (row.measured or 0))
                < abs(row.theirs - (row.measured or 0))
                for row in known
            )
            line += f"; measured: nearer the model in {nearer} of {len(known)}"
        print(line)
        for row in some[:show]:
            extra = "" if row.measured is None else f", measured {row.measured:.2f}"
            print(f"    model {row.ours:.2f}, llvm-mca {row.theirs:.2f}{extra}: "
                  + "; ".join(row.text))  # fmt: skip
    unexplained = [row for row in apart if not class_of(row)]
    for row in unexplained[:5]:
        print(f"  UNEXPLAINED: model {row.ours:.2f}, llvm-mca {row.theirs:.2f}: "
              + "; ".join(row.text))  # fmt: skip
    if len(rows) >= 20 and len(apart) > MOST_DIFFER * len(rows):
        print(f"  more than {MOST_DIFFER:.0%} of the blocks differ")
        return len(apart)
    return len(unexplained)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--core", action="append", choices=sorted(PROCESSORS))
    parser.add_argument("--blocks", action="append", default=[])
    asked = parser.parse_args()
    tool = shutil.which("llvm-mca")
    if tool is None:
        print("skipped: no llvm-mca (Debian: apt install llvm)", file=sys.stderr)
        return ABSENT
    files = dict(pair.split("=", 1) for pair in asked.blocks)
    unexplained = 0
    made: list[tuple[bytes, float | None]] = [
        (code, None) for code in blocks(asked.count, asked.seed)
    ]
    for core in asked.core or PROCESSORS:
        unexplained += report(core, compared(tool, core, made), asked.show)
        if core in files and Path(files[core]).exists():
            known = list(measured(files[core], asked.count))
            print(f"{core}, measured blocks:")
            unexplained += report(core, compared(tool, core, known), asked.show)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
