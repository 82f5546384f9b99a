"""Where each figure stands in the flat integer arrays the engine runs over.

The engine's one source runs as plain Python over lists and compiled over arrays, so a
trace is integers only. These names are the whole of its data layout.
"""

from __future__ import annotations

# --- a trace: one array, these first ------------------------------------------------
(
    T_BODY,  # instructions of the body
    T_TAIL,  # ... and of what closes the loop
    T_REPEAT,  # copies of the body in a trip
    T_BASE,  # address of the first instruction
    T_DEPTH,  # copies a store is remembered
    T_LOOPS,  # whether addresses start over each trip
    T_ACCESS_COUNT,
    # where the parts begin
    T_INSNS,
    T_UOPS,  # the first uop is the stack engine's, see STACK_DELTA
    T_PORTS,
    T_INPUTS,  # pairs: register, cycles late
    T_OUTPUTS,  # pairs: register, cycles slow
    T_ACCESSES,
    T_LINES,  # uop-cache line of each instruction of a trip; -1: not cached
    T_COLD,  # level each cold line is in when a trip starts: 1 L2, 2 L3, 3 memory
    T_COLD_COUNT,  # how many lines are cold
    T_SIZE,
) = range(17)

# Positions inside the array (uops, ports, inputs, outputs) are absolute.

# --- one instruction: INSN_SIZE integers ---------------------------------------------
(
    LENGTH,  # bytes
    FIRST_UOP,  # position of its uops
    LAST_UOP,  # one past
    DECODE_SLOTS,  # slots in the decoders and the uop queue
    SIMPLE_AFTER,  # simple decoders usable in the same cycle
    MICROCODE,  # uops from the sequencer
    IMMEDIATES,  # 32-bit immediate/displacement slots in the uop cache
    OPCODE_AT,  # bytes before the opcode
    STACK_DELTA,  # implicit change of RSP, tracked by the stack engine
    INSN_FLAGS,
    LATENCY,  # least cycles of a microcoded whole
    REDIRECT,  # cycles the front end needs after it, when REFETCH
    PREFIXES,  # stall cycles for too many prefixes
    NEXT_AT,  # address the next instruction is at, if it is not the one after; -1
    STEP,  # index into the path
    COLD_FIRST,  # number of the cold line its first byte is in, from 1 on; 0: warm
    COLD_LAST,  # ... its last byte
    INSN_SIZE,
) = range(18)

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

# --- one uop: UOP_SIZE integers -------------------------------------------------------
(
    KIND,
    PORTS_FIRST,  # range in the port list
    PORTS_LAST,
    UOP_LATENCY,
    BUSY,  # cycles a unit that is not pipelined is taken
    UOP_FLAGS,
    INPUTS_FIRST,
    INPUTS_LAST,
    OUTPUTS_FIRST,
    OUTPUTS_LAST,
    ACCESS,  # index of the memory access within the copy; -1: none
    GROUP,  # scheduler its entry belongs to; -1: none; SPANS
    UOP_SIZE,
) = range(13)
SPANS = -2  # its ports belong to several schedulers: one with room takes it

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

# --- registers of the engine: architectural, then these -------------------------------
HIGH_BYTE = 32  # 32..35: AH, CH, DH, BH where renamed apart
TEMPORARY = 36  # 36..43
LOADED = 44  # the value a memory operand was read as
RESULT = 45  # the value on its way to memory
LOADED_2 = 46  # of a second memory operand
REGISTERS = 48

# --- one memory access: ACCESS_SIZE integers ------------------------------------------
(
    A_SOURCE,  # access index of the store a load takes its data from; -1: memory
    A_DISTANCE,  # how many copies earlier that store was
    A_FORWARD,  # F_* below
    A_ROOT,  # number of the place the address counts from
    A_LINE_STRIDE,  # bytes the address moves each copy
    A_OFFSET,  # offset in bytes at copy 0, alignment of the root assumed 64
    A_FRESH,  # 1: another unknown place each copy
    A_WIDTH,
    A_COLD,  # number of the cold line its first byte is in, from 1 on; 0: a warm one
    A_COLD_LAST,  # ... its last byte
    ACCESS_SIZE,
) = range(11)
F_NONE, F_EXACT, F_INSIDE, F_BLOCKED, F_ALIAS, F_ORDERED = range(6)
F_RENAMED, F_PASSED = range(6, 8)  # these take the value at rename
