"""The figures the simulator reads, and what random tests draw for each of them.

``DRAWS`` has a row for every one of ``_simulator.FIGURES``; ``vector`` refuses a
simulator that reads another.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from tests.engine.simulator import SIMULATOR


class UnknownFigure(Exception):
    """The simulator reads a figure the random tests do not draw."""


class Figures(NamedTuple):
    """A core's figures, by the names the simulator gives them."""

    ports: int
    bind_at_issue: int
    bind_evenly: int
    rob: int
    retire: int
    retire_latency: int
    load_buffer: int
    load_freed_complete: int
    store_buffer: int
    int_registers: int
    flag_registers: int
    entry_held: int
    early_wake: int
    fetch_bytes: int
    fetch_queue: int
    predecode_width: int
    predecode_queue: int
    predecode_together: int
    predecode_freed: int
    lcp_stall: int
    predecode_latency: int
    decode_width: int
    decode_uops: int
    fused_pair_slots: int
    fusible_last_waits: int
    prefix_stall: int
    prefix_stall_more: int
    cache_window: int
    cache_width: int
    cache_lines: int
    cache_again: int
    cache_full_saves: int
    cache_at_branch: int
    cache_switch: int
    loop_width: int
    loop_turn: int
    queue: int
    queue_latency: int
    microcode_uops: int
    microcode_switch: int
    taken_branch: int
    redirect: int
    issue_width: int
    memory_per_cycle: int
    register_reads: int
    elimination_slots: int
    stack_engine: int
    sync_uop: int
    stack_limit: int
    to_dispatch: int
    load_latency: int
    indexed_extra: int
    slow_extra: int
    chase_saves: int
    segment_extra: int
    absolute_extra: int
    sign_extend_extra: int
    narrow_extra: int
    bank_bytes: int
    bank_loads: int
    store_address_extra: int
    forward_latency: int
    forward_address: int
    forward_load: int
    forward_order: int
    address_wait: int
    forward_narrow: int
    forward_modified: int
    forward_blocked: int
    split_load: int
    split_store: int
    split_aligned: int
    store_boundary: int
    boundary: int
    alias_4k: int
    commit_per_cycle: int
    commit_same_line: int
    commit_block: int
    segments_pair: int
    combine_lines: int
    commit_interval: int
    renaming_per_cycle: int
    store_turn: int
    renaming_latency: int
    renaming_check: int
    renaming_addressed: int
    renaming_turn: int
    renaming_segment: int
    renaming_passed: int
    l2_latency: int
    l3_latency: int
    memory_latency: int
    fill_buffers: int


class Draw(NamedTuple):
    """Values of one figure: the usual ones, each as likely as it is often listed; those
    near its bounds and the ends of rings; and, of a window, those small enough to bind.
    """

    usual: Sequence[int]
    edges: Sequence[int] = ()
    tight: Sequence[int] = ()


# Rings are as long as a power of two: one below, at and above some of them.
_RINGS = (
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256,
    257, 511, 512, 513, 65_535, 65_536,
)  # fmt: skip
_WIDTHS = (1, 2, 7, 8, 63, 64, 100_000)
_CYCLES = (1, 2, 15, 16, 63, 64, 65, 130)
_ZERO_CYCLES = (0, *_CYCLES)
_SWITCH = Draw((0, 1))


def _window(small: int, large: int, off: bool = True) -> Draw:
    """A window; often it is not there at all, if it may be ``off``."""
    usual, tight = [*range(small, large + 1)], [*range(small, small + 5)]
    nothing = (0,) if off else ()
    return Draw(
        [0] * len(usual) * off + usual, (*nothing, *_RINGS), [0] * 5 * off + tight
    )


