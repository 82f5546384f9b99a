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
from costmodel.engine.layout import AccessRow, Head, InsnRow, Trace
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import FILLER, Item, Lowered, Uop
from costmodel.engine.partial import Merges
from costmodel.engine.portmap import PortMap
from costmodel.engine.uopcache import lines_of
from costmodel.engine.uoprows import Templates, UopRows

Join = Callable[[Lowered, Lowered], Lowered]


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
        self._templates: Templates = like._templates if like else Templates(self.map)
        self._merges = Merges(self.core)
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
    ) -> tuple[list[InsnRow], UopRows, int]:
        """Rows of the instructions and of their uops, and how many accesses there are.

        Kept: draws of figures that only move code and data have the same again.
        """
        key = tuple(map(id, lowered)), id(items), base, copied, tuple(cold_code)
        known = self._bodies.get(key)
        if known is not None:
            return known[2:]
        rows = UopRows(self._templates)
        rows.add(_SYNC, 0)
        rows.add(FILLER, 0)
        insns: list[InsnRow] = []
        count = 0  # accesses of the instructions before
        fusible = self.core.fusion.pairs
        address = base
        merged = self._merges.before(items, copied)
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


# A body's rows by what they are made of, and what the ids in the key belong to.
_Key = tuple[tuple[int, ...], int, int, int, tuple[tuple[int, int], ...]]
_Body = tuple[Sequence[Item], Sequence[Lowered | None], list[InsnRow], UopRows, int]
_MOST_BODIES = 8
_MOST_WHOLE = 16  # paths of which it is kept what all of them lowers to


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
