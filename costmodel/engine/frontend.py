"""Delivery of instructions to the uop queue: legacy decode, uop cache, loop buffer.

All of it is in order, so the cycle an instruction is delivered follows from the
instructions before it and from how far issue has emptied the queue. Each function
handles one instruction and returns the cycle; the cause of that cycle and the event it
follows from go to the log.

Arrival. Code comes in aligned fetch blocks. With predecode (Intel) a block is done
when the instructions that end in it, and those whose opcode lies in it but that end in
the next, have been through ``predecode_width`` a cycle; the next block starts then. A
length-changing prefix costs ``lcp_stall`` more, less what the block before hid.
Without predecode (AMD) one block arrives a cycle, ``fetch_queue`` blocks ahead of
decode.

Decoding. A group of instructions a cycle: slot 0 is the complex decoder; an instruction
of several uops leaves ``SIMPLE_AFTER`` others; long ones need slot 0; a taken branch
ends the group, any branch if the core says so (``ENDS_GROUP``). On some cores a fusible
instruction never takes the last decoder (``decode_width - 1`` are used); with fewer
left beside a complex one, the last of those is not the last decoder.

Cold code. The first byte of a cold line in a trip is there the latency of its level
later; such code is not in the uop cache either.

Uop cache. ``cache_lines`` lines and ``cache_width`` uops a cycle. With ``cache_again``
the lines of one cycle all begin in one window, and more lines of that window come
``cache_again`` cycles after the ones before; a taken branch begins anew, a cycle later
if it lies in a window after the one its line begins in.
"""

from __future__ import annotations

from costmodel.engine import causes as C
from costmodel.engine.fills import fetch
from costmodel.engine.layout import (
    COLD_FIRST,
    COLD_LAST,
    COMPLEX,
    DECODE_SLOTS,
    ENDS_GROUP,
    FUSED_PAIR,
    FUSED_SECOND,
    FUSIBLE,
    INSN_FLAGS,
    LCP,
    LENGTH,
    LONG,
    MICROCODE,
    NEXT_AT,
    OPCODE_AT,
    PREFIXES,
    SIMPLE_AFTER,
    TAKEN,
)
from costmodel.engine.params import Params
from costmodel.engine.state import (
    ADDRESS,
    BLOCK,
    BLOCK_COUNT,
    BLOCK_CYCLES,
    BLOCK_LCP,
    BLOCK_START,
    BLOCKS_AT,
    CACHE_AT,
    CACHE_CYCLE,
    CACHE_LINES,
    CACHE_UOPS,
    CACHE_WINDOW,
    DECODE_CYCLE,
    DECODE_LEFT,
    DECODE_UOPS,
    DECODE_USED,
    INSN_COUNT,
    M_CACHE,
    M_DECODE,
    M_LOOP,
    MISSED,
    MODE,
    MOST_BLOCKS,
    MOST_PREDECODED,
    MOST_QUEUE,
    PREDECODED_AT,
    QUEUE_AT,
    RESTART,
    SLOT_COUNT,
    WHY,
)


def arrive(i: int, t: list[int], p: Params, m: list[int]) -> int:
    """Cycle from which the instruction at ``t[i:]`` can be decoded."""
    address = m[ADDRESS]
    block = (address + t[i + LENGTH] - 1) >> p.fetch_shift
    if m[BLOCK] < 0:  # fetch (re)starts here
        m[BLOCK] = address >> p.fetch_shift
        m[BLOCK_START] = m[RESTART]
        m[BLOCK_COUNT] = 0
        m[BLOCK_LCP] = 0
        m[BLOCK_CYCLES] = 1
        if t[i + COLD_FIRST]:
            m[BLOCK_START] = fetch(t[i + COLD_FIRST], m[BLOCK_START], t, p, m)
    width = p.predecode_width
    if width == 0:
        while m[BLOCK] < block:
            m[BLOCK] += 1
            start = m[BLOCK_START] + 1
            if p.fetch_queue:
                freed = (
                    m[BLOCKS_AT + ((m[BLOCK] - p.fetch_queue) & (MOST_BLOCKS - 1))] + 1
                )
                if freed > start:
                    start = freed
            m[BLOCK_START] = start
            if t[i + COLD_LAST] and m[BLOCK] == block:
                m[BLOCK_START] = fetch(t[i + COLD_LAST], start, t, p, m)
        return m[BLOCK_START] + p.predecode_latency
    if m[BLOCK] < block:
        if (address + t[i + OPCODE_AT]) >> p.fetch_shift == m[BLOCK]:
            m[BLOCK_COUNT] += 1
        cycles = 1
        if m[BLOCK_COUNT] > width:
            cycles = (m[BLOCK_COUNT] + width - 1) // width
        m[BLOCK_START] += cycles + (block - m[BLOCK] - 1)
        m[BLOCK_CYCLES] = cycles
        m[BLOCK] = block
        m[BLOCK_COUNT] = 0
        m[BLOCK_LCP] = 0
        if t[i + COLD_LAST]:
            m[BLOCK_START] = fetch(t[i + COLD_LAST], m[BLOCK_START], t, p, m)
    if t[i + INSN_FLAGS] & LCP:
        stall = p.lcp_stall
        if m[BLOCK_LCP] == 0:
            stall -= m[BLOCK_CYCLES] - 1
        if stall > 0:
            m[BLOCK_START] += stall
        m[BLOCK_LCP] += 1
    at = m[BLOCK_START]
    if m[BLOCK_COUNT] >= width:
        at += m[BLOCK_COUNT] // width
    oldest = m[INSN_COUNT] - p.predecode_queue
    room = m[PREDECODED_AT + (oldest & (MOST_PREDECODED - 1))]
    if room > at:  # the queue before the decoders is full
        m[BLOCK_START] += room - at
        at = room
    m[BLOCK_COUNT] += 1
    return at + p.predecode_latency


