"""What the engine carries from one uop to the next, and the log it may keep.

The machine's state is one array of integers ``m``: a list in plain Python, an ``array``
when compiled. It holds scalars, then rings of a fixed place, then those whose size
depends on the trace. Rings are indexed by a running count modulo their length, so
memory does not grow with the number of uops. A log is another array; a log of length 1
keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from costmodel.engine import layout as L
from costmodel.engine.params import Params

# --- scalars: indices into the state --------------------------------------------------
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
    # issue
    NOW,  # current issue cycle
    ISSUED,  # slots used in it
    ISSUED_MEMORY,
    TURN,  # of the alternating ports
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
    DIVIDER,  # cycle the unit that is not pipelined is free
    ADDRESSED,  # cycle the last store address dispatched
    FILLS,  # cold lines touched
    MISSED,  # the bytes of the last instruction came from a cold line
    # status
    OVERFLOW,  # a booking fell outside the calendar
    COPY,
    WHY,  # cause of the last delivery
    # where the parts of variable size begin, and their sizes
    CALENDAR_MASK,
    ALTERNATES,  # how many ports are taken in turn
    CELLS,  # accesses * copies remembered
    BUSY_AT,  # ports * calendar: cycle booked
    SKIP_AT,  # ports * calendar: where to look next
    TOUCHED_AT,  # ports * calendar: what a load in it touches, where banks matter
    GONE_AT,  # calendar: bit mask of ports that dispatch
    GONE_EVENT_AT,  # calendar: dispatch that freed an entry
    VALUE_AT,  # cells: cycle the stored value is ready
    DATA_AT,  # ... its store data dispatched
    STA_AT,  # ... its store address dispatched
    COMMIT_AT,  # ... committed
    DATA_EVENT_AT,
    STA_EVENT_AT,
    COLD_LINES,
    FILL_AT,  # cold lines: FILL_SIZE integers each
    KEEP,  # whether there is a log
    # the instruction and the issue slot being built
    INSN_FIRST,  # cycle its first uop issued; -1: none yet
    INSN_DONE,  # cycle the last of its uops completed
    SLOT_START,  # first uop of the slot
    SLOT_ISSUED,
    SLOT_DONE,
    SLOT_LOADS,
    SLOT_INTS,
    SLOT_FLAGS,
    SLOT_STORES,  # whether the slot has store data
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
    ADDRESSED_EVENT,
    WAITED,  # cycles the last uop waited for its port
    CACHE_WINDOW,  # in which the line being read begins
    PENDING_PORTS,  # bit mask: ports bound to in this cycle
    READS,  # bit mask: registers out of the reorder buffer read in this issue cycle
    SLOT_WRITES,  # bit mask: registers the slot writes
    SCALARS,
) = range(87)

M_DECODE, M_CACHE, M_LOOP = range(3)

# --- rings and tables of a fixed place ------------------------------------------------
MOST_QUEUE, MOST_PREDECODED, MOST_BLOCKS, MOST_ROB = 512, 64, 64, 1024
MOST_LOADS, MOST_STORES, MOST_REGISTERS, MOST_PORTS = 512, 512, 1024, 32
MOST_GROUPS, MOST_RECENT, MOST_ELIMINATED = 16, 32, 16
MOST_FILLS = 1024
MOST_COLD = 1 << 20
IN_FLIGHT = 1 << 40  # of a cycle that is not known yet

READY_AT = SCALARS  # registers: cycle the value can be used
PRODUCER_AT = READY_AT + L.REGISTERS  # registers: event that made it
QUEUE_AT = PRODUCER_AT + L.REGISTERS  # issue cycle of each queue slot
PREDECODED_AT = QUEUE_AT + MOST_QUEUE  # decode cycle of the last instructions
BLOCKS_AT = PREDECODED_AT + MOST_PREDECODED  # cycle a block's last insn decoded
ROB_AT = BLOCKS_AT + MOST_BLOCKS  # retire cycle of each slot
LOADS_AT = ROB_AT + MOST_ROB
STORES_AT = LOADS_AT + MOST_LOADS
INTS_AT = STORES_AT + MOST_STORES
FLAGS_AT = INTS_AT + MOST_REGISTERS
DELAY_AT = FLAGS_AT + MOST_REGISTERS  # registers: cycles lost to a busy port
PERMANENT_AT = DELAY_AT + L.REGISTERS  # 16: cycle the value left the reorder buffer
USAGE_AT = PERMANENT_AT + 16  # ports: bound, not yet dispatched
PENDING_AT = USAGE_AT + MOST_PORTS  # ports: bound in this cycle
GROUP_OF_AT = PENDING_AT + MOST_PORTS  # ports
ALTERNATES_AT = GROUP_OF_AT + MOST_PORTS  # ports taken in turn
OCCUPANCY_AT = ALTERNATES_AT + MOST_PORTS  # groups
GROUP_SIZE_AT = OCCUPANCY_AT + MOST_GROUPS  # groups
RECENT_AT = GROUP_SIZE_AT + MOST_GROUPS  # lines written lately
ALIAS_AT = RECENT_AT + MOST_RECENT  # 16: elimination group of a register, -1: none
MEMBERS_AT = ALIAS_AT + 16  # elimination groups: registers in it
FILLS_AT = MEMBERS_AT + MOST_ELIMINATED  # cycle each of the last fills is done
# Events that go with the cycles above, for the log. An entry is read only after both
# have been written, so these need no reset.
QUEUE_EVENT_AT = FILLS_AT + MOST_FILLS
ROB_EVENT_AT = QUEUE_EVENT_AT + MOST_QUEUE
LOAD_EVENT_AT = ROB_EVENT_AT + MOST_ROB
STORE_EVENT_AT = LOAD_EVENT_AT + MOST_LOADS
INT_EVENT_AT = STORE_EVENT_AT + MOST_STORES
FLAG_EVENT_AT = INT_EVENT_AT + MOST_REGISTERS
FIXED_SIZE = FLAG_EVENT_AT + MOST_REGISTERS

# --- one cold line in this trip -------------------------------------------------------
(
    F_READY,  # cycle it is in the cache; -1: not asked for
    F_ROOM,  # cycle there is a fill buffer for it; -1: not touched
    F_EVENT,  # that asked for it
    FILL_SIZE,
) = range(4)

Fill = Callable[[int, int], list[int]]
PLAIN_ONLY = ("list_of", "new_state", "new_log")  # not part of the compiled engine


def list_of(count: int, value: int) -> list[int]:
    return [value] * count


def new_state(
    p: Params,
    calendar: int,
    cells: int,
    group_of: list[int],
    group_size: list[int],
    alternates: list[int],
    fill: Fill = list_of,
    cold: int = 0,
) -> list[int]:
    """An empty machine. ``calendar`` is a power of two; ``fill`` makes the array."""
    tables = 3 if p.bank_bytes else 2
    length = FIXED_SIZE + (tables * p.ports + 2) * calendar + 6 * cells
    m = fill(length + FILL_SIZE * cold, 0)
    m[CALENDAR_MASK] = calendar - 1
    m[CELLS] = cells
    m[COLD_LINES] = cold
    m[ALTERNATES] = len(alternates)
    for k, port in enumerate(alternates):
        m[ALTERNATES_AT + k] = port
    for k, group in enumerate(group_of):
        m[GROUP_OF_AT + k] = group
    for k, size in enumerate(group_size):
        m[GROUP_SIZE_AT + k] = size
    reset(m, p)
    return m


def reset(m: list[int], p: Params) -> None:
    """Make ``m`` as new: a machine that has seen no code."""
    for k in range(CALENDAR_MASK):
        m[k] = 0
    for k in range(INSN_FIRST, SCALARS):
        m[k] = 0
    for k in range(READY_AT, GROUP_OF_AT):
        m[k] = 0
    for k in range(OCCUPANCY_AT, GROUP_SIZE_AT):
        m[k] = 0
    for k in range(RECENT_AT, MEMBERS_AT):
        m[k] = -1
    for k in range(MEMBERS_AT, FILLS_AT):
        m[k] = 0
    if m[COLD_LINES]:
        for k in range(FILLS_AT, QUEUE_EVENT_AT):
            m[k] = 0
    for k in range(PRODUCER_AT, QUEUE_AT):
        m[k] = -1
    calendar = m[CALENDAR_MASK] + 1
    at = FIXED_SIZE
    m[BUSY_AT] = at
    for k in range(at, at + p.ports * calendar):
        m[k] = -1
    m[SKIP_AT] = at + p.ports * calendar
    at += 2 * p.ports * calendar
    m[TOUCHED_AT] = at
    if p.bank_bytes:
        at += p.ports * calendar
    m[GONE_AT] = at
    for k in range(at, at + calendar):
        m[k] = 0
    m[GONE_EVENT_AT] = at + calendar
    at += 2 * calendar
    cells = m[CELLS]
    m[VALUE_AT] = at
    m[DATA_AT] = at + cells
    m[STA_AT] = at + 2 * cells
    m[COMMIT_AT] = at + 3 * cells
    m[DATA_EVENT_AT] = at + 4 * cells
    m[STA_EVENT_AT] = at + 5 * cells
    m[FILL_AT] = at + 6 * cells
    for k in range(at, at + 6 * cells + FILL_SIZE * m[COLD_LINES]):
        m[k] = -1
    m[LAST_QUEUE_EVENT] = m[HOLD_EVENT] = m[LAST_RETIRE_EVENT] = -1
    m[LAST_COMMIT_EVENT] = m[RESTART_EVENT] = m[DIVIDER_EVENT] = -1
    m[ADDRESSED_EVENT] = -1
    m[LAST_ISSUE_EVENT] = m[SLOT_DONE_EVENT] = m[INSN_DONE_EVENT] = -1
    m[BLOCK] = m[CACHE_AT] = m[COMMIT_LINE] = m[DECODE_CYCLE] = m[CACHE_CYCLE] = -1
    m[ELIMINATION_FREE] = p.elimination_slots


# Entries only a log has a use for; the compiled engine, which keeps none, has them not.
LOG_ONLY = (
    "WHY", "PRODUCER_AT", "QUEUE_EVENT_AT", "ROB_EVENT_AT", "LOAD_EVENT_AT",
    "STORE_EVENT_AT", "INT_EVENT_AT", "FLAG_EVENT_AT", "GONE_EVENT_AT",
    "DATA_EVENT_AT", "STA_EVENT_AT", "INSN_DONE_EVENT", "SLOT_DONE_EVENT",
    "LAST_ISSUE_EVENT", "LAST_QUEUE_EVENT", "HOLD_EVENT", "LAST_RETIRE_EVENT",
    "LAST_COMMIT_EVENT", "RESTART_EVENT", "DIVIDER_EVENT",
    "ADDRESSED_EVENT",
)  # fmt: skip

# --- the log --------------------------------------------------------------------------
# Of each dynamic uop: its static position, its instruction, its port, then per stage
# the cycle, the cause, and the event it follows from (-1: the start). An event is named
# by its position in the log.
G_UOP = 0
G_INSN = 1  # copy * instructions + instruction
G_PORT = 2
G_LINES = 3  # lines a store's commit wrote apart from others
QUEUE, ISSUE, READY, DISPATCH, COMPLETE, RETIRE, COMMIT = range(4, 25, 3)
G_FILL = 25  # numbers of the cold lines it was the first to ask for, the later below
# the earlier in base MOST_COLD; -1: none
G_SIZE = 26


def new_log(uops: int, fill: Fill = list_of) -> list[int]:
    """A log for at most ``uops`` dynamic uops; 0: none, which its first entry says."""
    return fill(uops * G_SIZE, -1) if uops else fill(1, 0)
