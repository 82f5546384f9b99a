"""Write stubs/record/pairs.csv: changes measured or on record, by their code.

    python -m tools.pairs

From the shipped study (what its questions measured) and the record (rows on a
difference in cycles, of named cores). ``compare`` prints them of the same change.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from costmodel.code.insn import Path as CodePath
from costmodel.studies.onrecord import COLUMNS, FILE, code_of, digest
from costmodel.studies.record import load_record
from costmodel.studies.study import load_study
from costmodel.studies.studypaths import path_on

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "stubs" / "top-of-stack" / "study.yaml"
RECORD = ROOT / "stubs" / "record" / "record.yaml"


def rows() -> Iterator[tuple[object, ...]]:
    """The pairs, those of the study first."""
    study, paths = load_study(str(STUDY))
    for question in study.questions:
        for point in question.measured if question.kind == "difference" else ():
            sides = [
                path_on(paths[name], point.uarch)
                for name in (question.before, question.after)
            ]
            yield (
                point.uarch, question.scenario, *map(_digest, sides),
                point.value, point.low, point.high, f"measured: {point.source}",
            )  # fmt: skip
    record, found = load_record(str(RECORD))
    for row in record.rows:
        if row.kind != "difference" or row.unit != "cycles" or row.expect is None:
            continue
        for core in row.cores:
            yield (
                core, row.scenario, _digest(found[row.before]),
                _digest(found[row.after]), "", row.expect.low, row.expect.high,
                f"on record ({row.id}): {row.claim} ({row.source}; {row.cpu})",
            )  # fmt: skip


def _digest(path: CodePath) -> str:
    return digest(code_of(path))


def text() -> str:
    """The file."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows())
    return stream.getvalue()


if __name__ == "__main__":
    (RECORD.parent / FILE).write_text(text(), encoding="utf-8")
