"""Delivery of instructions to the uop queue: legacy decode, uop cache, loop buffer.

All of it is in order, so the cycle an instruction is delivered follows from the
instructions before it and from how far issue has emptied the queue. Each function
handles one instruction and returns the cycle; the cause of that cycle and the event it
follows from go to the log.

Arrival. Code comes in aligned fetch blocks. With predecode (Intel) a block is done
when the instructions that end in it, and those whose opcode lies in it but that end in
the next, have been through ``predecode_width`` a cycle; the next block starts then. A
length-changing prefix costs ``lcp_stall`` more, less what the block before hid.
Without predecode (AMD) one block arrives a cycle, ``fetch_queue`` blocks ahead of decode.

Decoding. A group of instructions a cycle: slot 0 is the complex decoder; an instruction
of several uops leaves ``SIMPLE_AFTER`` others; long ones need slot 0; a taken branch ends
the group, any branch if the core says so (``ENDS_GROUP``).

Uop cache. ``cache_lines`` lines and ``cache_width`` uops a cycle.
"""

from __future__ import annotations

from costmodel.engine import causes as C
from costmodel.engine.layout import (
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
    CACHE_AT,
    CACHE_CYCLE,
    CACHE_LINES,
    CACHE_UOPS,
    DECODE_CYCLE,
    DECODE_LEFT,
    DECODE_UOPS,
    DECODE_USED,
    INSN_COUNT,
    M_CACHE,
    M_DECODE,
    M_LOOP,
    MODE,
    RESTART,
    SLOT_COUNT,
    State,
)


def arrive(i: int, insns: list[int], p: Params, st: State) -> int:
    """Cycle from which the instruction at ``insns[i:]`` can be decoded."""
    s = st.s
    address = s[ADDRESS]
    block = (address + insns[i + LENGTH] - 1) // p.fetch_bytes
    if s[BLOCK] < 0:  # fetch (re)starts here
        s[BLOCK] = address // p.fetch_bytes
        s[BLOCK_START] = s[RESTART]
        s[BLOCK_COUNT] = 0
        s[BLOCK_LCP] = 0
        s[BLOCK_CYCLES] = 1
    width = p.predecode_width
    if width == 0:
        while s[BLOCK] < block:
            s[BLOCK] += 1
            start = s[BLOCK_START] + 1
            if p.fetch_queue:
                freed = st.blocks[s[BLOCK] % p.fetch_queue] + 1
                if freed > start:
                    start = freed
            s[BLOCK_START] = start
        return s[BLOCK_START] + p.predecode_latency
    if s[BLOCK] < block:
        if (address + insns[i + OPCODE_AT]) // p.fetch_bytes == s[BLOCK]:
            s[BLOCK_COUNT] += 1
        cycles = (s[BLOCK_COUNT] + width - 1) // width
        if cycles < 1:
            cycles = 1
        s[BLOCK_START] += cycles + (block - s[BLOCK] - 1)
        s[BLOCK_CYCLES] = cycles
        s[BLOCK] = block
        s[BLOCK_COUNT] = 0
        s[BLOCK_LCP] = 0
    if insns[i + INSN_FLAGS] & LCP:
        stall = p.lcp_stall
        if s[BLOCK_LCP] == 0:
            stall -= s[BLOCK_CYCLES] - 1
        if stall > 0:
            s[BLOCK_START] += stall
        s[BLOCK_LCP] += 1
    at = s[BLOCK_START] + s[BLOCK_COUNT] // width
    room = st.predecoded[s[INSN_COUNT] % p.predecode_queue]
    if room > at:  # the queue before the decoders is full
        s[BLOCK_START] += room - at
        at = room
    s[BLOCK_COUNT] += 1
    return at + p.predecode_latency


def queue_room(slots: int, p: Params, st: State) -> int:
    """Cycle from which the queue has room for ``slots`` more."""
    last = st.s[SLOT_COUNT] + slots - 1
    return st.queue[last % p.queue]


def decode(i: int, insns: list[int], p: Params, st: State, why: list[int]) -> int:
    """Cycle the instruction leaves the decoders. ``why[0]`` is set to the cause."""
    s = st.s
    flags = insns[i + INSN_FLAGS]
    at = arrive(i, insns, p, st)
    if flags & FUSED_SECOND:
        # Decoded with the instruction before it; needs only its bytes.
        if at > s[DECODE_CYCLE]:
            s[DECODE_CYCLE] = at
            s[DECODE_USED] = 1
            s[DECODE_LEFT] = p.decode_width - 1
            why[0] = C.FETCH
        if flags & ENDS_GROUP:
            s[DECODE_LEFT] = 0
        return s[DECODE_CYCLE]
    slots = insns[i + DECODE_SLOTS]
    why[0] = C.LENGTH_PREFIX if flags & LCP else C.FETCH
    room = queue_room(slots, p, st)
    if room > at:
        at = room
        why[0] = C.QUEUE_FULL
    cycle = s[DECODE_CYCLE]
    width = 1
    if flags & FUSED_PAIR:
        width = p.fused_pair_slots
    if at > cycle:
        cycle = at
        fresh = True
    else:
        fresh = False
        if s[DECODE_LEFT] < width or s[DECODE_UOPS] < slots:
            fresh = True
            why[0] = C.DECODE
        elif flags & (COMPLEX | LONG) and s[DECODE_USED]:
            fresh = True
            why[0] = C.DECODE_FIRST
        elif (
            flags & FUSIBLE
            and p.fusible_last_waits
            and s[DECODE_LEFT] == 1
            and s[DECODE_USED]
        ):
            fresh = True
            why[0] = C.DECODE
        if fresh:
            cycle += 1
        else:
            why[0] = C.DECODE
    if insns[i + PREFIXES]:
        if not fresh:
            cycle += 1
        cycle += insns[i + PREFIXES]
        fresh = True
    if fresh:
        s[DECODE_CYCLE] = cycle
        s[DECODE_USED] = 0
        s[DECODE_LEFT] = p.decode_width
        s[DECODE_UOPS] = p.decode_uops
    s[DECODE_USED] += width
    s[DECODE_LEFT] -= width
    if flags & COMPLEX and insns[i + SIMPLE_AFTER] < s[DECODE_LEFT]:
        s[DECODE_LEFT] = insns[i + SIMPLE_AFTER]
    s[DECODE_UOPS] -= slots
    if flags & ENDS_GROUP:
        s[DECODE_LEFT] = 0
    out = cycle
    if insns[i + MICROCODE]:
        cycles = (insns[i + MICROCODE] + p.microcode_uops - 1) // p.microcode_uops
        s[DECODE_CYCLE] = cycle + cycles - 1 + p.microcode_switch
        s[DECODE_LEFT] = 0
        why[0] = C.MICROCODE
    if p.predecode_width:
        st.predecoded[s[INSN_COUNT] % p.predecode_queue] = out
    elif p.fetch_queue:
        st.blocks[s[BLOCK] % p.fetch_queue] = out
    return out


