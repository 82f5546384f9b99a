"""Zen 3 against a public run of uarch-bench on an EPYC 7J13 (its zen3-clock.txt).

``zen3_bench.csv``: every test of the run that is a block of code; its ``measured`` is
of one of ``per`` parts of the block, ``differs`` says why the model does not meet it.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate
from costmodel.views.render.markdown import pipe_table

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "zen3.md"
START, END = "<!-- table: make golden -->\n", "<!-- end -->"
NEAR = 0.1, 0.05  # cycles, or share of the measured
with (HERE / "zen3_bench.csv").open(encoding="utf-8", newline="") as stream:
    ROWS = list(csv.DictReader(stream))


def estimated(row: dict[str, str]) -> float:
    code = bytes.fromhex(row["hex"])
    return rate(load_core("zen3"), code, row["scenario"])[0] / int(row["per"])


def is_near(row: dict[str, str], cycles: float) -> bool:
    measured = float(row["measured"])
    return abs(cycles - measured) <= max(NEAR[0], NEAR[1] * measured) + 1e-9


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["test"])
def test_takes_what_was_measured_or_says_why_not(row: dict[str, str]) -> None:
    cycles = estimated(row)
    assert is_near(row, cycles) != bool(row["differs"]), cycles


def test_most_are_met() -> None:
    assert sum(bool(row["differs"]) for row in ROWS) <= len(ROWS) / 9


def test_the_page_lists_them() -> None:
    table = pipe_table(
        ("test", "setting", "code", "measured", "model", "why it differs"),
        [
            (
                row["test"],
                row["scenario"],
                f"`{row['code'][:40]}`" + " .." * (len(row["code"]) > 40),
                row["measured"],
                f"{estimated(row):.2f}",
                row["differs"] or "-",
            )
            for row in ROWS
        ],
    )
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(START)
    made = head + START + table.rstrip("\n") + "\n" + END + rest.split(END)[1]
    if os.environ.get("COSTMODEL_GOLDEN") == "write":
        PAGE.write_text(made, encoding="utf-8")
    assert text == made, "make golden"
