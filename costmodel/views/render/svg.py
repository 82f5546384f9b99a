"""The first picture of a report, by itself."""

from __future__ import annotations

from costmodel.errors import UsageError
from costmodel.views.pipeline import pipeline_svg
from costmodel.views.tree import Picture, Pipeline, Report


def render(report: Report, width: int) -> str:
    """A plot or a pipeline diagram. Raises UsageError where there is neither."""
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Picture):
                return block.draw().bytes("svg").decode().rstrip("\n")
            if isinstance(block, Pipeline):
                return pipeline_svg(block.estimate, alone=True)
    raise UsageError(
        "nothing to draw in this answer", where="--format svg", expected="one core"
    )