def queue_room(slots: int, p: Params, m: list[int]) -> int:
    """Cycle from which the queue has room for ``slots`` more."""
    last = m[SLOT_COUNT] + slots - 1
    return m[QUEUE_AT + ((last - p.queue) & (MOST_QUEUE - 1))]


def decode(i: int, t: list[int], p: Params, m: list[int]) -> int:
    """Cycle the instruction leaves the decoders. ``m[WHY]`` is set to the cause."""
    flags = t[i + INSN_FLAGS]
    at = arrive(i, t, p, m)
    came = C.FETCH
    if m[MISSED]:
        came = C.CACHE_MISS
        m[MISSED] = 0
    if flags & FUSED_SECOND:
        # Decoded with the instruction before it; needs only its bytes.
        if at > m[DECODE_CYCLE]:
            m[DECODE_CYCLE] = at
            m[DECODE_USED] = 1
            m[DECODE_LEFT] = p.decode_width - 1
            m[DECODE_UOPS] = p.decode_uops
            m[WHY] = came
        if flags & ENDS_GROUP:
            m[DECODE_LEFT] = 0
        return m[DECODE_CYCLE]
    slots = t[i + DECODE_SLOTS]
    m[WHY] = C.LENGTH_PREFIX if flags & LCP else came
    room = queue_room(slots, p, m)
    if room > at:
        at = room
        m[WHY] = C.QUEUE_FULL
    cycle = m[DECODE_CYCLE]
    width = 1
    if flags & FUSED_PAIR:
        width = p.fused_pair_slots
    if at > cycle:
        cycle = at
        fresh = True
    else:
        fresh = False
        if m[DECODE_LEFT] < width or m[DECODE_UOPS] < slots:
            fresh = True
            m[WHY] = C.DECODE
        elif flags & (COMPLEX | LONG) and m[DECODE_USED]:
            fresh = True
            m[WHY] = C.DECODE_FIRST
        elif (
            flags & FUSIBLE
            and p.fusible_last_waits
            and m[DECODE_USED] == p.decode_width - 1
            and m[DECODE_USED]
        ):
            fresh = True
            m[WHY] = C.DECODE
        if fresh:
            cycle += 1
        else:
            m[WHY] = C.DECODE
    if t[i + PREFIXES]:
        if not fresh:
            cycle += 1
        cycle += t[i + PREFIXES]
        fresh = True
    if fresh:
        m[DECODE_CYCLE] = cycle
        m[DECODE_USED] = 0
        m[DECODE_LEFT] = p.decode_width
        m[DECODE_UOPS] = p.decode_uops
    m[DECODE_USED] += width
    m[DECODE_LEFT] -= width
    if flags & COMPLEX and t[i + SIMPLE_AFTER] < m[DECODE_LEFT]:
        m[DECODE_LEFT] = t[i + SIMPLE_AFTER]
    m[DECODE_UOPS] -= slots
    if flags & ENDS_GROUP:
        m[DECODE_LEFT] = 0
    out = cycle
    if t[i + MICROCODE]:
        cycles = (t[i + MICROCODE] + p.microcode_uops - 1) // p.microcode_uops
        m[DECODE_CYCLE] = cycle + cycles - 1 + p.microcode_switch
        m[DECODE_LEFT] = 0
        m[WHY] = C.MICROCODE
    if p.predecode_width:
        m[PREDECODED_AT + (m[INSN_COUNT] & (MOST_PREDECODED - 1))] = out
    elif p.fetch_queue:
        m[BLOCKS_AT + (m[BLOCK] & (MOST_BLOCKS - 1))] = out
    return out


