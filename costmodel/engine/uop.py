"""One uop: when it issues and when it is dispatched.

Called by ``machine.run`` in program order. Integers in, integers out; causes go to the
log ``g`` when there is room for any.

Where loads have banks (``bank_bytes``) a load bound to a port leaves in the first cycle
in which its port is free and no older load on another of the alternating ports touches
the same bank of another line; only addresses that count from one place are compared.
"""

from __future__ import annotations

from costmodel.engine import causes as C
from costmodel.engine.backend import (
    advance,
    bind,
    bind_with_room,
    book,
    dispatch_any,
    earliest,
    issue_slot,
    misfire,
    retired_reads,
    roomiest,
    too_many,
)
from costmodel.engine.layout import (
    A_FRESH,
    A_LINE_STRIDE,
    A_OFFSET,
    A_ROOT,
    A_WIDTH,
    ACCESS,
    ACCESS_SIZE,
    ALONE,
    BUSY,
    FLAG_WRITER,
    GROUP,
    INT_WRITER,
    K_LOAD,
    K_NONE,
    K_STORE_ADDRESS,
    MEMORY_OP,
    NEW_SLOT,
    PORTS_FIRST,
    PORTS_LAST,
    SPANS,
    T_ACCESSES,
    UOP_FLAGS,
)
from costmodel.engine.log import note
from costmodel.engine.params import Params
from costmodel.engine.state import (
    ALIAS_AT,
    ALTERNATES,
    ALTERNATES_AT,
    BUSY_AT,
    CALENDAR_MASK,
    DISPATCH,
    DIVIDER,
    DIVIDER_EVENT,
    ELIMINATION_FREE,
    FLAG_EVENT_AT,
    FLAG_WRITES,
    FLAGS_AT,
    G_PORT,
    G_SIZE,
    GONE_EVENT_AT,
    GROUP_OF_AT,
    GROUP_SIZE_AT,
    HOLD,
    HOLD_EVENT,
    INT_EVENT_AT,
    INT_WRITES,
    INTS_AT,
    ISSUE,
    ISSUED,
    ISSUED_MEMORY,
    KEEP,
    LAST_ISSUE_EVENT,
    LOAD_EVENT_AT,
    LOADS,
    LOADS_AT,
    MEMBERS_AT,
    MOST_LOADS,
    MOST_REGISTERS,
    MOST_ROB,
    MOST_STORES,
    NOW,
    OCCUPANCY_AT,
    OVERFLOW,
    PENDING_AT,
    PENDING_PORTS,
    QUEUE,
    READS,
    READY,
    ROB_AT,
    ROB_EVENT_AT,
    SLOT_DONE,
    SLOT_FLAGS,
    SLOT_INTS,
    SLOT_ISSUED,
    SLOT_LOADS,
    SLOT_START,
    SLOT_STORES,
    SLOT_WRITES,
    SLOTS,
    STORE_EVENT_AT,
    STORES,
    STORES_AT,
    TOUCHED_AT,
    WAITED,
)


