"""Which load meets which store, and which addresses are known.

``run`` gives the address of every access as ``(root, offset)``; ``linkage`` compares
them in the steady state of a repeated sequence. See ``machine`` for what equal roots
mean and what is assumed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from costmodel.code import registers as R
from costmodel.code.execution import AccessAt, Execution, Table, execute, run, table_of
from costmodel.code.insn import Insn, MemoryAccess
from costmodel.code.machine import CONST, RIP, Machine, Value, signed
from costmodel.code.nearest import MANY, Nearest
from costmodel.tuples import NamedTuple

NONE, EXACT, INSIDE, BLOCKED = range(4)
FARTHEST = 64  # copies back a store is still looked for


class Linkage(NamedTuple):
    """Flat lists, one entry per access of one copy, in program order.

    The store fields are -1, 0 or NONE where an access does not load or meets no store.
    ``distance`` counts copies back to the store; ``between`` counts the store accesses
    executed after it and before the load. ``stride`` is the change of address from one
    copy to the next, meaningful where ``persistent`` is 1: the root did not change
    between the last two copies. ``same_expression`` is 1 if store and load name their
    address alike and no register in it was written in between (RSP moved by push, pop,
    call, ret and immediates counts as unwritten; ``rsp_adjusted`` is the largest
    immediate). ``unknown`` counts accesses through computed or loaded pointers.
    ``root`` and ``offset`` are the address in the last copy. Without a store nothing
    is executed: ``executed`` is False, every access has a root of its own and
    ``unknown`` is 0, since nothing had to be assumed.
    """

    step: list[int]
    slot: list[int]
    width: list[int]
    reads: list[int]
    writes: list[int]
    persistent: list[int]
    stride: list[int]
    store: list[int]
    distance: list[int]
    kind: list[int]
    between: list[int]
    same_expression: list[int]
    rsp_adjusted: list[int]
    root: list[int]
    offset: list[int]
    unknown: int
    executed: bool


def linkage(
    insns: Sequence[Insn],
    copies: int = 3,
    same_pointer: bool = False,
    always: bool = False,
) -> Linkage:
    """Compare every load with older stores in the steady state of repeated ``insns``.

    At least two copies are executed. Distances beyond ``FARTHEST`` copies are not
    looked for. ``same_pointer``: registers and memory begin with one pointer (see
    ``machine``), otherwise with unknown quantities that never meet. ``always``: execute
    even if there is no store, for the addresses.
    """
    tables = [table_of(insn.form.data) for insn in insns]
    rows = [
        (step, *access)
        for step, table in enumerate(tables)
        for access in table.accesses
    ]
    n = len(rows)
    steps, slots, widths, reads, writes = (
        map(list, zip(*rows, strict=True)) if rows else ([], [], [], [], [])
    )
    out = Linkage(
        steps, slots, widths, reads, writes,
        [1] * n, [0] * n, [-1] * n, [0] * n, [NONE] * n, [0] * n, [0] * n, [0] * n,
        list(range(n)), [0] * n, 0, False,
    )  # fmt: skip
    if 1 not in writes and not (always and n):
        return out
    machine = Machine(same_pointer)
    runs = execute(machine, insns, max(copies, 2))
    last, here = runs[-2:]
    for k in range(n):
        if last[k][0] == here[k][0]:
            out.stride[k] = signed(here[k][1] - last[k][1])
        else:
            out.persistent[k] = 0
        out.root[k], out.offset[k] = here[k]
    _link(out, runs)
    written = _Written(tables)
    for k in range(n):
        if out.store[k] >= 0:
            _compare_expressions(out, k, insns, written)
    known: dict[int, bool] = {}
    unknown = 0
    for root, _ in here:
        if root > RIP and not _is_known(machine, root, known):
            unknown += 1
    return out._replace(unknown=unknown, executed=True)


def _link(out: Linkage, runs: list[list[Value]]) -> None:
    """Fill in the youngest older store that overlaps each load."""
    at = runs[-1]
    by_root: dict[int, list[int]] = {}
    before = []  # stores of older accesses
    count = 0
    for k, written in enumerate(out.writes):
        before.append(count)
        if written:
            count += 1
            by_root.setdefault(at[k][0], []).append(k)
    offsets = [offset for _, offset in at]
    indexed = {
        root: Nearest(out, stores, offsets, FARTHEST)
        for root, stores in by_root.items()
        if len(stores) > MANY
    }
    for i, reads in enumerate(out.reads):
        root, offset = at[i]
        stores = by_root.get(root, ())
        if not reads or (not stores and out.persistent[i]):
            continue
        width, stride, step = out.width[i], out.stride[i], out.step[i]
        repeats = out.persistent[i]
        best, nearest, start = -1, FARTHEST + 1, 0
        if root in indexed:
            met = indexed[root].find(offset, width, step, stride if repeats else None)
            if met:
                best, nearest = met
            stores = ()
        for j in stores:
            # Within one copy any root will do; across copies it has to last.
            older = out.step[j] < step
            steady = repeats and out.persistent[j] and out.stride[j] == stride
            if not older and not steady:
                continue
            gap, size = signed(at[j][1] - offset), out.width[j]
            if stride == 0 or not steady:
                d = (0 if older else 1) if -size < gap < width else -1
            else:
                d = _distance(gap, size, width, stride, 0 if older else 1)
            if 0 <= d <= nearest:
                best, nearest = j, d
        if best >= 0:
            start = signed(at[best][1] - out.stride[best] * nearest - offset)
        elif not repeats:
            best, nearest, start = _earlier(out, runs, at[i], width)
        if best < 0:
            continue
        if start > 0 or start + out.width[best] < width:
            kind = BLOCKED
        else:
            kind = EXACT if start == 0 else INSIDE
        first = i
        while first and out.step[first - 1] == step:
            first -= 1
        out.store[i] = best
        out.distance[i] = nearest
        out.kind[i] = kind
        out.between[i] = before[first] + nearest * count - before[best] - 1


def _earlier(
    out: Linkage, runs: list[list[Value]], load: Value, width: int
) -> tuple[int, int, int]:
    """A store of an older copy to where a moving pointer points now.

    Returns the store (-1: none), copies back, and its start relative to the load's.
    """
    for distance in range(1, len(runs)):
        at = runs[-1 - distance]
        for j in range(len(at) - 1, -1, -1):
            if out.writes[j] and at[j][0] == load[0]:
                start = signed(at[j][1] - load[1])
                if -out.width[j] < start < width:
                    return j, distance, start
    return -1, 0, 0


def _distance(gap: int, store: int, load: int, stride: int, least: int) -> int:
    """Fewest copies back in which the store overlaps the load; -1 if in none.

    ``gap`` is the store's address less the load's in one copy; the store ``d`` copies
    back starts at ``gap - stride * d`` and overlaps if that lies in (-store, load).
    """
    d = least
    if stride > 0 and gap - stride * d >= load:
        d = (gap - load) // stride + 1
    elif stride < 0 and gap - stride * d <= -store:
        d = (-store - gap) // -stride + 1
    return d if d <= FARTHEST and -store < gap - stride * d < load else -1


class _Written:
    """Which steps write which register: asked of stretches between store and load."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.count = len(tables)
        self._steps: list[list[int]] = [[] for _ in range(16)]
        self._adjusting: list[int] = []
        self._immediates = [table.rsp_immediate for table in tables]
        for step, table in enumerate(tables):
            if table.rsp_immediate:
                self._adjusting.append(step)
            rest = table.written
            while rest:
                register = rest & -rest
                self._steps[register.bit_length() - 1].append(step)
                rest ^= register

    def writes(self, register: int, first: int, end: int) -> bool:
        steps = self._steps[register]
        at = bisect_left(steps, first)
        return at < len(steps) and steps[at] < end

    def adjusted(self, first: int, end: int) -> int:
        """The largest immediate by which RSP is moved."""
        low, high = (bisect_left(self._adjusting, step) for step in (first, end))
        moved = self._adjusting[low:high]
        return max((self._immediates[step] for step in moved), default=0)


