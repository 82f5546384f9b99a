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
from costmodel.engine.frontend import deliver, restart
from costmodel.engine.layout import (
    ACCESS,
    ACCESS_SIZE,
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
    UOP_FLAGS,
    UOP_LATENCY,
    UOP_SIZE,
    USES_RSP,
    WAIT_RETIRE,
    WAIT_STORES,
)
from costmodel.engine.params import Params
from costmodel.engine.state import (
    ADDRESS,
    COMMITTED,
    COMPLETE,
    COPY,
    DISPATCH,
    FLAG_WRITES,
    HOLD,
    HOLD_EVENT,
    INSN_DONE,
    INSN_DONE_EVENT,
    INSN_FIRST,
    INT_WRITES,
    ISSUE,
    LAST_COMMIT_EVENT,
    LAST_QUEUE_EVENT,
    LAST_RETIRE_EVENT,
    LOADS,
    QUEUE,
    RESTART_EVENT,
    RETIRED,
    SLOT_COUNT,
    SLOT_DONE,
    SLOT_DONE_EVENT,
    SLOT_FLAGS,
    SLOT_INTS,
    SLOT_LOADS,
    SLOT_STORE,
    STACK_OFFSET,
    STAGES,
    STORES,
    UOPS,
    Log,
    State,
)
from costmodel.engine.trace import SYNC_UOP, Trace
from costmodel.engine.uop import (
    dispatch,
    eliminate,
    finish_slot,
    issue,
    leave_alias,
    load_result,
    note,
)


def sync_needed(i: int, insns: list[int], p: Params, st: State) -> bool:
    """Whether a uop must first fold the stack engine's offset into RSP."""
    s = st.s
    flags = insns[i + INSN_FLAGS]
    moved = s[STACK_OFFSET]
    needed = moved != 0 and flags & USES_RSP != 0
    if needed or flags & SETS_RSP:
        moved = 0
    moved += insns[i + STACK_DELTA]
    if moved > p.stack_limit or moved < -p.stack_limit:
        needed = True
        moved = 0
    s[STACK_OFFSET] = moved
    return needed


