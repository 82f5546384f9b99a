"""How one figure of a core is declared, beside the field that holds it.

A figure is declared once, in the class whose field it is::

    rob: Annotated[int, timing("rob", "slots of the reorder buffer", "slots",
                               least=1, most=ENTRIES, cause="rob full")]

The field gives its path in the core file, its type and its default; the ``Figure``
beside it the rest. ``declarations`` gathers them. What the loader accepts, the JSON
Schema, the struct the simulator reads, what a draw may change and the table in
docs/model.md all follow from this.
"""

from __future__ import annotations

from typing import Literal

from costmodel.tuples import NamedTuple

# What has to be done again when the figure changes, least work first: only the
# simulation (the figure is one of the simulator's vector), the numbers inside uops (all
# else of the trace stays), the places of code and data, or the uops themselves.
Changes = Literal["nothing", "time", "latency", "layout", "structure"]

CYCLES = 100_000  # of a latency, or of anything a cycle
ENTRIES = 65_536  # of a queue or buffer: the simulator has a cell for each
PORTS = 64  # a set of ports is one word of 64 bits
LINES = 4_096  # of a cache, that a store may combine with
BYTES = 1 << 31  # of a displacement
LARGE = 4_096  # what stands for "without this limit" in a size or width


class Figure(NamedTuple):
    """What is known of one figure of a core, besides its value.

    ``says``: one phrase, without a full stop. ``least`` and ``most`` bound the value in
    ``unit`` (of a list of names, how many there may be); with ``off`` it may be 0 as
    well, and with ``binary`` it is a power of two. ``name``: of the field in the
    simulator's ``struct figures``, "" if it is not read there; of a choice, the field
    tells whether it is ``when``.

    ``cause``: what cycles are charged to where this figure binds. ``limit``: the
    what-if that takes it away, by setting it to ``relaxed`` where it is not 0.
    """

    says: str
    unit: str = ""
    least: float = 0
    most: float = CYCLES
    name: str = ""
    changes: Changes = "structure"
    cause: str = ""
    limit: str = ""
    relaxed: int | None = None
    binary: bool = False
    off: bool = False
    when: str = ""


def timing(
    name: str,
    says: str,
    unit: str = "cycles",
    *,
    least: int = 0,
    most: int = CYCLES,
    cause: str = "",
    limit: str = "",
    relaxed: int | None = None,
    binary: bool = False,
    off: bool = False,
    when: str = "",
) -> Figure:
    """A figure only the simulator reads, as ``name``: changed, the trace stays."""
    return Figure(
        says, unit, least, most, name, "time", cause, limit, relaxed, binary, off, when
    )


def latency(name: str, says: str, *, least: int = 0, cause: str) -> Figure:
    """Cycles that are part of what a uop or instruction takes."""
    return Figure(says, "cycles", least, CYCLES, name, "latency", cause)


def layout(
    says: str,
    unit: str = "",
    *,
    name: str = "",
    least: int = 0,
    most: int = ENTRIES,
    cause: str = "",
    limit: str = "",
    relaxed: int | None = None,
    binary: bool = False,
    off: bool = False,
) -> Figure:
    """A figure that says where code or data lie, and which accesses meet."""
    return Figure(
        says, unit, least, most, name, "layout", cause, limit, relaxed, binary, off
    )


def structure(
    says: str,
    unit: str = "",
    *,
    name: str = "",
    least: int = 0,
    most: int = CYCLES,
    cause: str = "",
    limit: str = "",
    relaxed: int | None = None,
    when: str = "",
) -> Figure:
    """A figure or rule that says which uops there are, or where they may go."""
    return Figure(
        says, unit, least, most, name, "structure", cause, limit, relaxed, when=when
    )


def about(
    says: str, unit: str = "", *, least: float = 0, most: float = CYCLES
) -> Figure:
    """Something told of the core that no cycle follows from."""
    return Figure(says, unit, least, most, changes="nothing")
