"""A slot retires: what it held is freed, and its store commits."""

from __future__ import annotations

from costmodel.engine import causes as C
from costmodel.engine.access import crosses, line_of
from costmodel.engine.backend import (
    commit,
    retire,
)
from costmodel.engine.fills import asked_by, fill
from costmodel.engine.layout import (
    A_COLD,
    A_COLD_LAST,
    ACCESS,
    ACCESS_SIZE,
    K_STORE_DATA,
    T_ACCESS_COUNT,
    T_ACCESSES,
    T_DEPTH,
    UOP_SIZE,
)
from costmodel.engine.log import note
from costmodel.engine.params import Params
from costmodel.engine.state import (
    COMMIT,
    COMMIT_AT,
    COMMIT_LINES,
    COMMITTED,
    FLAG_EVENT_AT,
    FLAG_WRITES,
    FLAGS_AT,
    G_FILL,
    G_LINES,
    G_SIZE,
    INT_EVENT_AT,
    INT_WRITES,
    INTS_AT,
    KEEP,
    LAST_COMMIT_EVENT,
    LAST_RETIRE_EVENT,
    LOAD_EVENT_AT,
    LOADS,
    LOADS_AT,
    MOST_COLD,
    MOST_LOADS,
    MOST_REGISTERS,
    MOST_ROB,
    PERMANENT_AT,
    RETIRE,
    RETIRED,
    ROB_AT,
    ROB_EVENT_AT,
    SLOT_DONE,
    SLOT_DONE_EVENT,
    SLOT_FLAGS,
    SLOT_INTS,
    SLOT_LOADS,
    SLOT_START,
    SLOT_STORES,
    SLOT_WRITES,
    SLOTS,
    STORE_EVENT_AT,
    STORES_AT,
)


def finish_slot(
    n: int, u: int, copy: int, t: list[int], p: Params, m: list[int], g: list[int]
) -> None:
    """Retire the slot whose last uop is ``n``, at ``u`` of the trace; what it held is
    freed; stores commit."""
    event = n * G_SIZE
    before = m[RETIRED]
    done = m[SLOT_DONE]
    retired = retire(done, p, m)
    spot = m[SLOTS] & (MOST_ROB - 1)
    m[ROB_AT + spot] = retired
    m[ROB_EVENT_AT + spot] = event + RETIRE
    m[SLOTS] += 1
    if m[KEEP]:
        cause = C.PIPELINE
        source = m[SLOT_DONE_EVENT]
        if retired > done + p.retire_latency:
            cause = C.RETIRE_WIDTH if retired > before else C.RETIRE_ORDER
            source = m[LAST_RETIRE_EVENT]
        for member in range(m[SLOT_START], n + 1):
            note(g, member * G_SIZE + RETIRE, retired, cause, source)
    m[LAST_RETIRE_EVENT] = event + RETIRE
    if p.register_reads:
        register = 0
        while m[SLOT_WRITES]:
            if m[SLOT_WRITES] & 1:
                m[PERMANENT_AT + register] = retired
            m[SLOT_WRITES] >>= 1
            register += 1
    if p.int_registers:
        for k in range(1, m[SLOT_INTS] + 1):
            m[INTS_AT + ((m[INT_WRITES] - k) & (MOST_REGISTERS - 1))] = retired
            m[INT_EVENT_AT + ((m[INT_WRITES] - k) & (MOST_REGISTERS - 1))] = (
                event + RETIRE
            )
    if p.flag_registers:
        for k in range(1, m[SLOT_FLAGS] + 1):
            m[FLAGS_AT + ((m[FLAG_WRITES] - k) & (MOST_REGISTERS - 1))] = retired
            m[FLAG_EVENT_AT + ((m[FLAG_WRITES] - k) & (MOST_REGISTERS - 1))] = (
                event + RETIRE
            )
    if p.load_buffer and not p.load_freed_complete:
        for k in range(1, m[SLOT_LOADS] + 1):
            m[LOADS_AT + ((m[LOADS] - k) & (MOST_LOADS - 1))] = retired
            m[LOAD_EVENT_AT + ((m[LOADS] - k) & (MOST_LOADS - 1))] = event + RETIRE
    if m[SLOT_STORES]:
        member = m[SLOT_START]
        place = u - (n - member) * UOP_SIZE
        while place <= u:
            if t[place] == K_STORE_DATA and t[place + ACCESS] >= 0:
                commit_store(t[place + ACCESS], member, copy, retired, t, p, m, g)
            place += UOP_SIZE
            member += 1


def commit_store(
    a: int,
    n: int,
    copy: int,
    retired: int,
    t: list[int],
    p: Params,
    m: list[int],
    g: list[int],
) -> None:
    """The store of access ``a``, whose data uop ``n`` retired, writes its lines."""
    event = n * G_SIZE
    row = t[T_ACCESSES] + a * ACCESS_SIZE
    cell = m[COMMIT_AT] + (copy & (t[T_DEPTH] - 1)) * t[T_ACCESS_COUNT] + a
    wrote = m[COMMIT_LINES]
    after = retired
    cause = C.COMMIT
    source = event + RETIRE
    if m[COMMITTED] > retired:
        source = m[LAST_COMMIT_EVENT]
    line = t[row + A_COLD]
    lines = 0  # of which it was the first to ask
    if line == 0:
        line = t[row + A_COLD_LAST]
    while line:
        first = asked_by(line, m)
        ready = fill(line, retired, retired, event + RETIRE, t, p, m)
        if ready > after + 1:
            after = ready - 1
            if ready > m[COMMITTED]:
                cause = C.CACHE_MISS
                source = asked_by(line, m)
        if first < 0:
            lines = lines * MOST_COLD + line
        if line == t[row + A_COLD_LAST]:
            line = 0
        else:
            line = t[row + A_COLD_LAST]
    at = commit(after, line_of(a, copy, t), p, m)
    if p.split_store and crosses(a, copy, p.boundary, t):
        at = commit(at, line_of(a, copy, t) + 1, p, m)
    number = -1 - m[cell]  # of its buffer entry, until it is written
    m[cell] = at
    if p.store_buffer and number >= 0:
        m[STORES_AT + number] = at + 1
        m[STORE_EVENT_AT + number] = event + COMMIT
    m[LAST_COMMIT_EVENT] = event + COMMIT
    if m[KEEP]:
        if lines:
            g[event + G_FILL] = lines
        g[event + G_LINES] = m[COMMIT_LINES] - wrote
        note(g, event + COMMIT, at, cause, source)