def read_cache(i: int, line: int, t: list[int], p: Params, m: list[int]) -> int:
    """Cycle the instruction comes out of line ``line`` of the uop cache."""
    slots = t[i + DECODE_SLOTS]
    if t[i + INSN_FLAGS] & FUSED_SECOND:
        slots = 0
    at = m[RESTART]
    m[WHY] = C.UOP_CACHE
    if slots:
        room = queue_room(slots, p, m)
        if room > at:
            at = room
            m[WHY] = C.QUEUE_FULL
    cycle = m[CACHE_CYCLE]
    step = 0  # cycles to the access that brings it
    if m[CACHE_UOPS] < slots:
        step = 1
    if line != m[CACHE_AT]:
        if m[CACHE_LINES] == 0:
            step = 1
        if p.cache_again:
            window = m[ADDRESS] >> p.cache_shift
            if m[CACHE_AT] < 0 or window != m[CACHE_WINDOW]:
                step = 1
            elif step:
                step = p.cache_again
            m[CACHE_WINDOW] = window
    if at > cycle and at >= cycle + step:
        cycle = at
        m[CACHE_UOPS] = p.cache_width
        m[CACHE_LINES] = p.cache_lines - 1
    else:
        if step:
            cycle += step
            m[CACHE_UOPS] = p.cache_width
            m[CACHE_LINES] = p.cache_lines - 1
        elif line != m[CACHE_AT]:
            m[CACHE_LINES] -= 1
        m[WHY] = C.UOP_CACHE
    m[CACHE_AT] = line
    m[CACHE_CYCLE] = cycle
    m[CACHE_UOPS] -= slots
    out = cycle
    if t[i + MICROCODE]:
        cycles = (t[i + MICROCODE] + p.microcode_uops - 1) // p.microcode_uops
        m[CACHE_CYCLE] = cycle + cycles - 1 + p.microcode_switch
        m[CACHE_UOPS] = 0
        m[WHY] = C.MICROCODE
    return out


def deliver(i: int, line: int, t: list[int], p: Params, m: list[int]) -> int:
    """Cycle the instruction at ``t[i:]`` enters the uop queue.

    ``line`` numbers its uop-cache line; -1: it is not cached.
    """
    mode = m[MODE]
    if mode == M_DECODE and line >= 0 and not p.cache_at_branch:
        m[MODE] = M_CACHE
        if m[DECODE_CYCLE] + p.cache_switch > m[RESTART]:
            m[RESTART] = m[DECODE_CYCLE] + p.cache_switch
        mode = M_CACHE
    elif mode == M_CACHE and line < 0:
        m[MODE] = M_DECODE
        if m[CACHE_CYCLE] + p.cache_switch > m[RESTART]:
            m[RESTART] = m[CACHE_CYCLE] + p.cache_switch
        m[BLOCK] = -1
        mode = M_DECODE
    if mode == M_DECODE:
        out = decode(i, t, p, m)
    elif mode == M_CACHE:
        out = read_cache(i, line, t, p, m)
    else:
        out = m[RESTART]
        m[WHY] = C.PIPELINE
    after = out
    if p.cache_again and m[MODE] == M_CACHE:
        if m[ADDRESS] >> p.cache_shift != m[CACHE_WINDOW]:
            after += 1
    m[INSN_COUNT] += 1
    m[ADDRESS] += t[i + LENGTH]
    if t[i + NEXT_AT] >= 0:
        m[ADDRESS] = t[i + NEXT_AT]
    if t[i + INSN_FLAGS] & TAKEN:
        jump(after, line, p, m)
    return out


def jump(cycle: int, line: int, p: Params, m: list[int]) -> None:
    """A taken branch: delivery goes on at its target, in a new group."""
    if m[MODE] == M_CACHE:
        if m[RESTART] < cycle + p.taken_branch:
            m[RESTART] = cycle + p.taken_branch
        m[CACHE_AT] = -1
        m[CACHE_UOPS] = 0
    elif m[MODE] == M_DECODE:
        start = m[BLOCK_START] + 1 + p.taken_branch
        if p.predecode_width:  # a block of many instructions takes several cycles
            start += (m[BLOCK_COUNT] - 1) // p.predecode_width
        if m[RESTART] < start:
            m[RESTART] = start
        m[BLOCK] = -1
        if line >= 0:
            m[MODE] = M_CACHE
            if m[RESTART] < cycle + p.cache_switch:
                m[RESTART] = cycle + p.cache_switch


def restart(cycle: int, decode_first: int, p: Params, m: list[int]) -> None:
    """Younger code is fetched again from ``cycle`` on."""
    m[RESTART] = cycle
    m[BLOCK] = -1
    m[CACHE_AT] = -1
    m[CACHE_UOPS] = 0
    m[DECODE_LEFT] = 0
    if decode_first and m[MODE] != M_LOOP:
        m[MODE] = M_DECODE
