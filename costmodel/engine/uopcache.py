"""Which line of the uop cache serves each instruction."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code.insn import Flow
from costmodel.cores.model import Core, UopCache
from costmodel.engine.layout import LCP
from costmodel.engine.lowered import Item, Lowered


def lines_of(
    core: Core,
    items: Sequence[Item],
    lowered: Sequence[Lowered | None],
    trip: Sequence[int],
    base: int,
    cached: bool,
    cold_code: Sequence[tuple[int, int]],
) -> list[int]:
    """The line of each instruction of a ``trip``; -1: it comes from the decoders.

    ``base``: address of the first; ``cached``: whether the scenario has any lines;
    ``cold_code``: see ``Builder.build``.
    """
    if not cached or not core.front_end.uop_cache.window:
        return [-1] * len(trip)
    lines = cache_lines(core, items, lowered, trip, base)
    return [
        -1 if k < len(cold_code) and any(cold_code[k]) else line
        for k, line in zip(trip, lines, strict=True)
    ]


def cache_lines(
    core: Core,
    items: Sequence[Item],
    lowered: Sequence[Lowered | None],
    trip: Sequence[int],
    base: int,
) -> list[int]:
    """The uop-cache line of each instruction of a trip; -1: from the decoders."""
    cache = core.front_end.uop_cache
    lines: list[int] = []
    line = -1
    address = base
    window = -1
    used = slots = 0
    in_window: dict[int, int] = {}  # lines of each window
    opened: dict[int, int] = {}  # lines by where they begin: a round takes the same
    count = 0
    starts_window: list[int] = []
    crowded: set[int] = set()
    ended = True
    for k in trip:
        form, low = items[k].form, lowered[k]
        size = 0 if low is None else low.decode_slots
        if cache.counts == "instructions" and low is not None:
            size = 1
        need = 0 if low is None else low.immediates
        here = address // cache.window
        microcoded = low is not None and low.microcode and cache.microcode_own_line
        full = (
            used + size > cache.line_uops
            or (cache.line_immediates and slots + need > cache.line_immediates)
            or microcoded
        )
        moved = here != window and not (cache.spans_windows and line >= 0)
        if low is not None and (moved or ended or full):
            window = here
            line = opened.setdefault(address, count)
            if line == count:
                count += 1
                in_window[here] = in_window.get(here, 0) + 1
            used = slots = 0
            if in_window.get(here, 0) > cache.lines_per_window:
                crowded.add(here)
        used += size
        slots += need
        lines.append(line)
        # A fused jump comes with its first half, wherever it lies itself.
        begins = low is not None and not cache.spans_windows
        starts_window.append(here if begins else window)
        ended = bool(microcoded)
        if (
            cache.branch_ends_line
            and form.flow is not Flow.NEXT
            and (items[k].taken or form.flow is not Flow.CONDITIONAL)
        ):
            ended = True
        if low and low.flags & LCP and not form.memory and not cache.length_prefixes:
            crowded.add(here)
        if cache.jcc_erratum and form.flow is not Flow.NEXT:
            length = form.length
            if low is None and k:
                length += items[k - 1].form.length
            end = address + form.length
            if (end - length) // 32 != (end - 1) // 32 or end % 32 == 0:
                crowded.add((end - length) // cache.window)
        address += form.length
        if k + 1 < len(items) and items[k + 1].address >= 0:
            address = items[k + 1].address
    cached = [
        -1 if starts_window[n] in crowded else value for n, value in enumerate(lines)
    ]
    # A trip of more lines than there are evicts each before it comes round again.
    if len({value for value in cached if value >= 0}) > lines_held(cache):
        return [-1] * len(cached)
    return cached


def lines_held(cache: UopCache) -> int:
    """Lines the uop cache holds: its capacity in places, full lines of them."""
    return max(1, cache.capacity // cache.line_uops)
