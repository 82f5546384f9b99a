"""The flat table of a report as CSV: a header, full precision, blanks for nothing."""

from __future__ import annotations

import csv
import io
from typing import Any

from costmodel.views.tree import Report


def render(report: Report, width: int) -> str:
    """Columns in their order; they are only ever added to."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(report.columns)
    writer.writerows(
        [cell(row.get(name)) for name in report.columns] for row in report.rows
    )
    return stream.getvalue().rstrip("\n")


def cell(value: Any) -> str:
    """A cell as scripts read it: six digits, nothing for None."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
