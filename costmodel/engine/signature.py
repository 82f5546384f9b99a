"""Whether the machine is where it was: its state as one number, time taken out.

Two states with the same signature differ only by a shift in time, as far as anything
still to come can tell, so what happened between them happens again for ever. Times that
no later uop can feel any more count as one: a retirement before the issue clock, say.

Everything ``state`` carries from uop to uop must be here or be implied by what is
here; ``tests/engine/test_steady_state.py`` runs on past the end to see that it is.
"""

from __future__ import annotations

from costmodel.engine.access import line_of
from costmodel.engine.layout import (
    A_DISTANCE,
    A_FORWARD,
    A_FRESH,
    A_LINE_STRIDE,
    A_SOURCE,
    ACCESS_SIZE,
    F_ORDERED,
    F_RENAMED,
    REGISTERS,
    T_ACCESS_COUNT,
    T_ACCESSES,
    T_COLD_COUNT,
    T_DEPTH,
    T_LOOPS,
)
from costmodel.engine.params import FIXED, Params
from costmodel.engine.state import (
    ADDRESS,
    ADDRESSED,
    ALIAS_AT,
    ALTERNATES,
    BLOCK,
    BLOCK_COUNT,
    BLOCK_CYCLES,
    BLOCK_LCP,
    BLOCK_START,
    BLOCKS_AT,
    BUSY_AT,
    CACHE_AT,
    CACHE_CYCLE,
    CACHE_LINES,
    CACHE_UOPS,
    CALENDAR_MASK,
    COMMIT_AT,
    COMMIT_CLOCK,
    COMMIT_LINE,
    COMMITTED,
    COMMITTED_IN,
    COPY,
    DATA_AT,
    DECODE_CYCLE,
    DECODE_LEFT,
    DECODE_UOPS,
    DECODE_USED,
    DELAY_AT,
    DIVIDER,
    FILLS,
    FILLS_AT,
    FLAG_WRITES,
    FLAGS_AT,
    GONE_AT,
    HOLD,
    INSN_COUNT,
    INT_WRITES,
    INTS_AT,
    ISSUED,
    ISSUED_MEMORY,
    LOADS,
    LOADS_AT,
    M_CACHE,
    M_DECODE,
    MODE,
    MOST_BLOCKS,
    MOST_FILLS,
    MOST_LOADS,
    MOST_PREDECODED,
    MOST_QUEUE,
    MOST_REGISTERS,
    MOST_ROB,
    MOST_STORES,
    NOW,
    PENDING_AT,
    PERMANENT_AT,
    PREDECODED_AT,
    QUEUE_AT,
    READS,
    READY_AT,
    RECENT_AT,
    RESTART,
    RETIRED,
    RETIRED_IN,
    ROB_AT,
    SLOT_COUNT,
    SLOTS,
    STA_AT,
    STACK_OFFSET,
    STORES,
    STORES_AT,
    TURN,
    USAGE_AT,
    VALUE_AT,
)

BITS = (1 << 42) - 1
FACTOR = 1000003
LONG_AGO = 64  # cycles: no latency is added to a time that lies further back
FAR = 1 << 16  # lines: never the same one


def mix(h: int, x: int) -> int:
    """``h`` with one more integer taken in; stays within 42 bits."""
    return ((h ^ (x & 0xFFFFFFFF)) * FACTOR) & BITS


def since(x: int, floor: int) -> int:
    """A time counted from ``floor``; 0 for any before."""
    return x - floor if x > floor else 0


def mix_ring(
    h: int, at: int, most: int, end: int, length: int, floor: int, m: list[int]
) -> int:
    """The last ``length`` entries of a ring whose times never go back."""
    k = end - 1
    while k >= end - length and m[at + (k & (most - 1))] > floor:
        h = mix(h, m[at + (k & (most - 1))] - floor)
        k -= 1
    return mix(h, end - k)


def mix_any(
    h: int, at: int, most: int, end: int, length: int, floor: int, m: list[int]
) -> int:
    """The last ``length`` entries of a ring in no order."""
    for k in range(end - length, end):
        h = mix(h, since(m[at + (k & (most - 1))], floor))
    return h


