"""The record: every row there, verdicts that follow from figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from costmodel import data
from costmodel.cores.accuracy import difference_margin
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
    text = rendered("text", record_report(found))
    assert text.isascii()
    assert all(len(line) <= 72 for line in text.splitlines())


def test_the_measured_tables_are_held_to_their_settings() -> None:
    record, _ = load_record(str(FILE))
    assert [table.core for table in record.tables] == ["zen5", "goldencove"]
    for table in record.tables:
        found = list(cells(table, FILE.parent))
        expected = len(table.rows) * len(table.settings) + len(table.unmodelled)
        assert len(found) == expected
        assert {cell.uarch for cell in found} == {table.core}
        tolerances = {s.says: s.tolerance or table.tolerance for s in table.settings}
        for cell in found:
            if cell.measured is not None and cell.modelled is not None:
                off = abs(cell.modelled - cell.measured)
                near = off <= tolerances[cell.setting] + 1e-9
                assert (cell.verdict == AGREES) == near


def test_one_table_needs_no_list(tmp_path: Path) -> None:
    record, _ = load_record(str(FILE))
    first, *_ = record.tables
    assert replace(record, measured=first).tables == (first,)
    assert replace(record, measured=None).tables == ()


def test_the_dance_around_a_system_call_shows_what_it_shows_on_silicon() -> None:
    """FIXUP and RESTORE: 10 around a real call, 9 behind a fence, 5 in a loop."""
    record, _ = load_record(str(FILE))
    (table,) = [t for t in record.tables if t.core == "goldencove"]
    found = {(c.says, c.setting): c for c in cells(table, FILE.parent)}
    for setting in ("op cache", "behind LFENCE", "system call"):
        assert found["FIXUP and RESTORE", setting].verdict == AGREES
        alone = found["RESTORE alone", setting]
        assert alone.modelled == pytest.approx(alone.measured, abs=2)
        agree = [c.verdict == AGREES for (_, s), c in found.items() if s == setting]
        assert sum(agree) / len(agree) >= 0.6
    assert found["FIXUP and RESTORE", "system call"].modelled > 7


def test_a_setting_may_have_a_file_of_its_own() -> None:
    record, _ = load_record(str(FILE))
    files = {s.file for table in record.tables for s in table.settings if s.file}
    assert files == {"zen5-call.csv"}


def test_intervals_hold_the_models_own_error() -> None:
    """Those of a difference are as wide as a comparison's, those of a cost as an
    estimate's: not the draws alone."""
    record, paths = load_record(str(FILE))
    rows = tuple(row for row in record.rows if row.id in ("R1", "T2"))
    found = {
        f.id: f for f in findings(replace(record, rows=rows), paths, ["zen5"], draws=8)
    }
    drawn = {
        f.id: f for f in findings(replace(record, rows=rows), paths, ["zen5"], draws=0)
    }
    margin = difference_margin("zen5", "roundtrip")
    assert margin > 0
    for row in ("R1", "T2"):
        assert found[row].value == drawn[row].value
    assert found["R1"].low <= found["R1"].value - margin
    assert found["R1"].high >= found["R1"].value + margin
    assert found["T2"].low < found["T2"].value < found["T2"].high
