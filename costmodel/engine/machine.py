"""The one pass: uops in program order, each given every stage's cycle at once.

``run`` executes ``trips`` trips of a trace: a body of instructions repeated ``repeat``
times, then a tail (what closes a loop). State carries over from call to call, so a
caller can run until the pattern repeats. The same source runs over lists and, compiled,
over arrays: integers only, no objects, no allocation.

Rules of one uop, in order. It is issued when the queue has it, a slot is free, and the
reorder buffer, its scheduler, the load or store buffer and the register files have
room. It is dispatched to its port in the first free cycle at which its inputs are ready
and ``to_dispatch`` cycles have passed since issue. It completes a latency later; loads
that find their data in an older store take it from there. Slots retire in order, and
stores commit in order after that.
"""

from __future__ import annotations

from costmodel.engine import causes as C
from costmodel.engine.access import load_result
from costmodel.engine.fills import evict
from costmodel.engine.frontend import deliver, restart
from costmodel.engine.layout import (
    ACCESS,
    DECODE_SLOTS,
    FIRST_UOP,
    FLAG_WRITER,
    FUSED_SECOND,
    HOLDS,
    INPUTS_FIRST,
    INPUTS_LAST,
    INSN_FLAGS,
    INSN_SIZE,
    INT_WRITER,
    K_ELIMINATED,
    K_LOAD,
    K_NONE,
    K_STORE_ADDRESS,
    K_STORE_DATA,
    LAST_UOP,
    LATENCY,
    MICROCODE,
    NEW_SLOT,
    OUTPUTS_FIRST,
    OUTPUTS_LAST,
    REDIRECT,
    REFETCH,
    REFETCH_DECODE,
    SETS_RSP,
    STACK_DELTA,
    T_ACCESS_COUNT,
    T_BASE,
    T_BODY,
    T_COLD_COUNT,
    T_DEPTH,
    T_INSNS,
    T_LINES,
    T_LOOPS,
    T_REPEAT,
    T_TAIL,
    T_UOPS,
    UOP_FLAGS,
    UOP_LATENCY,
    UOP_SIZE,
    USES_RSP,
    WAIT_RETIRE,
    WAIT_STORES,
)
from costmodel.engine.log import note
from costmodel.engine.params import Params
from costmodel.engine.retirement import finish_slot
from costmodel.engine.state import (
    ADDRESS,
    ADDRESSED,
    ADDRESSED_EVENT,
    COMMIT_AT,
    COMMITTED,
    COMPLETE,
    COPY,
    DATA_AT,
    DATA_EVENT_AT,
    DELAY_AT,
    DISPATCH,
    FLAG_WRITES,
    G_INSN,
    G_SIZE,
    G_UOP,
    HOLD,
    HOLD_EVENT,
    IN_FLIGHT,
    INSN_DONE,
    INSN_DONE_EVENT,
    INSN_FIRST,
    INT_WRITES,
    ISSUE,
    KEEP,
    LAST_COMMIT_EVENT,
    LAST_ISSUE_EVENT,
    LAST_QUEUE_EVENT,
    LAST_RETIRE_EVENT,
    LOAD_EVENT_AT,
    LOADS,
    LOADS_AT,
    MOST_LOADS,
    MOST_QUEUE,
    MOST_STORES,
    PERMANENT_AT,
    PRODUCER_AT,
    QUEUE,
    QUEUE_AT,
    QUEUE_EVENT_AT,
    READY_AT,
    RESTART_EVENT,
    RETIRED,
    SLOT_COUNT,
    SLOT_DONE,
    SLOT_DONE_EVENT,
    SLOT_FLAGS,
    SLOT_INTS,
    SLOT_ISSUED,
    SLOT_LOADS,
    SLOT_STORES,
    SLOT_WRITES,
    STA_AT,
    STA_EVENT_AT,
    STACK_OFFSET,
    STORES,
    UOPS,
    VALUE_AT,
    WAITED,
    WHY,
)
from costmodel.engine.uop import dispatch, eliminate, issue, leave_alias


def sync_needed(i: int, t: list[int], p: Params, m: list[int]) -> bool:
    """Whether a uop must first fold the stack engine's offset into RSP."""
    flags = t[i + INSN_FLAGS]
    moved = m[STACK_OFFSET]
    needed = moved != 0 and flags & USES_RSP != 0
    if needed or flags & SETS_RSP:
        moved = 0
    moved += t[i + STACK_DELTA]
    if moved > p.stack_limit or moved < -p.stack_limit:
        needed = True
        moved = 0
    m[STACK_OFFSET] = moved
    return needed


