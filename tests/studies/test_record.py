"""The record: every row there, verdicts that follow from figures."""

from __future__ import annotations

import pytest

from costmodel import data
from costmodel.studies.measured import cells
from costmodel.studies.record import (
    AGREES,
    CANNOT_SAY,
    DISAGREES,
    findings,
    judged,
    load_record,
)
from costmodel.studies.uncertainty import Interval
from costmodel.views.record import record_report
from costmodel.views.render import rendered

FILE = data.stubs_dir() / "record" / "record.yaml"


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (5, 4, 6, AGREES),
        (9, 7, 12, DISAGREES),
        (7, 5, 9, CANNOT_SAY),
        (4, 4, 4, AGREES),
        (6.1, 6.1, 6.1, DISAGREES),
    ],
)
def test_a_verdict_follows_from_the_figures(
    value: float, low: float, high: float, expected: str
) -> None:
    assert judged(Interval(value, value, low, high, 9), 4, 6) == expected


def test_all_rows_on_record_are_in_the_table() -> None:
    record, _ = load_record(str(FILE))
    ids = {row.id for row in record.rows}
    assert {f"R{n}" for n in range(1, 25)} <= ids
    for row in record.rows:
        assert row.kind or row.why, row.id
        assert (row.expect is not None) == bool(row.kind), row.id


def test_rows_on_sandy_bridge_that_the_thread_rests_on_agree() -> None:
    record, paths = load_record(str(FILE))
    found = findings(record, paths, ["sandybridge"], draws=0)
    verdicts = {f.id: f.verdict for f in found}
    for row in ("R1", "R2", "R3", "R4", "R12", "R12b"):
        assert verdicts[row] == AGREES, row
    assert verdicts["R14"] == AGREES
    assert verdicts["R17"] == CANNOT_SAY
    text = rendered("text", record_report(found, None, ()))
    assert text.isascii()
    assert all(len(line) <= 72 for line in text.splitlines())


def test_the_measured_table_is_held_to_its_settings() -> None:
    record, _ = load_record(str(FILE))
    table = record.measured
    assert table is not None
    found = list(cells(table, FILE.parent))
    assert len(found) == len(table.rows) * len(table.settings) + len(table.unmodelled)
    tolerances = {s.says: s.tolerance or table.tolerance for s in table.settings}
    for cell in found:
        if cell.measured is not None and cell.modelled is not None:
            off = abs(cell.modelled - cell.measured)
            assert (cell.verdict == AGREES) == (off <= tolerances[cell.setting] + 1e-9)
