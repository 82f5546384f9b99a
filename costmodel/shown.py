"""Results that show themselves: text, pages, plots, frames. The library's way to views.

What a result holds is not here, nor how it looks: ``Shown`` asks ``report`` for the
tree and ``views.render`` for the text, when somebody looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.views.tree import Report


class Shown:
    """What every result can do. A class says how it becomes a ``Report``."""

    __slots__ = ()

    def report(self) -> Report:
        """The tree that all formats are rendered from."""
        raise NotImplementedError

    def render(self, style: str = "text", width: int = 72) -> str:
        """In a format of the command line: text, json, markdown, csv, html or svg.

        Raises UsageError for another, or for a picture of what has none.
        """
        from costmodel.views.render import rendered

        return rendered(style, self.report(), width)

    def text(self) -> str:
        """What the command prints."""
        return self.render("text")


class Framed(Shown):
    """A result with tidy tables: ``table`` is one of those the class names."""

    __slots__ = ()

    def frame(self, table: str = "summary") -> pd.DataFrame:
        """A pandas frame of one table. Raises UsageError for one there is not."""
        raise NotImplementedError
