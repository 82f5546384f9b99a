"""A number and how it is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from costmodel.tuples import NamedTuple

ASSUMED: Final = "assumed"
FITTED: Final = "fitted"
INHERITED: Final = "inherited"

# How a figure is known, surest first. Of a source it is one of the first two.
Evidence = Literal["measured", "documented", "fitted", "inherited", "assumed"]
OF_SOURCES = ("measured", "documented")
REASONS: Mapping[str, str] = {
    FITTED: "chosen because measured rows came out",
    INHERITED: "taken from a relative",
    ASSUMED: "a guess",
}


class Source(NamedTuple):
    """Where figures come from: ``sources:`` of a core file.

    ``cores``: those it speaks of; None: of the core whose file cites it.
    """

    says: str
    evidence: Evidence = "measured"
    cores: tuple[str, ...] | None = None


class Fit(NamedTuple):
    """How a figure was chosen by how well measured rows come out.

    ``rows``: how many were held against the model; ``gain``: what the choice brought;
    ``half``: which of the rows it was chosen on.
    """

    rows: int
    gain: str
    half: str

    def __str__(self) -> str:
        return f"{self.rows} rows, {self.gain}, chosen on {self.half}"


class Quantity(Struct, frozen=True):
    """A figure of a core file, in the unit of the field it stands for.

    ``low`` and ``high`` bound what it may really be (``low <= value <= high``).
    ``source`` is "ID" or "ID: detail", where ID is declared in the core's sources or is
    "assumed". ``where`` is "file:line". ``integer`` says the field takes whole numbers
    only. ``stated`` is False for a default of the model that no core file confirms.
    ``evidence`` is how it is known; of an inherited figure ``origin`` is the core or
    base it comes from, of a fitted one ``fit`` says how it was chosen.
    """

    value: float
    low: float
    high: float
    source: str
    evidence: Evidence = "measured"
    note: str = ""
    where: str = ""
    integer: bool = True
    stated: bool = True
    origin: str = ""
    fit: Fit | None = None

    @property
    def assumed(self) -> bool:
        """A guess: no source at all."""
        return self.evidence == ASSUMED

    @property
    def doubtful(self) -> bool:
        """A guess, a fit or a loan: nobody measured or documented it for this core."""
        return self.evidence in REASONS

    @property
    def reason(self) -> str:
        """Why it is doubtful, in words; "" if it is not."""
        if self.evidence == INHERITED:
            return f"inherited from {self.origin}" + (", fitted there" * bool(self.fit))
        if self.fit is not None:
            return f"fitted: {self.fit}"
        return ASSUMED if self.assumed else ""

    @property
    def exact(self) -> bool:
        """Nothing but this value is possible."""
        return self.low == self.high

    @property
    def source_id(self) -> str:
        """The source without its detail."""
        return self.source.partition(":")[0].strip()
