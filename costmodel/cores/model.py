"""What a core is, as plain typed values: the shape of ``uarch/NAME.yaml``.

Nothing here says how the engine works. Every field states its unit; a field that is 0,
empty or absent means the core lacks the mechanism. Numbers are plain here; where each
came from, and how sure it is, stands beside them in ``LoadedCore.evidence``, keyed by
the path of the field, for example ``"window.rob"``.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all sections: unknown keys are errors."""


class Predecode(Section, frozen=True):
    """Length decoding between fetch and the decoders. ``width`` 0: boundaries known."""

    width: int = 0  # instructions a cycle
    queue: int = 20  # instructions between predecode and decode
    lcp_stall: int = 0  # cycles lost for a length-changing prefix
    latency: int = 3  # cycles from predecode to decode


class Decode(Section, frozen=True):
    """Legacy decode. ``width`` decoders; slot 0 is the complex one."""

    width: int = 4
    uops: int = 4  # fused uops a cycle, all decoders together
    complex_uops: int = 4  # most fused uops of one instruction not from microcode
    simple_after: tuple[int, ...] = ()  # simple decoders left beside an instruction of
    # 1, 2, 3 ... fused uops; empty: all of them
    slot0_length: int = 0  # instructions longer than this decode in slot 0 only
    fused_pair_slots: int = 1  # slots a macro-fused pair takes
    fusible_last_waits: bool = False  # a fusible instruction never takes the last slot
    ends_after_branch: bool = True  # not only taken branches end the decode group
    pop_r12_complex: bool = False  # pop %r12 / %rsp decode in slot 0 only ...
    ends_after_pop_r12: bool = False  # ... and end the decode group
    prefix_limit: int = 0  # more prefixes than this cost prefix_stall
    prefix_stall: int = 0  # cycles
    prefix_stall_more: int = 0  # cycles, for every four prefixes beyond four too many


class UopCache(Section, frozen=True):
    """The decoded-instruction cache. ``window`` 0: none."""

    window: int = 0  # bytes a line describes: 32 or 64
    lines_per_window: int = 3
    line_uops: int = 6
    line_immediates: int = 0  # 32-bit immediates and displacements; 0: no limit
    short_immediates: bool = False  # those of 8 and 16 bits count too
    microcode_own_line: bool = True
    uops_per_cycle: int = 4
    lines_per_cycle: int = 1
    spans_windows: bool = False  # a line runs on into the next window
    again: int = 0  # cycles from lines of a window to more of the same; 0: as ever
    capacity: int = 1536  # uops or instructions, as counted, if every line is full
    counts: Literal["uops", "instructions"] = "uops"
    branch_ends_line: bool = True
    jcc_erratum: bool = False  # a branch touching a 32-byte boundary is not cached
    enter: Literal["anywhere", "branch"] = "anywhere"  # where decode may switch to it
    switch: int = 1  # cycles lost when delivery changes between cache and decoders


class FrontEnd(Section, frozen=True):
    """From memory to the uop queue."""

    fetch_bytes: int = 16  # bytes a cycle into legacy decode, aligned
    fetch_queue: int = 0  # fetch blocks buffered ahead of decode; 0: one at a time
    predecode: Predecode = field(default_factory=Predecode)
    decode: Decode = field(default_factory=Decode)
    uop_cache: UopCache = field(default_factory=UopCache)
    loop_buffer: int = 0  # uops of a loop replayed from the queue; 0: none
    uop_queue: int = 28  # fused uops between delivery and issue
    queue_latency: int = 1  # cycles from delivery to the earliest issue
    microcode_uops: int = 4  # uops a cycle from the sequencer
    microcode_switch: int = 2  # cycles lost going to and coming from the sequencer
    taken_branch: int = 1  # least cycles between taken branches
    redirect: int = 15  # cycles from a resolved mispredict or restart to first delivery


class MacroFusion(Section, frozen=True):
    """Which flag-setting instruction joins the conditional jump after it.

    ``pairs`` maps the operation's mnemonic to the conditions it fuses with ("all", or
    names such as "e", "b", "be", "l", "le" with their negations implied).
    """

    pairs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    memory_immediate: bool = False  # cmp $imm, mem fuses too
    rip_relative: bool = False
    memory: bool = True
    boundary: int = 0  # a jump at a multiple of this many bytes does not join; 0: any
    after_move: tuple[str, ...] = ()  # operations that join a register move before them


class MoveElimination(Section, frozen=True):
    """``widths`` of register moves that need no port. ``slots`` 0: unlimited."""

    widths: tuple[int, ...] = ()
    slots: int = 0
    byte_zero_extend: bool = False  # movzx r32,r8 too
    same_register: bool = False  # mov %edi,%edi too


