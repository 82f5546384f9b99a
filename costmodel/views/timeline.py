"""The pipeline diagram in ASCII: a row a uop, a column a cycle, a reason a wait.

    cycle           0         10
      0 swapgs      .I==Deee-R       serialising
      1 movq ...     .I-wwwDC-R      gs_base

Columns in which no uop changes stage are folded into one ``~``; a diagram wider than
the page goes on below, with the uops that are still under way.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from costmodel.engine.result import Estimate, UopTimes
from costmodel.views.layout import clip, spelled
from costmodel.views.pipeline import MOST_UOPS, abridged, left_out

LEGEND = (
    "  .  in the uop queue     I  issued      w  waits for inputs",
    "  =  waits for a port     D  dispatched  e  executes",
    "  C  completed            -  waits turn  R  retired",
    "  s  in the store buffer  W  in L1D      ~  nothing changes",
)
_QUIET = 6  # cycles without an event before they are folded
_TEXT = 22
_REASON = 15


class Column(Struct, frozen=True):
    """One column: the cycles ``first``..``last``, more than one if folded."""

    first: int
    last: int

    @property
    def folded(self) -> bool:
        return self.last > self.first


def timeline_lines(estimate: Estimate, width: int) -> list[str]:
    """The diagram for ``estimate.timeline``, at most ``width`` wide."""
    if not estimate.timeline:
        return []
    every = abridged(estimate.timeline)
    uops = every[:MOST_UOPS]
    columns = fold(uops)
    room = max(width - (5 + _TEXT + 1) - (_REASON + 2), 12)
    labels = _labels(estimate, uops)
    lines = [*LEGEND, ""]
    for start in range(0, len(columns), room):
        page = columns[start : start + room]
        lines.append(" " * (5 + _TEXT + 1) + _ruler(page))
        for uop, label in zip(uops, labels, strict=True):
            if _last(uop) < page[0].first or _first(uop) > page[-1].last:
                continue
            cells = "".join(_cell(uop, column) for column in page)
            reason = uop.wait if _wait_ends(uop, page) else ""
            row = f"{label} {cells.ljust(len(page))}  {clip(reason, _REASON)}"
            lines.append(row.rstrip())
        lines.append("")
    more = left_out(every)
    return [*lines, more] if more else lines[:-1]


def fold(uops: Sequence[UopTimes]) -> list[Column]:
    """Columns from the first event to the last, quiet stretches folded into one."""
    events = sorted({t for uop in uops for t in _events(uop)})
    columns: list[Column] = []
    for event, following in zip(events, [*events[1:], events[-1]], strict=True):
        columns.append(Column(event, event))
        quiet = following - event - 1
        if quiet >= _QUIET:
            columns.append(Column(event + 1, following - 1))
        else:
            columns += [Column(t, t) for t in range(event + 1, following)]
    return columns


def _events(uop: UopTimes) -> list[int]:
    times = (
        uop.queued,
        uop.issued,
        uop.dispatched,
        uop.completed,
        uop.retired,
        uop.committed,
    )
    return [t for t in times if t >= 0]


def _first(uop: UopTimes) -> int:
    return min(_events(uop), default=0)


def _last(uop: UopTimes) -> int:
    return max(_events(uop), default=0)


def _labels(estimate: Estimate, uops: Sequence[UopTimes]) -> list[str]:
    """Step number and instruction on its first uop, the kind on the others."""
    labels, shown = [], (-1, -1)
    for uop in uops:
        # A step comes back in the next copy: its number alone does not tell copies.
        if uop.uop == 0 or uop.step != shown[0]:
            text = clip(spelled(estimate.insn(uop.step)), _TEXT)
            labels.append(f"{uop.step:4} {text.ljust(_TEXT)}")
        else:
            labels.append(" " * 5 + clip(f"  + {uop.kind}", _TEXT).ljust(_TEXT))
        shown = (uop.step, uop.uop)
    return labels


def _ruler(page: Sequence[Column]) -> str:
    """Cycle numbers above the first column, every tenth cycle and after each fold."""
    cells = [" "] * (len(page) + 8)
    free = 0
    after_fold = True
    for at, column in enumerate(page):
        if column.folded:
            after_fold = True
            continue
        if (after_fold or column.first % 10 == 0) and at >= free:
            text = str(column.first)
            cells[at : at + len(text)] = text
            free = at + len(text) + 1
            after_fold = False
    return "".join(cells).rstrip()


def _cell(uop: UopTimes, column: Column) -> str:
    """What the uop does in a cycle; in a folded column what it keeps doing."""
    if column.folded:
        return "~" if _first(uop) < column.first and _last(uop) > column.last else " "
    t = column.first
    moments = (
        (uop.committed, "W"),
        (uop.retired, "R"),
        (uop.completed, "C"),
        (uop.dispatched, "D"),
        (uop.issued, "I"),
    )
    for time, letter in moments:
        if time == t:
            return letter
    return _between(uop, t)


def _between(uop: UopTimes, t: int) -> str:
    if not _first(uop) <= t <= _last(uop):
        return " "
    if t < uop.issued:
        return "."
    if t < uop.dispatched:
        return "w" if t < uop.ready else "="
    if t < uop.completed:
        return "e"
    return "-" if t < uop.retired else "s"


def _wait_ends(uop: UopTimes, page: Sequence[Column]) -> bool:
    """Whether the row on this page is the one to name the reason."""
    moment = uop.dispatched if uop.dispatched >= 0 else uop.issued
    return page[0].first <= moment <= page[-1].last
