"""Renderers: each turns the one result tree into one kind of text.

A renderer is a module with ``render(report, width) -> str``; ``width`` is in columns
and only plain text heeds it. They are loaded when asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from costmodel.errors import UsageError

if TYPE_CHECKING:
    from costmodel.views.tree import Report

WIDTH = 72  # of a mail, and of whatever is not a terminal
FORMATS = ("text", "json", "markdown", "csv", "html", "svg")
LOGS = ("kanata", "folded")  # of one explained estimate


class Renderer(Protocol):
    """What every module of this package offers."""

    def render(self, report: Report, width: int) -> str:
        """The report as text without a newline at its end."""
        ...


def rendered(style: str, report: Report, width: int = WIDTH) -> str:
    """``report`` in a format of ``FORMATS`` or ``LOGS``. Raises UsageError."""
    if style not in FORMATS + LOGS:
        raise UsageError(f"no format {style!r}", expected=", ".join(FORMATS + LOGS))
    module: Renderer = import_module(f"costmodel.views.render.{style}")
    return module.render(report, width)
