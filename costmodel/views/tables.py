"""Results as tidy tables: plain rows, and pandas frames made of them on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from costmodel.engine.result import Comparison, Estimate
from costmodel.errors import UsageError
from costmodel.studies.compare import by_cause, by_instruction
from costmodel.views.layout import place, spelled

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def frame(estimates: Sequence[Estimate], table: str) -> pd.DataFrame:
    """``rows`` as a frame; columns are there even if there are no rows."""
    import pandas as pd

    columns, found = rows(estimates, table)
    return pd.DataFrame(list(found), columns=columns)


def comparison_frame(comparisons: Sequence[Comparison], table: str) -> pd.DataFrame:
    import pandas as pd

    columns, found = comparison_rows(comparisons, table)
    return pd.DataFrame(list(found), columns=columns)


_KEY = ["file", "uarch", "scenario"]
_TABLES = {
    "summary": [
        "align", "cycles", "instructions", "uops", "slots", "bytes", "fetch_windows",
        "lines_touched", "guesses", "unknown", "settled",
    ],
    "causes": ["cause", "cycles"],
    "charges": ["step", "instruction", "at", "cause", "cycles"],
    "timeline": [
        "step", "instruction", "uop", "kind", "port", "queued", "issued", "ready",
        "dispatched", "completed", "retired", "committed", "wait",
    ],
    "lines": ["line", "loads", "stores", "commits"],
    "slots": ["slot", "offset", "line", "written", "value", "at"],
    "ports": ["port", "uops"],
    "path": ["step", "instruction", "at", "stage", "cause", "cycles"],
}  # fmt: skip
_DIFFERENCE_KEY = ["uarch", "scenario"]
_DIFFERENCE_TABLES = {
    "summary": [
        "before",
        "after",
        "delta",
        "low",
        "high",
        "guesses",
        "unknown",
        "settled",
    ],
    "causes": ["cause", "cycles"],
    "lines": ["change", "instruction", "at", "cycles"],
}


def _check(table: str, tables: dict[str, list[str]]) -> None:
    if table not in tables:
        raise UsageError(f"no table {table!r}", expected=", ".join(tables))


def rows(estimates: Iterable[Estimate], table: str) -> tuple[list[str], list[Row]]:
    """Column names and rows of one table over ``estimates``; cycles are a copy's."""
    _check(table, _TABLES)
    columns = _TABLES[table]
    found = [
        {"file": e.path.origin or e.path.name, "uarch": e.uarch, "scenario": e.scenario}
        | dict(zip(columns, values, strict=True))
        for e in estimates
        for values in _values(e, table)
    ]
    return _KEY + columns, found


def _values(e: Estimate, table: str) -> Iterator[tuple[Any, ...]]:
    if table == "summary":
        yield (
            e.align, e.cycles, e.instructions, e.uops, e.slots, e.bytes,
            e.fetch_windows, len(e.lines), len(e.guesses), len(e.unknown), e.settled,
        )  # fmt: skip
    elif table == "causes":
        yield from e.breakdown().items()
    elif table == "charges":
        for step, cause, cycles in e.charges:
            yield step, *_named(e, step), cause, cycles / e.copies
    elif table == "timeline":
        for u in e.timeline:
            yield (
                u.step, _named(e, u.step)[0], u.uop, u.kind, u.port, u.queued,
                u.issued, u.ready, u.dispatched, u.completed, u.retired, u.committed,
                u.wait,
            )  # fmt: skip
    elif table == "lines":
        for use in e.lines:
            yield use.where, use.loads, use.stores, use.commits
    elif table == "slots":
        for s in e.pt_regs:
            written = s.step >= 0
            at = _named(e, s.step)[1] if written else ""
            yield s.name, s.offset, s.line, written, s.value, at
    elif table == "ports":
        for port, uops in e.ports:
            yield port, uops / e.copies
    else:
        for edge in e.critical_path:
            named = _named(e, edge.step)
            yield edge.step, *named, edge.stage, edge.cause, edge.cycles


def _named(e: Estimate, step: int) -> tuple[str, str]:
    """Text and place of a step; blanks for what no instruction owns."""
    if not 0 <= step < len(e.path.steps):
        return "", ""
    return spelled(e.insn(step)), place(e.insn(step))


def comparison_rows(
    comparisons: Iterable[Comparison], table: str
) -> tuple[list[str], list[Row]]:
    """Column names and rows of one table over ``comparisons``."""
    _check(table, _DIFFERENCE_TABLES)
    columns = _DIFFERENCE_TABLES[table]
    found = [
        {"uarch": c.after.uarch, "scenario": c.after.scenario}
        | dict(zip(columns, values, strict=True))
        for c in comparisons
        for values in _difference_values(c, table)
    ]
    return _DIFFERENCE_KEY + columns, found


def _difference_values(c: Comparison, table: str) -> Iterator[tuple[Any, ...]]:
    if table == "summary":
        sides = c.before, c.after
        yield (
            c.before.cycles, c.after.cycles, c.delta, c.low, c.high,
            len({g.what for e in sides for g in e.guesses}),
            len({name for e in sides for name in e.unknown}),
            c.settled,
        )  # fmt: skip
    elif table == "causes":
        for part in by_cause(c):
            yield part.cause, float(part.cycles)
    else:
        for part in by_instruction(c):
            text = spelled(part.insn) if part.insn else ""
            at = place(part.insn) if part.insn else ""
            yield part.change, text, at, float(part.cycles)