def read_cache(
    i: int, line: int, insns: list[int], p: Params, st: State, why: list[int]
) -> int:
    """Cycle the instruction comes out of line ``line`` of the uop cache."""
    s = st.s
    slots = insns[i + DECODE_SLOTS]
    if insns[i + INSN_FLAGS] & FUSED_SECOND:
        slots = 0
    at = s[RESTART]
    why[0] = C.UOP_CACHE
    if slots:
        room = queue_room(slots, p, st)
        if room > at:
            at = room
            why[0] = C.QUEUE_FULL
    cycle = s[CACHE_CYCLE]
    new_line = line != s[CACHE_AT]
    if at > cycle:
        cycle = at
        s[CACHE_UOPS] = p.cache_width
        s[CACHE_LINES] = p.cache_lines - 1
    else:
        if (new_line and s[CACHE_LINES] == 0) or s[CACHE_UOPS] < slots:
            cycle += 1
            s[CACHE_UOPS] = p.cache_width
            s[CACHE_LINES] = p.cache_lines - 1
        elif new_line:
            s[CACHE_LINES] -= 1
        why[0] = C.UOP_CACHE
    s[CACHE_AT] = line
    s[CACHE_CYCLE] = cycle
    s[CACHE_UOPS] -= slots
    out = cycle
    if insns[i + MICROCODE]:
        cycles = (insns[i + MICROCODE] + p.microcode_uops - 1) // p.microcode_uops
        s[CACHE_CYCLE] = cycle + cycles - 1 + p.microcode_switch
        s[CACHE_UOPS] = 0
        why[0] = C.MICROCODE
    return out


def deliver(
    i: int, line: int, insns: list[int], p: Params, st: State, why: list[int]
) -> int:
    """Cycle the instruction at ``insns[i:]`` enters the uop queue.

    ``line`` numbers its uop-cache line; -1: it is not cached.
    """
    s = st.s
    mode = s[MODE]
    if mode == M_DECODE and line >= 0 and not p.cache_at_branch:
        s[MODE] = M_CACHE
        if s[DECODE_CYCLE] + p.cache_switch > s[RESTART]:
            s[RESTART] = s[DECODE_CYCLE] + p.cache_switch
        mode = M_CACHE
    elif mode == M_CACHE and line < 0:
        s[MODE] = M_DECODE
        if s[CACHE_CYCLE] + p.cache_switch > s[RESTART]:
            s[RESTART] = s[CACHE_CYCLE] + p.cache_switch
        s[BLOCK] = -1
        mode = M_DECODE
    if mode == M_DECODE:
        out = decode(i, insns, p, st, why)
    elif mode == M_CACHE:
        out = read_cache(i, line, insns, p, st, why)
    else:
        out = s[RESTART]
        why[0] = C.PIPELINE
    s[INSN_COUNT] += 1
    s[ADDRESS] += insns[i + LENGTH]
    if insns[i + INSN_FLAGS] & TAKEN:
        jump(out, line, p, st)
    return out


def jump(cycle: int, line: int, p: Params, st: State) -> None:
    """A taken branch: delivery goes on at its target, in a new group."""
    s = st.s
    if s[MODE] == M_CACHE:
        if s[RESTART] < cycle + p.taken_branch:
            s[RESTART] = cycle + p.taken_branch
        s[CACHE_AT] = -1
        s[CACHE_UOPS] = 0
    elif s[MODE] == M_DECODE:
        start = s[BLOCK_START] + 1 + p.taken_branch
        if s[RESTART] < start:
            s[RESTART] = start
        s[BLOCK] = -1
        if line >= 0:
            s[MODE] = M_CACHE
            if s[RESTART] < cycle + p.cache_switch:
                s[RESTART] = cycle + p.cache_switch


def restart(cycle: int, decode_first: int, p: Params, st: State) -> None:
    """Younger code is fetched again from ``cycle`` on."""
    s = st.s
    s[RESTART] = cycle
    s[BLOCK] = -1
    s[CACHE_AT] = -1
    s[CACHE_UOPS] = 0
    s[DECODE_LEFT] = 0
    if decode_first and s[MODE] != M_LOOP:
        s[MODE] = M_DECODE
