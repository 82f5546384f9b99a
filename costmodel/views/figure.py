"""How every plot looks and is kept: the same bytes each time, legible in grey.

matplotlib is imported when a plot is made, and its global state is left alone: figures
are made without pyplot, under a style of their own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from costmodel import __version__
from costmodel.errors import UsageError

# Greys of even steps, told apart by hatches as well.
SHADES = ("#1a1a1a", "#6e6e6e", "#b4b4b4", "#dedede", "#ffffff")
HATCHES = ("", "//", "..", "xx", "\\\\", "oo", "--", "++")
WIDTH = 5.4  # inches of most plots: at this size a telephone shows letters to be read
INK = "#111111"
ACCENT = "#0b5394"
# What each colour is on a dark screen. Viewers that know no such thing show the light
# plot: the rules stand beside it and change nothing else.
_DARK = {
    "#ffffff": "#16181c", INK: "#e6e6e6", "#1a1a1a": "#d4d7dc", "#6e6e6e": "#9aa0a8",
    "#b4b4b4": "#6b7078", "#dedede": "#3b4048", "#444444": "#b0b5bd",
    "#d9d9d9": "#33373d", ACCENT: "#7db7f0",
}  # fmt: skip
_STYLE: Any = {
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.color": INK,
    "svg.hashsalt": "costmodel",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.axisbelow": True,
    "grid.color": "#d9d9d9",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
_KINDS = {".svg": "svg", ".png": "png"}


class Plot(Struct, frozen=True):
    """A figure that can be kept and shows itself in a notebook."""

    figure: Any

    def bytes(self, kind: str = "svg") -> bytes:
        """The same for the same figure: no date, no salt of chance."""
        out = io.BytesIO()
        drop: dict[str, Any] = {"Date": None, "Creator": None}
        with style():
            self.figure.savefig(
                out, format=kind, dpi=150, bbox_inches="tight", pad_inches=0.12,
                metadata=drop if kind == "svg" else {"Software": None},
            )  # fmt: skip
        made = out.getvalue()
        return _darkened(made) if kind == "svg" else made

    @property
    def width(self) -> int:
        """Pixels of a page it is made for."""
        return round(96 * float(self.figure.get_size_inches()[0]))

    def _repr_svg_(self) -> str:
        return self.bytes("svg").decode()


def _darkened(svg: bytes) -> bytes:
    """With rules for a dark screen right behind the opening tag."""
    rules = "".join(
        f'[style*="{what}: {light}"],[{what}="{light}"]{{{what}:{dark} !important}}'
        for light, dark in _DARK.items()
        for what in ("fill", "stroke")
    )
    style = f"<style>@media screen and (prefers-color-scheme:dark){{{rules}}}</style>"
    at = svg.index(b">", svg.index(b"<svg")) + 1
    return svg[:at] + f"\n {style}".encode() + svg[at:]


def kind_of(file: str) -> str:
    """ "svg" or "png", by the ending of a file's name. Raises UsageError."""
    ending = Path(file).suffix.lower()
    if ending not in _KINDS:
        raise UsageError(
            f"a plot as {ending or 'a file without an ending'}",
            where=file,
            expected=" or ".join(_KINDS),
        )
    return _KINDS[ending]


@contextmanager
def style() -> Iterator[None]:
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):
        yield


def axes(width: float, height: float, title: str, note: str) -> tuple[Any, Any]:
    """A figure with one pair of axes, a title on the left and a line below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    one = figure.add_subplot()
    one.set_title(title, loc="left", fontsize=10, fontweight="bold", wrap=True)
    said = f"{note}; modelled by costmodel {__version__}" if note else ""
    figure.supxlabel(said, fontsize=8.5, color="#444444", x=0.01, ha="left")
    return figure, one
