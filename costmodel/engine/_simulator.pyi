"""The simulator, in C: see ``sim/``."""

from collections.abc import Sequence
from typing import Any

FIGURES: tuple[str, ...]
LOG_ROW: int

class Trace:
    """A packed trace, checked, with its terms: ready to run with any figures."""

    def __new__(cls, packed: Any, figures: Any, terms: Any) -> Trace: ...
    def run(
        self, figures: Any, mode: int, group: int, need: int, limit: int, calendar: int
    ) -> tuple[int, int, int, int, bool, int, int, int]: ...
    def log(
        self, figures: Any, mode: int, group: int, need: int, limit: int, calendar: int
    ) -> tuple[tuple[int, int, int, int, bool, int, int, int], bytes, bytes]: ...
    def draws(
        self, rows: Any, mode: int, group: int, need: int, limit: int, calendar: int
    ) -> Sequence[tuple[int, int]]: ...