def _compare_expressions(
    out: Linkage, i: int, insns: Sequence[Insn], written: _Written
) -> None:
    j, distance = out.store[i], out.distance[i]
    first, end = out.step[j], out.step[i]
    load = insns[end].form.memory[out.slot[i]]
    store = insns[first].form.memory[out.slot[j]]
    if _expression(load) != _expression(store):
        return
    between = [(first, end)]
    if distance == 1:
        between = [(first, written.count), (0, end)]
    elif distance > 1:
        between = [(0, written.count)]
    for register in (load.base, load.index):
        if 0 <= register < 16 and any(written.writes(register, *s) for s in between):
            return
    out.same_expression[i] = 1
    if R.RSP in (load.base, load.index):
        out.rsp_adjusted[i] = max(written.adjusted(*span) for span in between)


def _expression(access: MemoryAccess) -> tuple[int, int, int, str, bool]:
    scale = access.scale if access.index >= 0 else 1
    return access.base, access.index, scale, access.segment, access.rip_relative


def _is_known(machine: Machine, root: int, known: dict[int, bool]) -> bool:
    """Whether a root is an initial register, a segment, RIP, a constant, or a sum.

    A pointer loaded from a per-CPU word (the kernel stack's top) counts as known too.
    """
    found = root <= RIP or known.get(root)
    if found is None:
        key = machine.names[root]
        if key[0] == "+":
            found = all(
                isinstance(part, int) and _is_known(machine, part, known)
                for part in key[1:3]
            )
        elif key[0] == "mem":
            found = isinstance(key[1], int) and _in_segment(machine, key[1])
        else:
            found = key[0] in ("name", "symbol")
        known[root] = found
    return found


def _in_segment(machine: Machine, root: int) -> bool:
    bases = (R.FS_BASE, R.GS_BASE, R.KERNEL_GS_BASE)
    key = machine.names[root]
    return root in bases or (key[0] == "+" and any(base in key[1:3] for base in bases))


__all__ = [
    "BLOCKED", "CONST", "EXACT", "FARTHEST", "INSIDE", "NONE", "RIP",
    "AccessAt", "Execution", "Linkage", "linkage", "run",
]  # fmt: skip
