"""The front end of a core: from memory to the uop queue."""

from typing import Annotated, Literal

from msgspec import Struct, field

from costmodel.cores.figure import (
    BYTES,
    ENTRIES,
    LARGE,
    latency,
    layout,
    structure,
    timing,
)

FETCH = "fetch bandwidth"  # cause and what-if
DECODE = "decode width"
FIRST = "first decoder"
DECODERS = "decoders"  # the what-if that widens them
CACHE = "uop cache"
MICROCODE = "microcode sequencer"


# fmt: off
# A declaration is read like a row of a table.
class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all sections: unknown keys are errors."""


class Predecode(Section, frozen=True):
    """Length decoding between fetch and the decoders. ``width`` 0: boundaries known."""

    width: Annotated[int, timing(
        "predecode_width", "instructions whose length is found a cycle",
        "instructions", cause=FETCH, limit=FETCH, relaxed=LARGE,
    )] = 0
    queue: Annotated[int, timing(
        "predecode_queue", "instructions between predecode and decode",
        "instructions", most=ENTRIES, cause=FETCH, limit=FETCH, relaxed=LARGE,
    )] = 20
    together: Annotated[bool, timing(
        "predecode_together", "what a cycle of predecode finds enters the queue "
        "together, once all of it fits", cause=FETCH,
    )] = False
    freed: Annotated[int, timing(
        "predecode_freed", "from decoding until the place in the queue takes another",
        cause=FETCH, limit=FETCH, relaxed=0,
    )] = 0
    lcp_stall: Annotated[int, timing(
        "lcp_stall", "lost for a length-changing prefix",
        cause="length-changing prefix", limit=FETCH, relaxed=0,
    )] = 0
    latency: Annotated[int, timing(
        "predecode_latency", "from predecode to decode", cause="pipeline depth",
    )] = 3


class Decode(Section, frozen=True):
    """Legacy decode. ``width`` decoders; slot 0 is the complex one."""

    width: Annotated[int, structure(
        "decoders", "instructions", name="decode_width", least=1, cause=DECODE,
        limit=DECODERS, relaxed=LARGE,
    )] = 4
    uops: Annotated[int, timing(
        "decode_uops", "fused uops a cycle, all decoders together", "uops", least=1,
        cause=DECODE, limit=DECODERS, relaxed=LARGE,
    )] = 4
    complex_uops: Annotated[int, structure(
        "most fused uops of one instruction that is not from microcode", "uops",
        cause=FIRST,
    )] = 4
    simple_after: Annotated[tuple[int, ...], structure(
        "simple decoders left beside an instruction of 1, 2, 3 .. fused uops; empty: "
        "all of them", "decoders", cause=FIRST,
    )] = ()
    slot0_length: Annotated[int, structure(
        "instructions longer than this decode in slot 0 only; 0: none", "bytes",
        most=15, cause=FIRST,
    )] = 0
    fused_pair_slots: Annotated[int, timing(
        "fused_pair_slots", "slots a macro-fused pair takes", "slots", cause=DECODE,
    )] = 1
    fusible_last_waits: Annotated[bool, timing(
        "fusible_last_waits", "a fusible instruction never takes the last slot", "",
        cause=DECODE, limit=DECODERS, relaxed=0,
    )] = False
    ends_after_branch: Annotated[bool, structure(
        "not only taken branches end the decode group", cause=DECODE,
    )] = True
    pop_r12_complex: Annotated[bool, structure(
        "POP of R12 or RSP decodes in slot 0 only", cause=FIRST,
    )] = False
    ends_after_pop_r12: Annotated[bool, structure(
        "POP of R12 or RSP ends the decode group", cause=DECODE,
    )] = False
    prefix_limit: Annotated[int, structure(
        "more prefixes than this cost prefix_stall; 0: none do", "prefixes", most=15,
        cause=DECODE,
    )] = 0
    prefix_stall: Annotated[int, latency(
        "prefix_stall", "lost for too many prefixes", cause=DECODE,
    )] = 0
    prefix_stall_more: Annotated[int, latency(
        "prefix_stall_more", "lost for every four prefixes beyond four too many",
        cause=DECODE,
    )] = 0


class UopCache(Section, frozen=True):
    """The decoded-instruction cache. ``window`` 0: none."""

    window: Annotated[int, layout(
        "bytes a line describes", "bytes", name="cache_window", least=16, most=4096,
        binary=True, off=True,
        cause=CACHE,
    )] = 0
    lines_per_window: Annotated[int, layout(
        "lines one window may take", "lines", cause=CACHE,
    )] = 3
    line_uops: Annotated[int, layout(
        "uops or instructions in a line, as counted", "places", cause=CACHE,
    )] = 6
    line_immediates: Annotated[int, layout(
        "32-bit immediates and displacements in a line; 0: no limit", "places",
        cause=CACHE,
    )] = 0
    short_immediates: Annotated[bool, layout(
        "immediates and displacements of 8 and 16 bits count too", cause=CACHE,
    )] = False
    microcode_own_line: Annotated[bool, layout(
        "a microcoded instruction has a line of its own", cause=CACHE,
    )] = True
    uops_per_cycle: Annotated[int, timing(
        "cache_width", "uops delivered a cycle", "uops", cause=CACHE, limit=CACHE,
        relaxed=LARGE,
    )] = 4
    lines_per_cycle: Annotated[int, timing(
        "cache_lines", "lines read a cycle", "lines", cause=CACHE, limit=CACHE,
        relaxed=LARGE,
    )] = 1
    spans_windows: Annotated[bool, layout(
        "a line runs on into the next window", cause=CACHE,
    )] = False
    again: Annotated[int, timing(
        "cache_again", "from lines of a window to more of the same; 0: no rule",
        cause=CACHE, limit=CACHE, relaxed=0,
    )] = 0
    full_saves: Annotated[float, timing(
        "cache_full_saves", "that the next window comes earlier behind a cycle of "
        "lines_per_cycle lines, if there is a rule again", most=1, cause=CACHE,
    )] = 0.0
    capacity: Annotated[int, layout(
        "uops or instructions, as counted, if every line is full", "places",
        most=1 << 20, cause=CACHE,
    )] = 1536
    counts: Annotated[Literal["uops", "instructions"], layout(
        "what the places of a line are of", cause=CACHE,
    )] = "uops"
    branch_ends_line: Annotated[bool, layout(
        "a taken branch ends a line", cause=CACHE,
    )] = True
    length_prefixes: Annotated[bool, layout(
        "operations of registers with a length-changing prefix are cached too",
        cause=CACHE,
    )] = True
    jcc_erratum: Annotated[bool, layout(
        "a branch that touches a 32-byte boundary is not cached", cause=CACHE,
    )] = False
    enter: Annotated[Literal["anywhere", "branch"], timing(
        "cache_at_branch", "where delivery may pass from the decoders to the cache",
        "", when="branch", cause=CACHE,
    )] = "anywhere"
    switch: Annotated[int, timing(
        "cache_switch", "lost when delivery changes between cache and decoders",
        cause=CACHE, limit=CACHE, relaxed=0,
    )] = 1


class FrontEnd(Section, frozen=True):
    """From memory to the uop queue."""

    fetch_bytes: Annotated[int, layout(
        "bytes a cycle into legacy decode, aligned", "bytes", name="fetch_bytes",
        least=1, most=4096, binary=True, cause=FETCH, limit=FETCH, relaxed=4096,
    )] = 16
    fetch_queue: Annotated[int, timing(
        "fetch_queue", "fetch blocks buffered ahead of decode; 0: one at a time",
        "blocks", most=ENTRIES, cause=FETCH,
    )] = 0
    predecode: Predecode = field(default_factory=Predecode)
    decode: Decode = field(default_factory=Decode)
    uop_cache: UopCache = field(default_factory=UopCache)
    loop_buffer: Annotated[int, layout(
        "uops of a loop that is replayed from the queue; 0: none", "uops", cause=CACHE,
    )] = 0
    loop_width: Annotated[int, timing(
        "loop_width", "uops of one turn replayed a cycle; 0: any number, of any turns",
        "uops", cause=CACHE, limit=CACHE, relaxed=0,
    )] = 0
    loop_turn: Annotated[float, timing(
        "loop_turn", "lost by the replay of a turn of as many uops as issue a cycle, "
        "or more", cause=CACHE, limit=CACHE, relaxed=0,
    )] = 0.0
    uop_queue: Annotated[int, timing(
        "queue", "fused uops between delivery and issue", "uops", least=1,
        most=ENTRIES, cause="queue full", limit="uop queue", relaxed=LARGE,
    )] = 28
    queue_latency: Annotated[int, timing(
        "queue_latency", "from delivery to the earliest issue", cause="pipeline depth",
    )] = 1
    microcode_uops: Annotated[int, timing(
        "microcode_uops", "uops a cycle from the sequencer", "uops", least=1,
        cause=MICROCODE, limit=MICROCODE, relaxed=LARGE,
    )] = 4
    microcode_switch: Annotated[int, timing(
        "microcode_switch", "lost going to the sequencer and coming from it",
        cause=MICROCODE, limit=MICROCODE, relaxed=0,
    )] = 2
    taken_branch: Annotated[int, timing(
        "taken_branch", "least time between taken branches", cause=FETCH,
        limit="taken branches", relaxed=0,
    )] = 1
    redirect: Annotated[int, latency(
        "redirect", "from a restart of the front end to the first delivery",
        cause="front end restart",
    )] = 15


class MacroFusion(Section, frozen=True):
    """Which flag-setting instruction joins the conditional jump after it."""

    pairs: Annotated[dict[str, tuple[str, ...]], structure(
        "conditions each operation fuses with: all, or names such as e, b, be, l, le, "
        "whose opposites are implied",
    )] = field(default_factory=dict)
    memory_immediate: Annotated[bool, structure(
        "operations with memory and an immediate fuse too",
    )] = False
    rip_relative: Annotated[bool, structure(
        "operations with memory at RIP fuse too",
    )] = False
    memory: Annotated[bool, structure("operations with memory fuse too")] = True
    boundary: Annotated[int, structure(
        "a jump at a multiple of this many bytes does not join; 0: any does", "bytes",
        most=BYTES,
    )] = 0
    after_move: Annotated[tuple[str, ...], structure(
        "operations that join a register move before them",
    )] = ()
    no_operations: Annotated[bool, structure(
        "a NOP joins the instruction before it where both come from the uop cache",
    )] = False
