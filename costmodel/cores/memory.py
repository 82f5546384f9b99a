"""Loads, stores and the L1 data cache of a core."""

from typing import Annotated

from msgspec import field

from costmodel.cores.figure import (
    BYTES,
    CYCLES,
    LARGE,
    LINES,
    latency,
    layout,
    structure,
    timing,
)
from costmodel.cores.front_end import Section

FORWARD = "store forwarding"  # cause and what-if
BLOCKED = "blocked forwarding"
CROSSING = "line crossing"
COMMIT = "store commit"
MISS = "cache miss"
LOAD = "load latency"
RATE = "commit rate"  # the what-if that takes the causes COMMIT away


# fmt: off
# A declaration is read like a row of a table.
class Renaming(Section, frozen=True):
    """Loads that take a store's data at rename. ``window`` 0: the core does not."""

    window: Annotated[int, layout(
        "the store is one of the last this many; 0: no load is renamed", "stores",
        cause=FORWARD,
    )] = 0
    per_cycle: Annotated[int, timing(
        "renaming_per_cycle", "loads renamed a cycle, but those a loop has taught; 0: "
        "any number", "loads",
        cause=FORWARD, limit=FORWARD, relaxed=0,
    )] = 0
    latency: Annotated[int, timing(
        "renaming_latency", "from the stored value to the loaded one", cause=FORWARD,
    )] = 0
    ordered: Annotated[int, layout(
        "memory.forward_order is for a store of the last this many", "stores",
        cause=FORWARD,
    )] = 0
    check: Annotated[int, timing(
        "renaming_check", "from dispatch of the load, and of the store data, to the "
        "end of the load, whose value is then known to be right; 0: none",
        cause=FORWARD, limit=FORWARD, relaxed=0,
    )] = 0
    addressed: Annotated[bool, timing(
        "renaming_addressed", "the value is not there before the load could have had "
        "it from the cache", "", cause=FORWARD,
    )] = False
    places: Annotated[int, layout(
        "places a copy's loads are renamed from at no cost; 0: any number", "places",
        cause=FORWARD,
    )] = 0
    store_buffer_turn: Annotated[float, timing(
        "renaming_turn", "of the store buffer, taken by a load renamed from a further "
        "place; stores behind it are written as much later", cause=FORWARD,
        limit="commit rate", relaxed=0,
    )] = 0.0
    segment: Annotated[int, timing(
        "renaming_segment", "added to the end of a load with a segment, if the store "
        "is not written", cause=FORWARD, limit=FORWARD, relaxed=0,
    )] = 0
    passed: Annotated[int, timing(
        "renaming_passed", "added if PUSH or POP of memory stored what it had loaded",
        cause=FORWARD,
    )] = 0
    widths: Annotated[tuple[int, ...], layout(
        "accesses that are renamed", "bits", most=64, cause=FORWARD,
    )] = (32, 64)
    learns: Annotated[bool, layout(
        "in a loop, pairs that write the address differently as well", cause=FORWARD,
    )] = False
    learned_loads: Annotated[int, layout(
        "loads that can be learned so; a loop of more has none learned; 0: any number",
        "loads", cause=FORWARD,
    )] = 0
    learned_window: Annotated[int, layout(
        "the store of a pair learned so is one of the last this many; 0: of window",
        "stores", cause=FORWARD,
    )] = 0
    by_instruction: Annotated[bool, layout(
        "every pair that has met before, however its address is written: what is "
        "learned is which instructions meet", cause=FORWARD,
    )] = False
    modify_widths: Annotated[tuple[int, ...], layout(
        "also these, from one read-modify-write to the next; through RSP in a loop "
        "only", "bits", most=64, cause=FORWARD,
    )] = ()
    displacement_limit: Annotated[int, layout(
        "largest displacement of a renamed access; 0: any", "bytes", most=BYTES,
        cause=FORWARD,
    )] = 0
    indexed: Annotated[bool, layout(
        "accesses with an index are renamed too", cause=FORWARD,
    )] = False
    immediate_stores: Annotated[bool, layout(
        "data from an immediate is renamed too", cause=FORWARD,
    )] = True
    negative_displacements: Annotated[bool, layout(
        "as far below zero as displacement_limit allows above it", cause=FORWARD,
    )] = False
    read_modify_write: Annotated[bool, layout(
        "accesses of read-modify-writes are renamed too", cause=FORWARD,
    )] = True
    never: Annotated[tuple[str, ...], layout(
        "instructions whose accesses are not renamed", cause=FORWARD,
    )] = ()
    undone_by: Annotated[tuple[str, ...], layout(
        "instructions that drain the pipeline: on a path with one, as on one that runs "
        "once, a load has its value when check says, and not sooner", cause=FORWARD,
    )] = ()
    modify_by_register: Annotated[bool, layout(
        "the load of a read-modify-write by a register is renamed too", cause=FORWARD,
    )] = True
    stack_by_immediate: Annotated[int, layout(
        "a larger addition to RSP breaks it; 0: none does", "bytes", most=BYTES,
        cause=FORWARD,
    )] = 0
    stack_survives_add: Annotated[bool, layout(
        "additions to RSP do not break it", cause=FORWARD,
    )] = True


