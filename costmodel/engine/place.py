"""A trace put together inside compiled code, of instructions laid out before.

``pool`` holds the core's ports and, appended as they are first met, templates: what one
instruction adds to a trace, positions counted from its own. ``block`` says which
templates a path is made of and, for one that is not copies of a block, where its
instructions lie, which lines are cached or cold, and the counts and latencies that
draws of a core's figures change. The trace is the one ``trace.Builder`` makes.
"""

from __future__ import annotations

from costmodel.engine.layout import (
    ACCESS,
    BUSY,
    COLD_FIRST,
    COLD_LAST,
    FIRST_UOP,
    GROUP,
    INPUTS_FIRST,
    INPUTS_LAST,
    INSN_SIZE,
    K_MICROCODE,
    KIND,
    LAST_UOP,
    LATENCY,
    MICROCODE,
    NEW_SLOT,
    NEXT_AT,
    OUTPUTS_FIRST,
    OUTPUTS_LAST,
    PORTS_FIRST,
    PORTS_LAST,
    REDIRECT,
    STEP,
    T_ACCESS_COUNT,
    T_ACCESSES,
    T_BASE,
    T_BODY,
    T_COLD,
    T_COLD_COUNT,
    T_DEPTH,
    T_INPUTS,
    T_INSNS,
    T_LINES,
    T_LOOPS,
    T_OUTPUTS,
    T_PORTS,
    T_REPEAT,
    T_SIZE,
    T_TAIL,
    T_UOPS,
    UOP_FLAGS,
    UOP_LATENCY,
    UOP_SIZE,
)

# --- a block: these, then its templates' places in the pool, then its access rows. If
# B_PLACED, then PLACE_SIZE integers for each instruction, the uop-cache line of each
# instruction of a trip, and the level of each cold line ------------------------------
(
    B_BODY,
    B_TAIL,
    B_REPEAT,
    B_BASE,
    B_DEPTH,
    B_LOOPS,
    B_ACCESSES,
    B_ROWS,  # integers in the access rows
    B_PLACED,
    B_COLD,  # cold lines
    B_SIZE,
) = range(11)

# --- of each instruction that is placed, what is not its template's -------------------
(
    PLACE_NEXT,
    PLACE_FIRST,  # the cold lines it is in
    PLACE_LAST,
    PLACE_FILLERS,
    PLACE_MICROCODE,
    PLACE_LATENCY,
    PLACE_REDIRECT,
    PLACE_SIZE,
) = range(8)

# --- a template: these, the instruction, its uops, their inputs and outputs -----------
(
    P_UOPS,
    P_FILLERS,  # uops before those that only take issue slots
    P_INPUTS,  # integers
    P_OUTPUTS,
    P_ACCESSES,
    P_SIZE,
) = range(6)


def copy(to: int, at: int, count: int, t: list[int], source: list[int]) -> int:
    """Copy ``count`` integers of ``source``; the place after them."""
    for k in range(count):
        t[to + k] = source[at + k]
    return to + count


def fillers(count: int, at: int, read: int, written: int, t: list[int]) -> int:
    """Write ``count`` uops that only take issue slots; the place after them."""
    for _ in range(count):
        t[at + KIND] = K_MICROCODE
        t[at + PORTS_FIRST] = t[T_PORTS]
        t[at + PORTS_LAST] = t[T_PORTS]
        t[at + UOP_LATENCY] = 0
        t[at + BUSY] = 0
        t[at + UOP_FLAGS] = NEW_SLOT
        t[at + INPUTS_FIRST] = read
        t[at + INPUTS_LAST] = read
        t[at + OUTPUTS_FIRST] = written
        t[at + OUTPUTS_LAST] = written
        t[at + ACCESS] = -1
        t[at + GROUP] = -1
        at += UOP_SIZE
    return at


