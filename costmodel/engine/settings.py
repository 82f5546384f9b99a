"""All that decides a run, besides the path, the core and its figures."""

from __future__ import annotations

from typing import Literal

from costmodel.cores.model import Core
from costmodel.engine import scenarios
from costmodel.engine.cold import Cold
from costmodel.errors import UsageError
from costmodel.scenarios import checked, checked_align
from costmodel.tuples import NamedTuple

Pointers = Literal["distinct_pointers", "same_pointer"]


class Settings(NamedTuple):
    """How a path is run.

    ``scenario``: one of ``scenarios.NAMES``. ``align``: bytes the code is moved from
    where it lies, or, of measured copies, its address. ``pointers``: what registers
    hold when copies begin (see ``code.values``). ``counter``: register of a loop's
    ``dec``; -1: a free one. ``cold``: lines that are not in L1 (see ``cold``).
    ``limit``: uops run in search of a steady state; 0: the scenario's own.
    """

    scenario: str
    align: int = 0
    pointers: Pointers = "distinct_pointers"
    counter: int = -1
    cold: Cold = ()
    limit: int = 0

    @classmethod
    def of(
        cls, core: Core, scenario: str, align: int | None = None, cold: Cold = ()
    ) -> Settings:
        """The settings estimates are made with: of copies, those they were measured
        with on this core, so that the error measured is that of the estimate.

        Raises UsageError for a scenario there is not, or cold lines in one that has
        none.
        """
        checked(scenario)
        if align is not None:
            checked_align(align)
        if scenario in scenarios.PATHS:
            return cls(scenario, align or 0, cold=cold)
        if cold:
            raise UsageError(
                f"cold lines in the scenario {scenario!r}",
                expected="once or roundtrip: the others measure a warm block",
            )
        measured = cls.measured(core, scenario)
        return measured if align is None else measured._replace(align=align)

    @classmethod
    def measured(cls, core: Core, scenario: str, counter: int = -1) -> Settings:
        """The settings blocks were measured with on this core."""
        if scenario == "unroll":
            return cls(scenario, core.measured_at, core.measured_from, counter)
        return cls(scenario, counter=counter)
