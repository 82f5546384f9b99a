"""A core's figures as the flat integers the engine runs on."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.cores.model import Core

MOST_FILL_BUFFERS = 1000  # more than any path keeps busy
FIXED = 64  # fractional cycles are whole 64ths inside the engine


class Params(NamedTuple):
    """Plain integers; 0 where the core lacks the mechanism."""

    fetch_bytes: int
    fetch_shift: int  # its logarithm
    fetch_queue: int
    predecode_width: int
    predecode_queue: int
    predecode_latency: int
    lcp_stall: int
    decode_width: int
    decode_uops: int
    fused_pair_slots: int
    fusible_last_waits: int
    cache_width: int
    cache_lines: int
    cache_switch: int
    cache_at_branch: int
    queue: int
    queue_latency: int
    microcode_uops: int
    microcode_switch: int
    taken_branch: int
    redirect: int
    issue_width: int
    memory_per_cycle: int
    to_dispatch: int
    sync_uop: int
    stack_limit: int
    elimination_slots: int
    bind_at_issue: int
    ports: int
    groups: int
    rob: int
    retire: int
    retire_latency: int
    load_buffer: int
    load_freed_complete: int
    store_buffer: int
    int_registers: int
    flag_registers: int
    bank_bytes: int
    forward_latency: int
    forward_address: int
    forward_narrow: int
    forward_blocked: int
    renaming_latency: int
    line: int
    boundary: int
    split_load: int
    split_store: int
    commit_per_cycle: int
    commit_same_line: int
    combine_lines: int
    commit_interval: int  # 64ths of a cycle
    l2_latency: int
    l3_latency: int
    memory_latency: int
    fill_buffers: int
    entry_held: int = 0
    early_wake: int = 0
    forward_order: int = 0  # cycles from the last older store address
    renaming_passed: int = 0  # more cycles for what PUSH of memory stored
    forward_load: int = 0  # cycles beyond those the load takes from the cache
    cache_shift: int = 0  # logarithm of the bytes of a cache window
    cache_again: int = 0
    alias_4k: int = 0
    register_reads: int = 0


def build(core: Core) -> Params:
    """The engine's parameters of a core."""
    front, rename, memory, window = (
        core.front_end,
        core.rename,
        core.memory,
        core.window,
    )
    cache = front.uop_cache
    stack = rename.stack_engine
    return Params(
        fetch_bytes=front.fetch_bytes,
        fetch_shift=front.fetch_bytes.bit_length() - 1,
        fetch_queue=front.fetch_queue,
        predecode_width=front.predecode.width,
        predecode_queue=front.predecode.queue,
        predecode_latency=front.predecode.latency,
        lcp_stall=front.predecode.lcp_stall,
        decode_width=front.decode.width,
        decode_uops=front.decode.uops,
        fused_pair_slots=front.decode.fused_pair_slots,
        fusible_last_waits=int(front.decode.fusible_last_waits),
        cache_width=cache.uops_per_cycle,
        cache_lines=cache.lines_per_cycle,
        cache_switch=cache.switch,
        cache_at_branch=int(cache.enter == "branch"),
        queue=front.uop_queue,
        queue_latency=front.queue_latency,
        microcode_uops=front.microcode_uops,
        microcode_switch=front.microcode_switch,
        taken_branch=front.taken_branch,
        redirect=front.redirect,
        issue_width=rename.width,
        memory_per_cycle=rename.memory_per_cycle,
        to_dispatch=rename.to_dispatch,
        sync_uop=int(stack.present and stack.sync_uop),
        stack_limit=stack.limit,
        elimination_slots=rename.move_elimination.slots,
        bind_at_issue=int(core.ports.bind == "issue"),
        ports=len(core.ports.names),
        groups=max(1, len(window.schedulers)),
        rob=window.rob,
        retire=window.retire,
        retire_latency=window.retire_latency,
        load_buffer=window.load_buffer,
        load_freed_complete=int(window.load_buffer_freed == "complete"),
        store_buffer=window.store_buffer,
        int_registers=window.int_registers,
        flag_registers=window.flag_registers,
        bank_bytes=memory.bank_bytes,
        forward_latency=memory.forward_latency,
        forward_address=memory.forward_address,
        forward_narrow=memory.forward_narrow,
        forward_blocked=memory.forward_blocked,
        renaming_latency=memory.renaming.latency,
        line=memory.line,
        boundary=memory.boundary,
        split_load=memory.split_load,
        split_store=memory.split_store,
        commit_per_cycle=memory.commit_per_cycle,
        commit_same_line=memory.commit_same_line,
        combine_lines=memory.combine_lines,
        commit_interval=round(memory.commit_line_interval * FIXED),
        l2_latency=memory.l2_latency,
        l3_latency=memory.l3_latency,
        memory_latency=memory.memory_latency,
        fill_buffers=min(memory.fill_buffers, MOST_FILL_BUFFERS),
        entry_held=window.entry_held,
        early_wake=int(window.early_wake),
        forward_order=memory.forward_order,
        renaming_passed=memory.renaming.passed,
        forward_load=max(0, memory.forward_load - memory.load_latency),
        cache_shift=max(1, cache.window).bit_length() - 1,
        cache_again=cache.again,
        alias_4k=memory.alias_4k,
        register_reads=rename.register_reads,
    )
