"""Sizes of windows: two cache misses with N fillers between them.

As long as both loads are in the window at once, their misses overlap; from some N on
the second has to wait for the first. The two lines are flushed in every copy, so that
both miss whatever the caches hold, and a fence keeps copies apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from costmodel.measure.bodies import body_of
from costmodel.measure.judge import cycles_of, step_of
from costmodel.measure.native import Native
from costmodel.measure.plans import plan
from costmodel.measure.run import Settings, job_of

# Code before the fillers: flush two lines of the pages of RBP and R15, wait, miss.
_FLUSH = bytes.fromhex("0fae7d00410fae3f0faef0")
_FIRST = bytes.fromhex("488b4500")  # mov (%rbp),%rax
_SECOND = bytes.fromhex("498b0f0faef0")  # mov (%r15),%rcx; mfence
_WAIT = bytes.fromhex("0faee8")
_SAMPLES = 120
_FEWEST_POINTS = 3
_CLEAR = 1.25  # serialised over overlapped: less is no step


class Window(NamedTuple):
    """A structure, the figure of a core it is, the fillers that fill it."""

    name: str
    figure: str
    filler: tuple[bytes, ...]  # taken in turn
    sizes: range
    besides: int = 0  # entries the two loads take themselves


class Size(NamedTuple):
    """What a sweep found. ``last`` fillers still overlap, ``first`` do not."""

    window: Window
    last: int | None
    first: int | None
    sweep: tuple[tuple[int, float], ...]

    @property
    def entries(self) -> int | None:
        """Entries of the structure: the most fillers that still overlap, and the two
        loads where they take entries too."""
        return None if self.last is None else self.last + self.window.besides


def _stores(count: int) -> tuple[bytes, ...]:
    """mov %rdx,d8(%rbx): stores to neighbouring words of one page"""
    return tuple(bytes([0x48, 0x89, 0x53, 8 * (k % 8)]) for k in range(count))


def _loads(count: int) -> tuple[bytes, ...]:
    """mov d8(%rbx),%rdx"""
    return tuple(bytes([0x48, 0x8B, 0x53, 8 * (k % 8)]) for k in range(count))


_MOVES = tuple(bytes([0x48, 0x89, 0xE8 | r]) for r in (2, 6, 7))  # mov %rbp,%reg
_IMMEDIATES = tuple(
    (b"\x41" if r > 7 else b"") + bytes([0xB8 | r & 7, 1, 0, 0, 1])
    for r in (2, 8, 9, 10, 11, 12)
)  # mov $0x1000001,%reg: a register each, no flags
_CMP = (bytes.fromhex("4839f3"),)  # cmp %rsi,%rbx: flags alone

WINDOWS = (
    Window("reorder buffer (moves)", "window.rob", _MOVES, range(64, 640, 16), 2),
    Window("reorder buffer (NOPs)", "", (b"\x90",), range(64, 640, 16)),
    Window(
        "integer registers (MOV of an immediate)",
        "window.int_registers",
        _IMMEDIATES,
        range(48, 480, 12),
        2,
    ),
    Window("flag registers (CMP)", "window.flag_registers", _CMP, range(48, 480, 12)),
    Window("loads in flight", "window.load_buffer", _loads(8), range(24, 260, 6), 2),
    Window("stores in flight", "window.store_buffer", _stores(8), range(24, 160, 4)),
)


def code_of(window: Window, fillers: int) -> bytes:
    """One copy with so many fillers between the two misses."""
    between = b"".join(window.filler[k % len(window.filler)] for k in range(fillers))
    return _FLUSH + _WAIT + _FIRST + between + _SECOND


def sweep(
    runner: Native, window: Window, settings: Settings, tick: Callable[[], None]
) -> Size:
    """Where cycles a copy step up over the window's sizes, to one filler."""
    coarse = _points(runner, window, window.sizes, settings)
    tick()
    size = size_of(window, coarse)
    if size.last is None or size.first is None:
        return size
    fine = _points(runner, window, range(size.last + 1, size.first), settings)
    tick()
    low = median(v for n, v in coarse if n <= size.last)
    high = median(v for n, v in coarse if n >= size.first)
    inside = [n for n, v in fine if v < (low + high) / 2]
    last = max(inside, default=size.last)
    swept = tuple(sorted((*size.sweep, *fine)))
    return Size(window, last, last + 1, swept)


def _points(
    runner: Native, window: Window, sizes: range, settings: Settings
) -> list[tuple[int, float]]:
    """(fillers, cycles a copy): the lower of two tries each."""
    from costmodel.measure.blocks import block_path

    found: list[tuple[int, float]] = []
    for size in sizes:
        body = body_of(block_path(code_of(window, size), window.name))
        made = plan("unroll", [body], cycles=4000.0)
        values = []
        for _ in range(2):
            job = job_of(made, [body], settings)._replace(samples=_SAMPLES)
            report = runner.run(job)
            if report.rows:
                step = step_of(report.rows)
                values.append(cycles_of(report.rows, 0, made.per_copy(), step))
        if values:
            found.append((size, round(min(values), 1)))
    return found


def size_of(window: Window, found: Sequence[tuple[int, float]]) -> Size:
    """Where the sweep splits best into a low and a high part, if it does at all: the
    split that leaves the least distance of all points to the medians of their parts."""
    values = [cycles for _, cycles in found]
    best: tuple[float, int] | None = None
    for k in range(_FEWEST_POINTS, len(values) - _FEWEST_POINTS + 1):
        parts = values[:k], values[k:]
        left = sum(abs(v - median(part)) for part in parts for v in part)
        if best is None or left < best[0]:
            best = (left, k)
    if best is None:
        return Size(window, None, None, tuple(found))
    k = best[1]
    if median(values[k:]) < _CLEAR * median(values[:k]):
        return Size(window, None, None, tuple(found))
    return Size(window, found[k - 1][0], found[k][0], tuple(found))