class Memory(Section, frozen=True):
    """Loads, stores, and the L1 data cache."""

    load_latency: Annotated[int, latency(
        "load_latency", "from dispatch of a load to its result", least=1, cause=LOAD,
    )] = 4
    indexed_extra: Annotated[int, latency(
        "indexed_extra", "added for an index register", cause=LOAD,
    )] = 0
    displacement_limit: Annotated[int, layout(
        "displacements below this are fast; 0: all are", "bytes", most=BYTES,
        cause=LOAD,
    )] = 0
    slow_extra: Annotated[int, latency(
        "slow_extra", "added for other displacements", cause=LOAD,
    )] = 0
    chase_saves: Annotated[int, latency(
        "chase_saves", "saved if fast and the base was the last thing loaded",
        cause=LOAD,
    )] = 0
    segment_extra: Annotated[int, latency(
        "segment_extra", "added for a segment base that is not zero", cause=LOAD,
    )] = 0
    segment_alone: Annotated[bool, structure(
        "segment_extra is for addresses without base or index too", cause=LOAD,
    )] = True
    segment_indexed: Annotated[bool, structure(
        "segment_extra is for addresses with an index too", cause=LOAD,
    )] = True
    absolute_extra: Annotated[int, latency(
        "absolute_extra", "added without base or index, whatever the segment",
        cause=LOAD,
    )] = 0
    sign_extend_extra: Annotated[int, latency(
        "sign_extend_extra", "added if the value is sign extended", cause=LOAD,
    )] = 0
    narrow_extra: Annotated[int, latency(
        "narrow_extra", "added for 8 and 16 bits", cause=LOAD,
    )] = 0
    # From 0 to more, or back, also decides which meetings of accesses are looked for.
    bank_bytes: Annotated[int, layout(
        "two loads of a cycle may not touch one bank of this size of different lines; "
        "0: they may", "bytes", name="bank_bytes", least=1, most=64, binary=True,
        off=True, cause=LOAD,
    )] = 0
    bank_loads: Annotated[int, timing(
        "bank_loads", "loads of a cycle that may touch one bank, of any lines; 0: one, "
        "or any number of one line", "loads", cause=LOAD,
    )] = 0
    store_address_extra: Annotated[int, latency(
        "store_address_extra", "added to the cycle a store address takes to complete",
        cause="execute latency",
    )] = 0
    forward_latency: Annotated[int, timing(
        "forward_latency", "from store data to load result", cause=FORWARD,
        limit=FORWARD, relaxed=0,
    )] = 5
    forward_address: Annotated[int, timing(
        "forward_address", "from dispatch of the store address to load result",
        cause=FORWARD, limit=FORWARD, relaxed=0,
    )] = 0
    # Where a load takes more than load_latency this is as much longer.
    forward_load: Annotated[int, timing(
        "forward_load",
        "from dispatch of the load to its result, from a store not yet committed",
        cause=FORWARD, limit=FORWARD, relaxed=0,
    )] = 0
    forward_order: Annotated[int, timing(
        "forward_order", "from dispatch of the last older store address, to a load "
        "that would be renamed but for its segment or missing base; 0: none",
        cause=FORWARD, limit=FORWARD, relaxed=0,
    )] = 0
    # Switching it on or off decides which loads the rule is for.
    address_wait: Annotated[int, layout(
        "where renaming is undone, from dispatch of a store address to the load that "
        "meets it, and of the last older one to a load that left before it and meets "
        "none; 0: none", "cycles",
        name="address_wait", most=CYCLES, cause=FORWARD, limit=FORWARD, relaxed=0,
    )] = 0
    forward_narrow: Annotated[int, timing(
        "forward_narrow", "added if the load is inside the store, not at its start",
        cause=FORWARD, limit=FORWARD, relaxed=0,
    )] = 0
    forward_modified: Annotated[int, timing(
        "forward_modified", "saved of it if the store is of a read-modify-write",
        cause=FORWARD,
    )] = 0
    forward_blocked: Annotated[int, timing(
        "forward_blocked", "for a load whose bytes come from elsewhere as well",
        cause=BLOCKED,
    )] = 13
    split_load: Annotated[int, timing(
        "split_load", "more slots of the port for a load that crosses", "slots",
        cause=CROSSING, limit=CROSSING, relaxed=0,
    )] = 1
    split_store: Annotated[int, timing(
        "split_store", "more commits for a store that crosses", "commits",
        most=1000, cause=CROSSING, limit=CROSSING, relaxed=0,
    )] = 1
    split_aligned: Annotated[int, timing(
        "split_aligned", "instead of split_store, for one that begins at a multiple of "
        "four bytes; 0: split_store", "commits", most=1000,
        cause=CROSSING,
    )] = 0
    store_boundary: Annotated[int, timing(
        "store_boundary", "stores across multiples of this are split; 0: boundary is "
        "for them too", "bytes", most=4096, binary=True, cause=CROSSING,
    )] = 0
    boundary: Annotated[int, timing(
        "boundary", "accesses across multiples of this are split", "bytes", least=1,
        most=4096, binary=True, cause=CROSSING,
    )] = 64
    # As for bank_bytes: without it no alias is looked for.
    alias_4k: Annotated[int, layout(
        "added to a load 4096 bytes from an older store in flight", "cycles",
        name="alias_4k", most=CYCLES, cause="4K aliasing", limit="4K aliasing",
        relaxed=0,
    )] = 0
    commit_per_cycle: Annotated[int, timing(
        "commit_per_cycle", "stores written a cycle", "stores", least=1, cause=COMMIT,
        limit=RATE, relaxed=LARGE,
    )] = 1
    commit_same_line: Annotated[int, timing(
        "commit_same_line", "stores written a cycle, both in one line", "stores",
        least=1, cause=COMMIT, limit=RATE, relaxed=LARGE,
    )] = 1
    commit_block: Annotated[int, timing(
        "commit_block", "those lie in one block of this size", "bytes", least=1,
        most=64, binary=True, cause=COMMIT, limit=RATE, relaxed=64,
    )] = 64
    segments_pair: Annotated[bool, timing(
        "segments_pair", "stores with a segment are written beside others too", "",
        cause=COMMIT,
    )] = True
    combine_lines: Annotated[int, timing(
        "combine_lines", "stores to any of the last this many lines written merge",
        "lines", most=LINES, cause=COMMIT,
    )] = 0
    commit_line_interval: Annotated[float, timing(
        "commit_interval", "between writes of different lines", cause=COMMIT,
        limit=RATE, relaxed=0,
    )] = 1.0
    store_buffer_turn: Annotated[float, timing(
        "store_turn", "of the store buffer, taken by a store, in turn with loads that "
        "take some of it; 0: none", cause=COMMIT, limit=RATE, relaxed=0,
    )] = 0.0
    renaming: Renaming = field(default_factory=Renaming)
    l2_latency: Annotated[int, timing(
        "l2_latency", "for a line that is in the second cache", cause=MISS,
    )] = 12
    l3_latency: Annotated[int, timing(
        "l3_latency", "for a line that is in the third cache", cause=MISS,
    )] = 40
    memory_latency: Annotated[int, timing(
        "memory_latency", "for a line that is in memory", cause=MISS,
    )] = 250
    fill_buffers: Annotated[int, timing(
        "fill_buffers", "lines that may be on their way; 0: any number", "lines",
        most=LINES, cause=MISS, limit="fill buffers", relaxed=0,
    )] = 10