# --- issue ---------------------------------------------------------------------------
def issue(
    u: int,
    n: int,
    queued: int,
    held: int,
    held_event: int,
    t: list[int],
    p: Params,
    m: list[int],
    g: list[int],
) -> int:
    """Cycle uop ``u`` (dynamic number ``n``) issues: every window has room for it."""
    flags = t[u + UOP_FLAGS]
    kind = t[u]
    cause = C.PIPELINE
    source = n * G_SIZE + QUEUE
    at = queued + p.queue_latency
    if flags & NEW_SLOT:
        if m[HOLD] > at:
            at = m[HOLD]
            cause = C.SERIALISE
            source = m[HOLD_EVENT]
        if held > at:
            at = held
            cause = C.DRAIN
            source = held_event
        spot = (m[SLOTS] - p.rob) & (MOST_ROB - 1)
        if m[ROB_AT + spot] > at:
            at = m[ROB_AT + spot]
            cause = C.ROB_FULL
            source = m[ROB_EVENT_AT + spot]
    elif m[SLOT_ISSUED] > at:
        at = m[SLOT_ISSUED]
        cause = C.PIPELINE
        source = m[LAST_ISSUE_EVENT]
    if kind == K_LOAD and p.load_buffer:
        spot = (m[LOADS] - p.load_buffer) & (MOST_LOADS - 1)
        if m[LOADS_AT + spot] > at:
            at = m[LOADS_AT + spot]
            cause = C.LOAD_BUFFER
            source = m[LOAD_EVENT_AT + spot]
    if kind == K_STORE_ADDRESS and p.store_buffer:
        spot = (m[STORES] - p.store_buffer) & (MOST_STORES - 1)
        if m[STORES_AT + spot] > at:
            at = m[STORES_AT + spot]
            cause = C.STORE_BUFFER
            source = m[STORE_EVENT_AT + spot]
    if flags & INT_WRITER and p.int_registers:
        spot = (m[INT_WRITES] - p.int_registers) & (MOST_REGISTERS - 1)
        if m[INTS_AT + spot] > at:
            at = m[INTS_AT + spot]
            cause = C.REGISTERS
            source = m[INT_EVENT_AT + spot]
    if flags & FLAG_WRITER and p.flag_registers:
        spot = (m[FLAG_WRITES] - p.flag_registers) & (MOST_REGISTERS - 1)
        if m[FLAGS_AT + spot] > at:
            at = m[FLAGS_AT + spot]
            cause = C.REGISTERS
            source = m[FLAG_EVENT_AT + spot]
    if m[NOW] > at:
        at = m[NOW]
        cause = C.ISSUE_WIDTH
        source = m[LAST_ISSUE_EVENT]
    group = t[u + GROUP]
    if group != -1 and kind != K_NONE:
        if at > m[NOW]:
            advance(at, p, m)
        if group == SPANS:
            group = roomiest(t[u + PORTS_FIRST], t[u + PORTS_LAST], t, m)
        if m[OCCUPANCY_AT + group] >= m[GROUP_SIZE_AT + group]:
            # A calendar too short may lose an entry; the run is thrown away then.
            while (
                m[OCCUPANCY_AT + group] >= m[GROUP_SIZE_AT + group] and m[OVERFLOW] == 0
            ):
                advance(m[NOW] + 1, p, m)
                if t[u + GROUP] == SPANS:
                    group = roomiest(t[u + PORTS_FIRST], t[u + PORTS_LAST], t, m)
            at = m[NOW]
            cause = C.SCHEDULER_FULL
            source = m[m[GONE_EVENT_AT] + (at & m[CALENDAR_MASK])]
    if p.register_reads and m[READS] and at == m[NOW]:
        if too_many(m[READS] | retired_reads(u, at, t, m), p.register_reads):
            at += 1
            cause = C.REGISTER_READS
            source = m[LAST_ISSUE_EVENT]
    if flags & NEW_SLOT:
        if (
            flags & MEMORY_OP
            and p.memory_per_cycle
            and at == m[NOW]
            and m[ISSUED_MEMORY] >= p.memory_per_cycle
        ):
            at += 1
            cause = C.ISSUE_MEMORY
            source = m[LAST_ISSUE_EVENT]
        taken = issue_slot(at, flags & ALONE, p, m)
        if taken > at:
            at = taken
            cause = C.ISSUE_WIDTH
            source = m[LAST_ISSUE_EVENT]
        m[SLOT_START] = n
        m[SLOT_DONE] = 0
        m[SLOT_LOADS] = 0
        m[SLOT_INTS] = 0
        m[SLOT_FLAGS] = 0
        m[SLOT_STORES] = 0
        m[SLOT_WRITES] = 0
    else:
        if at > m[NOW]:
            advance(at, p, m)
        if m[ISSUED] == 0:  # a part that comes later takes a slot again
            m[ISSUED] = 1
    if flags & MEMORY_OP:
        m[ISSUED_MEMORY] += 1
    if p.register_reads:
        m[READS] |= retired_reads(u, at, t, m)
    m[SLOT_ISSUED] = at
    m[LAST_ISSUE_EVENT] = n * G_SIZE + ISSUE
    if m[KEEP]:
        note(g, n * G_SIZE + ISSUE, at, cause, source)
    return at


# --- dispatch ------------------------------------------------------------------------
def banks_of(a: int, copy: int, t: list[int], p: Params) -> int:
    """What access ``a`` touches: root, line of 64 bytes, then a bit for each bank."""
    b = t[T_ACCESSES] + a * ACCESS_SIZE
    offset = t[b + A_OFFSET] + copy * t[b + A_LINE_STRIDE] + (1 << 29)
    root = t[b + A_ROOT] + 1
    if t[b + A_FRESH]:
        root += (copy + 1) << 12
    bits = 0
    for byte in range(0, t[b + A_WIDTH], 4):
        bits |= 1 << ((offset + byte) & 63) // p.bank_bytes
    bits |= 1 << ((offset + t[b + A_WIDTH] - 1) & 63) // p.bank_bytes
    return (((root << 24) + (offset >> 6)) << 16) + bits


def clashes(port: int, cycle: int, touched: int, m: list[int]) -> bool:
    """Whether a load in ``cycle`` on another port holds a bank of another line.

    Only addresses that count from the same place are compared.
    """
    mask = m[CALENDAR_MASK]
    for k in range(m[ALTERNATES]):
        other = m[ALTERNATES_AT + k]
        cell = other * (mask + 1) + (cycle & mask)
        if other != port and m[m[BUSY_AT] + cell] == cycle:
            held = m[m[TOUCHED_AT] + cell]
            same_root = held >> 40 == touched >> 40
            if same_root and held >> 16 != touched >> 16 and held & touched & 65535:
                return True
    return False


