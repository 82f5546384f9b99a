"""Which lines of a path are not in the first cache when a trip starts.

A scenario names kinds of line and the level each is in. What it leaves unnamed is warm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costmodel.code.frame import LINE
from costmodel.code.insn import Path
from costmodel.engine.result import FrameSlot, LineUse
from costmodel.engine.surround import STAND_IN
from costmodel.errors import UsageError
from costmodel.tuples import NamedTuple

LEVELS = ("l1", "l2", "l3", "mem")
SPOKEN = {"l1": "L1", "l2": "L2", "l3": "L3", "mem": "memory"}
# A line's kind is the first word of its name; of two kinds that fit, the later counts.
KINDS = {
    "all": "every line, data and code",
    "stack": "lines of the stack",
    "percpu": "per-CPU lines",
    "thread_info": "lines of thread_info",
    "table": "lines of tables, such as the table of system calls",
    "data": "all other data",
    "frame": "lines of the stack that hold struct pt_regs",
    "code": "the path's own instructions",
}
_BY_NAME = (
    ("thread_info", "thread_info"),
    ("stack", "stack"),
    ("above the stack", "stack"),
    ("per-CPU", "percpu"),
    ("table", "table"),
)
Cold = tuple[tuple[str, str], ...]


class ColdLines(NamedTuple):
    """Cold lines by number, from 1 on; 0 is any warm line."""

    levels: tuple[int, ...] = ()  # of each line: 1 L2, 2 L3, 3 memory
    of_line: tuple[int, ...] = ()  # number of each data line touched
    of_insn: tuple[tuple[int, int], ...] = ()  # of first and last byte; (): all warm


def checked(cold: Mapping[str, str] | Cold) -> Cold:
    """The kinds that are cold and their levels, in the order of ``KINDS``.

    Raises UsageError for a kind or a level there is not.
    """
    given = dict(cold)
    for kind, level in given.items():
        if kind not in KINDS:
            raise UsageError(
                f"no lines called {kind!r}", expected="one of " + ", ".join(KINDS)
            )
        if level not in LEVELS:
            raise UsageError(
                f"{kind}: no cache level {level!r}",
                expected="one of " + ", ".join(LEVELS),
            )
    out = tuple((kind, given[kind]) for kind in KINDS if kind in given)
    return out if any(level != "l1" for _, level in out) else ()


def parsed(text: str) -> Cold:
    """``stack=l3,code=mem``; raises UsageError."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(equals for _, equals, _ in pairs):
        raise UsageError(
            f"--cold {text!r}",
            expected="KIND=LEVEL, .. such as stack=l3,code=mem",
            hint=f"kinds: {', '.join(KINDS)}; levels: {', '.join(LEVELS)}",
        )
    return checked({kind.strip(): level.strip().lower() for kind, _, level in pairs})


def spoken(cold: Cold) -> str:
    """``stack in L3, code in memory``."""
    return ", ".join(f"{kind} in {SPOKEN[level]}" for kind, level in cold)


def level_of(where: str, frame: frozenset[str], levels: Mapping[str, str]) -> int:
    """Level, as an index into ``LEVELS``, of the data line called ``where``."""
    kind = next((k for start, k in _BY_NAME if where.startswith(start)), "data")
    level = levels.get(kind, levels.get("all", "l1"))
    if where in frame:
        level = levels.get("frame", level)
    return LEVELS.index(level)


def cold_lines(
    cold: Cold,
    path: Path,
    places: Sequence[int],
    uses: Sequence[LineUse],
    slots: Sequence[FrameSlot],
) -> ColdLines:
    """Number the cold lines of ``path``: its data lines ``uses``, then its code.

    ``places`` is the address of each instruction. The user's loop and the stand-in
    handler keep their code warm: the path alone is asked about.
    """
    if not cold:
        return ColdLines()
    levels = dict(cold)
    frame = frozenset(f"stack {slot.line}" for slot in slots)
    found: list[int] = []
    of_line = []
    for use in uses:
        level = level_of(use.where, frame, levels)
        if level:
            found.append(level)
        of_line.append(len(found) if level else 0)
    level = LEVELS.index(levels.get("code", levels.get("all", "l1")))
    if not level:
        return ColdLines(tuple(found), tuple(of_line))
    spans = [
        (at // LINE, (at + step.insn.form.length - 1) // LINE)
        if step.insn.symbol != STAND_IN
        else None
        for at, step in zip(places, path.steps, strict=True)
    ]
    numbers = {
        line: len(found) + 1 + k
        for k, line in enumerate(sorted({n for s in spans if s for n in s}))
    }
    found += [level] * len(numbers)
    of_insn = tuple((numbers[s[0]], numbers[s[1]]) if s else (0, 0) for s in spans)
    return ColdLines(tuple(found), tuple(of_line), of_insn)
