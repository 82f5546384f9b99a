"""The assumed figures an estimate rests on: of cost rows, and of the core itself.

A figure is left out only where it is certain that no other value of it could change
the estimate, the rest staying as it is: the engine never looked at it.
"""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.cores.quantity import Quantity
from costmodel.engine import layout as L
from costmodel.engine.lowered import Lowered
from costmodel.engine.pathrun import Run
from costmodel.engine.result import Guess
from costmodel.engine.state import M_DECODE, M_LOOP

# Figures no estimate looks at: what a core is called by, and how it was measured.
UNUSED = frozenset(["ghz", "year", "measured_at"])

# Figure, or group of them -> what a path must have for it to matter (see ``_met``). A
# figure that is not here may matter to any path.
NEEDS = {
    "front_end.fetch_queue": "decoders",
    "front_end.predecode": "decoders",
    "front_end.predecode.lcp_stall": "length prefix",
    "front_end.decode": "decoders",
    "front_end.decode.fused_pair_slots": "fused pair",
    "front_end.decode.prefix_stall": "prefix stall",
    "front_end.decode.prefix_stall_more": "prefix stall",
    "front_end.microcode_uops": "microcode",
    "front_end.microcode_switch": "microcode",
    "front_end.uop_cache": "uop cache",
    "front_end.loop_buffer": "loop",
    "front_end.redirect": "restart",
    "rename.stack_engine": "stack",
    "rename.memory_per_cycle": "memory",
    "window.load_buffer": "load",
    "window.store_buffer": "store",
    "memory.load_latency": "load",
    "memory.bank_bytes": "load",
    "memory.indexed_extra": "indexed load",
    "memory.segment_extra": "segment load",
    "memory.absolute_extra": "absolute load",
    "memory.sign_extend_extra": "sign-extending load",
    "memory.narrow_extra": "narrow load",
    "memory.displacement_limit": "load",
    "memory.slow_extra": "load",
    "memory.chase_saves": "load",
    "memory.forward_latency": "forwarded load",
    "memory.forward_address": "forwarded load",
    "memory.forward_load": "forwarded load",
    "memory.forward_order": "ordered load",
    "memory.forward_narrow": "load inside a store",
    "memory.forward_blocked": "blocked load",
    "memory.alias_4k": "aliased load",
    "memory.renaming": "forwarded load",
    "memory.renaming.latency": "renamed load",
    "memory.renaming.passed": "passed load",
    "memory.boundary": "crossing",
    "memory.split_load": "crossing",
    "memory.split_store": "crossing",
    "memory.commit_per_cycle": "commit",
    "memory.commit_same_line": "commit",
    "memory.combine_lines": "commit",
    "memory.commit_line_interval": "commit",
    "memory.l2_latency": "line in L2",
    "memory.l3_latency": "line in L3",
    "memory.memory_latency": "line in memory",
    "memory.fill_buffers": "cold line",
}
# Sizes: where the machine starts empty and runs fewer uops than fit, none can be full.
_SIZES = (
    "window.rob", "window.load_buffer", "window.store_buffer", "window.int_registers",
    "window.flag_registers", "window.schedulers.", "front_end.uop_queue",
)  # fmt: skip


def guesses(run: Run, uops: int | None = None) -> tuple[Guess, ...]:
    """Assumed figures of the core the path can feel, then those of the rows it used,
    each in the core file's order. ``uops``: how many were run, if that is known.
    """
    rows = {low.row for low in run.lowered if low is not None and low.row}
    met: frozenset[str] | None = None
    core, costs = [], []
    for name, quantity in run.loaded.evidence.items():
        if not quantity.assumed:
            continue
        if name.startswith("costs."):
            if ".".join(name.split(".")[:3]) in rows:
                costs.append(_guess(name, quantity))
            continue
        if met is None:
            met = frozenset(_met(run))
        if _felt(name, quantity, met, run, uops):
            core.append(_guess(name, quantity))
    return (*core, *costs)


def _guess(name: str, known: Quantity) -> Guess:
    return Guess(name, known.value, known.low, known.high, known.note)


def _felt(
    name: str, known: Quantity, met: frozenset[str], run: Run, uops: int | None
) -> bool:
    """Whether another value of a figure of the core could change the estimate."""
    if name in UNUSED:
        return False
    need = NEEDS.get(name) or NEEDS.get(name.rpartition(".")[0])
    if need is not None and need not in met:
        return False
    if name == "front_end.uop_cache.capacity":
        lines = run.trace[run.trace[L.T_LINES] : run.trace[L.T_COLD]]
        most = max(lines, default=-1) + 1 or len(lines)
        return most > known.low // run.loaded.core.front_end.uop_cache.line_uops
    if name == "front_end.decode.slot0_length":
        return any(item.form.length > known.low for item in run.items)
    if name.startswith(_SIZES):
        return uops is None or run.scenario != "once" or uops >= known.low
    return True


