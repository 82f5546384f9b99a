"""What the engine carries from one uop to the next, and the log it may keep.

``State`` is flat integer arrays: lists in plain Python, numpy arrays when compiled. All
rings are indexed by a running count modulo their length, so memory does not grow with
the number of uops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from costmodel.engine import layout as L
from costmodel.engine.params import Params

# --- scalars, indices into State.s -----------------------------------------------------
(
    MODE,  # M_* below
    ADDRESS,  # of the next instruction
    # arrival of bytes
    BLOCK,  # fetch block of the last byte seen
    BLOCK_START,  # cycle its predecoding (or fetch) starts
    BLOCK_COUNT,  # instructions counted in it
    BLOCK_LCP,  # length-changing prefixes seen in it
    BLOCK_CYCLES,  # cycles the block before took
    INSN_COUNT,  # instructions delivered so far
    # decoders
    DECODE_CYCLE,
    DECODE_USED,  # slots used in it
    DECODE_LEFT,
    DECODE_UOPS,  # uops left in it
    # uop cache
    CACHE_CYCLE,
    CACHE_UOPS,  # left in it
    CACHE_LINES,
    CACHE_AT,  # line being read
    # queue
    SLOT_COUNT,  # queue slots delivered
    QUEUED,  # cycle the current instruction is in the queue
    # issue
    NOW,  # current issue cycle
    ISSUED,  # slots used in it
    ISSUED_MEMORY,
    ALTERNATE,  # turn of the alternating ports
    HOLD,  # younger uops issue no earlier
    STACK_OFFSET,  # bytes the stack engine has not folded in
    ELIMINATION_FREE,
    # counts, for rings
    UOPS,
    SLOTS,
    LOADS,
    STORES,
    INT_WRITES,
    FLAG_WRITES,
    # retirement and commit
    RETIRED,  # cycle of the last retirement
    RETIRED_IN,  # slots retired in it
    COMMITTED,  # cycle of the last commit
    COMMITTED_IN,
    COMMIT_CLOCK,  # 64ths: when the next line may be written
    COMMIT_LINE,
    COMMIT_LINES,  # separate line writes
    STORE_PEAK,
    DIVIDER,  # cycle the unit that is not pipelined is free
    # status
    OVERFLOW,  # a booking fell outside the calendar
    COPY,
    # the instruction and the issue slot being built
    INSN_FIRST,  # cycle its first uop issued; -1: none yet
    INSN_DONE,  # cycle the last of its uops completed
    SLOT_START,  # first uop of the slot
    SLOT_ISSUED,
    SLOT_DONE,
    SLOT_LOADS,
    SLOT_INTS,
    SLOT_FLAGS,
    SLOT_STORE,  # access the slot's store data belongs to; -1: none
    # events, for the log
    INSN_DONE_EVENT,
    SLOT_DONE_EVENT,
    LAST_ISSUE_EVENT,
    LAST_QUEUE_EVENT,
    HOLD_EVENT,
    LAST_RETIRE_EVENT,
    LAST_COMMIT_EVENT,
    RESTART,  # cycle the front end restarts; -1: it does not
    RESTART_EVENT,
    DIVIDER_EVENT,
    S_SIZE,
) = range(62)

M_DECODE, M_CACHE, M_LOOP = range(3)

# --- stages of the log -----------------------------------------------------------------
QUEUE, ISSUE, DISPATCH, COMPLETE, RETIRE, COMMIT, READY, PORT_USED, STAGES = range(9)


class State(NamedTuple):
    """Arrays of int; see the comments for lengths."""

    s: list[int]  # S_SIZE
    ready: list[int]  # L.REGISTERS: cycle the value can be used
    producer: list[int]  # L.REGISTERS: event that made it
    queue: list[int]  # params.queue: issue cycle of each queue slot
    queue_event: list[int]
    predecoded: list[int]  # decode cycle of the last instructions
    blocks: list[int]  # fetch_queue: cycle a block's last instruction decoded
    rob: list[int]  # retire cycle of each slot
    rob_event: list[int]
    loads: list[int]
    load_event: list[int]
    stores: list[int]
    store_event: list[int]
    int_registers: list[int]
    int_event: list[int]
    flag_registers: list[int]
    flag_event: list[int]
    busy: list[int]  # ports * calendar: cycle booked
    skip: list[int]  # ports * calendar: where to look next
    gone: list[int]  # calendar: bit mask of ports that dispatch
    usage: list[int]  # ports: bound and not dispatched at the start of this cycle
    pending: list[int]  # ports: bound in this cycle
    occupancy: list[int]  # groups
    group_of: list[int]  # ports
    group_size: list[int]  # groups
    alternates: list[int]  # ports taken in turn
    value: list[int]  # accesses * depth: cycle the stored value is ready
    data: list[int]  # ... its store data dispatched
    address: list[int]  # ... its store address dispatched
    commit: list[int]  # ... committed
    data_event: list[int]
    address_event: list[int]
    recent: list[int]  # combine_lines: lines written lately
    alias: list[int]  # 16: elimination group of a register, -1: none
    members: list[int]  # elimination groups: registers in it
    gone_event: list[int]  # calendar: dispatch that freed an entry
    why: list[int]  # one: the cause of the last delivery


class Log(NamedTuple):
    """Times, causes and predecessors of every event, ``STAGES`` for each uop.

    ``on`` is a one-element list: whether to keep the log. ``uop`` names the static uop
    and ``insn`` the (copy * instructions + instruction) of each dynamic one.
    """

    on: list[int]
    time: list[int]
    cause: list[int]
    source: list[int]
    uop: list[int]
    insn: list[int]


Zeros = Callable[[int], list[int]]


def list_zeros(count: int) -> list[int]:
    return [0] * count


def new_state(
    p: Params,
    calendar: int,
    accesses: int,
    depth: int,
    group_of: list[int],
    group_size: list[int],
    alternates: list[int],
    zeros: Zeros = list_zeros,
) -> State:
    """An empty machine. ``calendar`` is a power of two; ``zeros`` makes the arrays."""

    def ring(size: int) -> list[int]:
        return zeros(max(1, size))

    def filled(values: list[int]) -> list[int]:
        out = zeros(max(1, len(values)))
        for k, v in enumerate(values):
            out[k] = v
        return out

    def negative(size: int) -> list[int]:
        out = zeros(max(1, size))
        for k in range(len(out)):
            out[k] = -1
        return out

    state = State(
        s=zeros(S_SIZE),
        ready=zeros(L.REGISTERS),
        producer=negative(L.REGISTERS),
        queue=ring(p.queue),
        queue_event=negative(p.queue),
        predecoded=ring(p.predecode_queue),
        blocks=ring(p.fetch_queue),
        rob=ring(p.rob),
        rob_event=negative(p.rob),
        loads=ring(p.load_buffer),
        load_event=negative(p.load_buffer),
        stores=ring(p.store_buffer),
        store_event=negative(p.store_buffer),
        int_registers=ring(p.int_registers),
        int_event=negative(p.int_registers),
        flag_registers=ring(p.flag_registers),
        flag_event=negative(p.flag_registers),
        busy=negative(p.ports * calendar),
        skip=zeros(p.ports * calendar),
        gone=zeros(calendar),
        usage=zeros(p.ports),
        pending=zeros(p.ports),
        occupancy=ring(len(group_size)),
        group_of=filled(group_of),
        group_size=filled(group_size),
        alternates=filled(alternates),
        value=ring(accesses * depth),
        data=ring(accesses * depth),
        address=ring(accesses * depth),
        commit=negative(accesses * depth),
        data_event=negative(accesses * depth),
        address_event=negative(accesses * depth),
        recent=negative(max(1, p.combine_lines)),
        alias=negative(16),
        members=ring(p.elimination_slots),
        gone_event=negative(calendar),
        why=zeros(1),
    )
    s = state.s
    for index in (
        LAST_QUEUE_EVENT, HOLD_EVENT, LAST_RETIRE_EVENT, LAST_COMMIT_EVENT,
        RESTART_EVENT, DIVIDER_EVENT, BLOCK, CACHE_AT, COMMIT_LINE, DECODE_CYCLE,
        CACHE_CYCLE, LAST_ISSUE_EVENT, SLOT_DONE_EVENT, INSN_DONE_EVENT,
    ):  # fmt: skip
        s[index] = -1
    s[RESTART] = 0
    s[ELIMINATION_FREE] = p.elimination_slots
    return state


def new_log(uops: int, zeros: Zeros = list_zeros) -> Log:
    """A log for at most ``uops`` dynamic uops; 0: none is kept."""
    on = zeros(1)
    on[0] = 1 if uops else 0
    size = max(1, uops)
    return Log(
        on=on,
        time=zeros(size * STAGES),
        cause=zeros(size * STAGES),
        source=zeros(size * STAGES),
        uop=zeros(size),
        insn=zeros(size),
    )