class StackEngine(Section, frozen=True):
    """Push, pop, call, ret move RSP at no cost; explicit uses may need a sync uop."""

    present: bool = True
    sync_uop: bool = True
    sync_reads: bool = True  # explicit reads need it too, not only changes of RSP
    limit: int = 192  # bytes of unsynchronised offset that force a sync uop


class Rename(Section, frozen=True):
    """Issue: allocation and renaming, in order."""

    width: int = 4  # fused-domain slots a cycle
    memory_per_cycle: int = 0  # memory operations a cycle; 0: no limit
    register_reads: int = 0  # registers that left the reorder buffer, read a cycle
    zero_idioms: tuple[str, ...] = ()  # mnemonics: no port and no dependency
    dependency_idioms: tuple[str, ...] = ()  # a port but no dependency
    move_elimination: MoveElimination = field(default_factory=MoveElimination)
    stack_engine: StackEngine = field(default_factory=StackEngine)
    high_byte: Literal["merged", "renamed"] = "merged"  # AH..BH on their own
    low_byte_renamed: bool = False  # AL, AX writes do not read the old register
    micro_fusion: bool = True  # load+op and address+data are one slot
    fuse_read_modify_write: bool = False  # load, operation and store are one slot
    unlaminate_stores: bool = False  # indexed stores issue as two slots
    unlaminate_loads: Literal["none", "all", "no_destination_read"] = "none"
    to_dispatch: int = 5  # least cycles from issue to dispatch


class Scheduler(Section, frozen=True):
    """Entries shared by the uops waiting for any of ``ports``."""

    ports: tuple[str, ...]
    entries: int


class Window(Section, frozen=True):
    """What bounds the instructions in flight. 0: not a limit."""

    rob: int
    retire: int = 4  # fused-domain slots a cycle
    retire_latency: int = 1  # least cycles from completion to retirement
    load_buffer: int = 0
    load_buffer_freed: Literal["retire", "complete"] = "retire"
    store_buffer: int = 0
    int_registers: int = 0  # renames in flight
    flag_registers: int = 0
    schedulers: tuple[Scheduler, ...] = ()
    entry_held: int = 0  # cycles a scheduler entry stays taken after dispatch
    early_wake: bool = False  # a ready uop wakes its readers even if it finds no port


class Ports(Section, frozen=True):
    """Execution ports, and the classes of uop each serves."""

    names: tuple[str, ...]
    classes: dict[str, tuple[str, ...]]
    bind: Literal["issue", "dispatch"] = "issue"
    alternate: tuple[str, ...] = ()  # ports load and store-address uops take in turn


class Renaming(Section, frozen=True):
    """Loads that take a store's data at rename. ``window`` 0: the core does not."""

    window: int = 0  # the store is one of the last this many
    latency: int = 0  # cycles from the stored value to the loaded one
    ordered: int = 0  # memory.forward_order is for a store of the last this many
    passed: int = 0  # added if PUSH or POP of memory stored a value it loaded itself
    widths: tuple[int, ...] = (32, 64)
    learns: bool = False  # in a loop, pairs whose addresses are written differently
    modify_widths: tuple[int, ...] = ()  # also these, from one read-modify-write to the
    # next, through RSP in a loop only
    displacement_limit: int = 0  # largest displacement of a renamed access; 0: none
    indexed: bool = False
    immediate_stores: bool = True  # data from an immediate is renamed too
    read_modify_write: bool = True
    never: tuple[str, ...] = ()  # instructions whose accesses are not renamed
    modify_by_register: bool = True  # the load of one whose other operand is a register
    stack_by_immediate: int = 0  # bytes: a larger add/sub of RSP breaks tracking; 0 all
    stack_survives_add: bool = True  # add/sub of RSP keeps the tracking