def _met(run: Run) -> Iterator[str]:
    """What of the machine the path meets, in the words of ``NEEDS``."""
    yield from _front_end(run)
    kinds = {uop.kind for low in _own(run) for uop in low.uops}
    loads, stores = L.K_LOAD in kinds, L.K_STORE_DATA in kinds
    if loads or stores:
        yield "memory"
        if _crosses(run):
            yield "crossing"
    if loads:
        yield "load"
        yield from _loads(run)
    if stores:
        yield "store"
        if _commits_matter(run):
            yield "commit"
    names = (None, "line in L2", "line in L3", "line in memory")
    for level in set(run.cold_lines.levels):
        yield "cold line"
        yield names[level] or ""


def _own(run: Run) -> Iterator[Lowered]:
    return (low for low in run.lowered if low is not None)


def _front_end(run: Run) -> Iterator[str]:
    flags = 0
    for low in _own(run):
        flags |= low.flags
        if low.microcode:
            yield "microcode"
        if low.prefix_stall:
            yield "prefix stall"
    if any(item.form.stack_delta for item in run.items):
        yield "stack"
    lines = run.trace[run.trace[L.T_LINES] : run.trace[L.T_COLD]]
    if run.scenario == "loop":
        yield "loop"
    if run.plan.cached:
        yield "uop cache"
    if flags & L.REFETCH:
        yield "restart"
    # In the cache's mode only what is in none of its lines comes from the decoders.
    if run.plan.mode == M_LOOP:
        return
    if run.plan.mode == M_DECODE or flags & L.REFETCH_DECODE or min(lines) < 0:
        yield "decoders"
        if flags & L.LCP:
            yield "length prefix"
        if flags & L.FUSED_PAIR:
            yield "fused pair"


def _loads(run: Run) -> Iterator[str]:
    for item in run.items:
        form = item.form
        for access in form.memory:
            if not access.reads:
                continue
            if access.index >= 0:
                yield "indexed load"
            if access.segment:
                yield "segment load"
            if access.base < 0 and access.index < 0:
                yield "absolute load"
            if access.width < 32:
                yield "narrow load"
            if form.mnemonic in ("movsx", "movsxd"):
                yield "sign-extending load"
    said = {L.F_INSIDE: "load inside a store", L.F_BLOCKED: "blocked load",
            L.F_RENAMED: "renamed load", L.F_PASSED: "passed load",
            L.F_ORDERED: "ordered load"}  # fmt: skip
    for at in _accesses(run):
        forward = run.trace[at + L.A_FORWARD]
        if forward == L.F_ALIAS:
            yield "aliased load"
        elif forward:
            yield "forwarded load"
            if forward in said:
                yield said[forward]


def _accesses(run: Run) -> range:
    """Where each access stands in the trace."""
    trace = run.trace
    return range(trace[L.T_ACCESSES], trace[L.T_LINES], L.ACCESS_SIZE)


def _crosses(run: Run) -> bool:
    """Whether an access may straddle a line, or what else splits it."""
    known = run.loaded.evidence.get("memory.boundary")
    size = min(run.params.boundary, int(known.low) if known else run.params.boundary)
    trace = run.trace
    return any(
        trace[at + L.A_LINE_STRIDE]
        or trace[at + L.A_OFFSET] % size + trace[at + L.A_WIDTH] > size
        for at in _accesses(run)
    )


def _commits_matter(run: Run) -> bool:
    """Whether anything may wait for a store to be written.

    A pass that ends with its last retirement does not, if all stores fit the buffer, no
    load takes data from one, and nothing waits for the buffer to be empty.
    """
    if run.scenario != "once" or run.cold:
        return True
    if any(low.flags & L.WAIT_STORES for low in _own(run)):
        return True
    if any(run.trace[at + L.A_FORWARD] for at in _accesses(run)):
        return True
    stores = sum(u.kind == L.K_STORE_DATA for low in _own(run) for u in low.uops)
    known = run.loaded.evidence.get("window.store_buffer")
    room = run.params.store_buffer
    return 0 < room <= stores or (known is not None and 0 < known.low <= stores)