def measure(pool: list[int], block: list[int], t: list[int]) -> None:
    """The head of the trace: where its parts begin."""
    items = block[B_BODY] + block[B_TAIL]
    ports = pool[0]
    sync = 1 + ports
    uops = pool[sync + P_UOPS]
    inputs = pool[sync + P_INPUTS]
    outputs = pool[sync + P_OUTPUTS]
    places = B_SIZE + items + block[B_ROWS]
    for k in range(items):
        at = block[B_SIZE + k]
        uops += pool[at + P_UOPS]
        if block[B_PLACED]:
            uops += block[places + PLACE_SIZE * k + PLACE_FILLERS]
        else:
            uops += pool[at + P_FILLERS]
        inputs += pool[at + P_INPUTS]
        outputs += pool[at + P_OUTPUTS]
    for k in range(T_SIZE):
        t[k] = 0
    t[T_BODY] = block[B_BODY]
    t[T_TAIL] = block[B_TAIL]
    t[T_REPEAT] = block[B_REPEAT]
    t[T_BASE] = block[B_BASE]
    t[T_DEPTH] = block[B_DEPTH]
    t[T_LOOPS] = block[B_LOOPS]
    t[T_ACCESS_COUNT] = block[B_ACCESSES]
    t[T_INSNS] = T_SIZE
    t[T_UOPS] = T_SIZE + items * INSN_SIZE
    t[T_PORTS] = t[T_UOPS] + uops * UOP_SIZE
    t[T_INPUTS] = t[T_PORTS] + ports
    t[T_OUTPUTS] = t[T_INPUTS] + inputs
    t[T_ACCESSES] = t[T_OUTPUTS] + outputs
    t[T_LINES] = t[T_ACCESSES] + block[B_ROWS]
    t[T_COLD] = t[T_LINES] + block[B_BODY] * block[B_REPEAT] + block[B_TAIL]
    t[T_COLD_COUNT] = block[B_COLD]


def place(pool: list[int], block: list[int], t: list[int]) -> None:
    """Fill ``t`` with the trace of ``block``.

    The pool begins with the number of ports, the ports, and the stack engine's uop.
    """
    measure(pool, block, t)
    items = block[B_BODY] + block[B_TAIL]
    ports = pool[0]
    sync = 1 + ports
    copy(t[T_PORTS], 1, ports, t, pool)
    copy(t[T_ACCESSES], B_SIZE + items, block[B_ROWS], t, block)
    places = B_SIZE + items + block[B_ROWS]
    trip = t[T_COLD] - t[T_LINES]
    if block[B_PLACED]:
        lines = places + items * PLACE_SIZE
        copy(t[T_LINES], lines, trip + block[B_COLD], t, block)
    else:
        for k in range(trip):
            t[t[T_LINES] + k] = -1
    insn = t[T_INSNS]
    uop = t[T_UOPS]
    read = t[T_INPUTS]
    written = t[T_OUTPUTS]
    accesses = 0
    for k in range(-1, items):
        at = sync if k < 0 else block[B_SIZE + k]
        body = at + P_SIZE
        if k >= 0:
            copy(insn, body, INSN_SIZE, t, pool)
            t[insn + FIRST_UOP] = uop
            t[insn + STEP] = k
            count = pool[at + P_FILLERS]
            if block[B_PLACED]:
                here = places + PLACE_SIZE * k
                t[insn + NEXT_AT] = block[here + PLACE_NEXT]
                t[insn + COLD_FIRST] = block[here + PLACE_FIRST]
                t[insn + COLD_LAST] = block[here + PLACE_LAST]
                t[insn + MICROCODE] = block[here + PLACE_MICROCODE]
                t[insn + LATENCY] = block[here + PLACE_LATENCY]
                t[insn + REDIRECT] = block[here + PLACE_REDIRECT]
                count = block[here + PLACE_FILLERS]
            uop = fillers(count, uop, read, written, t)
            t[insn + LAST_UOP] = uop + pool[at + P_UOPS] * UOP_SIZE
            insn += INSN_SIZE
        body += INSN_SIZE
        for _ in range(pool[at + P_UOPS]):
            copy(uop, body, UOP_SIZE, t, pool)
            t[uop + PORTS_FIRST] += t[T_PORTS]
            t[uop + PORTS_LAST] += t[T_PORTS]
            t[uop + INPUTS_FIRST] += read
            t[uop + INPUTS_LAST] += read
            t[uop + OUTPUTS_FIRST] += written
            t[uop + OUTPUTS_LAST] += written
            if t[uop + ACCESS] >= 0:
                t[uop + ACCESS] += accesses
            body += UOP_SIZE
            uop += UOP_SIZE
        read = copy(read, body, pool[at + P_INPUTS], t, pool)
        body += pool[at + P_INPUTS]
        written = copy(written, body, pool[at + P_OUTPUTS], t, pool)
        accesses += pool[at + P_ACCESSES]