def mix_front(h: int, t: list[int], p: Params, m: list[int]) -> int:
    """The front end, from the fetch of bytes to the uop queue."""
    mode = m[MODE]
    now = m[NOW]
    h = mix(h, mode)
    if not t[T_LOOPS]:
        h = mix(h, m[ADDRESS] & (p.fetch_bytes - 1))
    clock = m[RESTART]
    if mode == M_DECODE:
        clock = m[DECODE_CYCLE]
        earliest = m[BLOCK_START]
        if clock < earliest:
            earliest = clock
        if m[BLOCK] < 0:
            h = mix(mix(h, 1), m[RESTART] - now)
            earliest = m[RESTART]
        else:
            place = 0
            if not t[T_LOOPS]:
                place = m[ADDRESS] >> p.fetch_shift
            h = mix(mix(h, m[BLOCK] - place), m[BLOCK_START] - now)
            h = mix(mix(h, m[BLOCK_COUNT]), m[BLOCK_LCP])
            h = mix(mix(h, m[BLOCK_CYCLES]), since(m[RESTART], earliest))
            if p.predecode_width:
                h = mix_any(
                    h, PREDECODED_AT, MOST_PREDECODED, m[INSN_COUNT],
                    p.predecode_queue, m[BLOCK_START], m,
                )  # fmt: skip
            elif p.fetch_queue:
                h = mix_any(
                    h, BLOCKS_AT, MOST_BLOCKS, m[BLOCK] + 1, p.fetch_queue,
                    m[BLOCK_START], m,
                )  # fmt: skip
        h = mix(mix(h, clock - now), m[DECODE_USED])
        h = mix(mix(h, m[DECODE_LEFT]), m[DECODE_UOPS])
        h = mix(h, since(m[CACHE_CYCLE], earliest))
    elif mode == M_CACHE:
        clock = m[CACHE_CYCLE]
        h = mix(mix(h, clock - now), m[CACHE_UOPS])
        h = mix(mix(h, m[CACHE_LINES]), m[CACHE_AT])
        h = mix(mix(h, since(m[RESTART], clock)), since(m[DECODE_CYCLE], clock))
    else:  # the loop buffer waits for no room in the queue
        return mix(h, since(clock, now - LONG_AGO))
    return mix_ring(h, QUEUE_AT, MOST_QUEUE, m[SLOT_COUNT], p.queue, clock, m)


def mix_registers(h: int, p: Params, m: list[int]) -> int:
    """When each value can be used, and which registers share one."""
    floor = m[NOW] - LONG_AGO
    if floor < 0:
        floor = 0
    for k in range(REGISTERS):
        ready = m[READY_AT + k]
        if ready > floor:
            h = mix(mix(h, k), ready - m[NOW])
            if p.early_wake:
                h = mix(h, m[DELAY_AT + k])
    if p.register_reads:
        h = mix(h, m[READS])
        for k in range(16):
            h = mix(h, since(m[PERMANENT_AT + k], m[NOW]))
    if p.elimination_slots:
        for k in range(16):
            group = m[ALIAS_AT + k]
            if group >= 0:
                first = 0
                while m[ALIAS_AT + first] != group:
                    first += 1
                h = mix(mix(h, k), first)
    return h


def mix_ports(h: int, p: Params, m: list[int]) -> int:
    """What is bound to ports and has not left."""
    now = m[NOW]
    mask = m[CALENDAR_MASK]
    left = 0
    for port in range(p.ports):
        waiting = m[USAGE_AT + port] + m[PENDING_AT + port]
        left += waiting
        h = mix(h, waiting + (m[PENDING_AT + port] << 12))
    cycle = now
    while left > 0 and cycle <= now + mask:
        gone = m[m[GONE_AT] + (cycle & mask)]
        if gone:
            h = mix(mix(h, cycle - now), gone)
            while gone:
                gone &= gone - 1
                left -= 1
        if p.early_wake:
            taken = 0
            for port in range(p.ports):
                if m[m[BUSY_AT] + port * (mask + 1) + (cycle & mask)] == cycle:
                    taken |= 1 << port
            h = mix(h, taken)
        cycle += 1
    return h


