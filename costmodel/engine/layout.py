"""A trace as the simulator reads it: rows of integers, and what is in them.

These tables are the one place for the layout: ``sim/layout.h`` is written from them
(``python -m costmodel.engine.headers``), the simulator checks every row it is given
against them, and the log it keeps is read by the names in ``COLUMNS``.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain

from costmodel.tuples import NamedTuple

# --- flags of an instruction ----------------------------------------------------------
COMPLEX = 1  # decoder slot 0 only
LCP = 2
FUSIBLE = 4  # may fuse with what follows: never in the last decoder on some cores
BRANCH = 8
TAKEN = 16
LONG = 32  # too long for any decoder but slot 0
FUSED_PAIR = 64  # its macro-fused jump follows and costs nothing of its own
USES_RSP = 128  # explicit use: needs the stack engine's offset folded in
SETS_RSP = 256  # explicit write: the offset is forgotten
WAIT_RETIRE = 512  # begins when everything older has retired
WAIT_STORES = 1024  # ... and the store buffer is empty
HOLDS = 2048  # nothing younger issues before it completes
REFETCH = 4096  # younger code is fetched only after it completes
REFETCH_DECODE = 8192  # ... and comes from legacy decode
ENDS_GROUP = 16384  # ends the decode group
FUSED_SECOND = 32768  # the jump of a macro-fused pair
MOVES = 65536  # the next instruction is at ``next_at``

# --- kinds of uop ---------------------------------------------------------------------
(
    K_NONE,  # issue and retirement only: nops, zero idioms, eliminated moves
    K_COMPUTE,
    K_LOAD,
    K_STORE_ADDRESS,
    K_STORE_DATA,
    K_BRANCH,
    K_MICROCODE,
    K_SYNC,  # stack-engine or partial-register merge
    K_ELIMINATED,  # a register move that needs no port if a slot is free
) = range(9)
KIND_NAMES = (
    "none", "compute", "load", "store address", "store data", "branch", "microcode",
    "sync", "eliminated",
)  # fmt: skip

# --- flags of a uop -------------------------------------------------------------------
NEW_SLOT = 1  # begins an issue slot
INT_WRITER = 2  # takes an integer register
FLAG_WRITER = 4
MEMORY_OP = 8  # counts against the memory operations issued a cycle
ALONE = 16  # nothing else issues in its cycle
IN_TURN = 32  # takes the core's alternating ports in turn

# --- how a load meets an older store --------------------------------------------------
(
    F_NONE,
    F_EXACT,  # all bytes from the store, at its address
    F_INSIDE,  # all bytes from the store, not at its address
    F_BLOCKED,  # bytes from elsewhere too
    F_ALIAS,  # only looks like it: 4096 bytes away
    F_ORDERED,  # exact, and waits for all older store addresses
    F_WAITS,  # meets none, but waits for older store addresses it left before
    F_MODIFIED,  # exact, from a read-modify-write
    F_RENAMED,  # takes the value at rename ...
    F_LEARNED,  # ... as a loop has taught it
    F_PASSED,  # ... a value the store's instruction loaded itself
    F_CHECKED,  # would, but has the value only once it has been checked
) = range(12)
AT_RENAME = F_RENAMED, F_LEARNED, F_PASSED

# --- where instructions are delivered from --------------------------------------------
M_DECODE, M_CACHE, M_LOOP = range(3)  # legacy decode, uop cache, loop buffer

# --- registers of the engine: architectural, then these -------------------------------
HIGH_BYTE = 32  # 32..35: AH, CH, DH, BH where renamed apart
TEMPORARY = 36  # 36..43
LOADED = 44  # the value a memory operand was read as
RESULT = 45  # the value on its way to memory
LOADED_2 = 46  # of a second memory operand
REGISTERS = 48


# --- schedulers -----------------------------------------------------------------------
SPANS = -2  # its ports belong to several schedulers: one with room takes it


# --- a trace --------------------------------------------------------------------------
class Head(NamedTuple):
    """What a trace begins with. Counts are of rows, unless said otherwise."""

    body: int  # instructions of the body
    tail: int  # ... and of what closes the loop
    repeat: int  # copies of the body in a trip
    base: int  # address of the first instruction, as a signed 64-bit number
    depth: int  # copies a store is remembered; a power of two
    loops: int  # 1: addresses start over each trip
    uops: int
    ports: int  # entries in the lists of ports of the uops
    inputs: int
    outputs: int
    accesses: int
    lines: int  # instructions of a trip, each with its uop-cache line
    cold: int  # cold lines
    core_ports: int  # ports of the core
    schedulers: int
    alternates: int  # ports taken in turn


class InsnRow(NamedTuple):
    """One instruction."""

    length: int  # bytes
    first_uop: int
    last_uop: int  # one past its last uop
    decode_slots: int  # slots in the decoders and the uop queue
    simple_after: int  # simple decoders usable in the same cycle
    microcode: int  # uops from the sequencer
    fillers: int  # uops before the others that only take issue slots
    opcode_at: int  # bytes before the opcode
    stack_delta: int  # implicit change of RSP, tracked by the stack engine
    flags: int
    latency: int  # least cycles of a microcoded whole
    after_older: int  # it ends so long after older ones retired, and need not wait; 0
    redirect: int  # cycles the front end needs after it, when REFETCH
    prefixes: int  # stall cycles for too many prefixes
    next_at: int  # address of the next instruction, when MOVES
    cold_first: int  # number of the cold line its first byte is in, from 1; 0: warm
    cold_last: int  # ... its last byte


class UopRow(NamedTuple):
    """One unfused uop; ranges are of the lists that follow the rows."""

    kind: int
    ports_first: int
    ports_last: int
    latency: int
    busy: int  # cycles a unit that is not pipelined is taken
    flags: int
    inputs_first: int
    inputs_last: int
    outputs_first: int
    outputs_last: int
    access: int  # index of the memory access within the copy; -1: none
    scheduler: int  # its entry belongs to; -1: none; SPANS: the ports' several


class OperandRow(NamedTuple):
    """A register a uop reads or writes."""

    reg: int
    delay: int  # cycles an input is needed early, or an output comes late


class AccessRow(NamedTuple):
    """One memory access of the body."""

    store: int  # access index of the store a load takes its data from; -1: memory
    distance: int  # how many copies earlier that store was
    forward: int  # F_*
    root: int  # number of the place the address counts from
    stride: int  # bytes the address moves each copy
    offset: int  # bytes at copy 0, the root being aligned to 64
    fresh: int  # 1: another unknown place each copy
    width: int  # bytes
    segment: int  # 1: it has one
    cold_first: int  # number of the cold line its first byte is in, from 1; 0: warm
    cold_last: int  # ... its last byte
    turn: int = 0  # 1: renamed, it takes a turn of the store buffer


# --- the log --------------------------------------------------------------------------
STAGES = ("queue", "issue", "ready", "dispatch", "complete", "retire", "commit")
# Columns of the log, one row a dynamic uop. Each stage has three: the cycle (-1: the
# uop does not pass it), the cause, an index into ``causes.NAMES``, and the event it
# followed, named by its position in the log (-1: the start).
COLUMNS = (
    "uop",  # row of the trace
    "insn",  # copy * rows of a trip + row of the trace
    "port",  # -1: none
    "lines",  # lines a store's commit wrote apart from others
    "fill_first",  # cold line it was the first to ask for; -1: none
    "fill_last",  # another one, if it touches two
    *(f"{stage}{part}" for stage in STAGES for part in ("", "_cause", "_source")),
)
COLUMN = {name: k for k, name in enumerate(COLUMNS)}
LOG_ROW = len(COLUMNS)


class Term(NamedTuple):
    """A cell of the packed trace that is a sum with a figure of the core in it.

    The cell holds its value at the figures stated; it grows by ``sign`` times what the
    figure is drawn above that.
    """

    cell: int  # position in the packed trace
    figure: int  # position in the vector of figures
    sign: int


class Trace(NamedTuple):
    """A path laid out on a core: all that the simulator needs but the figures."""

    head: Head
    insns: Sequence[InsnRow]
    uops: Sequence[UopRow]
    ports: Sequence[int]
    inputs: Sequence[OperandRow]
    outputs: Sequence[OperandRow]
    accesses: Sequence[AccessRow]
    lines: Sequence[int]  # uop-cache line of each instruction of a trip; -1: none
    cold: Sequence[int]  # level of each cold line: 1 L2, 2 L3, 3 memory
    scheduler_of: Sequence[int]  # of each port of the core; -1: none
    scheduler_sizes: Sequence[int]
    alternates: Sequence[int]

    def packed(self) -> array[int]:
        """All of it in one array of 64-bit integers, in the order of the fields."""
        rows = chain.from_iterable
        return array(
            "q",
            [
                *self.head, *rows(self.insns), *rows(self.uops), *self.ports,
                *rows(self.inputs), *rows(self.outputs), *rows(self.accesses),
                *self.lines, *self.cold, *self.scheduler_of, *self.scheduler_sizes,
                *self.alternates,
            ],
        )  # fmt: skip

    def insn_cell(self, insn: int, column: int) -> int:
        """Position of a column of an instruction in the packed trace."""
        return len(Head._fields) + insn * len(InsnRow._fields) + column

    def uop_cell(self, uop: int, column: int) -> int:
        """Position of a column of a uop in the packed trace."""
        return self.insn_cell(len(self.insns), 0) + uop * len(UopRow._fields) + column

    def input_cell(self, operand: int) -> int:
        """Position of an input's delay in the packed trace."""
        return self.uop_cell(len(self.uops), 0) + len(self.ports) + 2 * operand + 1

    def output_cell(self, operand: int) -> int:
        """Position of an output's delay in the packed trace."""
        return self.input_cell(len(self.inputs)) + 2 * operand

    def scheduler_cell(self, scheduler: int) -> int:
        """Position of a scheduler's size in the packed trace."""
        return (
            self.output_cell(len(self.outputs)) - 1
            + len(self.accesses) * len(AccessRow._fields)
            + len(self.lines) + len(self.cold) + len(self.scheduler_of) + scheduler
        )  # fmt: skip


def signed(address: int) -> int:
    """An address of 64 bits as the signed number that has the same bits."""
    return (address + (1 << 63)) % (1 << 64) - (1 << 63)
