"""The result tree: what a command has to say, before anybody decides how it looks.

A ``Report`` holds an answer three ways, all made from the same results: ``data`` is the
JSON document, ``columns`` and ``rows`` are the flat table, and ``sections`` are what a
reader sees. Builders (``estimate``, ``comparison``, ``study`` ...) make trees and know
nothing of columns, tags or colours; renderers (``render``) turn a tree into text and
know nothing of cycles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from costmodel.engine.result import Estimate
    from costmodel.views.figure import Plot

PAGE = "page"  # a section for pages only: too much for a mail


class Text(Struct, frozen=True):
    """A paragraph. ``hanging``: later lines of it are set in, in plain text."""

    text: str
    hanging: bool = False


class Quote(Struct, frozen=True):
    """What somebody said, and its fate."""

    text: str


class Items(Struct, frozen=True):
    """Remarks, one each."""

    items: tuple[str, ...]


class Table(Struct, frozen=True):
    """Rows of cells under ``head`` (empty: none).

    ``align`` has l or r per column. ``bars`` gives each row a bar of that length.
    ``wrapped``: the last column is a list of names that may take several lines.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    bars: tuple[Fraction, ...] = ()
    wrapped: bool = False


class Pipeline(Struct, frozen=True):
    """The pipeline diagram of an estimate."""

    estimate: Estimate


class Picture(Struct, frozen=True):
    """A plot, drawn when a renderer wants it; ``file`` if it is kept beside a page."""

    name: str
    alt: str
    draw: Callable[[], Plot]
    file: str = ""


Block = Text | Quote | Items | Table | Pipeline | Picture


class Section(Struct, frozen=True):
    """Blocks under a title. ``inset``: plain text sets them in below it."""

    title: str
    blocks: tuple[Block, ...]
    inset: bool = False
    only: str = ""  # PAGE: left out of plain text and Markdown
    closed: bool = False  # a page shows the title, and the rest when asked


class Report(Struct, frozen=True):
    """One whole answer. ``answer`` is the figure that stands first, with its mark."""

    title: str
    answer: str = ""
    unit: str = ""
    lead: tuple[str, ...] = ()  # one line each: scenario, core, what it rests on
    sections: tuple[Section, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    columns: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    foot: tuple[str, ...] = ()  # paragraphs: how it was made, how far to trust it
