"""A Path laid out for one core: the rows the simulator reads.

Everything that does not depend on time is settled here: which instructions fuse, where
partial registers are merged, which uop-cache line serves an instruction, and which
older store a load takes its data from.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Callable, Mapping, Sequence

from costmodel.code.insn import Form
from costmodel.cores import declarations
from costmodel.cores.loaded import LoadedCore
from costmodel.cores.model import Core
from costmodel.engine import layout as L
from costmodel.engine.chase import Chaser
from costmodel.engine.fusion import (
    absorb,
    absorbs,
    fuse,
    fuses,
    join,
    kept_apart,
    moves_into,
)
from costmodel.engine.layout import AccessRow, Head, InsnRow, OperandRow, Term, Trace
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import FILLER, Item, Lowered, Terms, Uop
from costmodel.engine.partial import (
    HighBytes,
    PartialFlags,
    flag_merge_uop,
    merge_uop,
)
from costmodel.engine.uopcache import lines_of
from costmodel.tuples import NamedTuple

_LATENCY, _BUSY = L.UopRow._fields.index("latency"), L.UopRow._fields.index("busy")
_new = tuple.__new__  # of rows whose fields are all there: a third of the time
_COLUMN = {name: k for k, name in enumerate(InsnRow._fields)}
Join = Callable[[Lowered, Lowered], Lowered]
Place = Callable[[str], int]  # of a figure in the vector, by its path


class PortMap:
    """Ports of each class as ranges of one list, and the scheduler each port feeds."""

    def __init__(self, core: Core) -> None:
        number = {name: k for k, name in enumerate(core.ports.names)}
        self.group_of = [-1] * len(number)
        self.group_size: list[int] = []
        for k, scheduler in enumerate(core.window.schedulers):
            self.group_size.append(scheduler.entries)
            for port in scheduler.ports:
                self.group_of[number[port]] = k
        self.ports: list[int] = []
        self.ranges: dict[str, tuple[int, int]] = {"none": (0, 0)}
        highest_first = core.ports.bind == "issue"
        for name, members in core.ports.classes.items():
            first = len(self.ports)
            chosen = [number[m] for m in members]
            if highest_first:
                chosen.sort(reverse=True)
            else:  # those of one scheduler side by side
                order = [self.group_of[port] for port in chosen]
                chosen = [
                    port
                    for group in dict.fromkeys(order)
                    for port in chosen
                    if self.group_of[port] == group
                ]
            self.ports += chosen
            self.ranges[name] = (first, len(self.ports))
        self.alternates = [number[m] for m in core.ports.alternate]
        self._groups = {name: self._group(name) for name in self.ranges}

    def group(self, port_class: str) -> int:
        """Scheduler of a class; ``SPANS`` if its ports belong to several."""
        return self._groups.get(port_class, -1)

    def _group(self, port_class: str) -> int:
        first, last = self.range(port_class)
        if last == first:
            return -1
        groups = {self.group_of[port] for port in self.ports[first:last]}
        if len(groups) > 1 and -1 not in groups:
            return L.SPANS
        return self.group_of[self.ports[first]]

    def range(self, port_class: str) -> tuple[int, int]:
        return self.ranges.get(port_class, (0, 0))


class Template(NamedTuple):
    """The rows of a uop; its ranges count from its own first port, input and output."""

    row: tuple[int, int, int, int, int, int]  # kind to flags
    inputs: tuple[OperandRow, ...]
    outputs: tuple[OperandRow, ...]
    access: int
    scheduler: int


class Builder:
    """Lays paths out for one core. Keeps the lowering, and so what it has lowered.

    ``like``: a builder whose core has the same ports and renamer: what both need is
    shared. ``core``: that of the paths, if what it lowers to is another's (``varied``).
    """

    def __init__(
        self,
        lowering: Lowering,
        like: Builder | None = None,
        core: Core | None = None,
    ) -> None:
        self.lowering = lowering
        self.core = core or lowering.core
        self.map: PortMap = like.map if like else PortMap(self.core)
        self._high = self.core.rename.high_byte == "renamed"
        self._flag_merge = (
            flag_merge_uop(self.core) if self.core.rename.flag_merge else None
        )
        self._templates: dict[int, tuple[Uop, Template]] = (
            like._templates if like else {}
        )
        self._bodies: dict[_Key, _Body] = like._bodies if like else {}
        self._fused: dict[tuple[Join, int, int], tuple[Lowered, Lowered, Lowered]] = (
            like._fused if like else {}
        )
        self.chaser: Chaser = like.chaser if like else Chaser(lowering.core)

    @functools.cached_property
    def stated(self) -> array[int]:
        """The figures of the core, as the simulator reads them."""
        return declarations.vector(self.core)

    def varied(self, loaded: LoadedCore, values: Mapping[str, object]) -> Builder:
        """The builder of a core that differs from this in the figures ``values``."""
        lowering = self.lowering.varied(loaded, values)
        if lowering is None:
            return Builder(Lowering(loaded))
        return Builder(lowering, self, loaded.core)

    def lower_all(
        self, items: Sequence[Item], cached: bool = False, base: int = -1
    ) -> list[Lowered | None]:
        """What each instruction becomes; None: fused into the one before it. Moves join
        what follows only where it comes from the uop cache: decoders give each a slot.
        ``base``: address of the first, if every trip is there; -1: copies are anywhere.
        """
        apart = kept_apart(self.core, items, base)
        kept = self.lowering.whole
        known = kept.get((id(items), cached, apart))
        if known is None:
            if len(kept) >= _MOST_WHOLE:
                kept.clear()
            made = self._lower_all(items, cached, apart)
            # keeps the items alive, and so their id their own
            known = kept[id(items), cached, apart] = items, made
        return known[1]

    def _lower_all(
        self, items: Sequence[Item], cached: bool, apart: frozenset[int]
    ) -> list[Lowered | None]:
        lower = self.lowering.lower
        out: list[Lowered | None] = []
        pairs = self.core.fusion.pairs
        after_move = self.core.fusion.after_move if cached else ()
        nops = self.core.fusion.no_operations and cached
        for k, (form, taken, _) in enumerate(items):
            if nops and k and out[-1] and absorbs(items[k - 1].form, out[-1], form):
                out[-1] = self._together(absorb, out[-1], lower(form, taken))
                out.append(None)
                continue
            if form.mnemonic in after_move and k and out[-1] is not None:
                first = items[k - 1].form
                if moves_into(self.core, first, form):
                    out[-1] = self._together(join, out[-1], lower(form, taken))
                    out.append(None)
                    continue
            if form.condition and k and out[-1] is not None and k not in apart:
                first = items[k - 1].form
                if first.mnemonic in pairs and fuses(self.core, first, form):
                    out[-1] = self._together(fuse, out[-1], lower(form, taken))
                    out.append(None)
                    continue
            out.append(lower(form, taken))
        return out

    def _together(self, how: Join, first: Lowered, second: Lowered) -> Lowered:
        """Two instructions as one, kept by their identity."""
        key = how, id(first), id(second)
        known = self._fused.get(key)
        if known is None:  # keeps the two alive, and so their ids their own
            known = self._fused[key] = how(first, second), first, second
        return known[0]

    def build(
        self,
        items: Sequence[Item],
        lowered: Sequence[Lowered | None],
        body: int,
        repeat: int = 1,
        base: int = 0,
        cached: bool = False,
        loops: bool = False,
        accesses: Sequence[AccessRow] = (),
        depth: int = 1,
        cold: Sequence[int] = (),
        cold_code: Sequence[tuple[int, int]] = (),
    ) -> Trace:
        """The trace of ``items``: a body of ``body`` instructions, ``repeat`` copies of
        which make a trip, and a tail that closes it.

        ``lowered``: what ``lower_all`` and ``chased`` made of them. ``accesses``: a row
        for each memory access of the body (see ``links``). ``cold``: level of each cold
        line; ``cold_code``: numbers of those the first and last byte of each
        instruction are in (see ``cold``).
        """
        copied = body if repeat > 1 else 0
        insns, rows, count = self._body(items, lowered, base, copied, cold_code)
        trip = trip_of(body, len(items) - body, repeat)
        lines_ = lines_of(self.core, items, lowered, trip, base, cached, cold_code)
        if len(accesses) < count:
            accesses = [*accesses, *_unlinked(lowered)][-count:]
        ports = self.map
        head = Head(
            body, len(items) - body, repeat, L.signed(base), _power_of_two(depth),
            int(loops), len(rows.uops), len(ports.ports), len(rows.inputs),
            len(rows.outputs), len(accesses), len(lines_), len(cold),
            len(ports.group_of), len(ports.group_size), len(ports.alternates),
        )  # fmt: skip
        return Trace(
            head, insns, rows.uops, ports.ports, rows.inputs, rows.outputs, accesses,
            lines_, cold, ports.group_of, ports.group_size, ports.alternates,
        )  # fmt: skip

    def _body(
        self,
        items: Sequence[Item],
        lowered: Sequence[Lowered | None],
        base: int,
        copied: int,
        cold_code: Sequence[tuple[int, int]],
    ) -> tuple[list[InsnRow], _Rows, int]:
        """Rows of the instructions and of their uops, and how many accesses there are.

        Kept: draws of figures that only move code and data have the same again.
        """
        key = tuple(map(id, lowered)), id(items), base, copied, tuple(cold_code)
        known = self._bodies.get(key)
        if known is not None:
            return known[2:]
        rows = _Rows(self)
        rows.add(_SYNC, 0)
        rows.add(FILLER, 0)
        insns: list[InsnRow] = []
        count = 0  # accesses of the instructions before
        fusible = self.core.fusion.pairs
        address = base
        merged = self.merges(items, copied)
        for k, (low, merges) in enumerate(zip(lowered, merged, strict=True)):
            form = items[k].form
            first = len(rows.uops)
            address += form.length
            after = items[k + 1].address if k + 1 < len(items) else -1
            moves = after >= 0 and after != address
            if after >= 0:
                address = after
            lines = cold_code[k] if k < len(cold_code) else (0, 0)
            if low is None:
                jump = self.lowering.lower(form, items[k].taken).flags
                flags = L.FUSED_SECOND | jump & (L.BRANCH | L.TAKEN | L.ENDS_GROUP)
                insns.append(
                    InsnRow(
                        form.length, first, first, 0, 0, 0, 0, _opcode_at(form), 0,
                        flags | L.MOVES * moves, 0, 0, 0, 0,
                        L.signed(after) if moves else 0, *lines,
                    )
                )  # fmt: skip
                continue
            for merge in merges:
                rows.add(merge, count)
            for uop in low.uops:
                rows.add(uop, count)
            count += len(low.accesses)
            flags = low.flags
            if form.mnemonic in fusible:
                flags |= L.FUSIBLE
            insns.append(
                InsnRow(
                    form.length, first, len(rows.uops), low.decode_slots,
                    low.simple_after, low.microcode, low.fillers, _opcode_at(form),
                    form.stack_delta, flags | L.MOVES * moves, low.latency,
                    low.after_older, low.redirect, low.prefix_stall,
                    L.signed(after) if moves else 0,
                    *lines,
                )
            )  # fmt: skip
        if len(self._bodies) >= _MOST_BODIES:
            del self._bodies[next(iter(self._bodies))]
        # Keeps alive what the key names by its id.
        self._bodies[key] = items, lowered, insns, rows, count
        return insns, rows, count

    def chased(
        self,
        items: Sequence[Item],
        lowered: Sequence[Lowered | None],
        accesses: Sequence[AccessRow],
    ) -> list[Lowered | None]:
        """The same with loads through loaded pointers as quick as the core has them."""
        if not self.core.memory.chase_saves:
            return list(lowered)
        path = [
            None if low is None else self.chaser.facts(item.form, low)
            for item, low in zip(items, lowered, strict=True)
        ]
        return self.chaser.chased(path, accesses)

    def template(self, uop: Uop) -> Template:
        """The rows of ``uop``, kept by its identity."""
        kept = self._templates.get(id(uop))
        if kept is None:  # keeps ``uop`` alive, and so its id its own
            first, last = self.map.range(uop.port_class)
            made = Template(
                (uop.kind, first, last, uop.latency, uop.busy, uop.flags),
                tuple([_new(OperandRow, pair) for pair in uop.inputs]),
                tuple([_new(OperandRow, pair) for pair in uop.outputs]),
                uop.access,
                self.map.group(uop.port_class),
            )
            kept = self._templates[id(uop)] = uop, made
        return kept[1]

    def merges(self, items: Sequence[Item], copied: int = 0) -> list[list[Uop]]:
        """What is merged before each instruction of a path that repeats: high bytes
        into their registers, flags of several writers. ``copied``: so many of the first
        come again and again before the rest; 0: no such ones."""
        out: list[list[Uop]] = [[] for _ in items]
        forms = [form for form, *_ in items]
        if self._high and any(use.high for form in forms for use in form.writes):
            high = HighBytes()
            zero = self.core.rename.zero_idioms
            path = [(f, f.same_register and f.mnemonic in zero) for f in forms]
            for form, idiom in path:
                high.merges(form, idiom)
            for k, (form, idiom) in enumerate(path):
                out[k] = [merge_uop(r, self.core) for r in high.merges(form, idiom)]
        if self._flag_merge is not None:
            flags = PartialFlags(self.core.rename.flag_merge_groups)
            for form in forms[: copied or None]:
                flags.merges(form)
            for k, form in enumerate(forms):
                if flags.merges(form):
                    out[k].append(self._flag_merge)
        return out


class _Rows:
    """Rows of uops as they are added, with the operands they range over."""

    def __init__(self, builder: Builder) -> None:
        self._template = builder.template
        self.uops: list[L.UopRow] = []
        self.inputs: list[OperandRow] = []
        self.outputs: list[OperandRow] = []

    def add(self, uop: Uop, accesses: int) -> None:
        """One more uop, of an instruction with ``accesses`` accesses before it."""
        row, inputs, outputs, access, scheduler = self._template(uop)
        reads, writes = len(self.inputs), len(self.outputs)
        self.inputs += inputs
        self.outputs += outputs
        at = accesses + access if access >= 0 else -1
        ends = reads, len(self.inputs), writes, len(self.outputs), at, scheduler
        self.uops.append(_new(L.UopRow, row + ends))


# A body's rows by what they are made of, and what the ids in the key belong to.
_Key = tuple[tuple[int, ...], int, int, int, tuple[tuple[int, int], ...]]
_Body = tuple[Sequence[Item], Sequence[Lowered | None], list[InsnRow], _Rows, int]
_MOST_BODIES = 8
_MOST_WHOLE = 16  # paths of which it is kept what all of them lowers to


def terms(
    trace: Trace, lowered: Sequence[Lowered | None], loaded: Core, place: Place
) -> list[Term]:
    """The cells of a packed trace that follow figures of the core, by ``place``."""
    found: list[Term] = []

    def add(cell: int, figures: Terms) -> None:
        for path, sign in figures:
            found.append(Term(cell, place(path), sign))

    for k, low in enumerate(lowered):
        if low is None:
            continue
        if low.row or low.redirect or low.prefix_stall_of:
            for column, figures in _of_insn(low).items():
                add(trace.insn_cell(k, _COLUMN[column]), figures)
        first = trace.insns[k].last_uop - len(low.uops)
        for n, uop in enumerate(low.uops, first):
            if uop.latency_of:
                add(trace.uop_cell(n, _LATENCY), uop.latency_of)
            if uop.busy_of:
                add(trace.uop_cell(n, _BUSY), uop.busy_of)
            if not uop.late_by_latency:
                continue
            end = trace.uops[n].inputs_last
            early = [(p, -s) for p, s in uop.latency_of if p != "memory.chase_saves"]
            for operand in range(end - uop.late_by_latency, end):
                add(trace.input_cell(operand), tuple(early))
    for k in range(len(loaded.window.schedulers)):
        add(trace.scheduler_cell(k), ((f"window.schedulers.{k}.entries", 1),))
    return found


def _of_insn(low: Lowered) -> dict[str, Terms]:
    """Columns of an instruction's row that follow figures."""
    columns: dict[str, Terms] = {}
    if low.redirect:
        columns["redirect"] = (("front_end.redirect", 1),)
    if low.prefix_stall_of:
        columns["prefixes"] = low.prefix_stall_of
    if low.row:
        columns["latency"] = ((low.row + ".latency", 1),)
        if low.lines:
            columns["latency"] += ((low.row + ".line_cycles", low.lines),)
        if low.after_older:
            columns["after_older"] = ((low.row + ".after_older", 1),)
        if low.fillers:
            columns["fillers"] = ((low.row + ".filler", 1),)
        if low.microcode_stated:
            columns["microcode"] = ((low.row + ".microcode", 1),)
    return columns


def trip_of(body: int, tail: int, repeat: int) -> list[int]:
    """The instructions of a trip, in the order they are run."""
    return [*list(range(body)) * repeat, *range(body, body + tail)]


def _power_of_two(number: int) -> int:
    """The least power of two that is not below ``number``."""
    return 1 << max(0, number - 1).bit_length()


def _opcode_at(form: Form) -> int:
    """Bytes before the last byte of the opcode: prefixes and escapes."""
    at = form.opcode_offset
    if form.data[at] == 0x0F:
        at += 2 if form.data[at + 1] in (0x38, 0x3A) else 1
    return at


_SYNC = Uop(
    L.K_SYNC, "alu", 1, 0, L.NEW_SLOT | L.INT_WRITER, ((4, 0),), ((4, 0),)
)  # folds the stack engine's offset into RSP


def _unlinked(lowered: Sequence[Lowered | None]) -> list[AccessRow]:
    """Accesses of a body in which nothing is known to meet: all places differ."""
    widths = [
        access.width // 8
        for low in lowered
        if low is not None
        for access in low.accesses
    ]
    return [
        AccessRow(-1, 0, 0, number, 0, 0, 0, max(1, width), 0, 0, 0)
        for number, width in enumerate(widths)
    ]