def execute(
    u: int,
    n: int,
    i: int,
    copy: int,
    issued: int,
    t: Trace,
    p: Params,
    st: State,
    log: Log,
) -> int:
    """Dispatch and complete one uop; the cycle it completes."""
    uops = t.uops
    kind = uops[u]
    event = n * STAGES
    ready = 0
    ready_event = -1
    for k in range(uops[u + INPUTS_FIRST], uops[u + INPUTS_LAST], 2):
        when = st.ready[t.inputs[k]] + t.inputs[k + 1]
        if when > ready:
            ready = when
            ready_event = st.producer[t.inputs[k]]
    if kind == K_ELIMINATED and eliminate(
        t.inputs[uops[u + INPUTS_FIRST]], t.outputs[uops[u + OUTPUTS_FIRST]], p, st
    ):
        kind = K_NONE
    latency = t.insns[i + LATENCY]
    if kind == K_NONE:
        complete = issued
        result = ready
        result_event = ready_event
        if ready_event < 0:
            result_event = event + ISSUE
        if latency and st.s[INSN_FIRST] + latency > complete:
            complete = st.s[INSN_FIRST] + latency
            result = complete
            result_event = event + COMPLETE
        if log.on[0]:
            cause = C.LATENCY if complete > issued else C.PIPELINE
            note(log, event + COMPLETE, complete, cause, event + ISSUE)
            log.time[event + DISPATCH] = -1
    else:
        when = dispatch(u, n, issued, ready, ready_event, t.ports, uops, p, st, log)
        complete = when + uops[u + UOP_LATENCY]
        result = complete
        result_event = event + COMPLETE
        a = uops[u + ACCESS]
        if kind == K_LOAD and a >= 0:
            complete, result, result_event = load_result(
                a, n, copy, issued, when, complete, t, p, st, log
            )
        elif log.on[0]:
            note(log, event + COMPLETE, complete, C.EXECUTE, event + DISPATCH)
        if a >= 0 and kind != K_LOAD:
            cell = copy % t.shape[4] * (len(t.accesses) // ACCESS_SIZE) + a
            if kind == K_STORE_ADDRESS:
                st.address[cell] = when
                st.address_event[cell] = event + DISPATCH
                st.commit[cell] = -1
            elif kind == K_STORE_DATA:
                st.data[cell] = when
                st.value[cell] = ready
                st.data_event[cell] = event + DISPATCH
        if latency and st.s[INSN_FIRST] + latency > complete:
            complete = st.s[INSN_FIRST] + latency
            result = complete
            result_event = event + COMPLETE
            if log.on[0]:
                note(log, event + COMPLETE, complete, C.LATENCY, event + ISSUE)
    for k in range(uops[u + OUTPUTS_FIRST], uops[u + OUTPUTS_LAST], 2):
        register = t.outputs[k]
        st.ready[register] = result + t.outputs[k + 1]
        st.producer[register] = result_event
        if p.elimination_slots and register < 16 and kind != K_NONE:
            leave_alias(register, st)
    return complete


def run_insn(
    index: int, line: int, t: Trace, p: Params, st: State, log: Log
) -> None:
    """One instruction, from delivery to retirement."""
    s = st.s
    insns, uops = t.insns, t.uops
    i = index * INSN_SIZE
    flags = insns[i + INSN_FLAGS]
    copy = s[COPY]
    queued = deliver(i, line, insns, p, st, st.why)
    if flags & FUSED_SECOND:
        return
    first = insns[i + FIRST_UOP]
    last = insns[i + LAST_UOP]
    entry = first
    if p.sync_uop and sync_needed(i, insns, p, st):
        entry -= 1
    slots = insns[i + DECODE_SLOTS]
    slot_base = s[SLOT_COUNT]
    s[SLOT_COUNT] += slots
    held = 0
    held_event = -1
    if flags & WAIT_RETIRE:
        held = s[RETIRED]
        held_event = s[LAST_RETIRE_EVENT]
        if flags & WAIT_STORES and s[COMMITTED] > held:
            held = s[COMMITTED]
            held_event = s[LAST_COMMIT_EVENT]
    s[INSN_FIRST] = -1
    s[INSN_DONE] = 0
    used = 0  # queue slots taken
    wait = 0  # cycles the sequencer is behind the first uop
    while entry < last:
        real = entry if entry >= first else SYNC_UOP
        u = real * UOP_SIZE
        n = s[UOPS]
        s[UOPS] += 1
        uflags = uops[u + UOP_FLAGS]
        if log.on[0]:
            event = n * STAGES + QUEUE
            source = s[LAST_QUEUE_EVENT]
            cause = st.why[0]
            if cause == C.QUEUE_FULL:
                source = st.queue_event[(slot_base + slots - 1) % p.queue]
            elif s[RESTART_EVENT] >= 0:
                source = s[RESTART_EVENT]
                cause = C.REDIRECT
            s[RESTART_EVENT] = -1
            note(log, event, queued + wait, cause, source)
            s[LAST_QUEUE_EVENT] = event
            log.uop[n] = real
            log.insn[n] = copy * (t.shape[0] + t.shape[1]) + index
        issued = issue(u, n, queued + wait, held, held_event, uops, p, st, log)
        held = 0
        if s[INSN_FIRST] < 0:
            s[INSN_FIRST] = issued
        if uflags & NEW_SLOT and real != SYNC_UOP:
            if used < slots:
                spot = (slot_base + used) % p.queue
                st.queue[spot] = issued + 1
                st.queue_event[spot] = n * STAGES + ISSUE
            used += 1
            if insns[i + MICROCODE]:
                wait = used // p.microcode_uops
        complete = execute(u, n, i, copy, issued, t, p, st, log)
        kind = uops[u]
        if kind == K_LOAD:
            if p.load_buffer:
                spot = s[LOADS] % p.load_buffer
                st.loads[spot] = complete
                st.load_event[spot] = n * STAGES + COMPLETE
            s[LOADS] += 1
            s[SLOT_LOADS] += 1
        elif kind == K_STORE_ADDRESS:
            s[STORES] += 1
        elif kind == K_STORE_DATA:
            s[SLOT_STORE] = uops[u + ACCESS]
        if uflags & INT_WRITER:
            s[INT_WRITES] += 1
            s[SLOT_INTS] += 1
        if uflags & FLAG_WRITER:
            s[FLAG_WRITES] += 1
            s[SLOT_FLAGS] += 1
        if complete >= s[SLOT_DONE]:
            s[SLOT_DONE] = complete
            s[SLOT_DONE_EVENT] = n * STAGES + COMPLETE
        if complete >= s[INSN_DONE]:
            s[INSN_DONE] = complete
            s[INSN_DONE_EVENT] = n * STAGES + COMPLETE
        entry += 1
        if entry >= last or uops[entry * UOP_SIZE + UOP_FLAGS] & NEW_SLOT:
            finish_slot(n, copy, t, p, st, log)
    if flags & HOLDS and s[INSN_DONE] > s[HOLD]:
        s[HOLD] = s[INSN_DONE]
        s[HOLD_EVENT] = s[INSN_DONE_EVENT]
    if flags & REFETCH:
        restart(s[INSN_DONE] + insns[i + REDIRECT], flags & REFETCH_DECODE, p, st)
        s[RESTART_EVENT] = s[INSN_DONE_EVENT]


def run(t: Trace, p: Params, st: State, log: Log, trips: int, marks: list[int]) -> None:
    """Run ``trips`` trips; ``marks[k]`` gets the last retirement after trip k."""
    s = st.s
    body, tail, repeat, base = t.shape[0], t.shape[1], t.shape[2], t.shape[3]
    for trip in range(trips):
        if t.shape[5] or s[UOPS] == 0:
            s[ADDRESS] = base
        place = 0
        for _ in range(repeat):
            for index in range(body):
                run_insn(index, t.lines[place], t, p, st, log)
                place += 1
            s[COPY] += 1
        for index in range(body, body + tail):
            run_insn(index, t.lines[place], t, p, st, log)
            place += 1
        marks[trip] = s[RETIRED]
