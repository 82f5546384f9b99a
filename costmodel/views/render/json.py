"""The data of a report as one JSON document, schema 1."""

from __future__ import annotations

from costmodel.views.json import document
from costmodel.views.tree import Report


def render(report: Report, width: int) -> str:
    """Keys are only ever added within a schema."""
    return document(**report.data)