class Memory(Section, frozen=True):
    """Loads, stores, and the L1 data cache. Cycles unless said otherwise."""

    load_latency: int = 4
    indexed_extra: int = 0  # added for an index register
    displacement_limit: int = 0  # base+disp below this is fast ...
    slow_extra: int = 0  # ... otherwise this is added
    chase_saves: int = 0  # saved if fast and the base itself was the last thing loaded
    segment_extra: int = 0  # a segment base that is not zero
    absolute_extra: int = 0  # no base or index register, whatever the segment
    sign_extend_extra: int = 0
    narrow_extra: int = 0  # 8- and 16-bit loads
    bank_bytes: int = 0  # two loads of one cycle may not touch the same bytes, in units
    # of this many, of different lines; 0: they may
    forward_latency: int = 5  # store data to load result, load ready early
    forward_address: int = 0  # store address dispatch to load result
    # load dispatch to result, if a store not committed has it; where a load takes more
    # than load_latency this is as much longer
    forward_load: int = 0
    # from the last older store's address dispatched to the result of a load that would
    # be renamed but for its segment or missing base; 0: it waits for no other address
    forward_order: int = 0
    forward_narrow: int = 0  # added when the load is inside the store but not at it
    forward_blocked: int = 13  # total, when bytes come from elsewhere as well
    line: int = 64
    split_load: int = 1  # extra load slots for a line crossing
    split_store: int = 1
    boundary: int = 64  # crossing this many bytes splits an access
    alias_4k: int = 0  # extra for a load 4096 bytes from an older store in flight
    commit_per_cycle: int = 1  # stores
    commit_same_line: int = 1  # stores a cycle when both are in one line
    combine_lines: int = 0  # stores to any of the last n lines written merge
    commit_line_interval: float = 1.0  # cycles between commits to different lines
    renaming: Renaming = field(default_factory=Renaming)
    l2_latency: int = 12
    l3_latency: int = 40
    memory_latency: int = 250
    fill_buffers: int = 10


class UopCost(Section, frozen=True):
    """One unfused uop.

    ``on`` is a class of ``ports.classes`` ("none": no port). ``reads`` and ``writes``
    name operands: "op0".."op3" (explicit operands, Intel order), register names
    ("rax", "rdx", "rcx"), "cf", "of", "zaps", "flags" (all of them), "t0".."t3"
    (temporaries). Left out, ``reads`` is every input the instruction has and ``writes``
    every output. ``late`` adds cycles to one input (it is needed that much earlier) and
    ``slow`` adds cycles to one output.
    """

    on: str
    latency: int = 1
    busy: int = 0  # cycles the unit is taken, if it is not pipelined
    count: int = 1  # this many of them
    reads: tuple[str, ...] | None = None
    writes: tuple[str, ...] | None = None
    late: dict[str, int] = field(default_factory=dict)
    slow: dict[str, int] = field(default_factory=dict)
    own_slot: bool = True  # False: shares the issue slot of the uop before it


class Cost(Section, frozen=True):
    """What one operation costs in one operand shape.

    ``uops`` are the compute uops; loads and stores a memory operand needs are added by
    the core's rules unless ``whole`` says the list is complete. Defaults follow from
    the uops: ``fused`` (issue slots after fusion), ``decode`` (slots in decoders and
    queue).
    """

    uops: tuple[UopCost, ...] = ()
    whole: bool = False
    fused: int | None = None
    decode: int | None = None
    complex: bool = False  # slot 0 of the decoders only
    simple_after: int | None = None  # simple decoders usable in the same cycle
    microcode: int = 0  # uops from the sequencer, of those above and filler
    filler: int = 0  # further uops that only take issue slots
    latency: int = 0  # cycles from the start to completion of a microcoded whole
    line_cycles: int = 0  # of repeated strings: cycles more each 64 bytes take, where
    # their number is known; ``latency`` is then that of a short count
    waits: Literal["", "retire", "stores"] = ""  # begins when all older uops retired /
    # when the store buffer is empty as well
    holds: bool = False  # nothing younger issues before it completes
    refetch: Literal["", "queue", "decode", "cache"] = ""  # younger code is fetched
    # only after it completes; "decode"/"cache": from where
    idiom: bool = True  # zero idioms apply to this shape


Costs = dict[str, dict[str, Cost]]  # operation -> shape -> cost


class Core(Section, frozen=True, kw_only=True):
    """One microarchitecture. ``costs`` is keyed by operation, then operand shape."""

    name: str
    title: str
    vendor: Literal["intel", "amd"]
    family: str
    year: int
    aliases: tuple[str, ...] = ()
    ghz: float = 3.0  # used only to turn cycles into nanoseconds
    evidence_state: str = ""  # one line: what the figures rest on
    measured_at: int = 0  # address, modulo a line, measured unrolled blocks began at
    measured_from: Literal["distinct_pointers", "same_pointer"] = "distinct_pointers"
    # what registers held when unrolled blocks were measured on it; "same_pointer": all
    # of them but RSP and RBP, and memory as well, one and the same
    absent: tuple[str, ...] = ()  # operations it does not have; a cost row overrides
    ports: Ports
    window: Window
    front_end: FrontEnd = field(default_factory=FrontEnd)
    fusion: MacroFusion = field(default_factory=MacroFusion)
    rename: Rename = field(default_factory=Rename)
    memory: Memory = field(default_factory=Memory)
    costs: Costs = field(default_factory=dict)