DRAWS: dict[str, Draw] = {
    "ports": Draw((2, 3, 4, 5, 6) * 4 + (40, 64), (1, 31, 32, 33, 63)),
    "bind_at_issue": Draw((0, 0, 1, 1, 1)),
    "bind_evenly": Draw((0, 0, 1)),
    "rob": _window(2, 60, off=False),
    "retire": Draw((1, 2, 3, 4, 5, 6), _WIDTHS),
    "retire_latency": Draw((1, 2, 3), _CYCLES),
    "load_buffer": _window(4, 20),
    "load_freed_complete": _SWITCH,
    "store_buffer": _window(2, 12),
    "int_registers": _window(6, 40),
    "flag_registers": _window(6, 20),
    "entry_held": Draw((0, 0, 1, 3), (2, 15, 16, 64)),
    "early_wake": Draw((0, 0, 1)),
    "fetch_bytes": Draw((16, 16, 32), (1, 2, 4, 8, 64, 4096)),
    "fetch_queue": Draw((0, 1, 2, 3, 8), _RINGS),
    "predecode_width": Draw((1, 3, 5, 6), _WIDTHS),
    "predecode_queue": Draw((1, 2, 5, 20), (0, *_RINGS)),
    "predecode_together": _SWITCH,
    "predecode_freed": Draw((0, 0, 1, 2), _ZERO_CYCLES),
    "lcp_stall": Draw((0, 1, 3, 6), _ZERO_CYCLES),
    "predecode_latency": Draw((1, 2, 3), _CYCLES),
    "decode_width": Draw((1, 2, 3, 4, 5, 6), _WIDTHS),
    "decode_uops": Draw((1, 2, 3, 4, 5, 6, 7, 8), _WIDTHS),
    "fused_pair_slots": Draw((1, 1, 2), (3, 64)),
    "fusible_last_waits": _SWITCH,
    "prefix_stall": Draw((1, 2, 3, 4), _ZERO_CYCLES),
    "prefix_stall_more": Draw((0, 1, 2), _ZERO_CYCLES),
    "cache_window": Draw((0, 16, 32, 64), (2048, 4096)),
    "cache_width": Draw((2, 4, 6, 8), (0, *_WIDTHS)),
    "cache_lines": Draw((1, 1, 2), (0, 3, 64, 100_000)),
    "cache_again": Draw((0, 0, 1, 2, 3), (17, 64, 130)),
    "cache_full_saves": Draw((0, 0, 32), (16, 48, 64)),
    "cache_at_branch": _SWITCH,
    "cache_switch": Draw((0, 1, 2, 3), _ZERO_CYCLES),
    "loop_width": Draw((0, 0, 2, 4, 8), _WIDTHS),
    "loop_turn": Draw((0, 0, 4, 40), (1, 63, 64, 65, 200)),
    "queue": Draw((4, 8, 9, 12, 28), _RINGS),
    "queue_latency": Draw((1, 2), _CYCLES),
    "microcode_uops": Draw((1, 2, 4), _WIDTHS),
    "microcode_switch": Draw((0, 1, 2, 3), _ZERO_CYCLES),
    "taken_branch": Draw((0, 1, 2), _ZERO_CYCLES),
    "redirect": Draw((0, 1, 2, 5, 9), _ZERO_CYCLES),
    "issue_width": Draw((1, 2, 3, 4, 5, 6), _WIDTHS),
    "memory_per_cycle": Draw((0, 0, 1, 2), (3, 64)),
    "register_reads": Draw((0, 0, 1, 2, 3), (4, 16, 100)),
    "elimination_slots": Draw((0, 1, 2, 4), (3, 8, 15, 16, 17, 65_536)),
    "stack_engine": Draw((0, 1, 1, 1)),
    "sync_uop": Draw((0, 1, 1)),
    "stack_limit": Draw((16, 24, 192), (0, 1, 7, 8, 1 << 31)),
    "to_dispatch": Draw((1, 2, 3, 4, 5), _CYCLES),
    "load_latency": Draw((2, 3, 4), _CYCLES),
    "indexed_extra": Draw((0, 1, 2), _ZERO_CYCLES),
    "slow_extra": Draw((0, 1, 2), _ZERO_CYCLES),
    "chase_saves": Draw((0, 1), (2,)),
    "segment_extra": Draw((0, 1, 2), _ZERO_CYCLES),
    "absolute_extra": Draw((0, 1, 2), _ZERO_CYCLES),
    "sign_extend_extra": Draw((0, 1, 2), _ZERO_CYCLES),
    "narrow_extra": Draw((0, 1, 2), _ZERO_CYCLES),
    "bank_bytes": Draw((0, 0, 4, 8), (1, 2, 16, 32, 64)),
    "bank_loads": Draw((0, 1, 2), (3, 64)),
    "store_address_extra": Draw((0, 0, 1, 4), _ZERO_CYCLES),
    "forward_latency": Draw((0, 2, 3, 4, 5, 7, 9, 12), _ZERO_CYCLES),
    "forward_address": Draw((0, 1, 2, 5, 9), _ZERO_CYCLES),
    "forward_load": Draw((0, 0, 4, 6, 8, 11), _ZERO_CYCLES),
    "forward_order": Draw((0, 0, 2, 6), _ZERO_CYCLES),
    "address_wait": Draw((0, 3, 9), _ZERO_CYCLES),
    "forward_narrow": Draw((0, 1, 2), _ZERO_CYCLES),
    "forward_modified": Draw((0, 1, 2, 3)),
    "forward_blocked": Draw((6, 8, 11, 14), _ZERO_CYCLES),
    "split_load": Draw((0, 1, 3), _ZERO_CYCLES),
    "split_store": Draw((0, 1, 1, 2), (5,)),
    "split_aligned": Draw((0, 0, 1, 2), (5,)),
    "store_boundary": Draw((0, 32, 64), (1, 16)),
    "boundary": Draw((64, 32), (1, 2, 8, 16, 128, 4096)),
    "alias_4k": Draw((0, 1, 3, 6), _ZERO_CYCLES),
    "commit_per_cycle": Draw((1, 1, 2), _WIDTHS),
    "commit_same_line": Draw((1, 2, 3), _WIDTHS),
    "commit_block": Draw((64, 32, 16), (1, 2, 4, 8)),
    "segments_pair": _SWITCH,
    "combine_lines": Draw((0, 0, 1, 4), (2, 3, 12, 16, 17, 4096)),
    "commit_interval": Draw((64, 40, 67, 100, 200), (0, 1, 63, 65, 128, 5_000)),
    "renaming_per_cycle": Draw((0, 1, 1, 2), (64,)),
    "store_turn": Draw((0, 0, 32, 90), (1, 63, 64, 65, 700)),
    "renaming_latency": Draw((0, 1, 2), _ZERO_CYCLES),
    "renaming_check": Draw((0, 0, 3, 8, 12), _ZERO_CYCLES),
    "renaming_addressed": _SWITCH,
    "renaming_turn": Draw((0, 0, 14, 80), (1, 63, 64, 65, 700)),
    "renaming_segment": Draw((0, 2, 4), _ZERO_CYCLES),
    "renaming_passed": Draw((0, 1, 5), _ZERO_CYCLES),
    "l2_latency": Draw((1, 3, 12), _ZERO_CYCLES),
    "l3_latency": Draw((8, 40), _ZERO_CYCLES),
    "memory_latency": Draw((20, 100), _ZERO_CYCLES),
    "fill_buffers": Draw((0, 1, 1, 2, 10), _RINGS[:-3]),
}