def execute(
    u: int,
    n: int,
    i: int,
    copy: int,
    issued: int,
    t: list[int],
    p: Params,
    m: list[int],
    g: list[int],
) -> int:
    """Dispatch and complete one uop; the cycle it completes."""
    kind = t[u]
    event = n * G_SIZE
    ready = 0
    early = 0  # when it is woken, were no producer kept waiting for its port
    ready_event = -1
    for k in range(t[u + INPUTS_FIRST], t[u + INPUTS_LAST], 2):
        when = m[READY_AT + (t[k])] + t[k + 1]
        if when > ready:
            ready = when
            ready_event = m[PRODUCER_AT + (t[k])]
        if p.early_wake and when - m[DELAY_AT + (t[k])] > early:
            early = when - m[DELAY_AT + (t[k])]
    if not p.early_wake:
        early = ready
    eliminated = 0
    if kind == K_ELIMINATED and eliminate(
        t[t[u + INPUTS_FIRST]], t[t[u + OUTPUTS_FIRST]], p, m
    ):
        kind = K_NONE
        eliminated = 1
    latency = t[i + LATENCY]
    if kind == K_NONE:
        complete = issued
        result = ready
        result_event = ready_event
        delay = ready - early
        if ready_event < 0:
            result_event = event + ISSUE
        if latency and m[INSN_FIRST] + latency > complete:
            complete = m[INSN_FIRST] + latency
        if m[KEEP]:
            cause = C.LATENCY if complete > issued else C.PIPELINE
            note(g, event + COMPLETE, complete, cause, event + ISSUE)
            g[event + DISPATCH] = -1
    else:
        when = dispatch(u, n, copy, issued, ready, early, ready_event, t, p, m, g)
        complete = when + t[u + UOP_LATENCY]
        result = complete
        result_event = event + COMPLETE
        delay = m[WAITED]
        a = t[u + ACCESS]
        if kind == K_LOAD and a >= 0:
            complete, result, result_event = load_result(
                a, n, copy, issued, when, complete, t, p, m, g
            )
            delay = 0
        elif m[KEEP]:
            note(g, event + COMPLETE, complete, C.EXECUTE, event + DISPATCH)
        if a >= 0 and kind != K_LOAD:
            cell = (copy & (t[T_DEPTH] - 1)) * t[T_ACCESS_COUNT] + a
            if kind == K_STORE_ADDRESS:
                m[m[STA_AT] + cell] = when
                m[m[STA_EVENT_AT] + cell] = event + DISPATCH
                # not written; until it is, which buffer entry it takes
                m[m[COMMIT_AT] + cell] = -1 - (m[STORES] & (MOST_STORES - 1))
                if when > m[ADDRESSED]:
                    m[ADDRESSED] = when
                    m[ADDRESSED_EVENT] = event + DISPATCH
            elif kind == K_STORE_DATA:
                m[m[DATA_AT] + cell] = when
                m[m[VALUE_AT] + cell] = ready
                m[m[DATA_EVENT_AT] + cell] = event + DISPATCH
        if latency and m[INSN_FIRST] + latency > complete:
            complete = m[INSN_FIRST] + latency
            if m[KEEP]:
                note(g, event + COMPLETE, complete, C.LATENCY, event + ISSUE)
    if latency and m[INSN_FIRST] + latency > result:
        result = m[INSN_FIRST] + latency
        result_event = event + COMPLETE if result == complete else event + ISSUE
        delay = 0
    for k in range(t[u + OUTPUTS_FIRST], t[u + OUTPUTS_LAST], 2):
        register = t[k]
        m[READY_AT + register] = result + t[k + 1]
        m[PRODUCER_AT + register] = result_event
        if p.early_wake:
            m[DELAY_AT + register] = delay
        if p.register_reads and register < 16:
            m[PERMANENT_AT + register] = IN_FLIGHT
            m[SLOT_WRITES] |= 1 << register
        if p.elimination_slots and register < 16 and eliminated == 0:
            leave_alias(register, m)
    return complete


