"""A number and how it is known."""

from __future__ import annotations

from msgspec import Struct

ASSUMED = "assumed"


class Quantity(Struct, frozen=True):
    """A figure of a core file, in the unit of the field it stands for.

    ``low`` and ``high`` bound what it may really be (``low <= value <= high``).
    ``source`` is "ID" or "ID: detail", where ID is declared in the core's sources or is
    "assumed". ``where`` is "file:line". ``integer`` says the field takes whole numbers
    only. ``stated`` is False for a default of the model that no core file confirms.
    """

    value: float
    low: float
    high: float
    source: str
    assumed: bool = False
    note: str = ""
    where: str = ""
    integer: bool = True
    stated: bool = True

    @property
    def exact(self) -> bool:
        """Nothing but this value is possible."""
        return self.low == self.high

    @property
    def source_id(self) -> str:
        """The source without its detail."""
        return self.source.partition(":")[0].strip()