# Figures the simulator does not ask: the trace says what follows from them.
UNREAD = ("ports",)
# Figures that only enter through the trace, as terms of its cells.
IN_CELLS = (
    "prefix_stall", "prefix_stall_more", "redirect", "load_latency", "indexed_extra",
    "slow_extra", "chase_saves", "segment_extra", "absolute_extra", "sign_extend_extra",
    "narrow_extra", "store_address_extra",
)  # fmt: skip


def drawn(r: Random) -> Figures:
    """Figures of a random core; in most cases some of them at an edge."""
    tight = r.random() < 0.5
    edged = r.choice([0, 1, 2, 2, 4, 8])
    values = {
        name: r.choice(draw.tight if tight and draw.tight else draw.usual)
        for name, draw in DRAWS.items()
    }
    for name in r.sample([name for name, draw in DRAWS.items() if draw.edges], edged):
        values[name] = r.choice(DRAWS[name].edges)
    if r.random() < 0.4:  # a core that fetches blocks and finds lengths as it decodes
        values["predecode_width"] = 0
        values["predecode_latency"] = r.choice((0, 0, 1, 2, 3))
    return Figures(**values)


def vector(figures: Figures, simulator: Any = SIMULATOR) -> array[int]:
    """The figures in the simulator's order. Raises UnknownFigure."""
    unknown = set(simulator.FIGURES) ^ set(Figures._fields)
    if unknown:
        raise UnknownFigure(f"not drawn, or not read: {', '.join(sorted(unknown))}")
    return array("q", [getattr(figures, name) for name in simulator.FIGURES])
