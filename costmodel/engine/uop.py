"""One uop: when it issues, dispatches, completes; one slot: when it retires.

Called by ``machine.run`` in program order. Integers in, integers out; ``keep`` tells
whether causes go to the log.
"""

from __future__ import annotations

from costmodel.engine import causes as C
from costmodel.engine.backend import (
    advance,
    bind,
    book,
    commit,
    dispatch_any,
    earliest,
    issue_slot,
    retire,
)
from costmodel.engine.layout import (
    A_DISTANCE,
    A_FORWARD,
    A_FRESH,
    A_LINE_STRIDE,
    A_OFFSET,
    A_ROOT,
    A_SOURCE,
    A_WIDTH,
    ACCESS_SIZE,
    ALONE,
    BUSY,
    F_BLOCKED,
    F_INSIDE,
    F_RENAMED,
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
    UOP_FLAGS,
)
from costmodel.engine.params import Params
from costmodel.engine.state import (
    COMMIT,
    COMMIT_LINES,
    DISPATCH,
    DIVIDER,
    DIVIDER_EVENT,
    ELIMINATION_FREE,
    FLAG_WRITES,
    HOLD,
    HOLD_EVENT,
    INT_WRITES,
    ISSUE,
    ISSUED,
    ISSUED_MEMORY,
    LAST_COMMIT_EVENT,
    LAST_ISSUE_EVENT,
    LAST_RETIRE_EVENT,
    LOADS,
    NOW,
    PORT_USED,
    QUEUE,
    READY,
    RETIRE,
    RETIRED,
    SLOT_DONE,
    SLOT_DONE_EVENT,
    SLOT_FLAGS,
    SLOT_INTS,
    SLOT_ISSUED,
    SLOT_LOADS,
    SLOT_START,
    SLOT_STORE,
    SLOTS,
    STAGES,
    STORE_PEAK,
    STORES,
    Log,
    State,
)
from costmodel.engine.trace import Trace


def note(log: Log, event: int, time: int, cause: int, source: int) -> None:
    """Keep when, why and after what an event happened."""
    log.time[event] = time
    log.cause[event] = cause
    log.source[event] = source


# --- issue ---------------------------------------------------------------------------
def issue(
    u: int,
    n: int,
    queued: int,
    held: int,
    held_event: int,
    uops: list[int],
    p: Params,
    st: State,
    log: Log,
) -> int:
    """Cycle uop ``u`` (dynamic number ``n``) issues: every window has room for it."""
    s = st.s
    flags = uops[u + UOP_FLAGS]
    kind = uops[u]
    cause = C.PIPELINE
    source = n * STAGES + QUEUE
    at = queued + p.queue_latency
    if flags & NEW_SLOT:
        if s[HOLD] > at:
            at = s[HOLD]
            cause = C.SERIALISE
            source = s[HOLD_EVENT]
        if held > at:
            at = held
            cause = C.DRAIN
            source = held_event
        spot = s[SLOTS] % p.rob
        if st.rob[spot] > at:
            at = st.rob[spot]
            cause = C.ROB_FULL
            source = st.rob_event[spot]
    elif s[SLOT_ISSUED] > at:
        at = s[SLOT_ISSUED]
        cause = C.PIPELINE
        source = s[LAST_ISSUE_EVENT]
    if kind == K_LOAD and p.load_buffer:
        spot = s[LOADS] % p.load_buffer
        if st.loads[spot] > at:
            at = st.loads[spot]
            cause = C.LOAD_BUFFER
            source = st.load_event[spot]
    if kind == K_STORE_ADDRESS and p.store_buffer:
        spot = s[STORES] % p.store_buffer
        if st.stores[spot] > at:
            at = st.stores[spot]
            cause = C.STORE_BUFFER
            source = st.store_event[spot]
    if flags & INT_WRITER and p.int_registers:
        spot = s[INT_WRITES] % p.int_registers
        if st.int_registers[spot] > at:
            at = st.int_registers[spot]
            cause = C.REGISTERS
            source = st.int_event[spot]
    if flags & FLAG_WRITER and p.flag_registers:
        spot = s[FLAG_WRITES] % p.flag_registers
        if st.flag_registers[spot] > at:
            at = st.flag_registers[spot]
            cause = C.REGISTERS
            source = st.flag_event[spot]
    if s[NOW] > at:
        at = s[NOW]
        cause = C.ISSUE_WIDTH
        source = s[LAST_ISSUE_EVENT]
    group = uops[u + GROUP]
    if group >= 0 and kind != K_NONE:
        size = st.group_size[group]
        if at > s[NOW]:
            advance(at, p, st)
        if st.occupancy[group] >= size:
            while st.occupancy[group] >= size:
                advance(s[NOW] + 1, p, st)
            at = s[NOW]
            cause = C.SCHEDULER_FULL
            source = st.gone_event[at & (len(st.gone) - 1)]
    if flags & NEW_SLOT:
        if (
            flags & MEMORY_OP
            and p.memory_per_cycle
            and at == s[NOW]
            and s[ISSUED_MEMORY] >= p.memory_per_cycle
        ):
            at += 1
            cause = C.ISSUE_MEMORY
            source = s[LAST_ISSUE_EVENT]
        taken = issue_slot(at, flags & ALONE, p, st)
        if taken > at:
            at = taken
            cause = C.ISSUE_WIDTH
            source = s[LAST_ISSUE_EVENT]
        s[SLOT_START] = n
        s[SLOT_DONE] = 0
        s[SLOT_LOADS] = 0
        s[SLOT_INTS] = 0
        s[SLOT_FLAGS] = 0
        s[SLOT_STORE] = -1
    elif at > s[NOW]:
        advance(at, p, st)
        s[ISSUED] = 1
    if flags & MEMORY_OP:
        s[ISSUED_MEMORY] += 1
    s[SLOT_ISSUED] = at
    s[LAST_ISSUE_EVENT] = n * STAGES + ISSUE
    if log.on[0]:
        note(log, n * STAGES + ISSUE, at, cause, source)
    return at