def mix_memory(h: int, t: list[int], p: Params, m: list[int]) -> int:
    """Stores whose data a later load may take, and where accesses stand in lines."""
    now = m[NOW]
    copy = m[COPY]
    count = t[T_ACCESS_COUNT]
    moving = 0
    for a in range(count):
        b = t[T_ACCESSES] + a * ACCESS_SIZE
        stride = t[b + A_LINE_STRIDE]
        if stride:
            span = p.boundary if p.boundary > p.line else p.line
            h = mix(h, (copy * stride) & (span - 1))
        if stride or t[b + A_FRESH]:
            moving = 1
        if t[b + A_FORWARD]:
            kind = t[b + A_FORWARD]
            if kind == F_ORDERED:
                h = mix(h, since(m[ADDRESSED] + p.forward_order, now))
            for age in range(1, t[b + A_DISTANCE] + 1):
                cell = ((copy - age) & (t[T_DEPTH] - 1)) * count + t[b + A_SOURCE]
                committed = m[m[COMMIT_AT] + cell]
                if committed > now or kind >= F_RENAMED:
                    h = mix(mix(h, a), since(committed, now))
                    h = mix(h, since(m[m[VALUE_AT] + cell], now - LONG_AGO))
                    h = mix(h, since(m[m[DATA_AT] + cell], now - LONG_AGO))
                    h = mix(h, since(m[m[STA_AT] + cell], now - LONG_AGO))
    recent = p.combine_lines
    for k in range(recent + 1):
        line = m[COMMIT_LINE]
        if k < recent:
            line = m[RECENT_AT + k]
        if moving == 0:
            h = mix(mix(h, line), line >> 24)
        elif line >= 0:
            for a in range(count):
                away = line - line_of(a, copy, t)
                h = mix(h, away if -FAR < away < FAR else FAR)
    return h


def signature(t: list[int], p: Params, m: list[int]) -> int:
    """The machine's state between two trips, counted from its issue clock."""
    now = m[NOW]
    retired = m[RETIRED]
    h = mix_front(1, t, p, m)
    h = mix(mix(h, m[ISSUED]), m[ISSUED_MEMORY])
    h = mix(mix(h, since(m[HOLD], now)), m[STACK_OFFSET])
    if m[ALTERNATES] > 1:
        h = mix(h, m[TURN])
    h = mix(mix(h, retired - now), m[RETIRED_IN])
    h = mix(h, since(m[DIVIDER], now))
    if m[COMMITTED] > retired:
        h = mix(mix(h, m[COMMITTED] - retired), m[COMMITTED_IN])
    h = mix(h, since(m[COMMIT_CLOCK], retired * FIXED))
    h = mix_registers(h, p, m)
    h = mix_ports(h, p, m)
    h = mix_ring(h, ROB_AT, MOST_ROB, m[SLOTS], p.rob, now, m)
    if p.load_buffer and p.load_freed_complete:
        h = mix_any(h, LOADS_AT, MOST_LOADS, m[LOADS], p.load_buffer, now, m)
    elif p.load_buffer:
        h = mix_ring(h, LOADS_AT, MOST_LOADS, m[LOADS], p.load_buffer, now, m)
    if p.store_buffer:
        h = mix_ring(h, STORES_AT, MOST_STORES, m[STORES], p.store_buffer, now, m)
    if p.int_registers:
        h = mix_ring(h, INTS_AT, MOST_REGISTERS, m[INT_WRITES], p.int_registers, now, m)
    if p.flag_registers:
        h = mix_ring(
            h, FLAGS_AT, MOST_REGISTERS, m[FLAG_WRITES], p.flag_registers, now, m
        )
    if t[T_COLD_COUNT] and p.fill_buffers:
        h = mix_any(h, FILLS_AT, MOST_FILLS, m[FILLS], p.fill_buffers, now, m)
    if t[T_ACCESS_COUNT]:
        h = mix_memory(h, t, p, m)
    return h