def run_insn(
    index: int, line: int, t: list[int], p: Params, m: list[int], g: list[int]
) -> None:
    """One instruction, from delivery to retirement."""
    i = t[T_INSNS] + index * INSN_SIZE
    flags = t[i + INSN_FLAGS]
    copy = m[COPY]
    queued = deliver(i, line, t, p, m)
    if flags & FUSED_SECOND:
        return
    first = t[i + FIRST_UOP]
    last = t[i + LAST_UOP]
    entry = first
    if p.sync_uop and sync_needed(i, t, p, m):
        entry -= UOP_SIZE
    slots = t[i + DECODE_SLOTS]
    slot_base = m[SLOT_COUNT]
    m[SLOT_COUNT] += slots
    held = 0
    held_event = -1
    if flags & WAIT_RETIRE:
        held = m[RETIRED]
        held_event = m[LAST_RETIRE_EVENT]
        if flags & WAIT_STORES and m[COMMITTED] > held:
            held = m[COMMITTED]
            held_event = m[LAST_COMMIT_EVENT]
    m[INSN_FIRST] = -1
    m[INSN_DONE] = 0
    used = 0  # queue slots taken
    wait = 0  # cycles the sequencer is behind the first uop
    while entry < last:
        u = entry if entry >= first else t[T_UOPS]
        n = m[UOPS]
        m[UOPS] += 1
        uflags = t[u + UOP_FLAGS]
        if t[i + MICROCODE] and uflags & NEW_SLOT:
            wait = used // p.microcode_uops
        if m[KEEP]:
            event = n * G_SIZE + QUEUE
            source = m[LAST_QUEUE_EVENT]
            cause = m[WHY]
            if cause == C.QUEUE_FULL:
                source = m[
                    QUEUE_EVENT_AT
                    + ((slot_base + slots - 1 - p.queue) & (MOST_QUEUE - 1))
                ]
            elif m[RESTART_EVENT] >= 0:
                source = m[RESTART_EVENT]
                if cause != C.CACHE_MISS:
                    cause = C.REDIRECT
            m[RESTART_EVENT] = -1
            note(g, event, queued + wait, cause, source)
            m[LAST_QUEUE_EVENT] = event
            g[n * G_SIZE + G_UOP] = u
            g[n * G_SIZE + G_INSN] = copy * (t[T_BODY] + t[T_TAIL]) + index
        issued = issue(u, n, queued + wait, held, held_event, t, p, m, g)
        held = 0
        if m[INSN_FIRST] < 0:
            m[INSN_FIRST] = issued
        if uflags & NEW_SLOT and entry >= first:
            if used < slots:
                spot = (slot_base + used) & (MOST_QUEUE - 1)
                m[QUEUE_AT + spot] = issued + 1
                m[QUEUE_EVENT_AT + spot] = n * G_SIZE + ISSUE
            used += 1
        complete = execute(u, n, i, copy, issued, t, p, m, g)
        kind = t[u]
        if kind == K_LOAD:
            if p.load_buffer:
                spot = m[LOADS] & (MOST_LOADS - 1)
                m[LOADS_AT + spot] = complete
                m[LOAD_EVENT_AT + spot] = n * G_SIZE + COMPLETE
            m[LOADS] += 1
            m[SLOT_LOADS] += 1
        elif kind == K_STORE_ADDRESS:
            m[STORES] += 1
        elif kind == K_STORE_DATA:
            m[SLOT_STORES] = 1
        if uflags & INT_WRITER:
            m[INT_WRITES] += 1
            m[SLOT_INTS] += 1
        if uflags & FLAG_WRITER:
            m[FLAG_WRITES] += 1
            m[SLOT_FLAGS] += 1
        if complete >= m[SLOT_DONE]:
            m[SLOT_DONE] = complete
            m[SLOT_DONE_EVENT] = n * G_SIZE + COMPLETE
        if complete >= m[INSN_DONE]:
            m[INSN_DONE] = complete
            m[INSN_DONE_EVENT] = n * G_SIZE + COMPLETE
        entry += UOP_SIZE
        if entry >= last or t[entry + UOP_FLAGS] & NEW_SLOT:
            finish_slot(n, u, copy, t, p, m, g)
    while used < slots:  # queue slots that no issue slot came from
        m[QUEUE_AT + ((slot_base + used) & (MOST_QUEUE - 1))] = m[SLOT_ISSUED] + 1
        m[QUEUE_EVENT_AT + ((slot_base + used) & (MOST_QUEUE - 1))] = m[
            LAST_ISSUE_EVENT
        ]
        used += 1
    if flags & HOLDS and m[INSN_DONE] > m[HOLD]:
        m[HOLD] = m[INSN_DONE]
        m[HOLD_EVENT] = m[INSN_DONE_EVENT]
    if flags & REFETCH:
        restart(m[INSN_DONE] + t[i + REDIRECT], flags & REFETCH_DECODE, p, m)
        m[RESTART_EVENT] = m[INSN_DONE_EVENT]


def run(
    t: list[int], p: Params, m: list[int], g: list[int], trips: int, marks: list[int]
) -> None:
    """Run ``trips`` trips; ``marks[k]`` gets the last retirement after trip k."""
    m[KEEP] = 1 if g[0] != 0 else 0
    body, tail, repeat, base = t[T_BODY], t[T_TAIL], t[T_REPEAT], t[T_BASE]
    for trip in range(trips):
        if t[T_LOOPS] or m[UOPS] == 0:
            m[ADDRESS] = base
        if t[T_COLD_COUNT]:
            evict(t[T_COLD_COUNT], m)
        place = t[T_LINES]
        for _ in range(repeat):
            for index in range(body):
                run_insn(index, t[place], t, p, m, g)
                place += 1
            m[COPY] += 1
        for index in range(body, body + tail):
            run_insn(index, t[place], t, p, m, g)
            place += 1
        marks[trip] = m[RETIRED]