# --- dispatch ------------------------------------------------------------------------
def dispatch(
    u: int,
    n: int,
    issued: int,
    ready: int,
    ready_event: int,
    ports: list[int],
    uops: list[int],
    p: Params,
    st: State,
    log: Log,
) -> int:
    """Cycle the uop leaves for its port, given when its inputs are ready."""
    s = st.s
    event = n * STAGES
    cause = C.INPUT
    source = ready_event
    if issued + p.to_dispatch >= ready:
        ready = issued + p.to_dispatch
        cause = C.PIPELINE
        source = event + ISSUE
    if uops[u + BUSY] and s[DIVIDER] > ready:
        ready = s[DIVIDER]
        cause = C.DIVIDER
        source = s[DIVIDER_EVENT]
    first = uops[u + PORTS_FIRST]
    last = uops[u + PORTS_LAST]
    port = -1
    when = ready
    if last > first:
        if p.bind_at_issue:
            port = bind(first, last, uops[u + UOP_FLAGS], ports, p, st)
            when = earliest(port, ready, st)
        else:
            port, when = dispatch_any(first, last, ready, ports, st)
        st.pending[port] += 1
        if st.group_of[port] >= 0:
            st.occupancy[st.group_of[port]] += 1
        book(port, when, st)
    if uops[u + BUSY]:
        s[DIVIDER] = when + uops[u + BUSY]
        s[DIVIDER_EVENT] = event + DISPATCH
    if log.on[0]:
        note(log, event + READY, ready, cause, source)
        if when > ready:
            cause = C.PORT
        note(log, event + DISPATCH, when, cause, source)
        log.time[event + PORT_USED] = port
        if port >= 0:
            st.gone_event[(when + 1) & (len(st.gone) - 1)] = event + DISPATCH
    return when


# --- memory --------------------------------------------------------------------------
def line_of(a: int, copy: int, accesses: list[int]) -> int:
    """Number of the 64-byte line access ``a`` touches in a copy; roots never meet."""
    b = a * ACCESS_SIZE
    offset = accesses[b + A_OFFSET] + copy * accesses[b + A_LINE_STRIDE]
    root = accesses[b + A_ROOT]
    if accesses[b + A_FRESH]:
        root += (copy + 1) << 12
    return (root << 24) + (offset >> 6)


def crosses(a: int, copy: int, boundary: int, accesses: list[int]) -> bool:
    """Whether the access straddles a multiple of ``boundary`` bytes."""
    b = a * ACCESS_SIZE
    offset = accesses[b + A_OFFSET] + copy * accesses[b + A_LINE_STRIDE]
    last = offset + accesses[b + A_WIDTH] - 1
    return offset // boundary != last // boundary


