#!/usr/bin/env python3
"""Hold every form of calibration/forms.csv against the model; write docs/forms.md.

    python tools/forms.py [--core CORE] [--kind KIND] [--show N]

With --core, what differs on that core is printed instead, the worst N first.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from costmodel.cores.load import LoadedCore, load_core
from costmodel.engine.blocks import rate
from costmodel.errors import CostmodelError

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "calibration" / "forms.csv"
NEAR = 0.3  # cycles an iteration
NEAR_SHARE = 0.05  # of long ones
REGISTER_KINDS = ("alone", "same", "to flags", "from flags", "throughput")
PAGE_HEAD = """\
# Forms, one by one

Written by `tools/forms.py`; do not edit. Register and memory forms that uops.info
measured are repeated in small blocks and held against the model, on every core they
were measured on; jumps, strings, stack and system instructions are held elsewhere.
What a block takes on silicon is worked out from the measured latencies of its
operands, and from the ports and issue slots of its uops; both are uops.info's (Golden
Cove's are those of the alike Redwood Cove). Zen 4's figures are WINIC's, the
throughputs of Zen+ pmtestbench's. A form agrees if all its blocks are within 0.3
cycle or 5 % an iteration. `calibration/forms.csv` holds the blocks and the figures,
and `tools/forms_table.py` says what is left out and why.

Register forms are repeated alone, with one register as every operand, closed to a
chain through the flags, and side by side with eight destinations. Memory forms chase
their own address, load side by side, or read and write sixteen places in turn. What
closes a chain of flags with AH to DH works on them too; that is taken off again. Blocks
whose time the figures do not say are left out: where ports are unknown (AMD, Lion Cove)
what is not bound by latency, where microcode may bind what its latencies do not
explain, and chains through memory: uops.info's times are shorter than those of measured
blocks of the same chain (Skylake 4 against 5.1 to 5.4, Golden Cove 6 against 7.3), to
which forwarding is held instead. The rows of the cores were written with these figures
in hand: the table says how well they are met, not how well the model predicts forms it
has not seen. Most of what still differs are chains that meet other uops at a port, of
which the figures say nothing.
"""


class Row(NamedTuple):
    form: str
    kind: str
    code: bytes
    expected: dict[str, float]


class Held(NamedTuple):
    row: Row
    expected: float
    modelled: float

    @property
    def agrees(self) -> bool:
        near = max(NEAR, NEAR_SHARE * self.expected)
        return abs(self.modelled - self.expected) <= near + 1e-6


def rows() -> tuple[list[str], list[Row]]:
    """The cores of the table and its rows."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        out = [
            Row(
                line["form"],
                line["kind"],
                bytes.fromhex(line["hex"]),
                {
                    core: float(value)
                    for core, value in line.items()
                    if core not in ("form", "kind", "hex") and value
                },
            )
            for line in reader
        ]
        return list(reader.fieldnames or ())[3:], out


def held(core: str, table: list[Row], loaded: LoadedCore | None = None) -> list[Held]:
    """Every block of one core, measured and modelled."""
    return list(_held(core, table, loaded or load_core(core)))


def _held(core: str, table: list[Row], loaded: LoadedCore) -> Iterator[Held]:
    for row in table:
        if core in row.expected:
            try:
                modelled, _ = rate(loaded, row.code, "opcache")
            except CostmodelError:
                modelled = float("inf")
            yield Held(row, row.expected[core], modelled)


def agreement(blocks: list[Held], register: bool) -> tuple[int, int]:
    """Forms all of whose blocks agree, and forms."""
    forms: dict[str, bool] = {}
    for block in blocks:
        if (block.row.kind in REGISTER_KINDS) == register:
            name = block.row.form
            forms[name] = forms.get(name, True) and block.agrees
    return sum(forms.values()), len(forms)


def page(table: list[Row], cores: list[str]) -> str:
    lines = [
        PAGE_HEAD,
        "| core | register forms | agree | memory forms | agree | blocks | agree |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for core in cores:
        blocks = held(core, table)
        cells = [core]
        for register in (True, False):
            good, count = agreement(blocks, register)
            cells += [str(count), _share(good, count)]
        good = sum(b.agrees for b in blocks)
        lines.append(
            "| "
            + " | ".join([*cells, str(len(blocks)), _share(good, len(blocks))])
            + " |"
        )
    return "\n".join(lines) + "\n"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--core")
    parser.add_argument("--kind")
    parser.add_argument("--show", type=int, default=40)
    args = parser.parse_args()
    cores, table = rows()
    if args.core is None:
        path = ROOT / "docs" / "forms.md"
        path.write_text(page(table, cores), encoding="utf-8")
        print(path)
        return
    different: dict[tuple[str, str], dict[str, str]] = {}
    for core in cores if args.core == "all" else args.core.split(","):
        blocks = held(core, table)
        told = []
        for register in (True, False):
            good, count = agreement(blocks, register)
            told.append(f"{good} of {count} {_share(good, count)}")
        print(core, "register", told[0], "memory", told[1])
        for b in blocks:
            if not b.agrees and args.kind in (None, b.row.kind):
                figures = f"{b.expected:g}/{b.modelled:.4g}"
                key = (b.row.form, b.row.kind)
                different.setdefault(key, {}).setdefault(figures, "")
                different[key][figures] += " " + core
    for (form, kind), told_by in sorted(different.items())[: args.show]:
        print(
            f"  {form:24} {kind:10}",
            "; ".join(f"{figures}{names}" for figures, names in told_by.items()),
        )


if __name__ == "__main__":
    main()