def dispatch(
    u: int,
    n: int,
    copy: int,
    issued: int,
    ready: int,
    early: int,
    ready_event: int,
    t: list[int],
    p: Params,
    m: list[int],
    g: list[int],
) -> int:
    """Cycle the uop leaves for its port, given when its inputs are ready and when it is
    woken; ``m[WAITED]`` gets how long it then waits for the port."""
    event = n * G_SIZE
    cause = C.INPUT
    source = ready_event
    inputs = ready
    if issued + p.to_dispatch >= ready:
        ready = issued + p.to_dispatch
        cause = C.PIPELINE
        source = event + ISSUE
    if t[u + BUSY] and m[DIVIDER] > ready:
        ready = m[DIVIDER]
        cause = C.DIVIDER
        source = m[DIVIDER_EVENT]
    first = t[u + PORTS_FIRST]
    last = t[u + PORTS_LAST]
    port = -1
    when = ready
    touched = 0
    if last > first:
        if p.bind_at_issue:
            if t[u + GROUP] == SPANS:
                port = bind_with_room(first, last, t[u + UOP_FLAGS], t, p, m)
            else:
                port = bind(first, last, t[u + UOP_FLAGS], t, p, m)
            when = earliest(port, ready, m)
            if p.bank_bytes:
                if t[u] == K_LOAD and t[u + ACCESS] >= 0:
                    touched = banks_of(t[u + ACCESS], copy, t, p)
                    while clashes(port, when, touched, m):
                        when = earliest(port, when + 1, m)
                cell = port * (m[CALENDAR_MASK] + 1) + (when & m[CALENDAR_MASK])
                m[m[TOUCHED_AT] + cell] = touched
        else:
            if t[u + GROUP] == SPANS:  # only ports of the scheduler that takes it
                group = roomiest(first, last, t, m)
                while m[GROUP_OF_AT + t[first]] != group:
                    first += 1
                k = first + 1
                while k < last and m[GROUP_OF_AT + t[k]] == group:
                    k += 1
                last = k
            if early < inputs and issued + p.to_dispatch < inputs:
                if early < issued + p.to_dispatch:
                    early = issued + p.to_dispatch
                misfire(first, last, early, inputs, t, m)
            port, when = dispatch_any(first, last, ready, t, m)
        m[PENDING_AT + port] += 1
        m[PENDING_PORTS] |= 1 << port
        if m[GROUP_OF_AT + port] >= 0:
            m[OCCUPANCY_AT + (m[GROUP_OF_AT + port])] += 1
        book(port, when, p, m)
    m[WAITED] = when - ready if p.early_wake else 0
    if t[u + BUSY]:
        m[DIVIDER] = when + t[u + BUSY]
        m[DIVIDER_EVENT] = event + DISPATCH
    if m[KEEP]:
        note(g, event + READY, ready, cause, source)
        if when > ready:
            cause = C.PORT
            source = event + READY
        note(g, event + DISPATCH, when, cause, source)
        g[event + G_PORT] = port
        if port >= 0:
            free = (when + p.entry_held + 1) & m[CALENDAR_MASK]
            m[m[GONE_EVENT_AT] + free] = event + DISPATCH
    return when


# --- move elimination ----------------------------------------------------------------
def leave_alias(register: int, m: list[int]) -> None:
    """``register`` is overwritten: it no longer shares its elimination slot."""
    group = m[ALIAS_AT + register]
    if group < 0:
        return
    m[ALIAS_AT + register] = -1
    m[MEMBERS_AT + group] -= 1
    if m[MEMBERS_AT + group] == 1:
        for other in range(16):
            if m[ALIAS_AT + other] == group:
                m[ALIAS_AT + other] = -1
        m[MEMBERS_AT + group] = 0
        m[ELIMINATION_FREE] += 1


def eliminate(source: int, target: int, p: Params, m: list[int]) -> bool:
    """Whether the move ``source`` -> ``target`` needs no port; takes a slot if so."""
    leave_alias(target, m)
    group = m[ALIAS_AT + source]
    if group < 0:
        if m[ELIMINATION_FREE] == 0:
            return False
        for k in range(p.elimination_slots):
            if m[MEMBERS_AT + k] == 0:
                group = k
        m[ELIMINATION_FREE] -= 1
        m[ALIAS_AT + source] = group
        m[MEMBERS_AT + group] = 1
    m[ALIAS_AT + target] = group
    m[MEMBERS_AT + group] += 1
    return True