def load_result(
    a: int,
    n: int,
    copy: int,
    issued: int,
    when: int,
    complete: int,
    t: Trace,
    p: Params,
    st: State,
    log: Log,
) -> tuple[int, int, int]:
    """A load's completion, the cycle its value can be used, and the event of that."""
    event = n * STAGES
    b = a * ACCESS_SIZE
    cause = C.LOAD
    source = event + DISPATCH
    if p.split_load and crosses(a, copy, p.boundary, t.accesses):
        complete += p.split_load
        cause = C.SPLIT
    result = complete
    result_event = event + 3
    forward = t.accesses[b + A_FORWARD]
    age = t.accesses[b + A_DISTANCE]
    if forward and age <= copy:
        n_access = len(t.accesses) // ACCESS_SIZE
        cell = (copy - age) % t.shape[4] * n_access + t.accesses[b + A_SOURCE]
        if forward == F_RENAMED:
            result = st.value[cell] + p.renaming_latency
            result_event = st.data_event[cell]
            if result < issued:
                result = issued
                result_event = event + ISSUE
        elif st.commit[cell] < 0 or st.commit[cell] > when:
            value = st.data[cell] + p.forward_latency
            value_event = st.data_event[cell]
            cause_of = C.FORWARD
            if forward == F_INSIDE:
                value += p.forward_narrow
            elif forward == F_BLOCKED:
                value = st.data[cell] + p.forward_blocked
                cause_of = C.FORWARD_BLOCKED
            by_address = st.address[cell] + p.forward_address
            if by_address > value:
                value = by_address
                value_event = st.address_event[cell]
            if value > complete:
                complete = value
                result = value
                cause = cause_of
                source = value_event
    if log.on[0]:
        note(log, event + 3, complete, cause, source)
    return complete, result, result_event


# --- move elimination ----------------------------------------------------------------
def leave_alias(register: int, st: State) -> None:
    """``register`` is overwritten: it no longer shares its elimination slot."""
    group = st.alias[register]
    if group < 0:
        return
    st.alias[register] = -1
    st.members[group] -= 1
    if st.members[group] == 1:
        for other in range(16):
            if st.alias[other] == group:
                st.alias[other] = -1
        st.members[group] = 0
        st.s[ELIMINATION_FREE] += 1


def eliminate(source: int, target: int, p: Params, st: State) -> bool:
    """Whether the move ``source`` -> ``target`` needs no port; takes a slot if so."""
    leave_alias(target, st)
    group = st.alias[source]
    if group < 0:
        if st.s[ELIMINATION_FREE] == 0:
            return False
        for k in range(p.elimination_slots):
            if st.members[k] == 0:
                group = k
        st.s[ELIMINATION_FREE] -= 1
        st.alias[source] = group
        st.members[group] = 1
    st.alias[target] = group
    st.members[group] += 1
    return True


# --- retirement ----------------------------------------------------------------------
def finish_slot(
    n: int, copy: int, t: Trace, p: Params, st: State, log: Log
) -> None:
    """Retire the slot whose last uop is ``n``; what it held is freed; stores commit."""
    s = st.s
    event = n * STAGES
    before = s[RETIRED]
    done = s[SLOT_DONE]
    retired = retire(done, p, st)
    spot = s[SLOTS] % p.rob
    st.rob[spot] = retired
    st.rob_event[spot] = event + RETIRE
    s[SLOTS] += 1
    if log.on[0]:
        cause = C.PIPELINE
        source = s[SLOT_DONE_EVENT]
        if retired > done + p.retire_latency:
            cause = C.RETIRE_WIDTH if retired > before else C.RETIRE_ORDER
            source = s[LAST_RETIRE_EVENT]
        for member in range(s[SLOT_START], n + 1):
            note(log, member * STAGES + RETIRE, retired, cause, source)
    s[LAST_RETIRE_EVENT] = event + RETIRE
    for k in range(1, s[SLOT_INTS] + 1):
        if p.int_registers:
            st.int_registers[(s[INT_WRITES] - k) % p.int_registers] = retired
            st.int_event[(s[INT_WRITES] - k) % p.int_registers] = event + RETIRE
    for k in range(1, s[SLOT_FLAGS] + 1):
        if p.flag_registers:
            st.flag_registers[(s[FLAG_WRITES] - k) % p.flag_registers] = retired
            st.flag_event[(s[FLAG_WRITES] - k) % p.flag_registers] = event + RETIRE
    if p.load_buffer and not p.load_freed_complete:
        for k in range(1, s[SLOT_LOADS] + 1):
            st.loads[(s[LOADS] - k) % p.load_buffer] = retired
            st.load_event[(s[LOADS] - k) % p.load_buffer] = event + RETIRE
    if s[SLOT_STORE] >= 0:
        a = s[SLOT_STORE]
        lines = s[COMMIT_LINES]
        at = commit(retired, line_of(a, copy, t.accesses), p, st)
        if p.split_store and crosses(a, copy, p.boundary, t.accesses):
            at = commit(at, line_of(a, copy, t.accesses) + 1, p, st)
        n_access = len(t.accesses) // ACCESS_SIZE
        st.commit[copy % t.shape[4] * n_access + a] = at
        if p.store_buffer:
            spot = (s[STORES] - 1) % p.store_buffer
            st.stores[spot] = at + 1
            st.store_event[spot] = event + COMMIT
        s[LAST_COMMIT_EVENT] = event + COMMIT
        if log.on[0]:
            # ``source`` of a commit counts the lines it wrote: see attribution.
            note(log, event + COMMIT, at, s[COMMIT_LINES] - lines, event + RETIRE)
