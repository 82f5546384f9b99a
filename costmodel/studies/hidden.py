"""Cold lines that cost a path nothing: what hides them.

A store fetches its line after it has retired, so a line that only stores ask for costs
the path no cycle as long as the store buffer has room. Then the cycles with cold lines
are those with warm ones, and a reader wants to know why.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from costmodel.cores.load import load_core
from costmodel.engine.result import Estimate


class Hidden(Struct, frozen=True):
    """Why a question with cold lines has the answers of one with warm lines.

    ``lines``: cold lines that are fetched, the most on any core; ``waiting``: stores in
    the store buffer at most; ``entries`` of the smallest store buffer (0: none has a
    limit).
    """

    id: str
    lines: int
    waiting: int
    entries: int


def hidden(question: str, cold: Iterable[Estimate]) -> Hidden | None:
    """What hides the cold lines of these runs; None unless only stores fetch them.

    Made for runs that take as long as with the same lines warm.
    """
    lines = waiting = 0
    buffers: list[int] = []
    for e in cold:
        fetched = [use for use in e.lines if use.filled_by]
        if any(use.filled_by != "store" for use in fetched):
            return None
        lines = max(lines, len(fetched))
        waiting = max(waiting, e.store_buffer_peak)
        if entries := load_core(e.uarch).core.window.store_buffer:
            buffers.append(int(entries))
    if not lines:
        return None
    return Hidden(question, lines, waiting, min(buffers, default=0))
