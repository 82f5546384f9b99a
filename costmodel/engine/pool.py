"""What instructions lower to, kept as ready-made integers for ``place``."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from costmodel.code.decode import decode_form
from costmodel.code.insn import Form
from costmodel.engine import layout as L
from costmodel.engine.chase import Facts
from costmodel.engine.fusion import fuse, fuses
from costmodel.engine.item import Item
from costmodel.engine.lowered import Lowered
from costmodel.engine.place import P_SIZE
from costmodel.engine.trace import Builder, fused_second


class Piece(NamedTuple):
    """An instruction by its bytes alone. ``widths``: bytes of each access."""

    form: Form
    length: int
    condition: str
    facts: Facts
    template: int
    size: int  # integers it adds to a trace, access rows and line apart
    widths: tuple[int, ...]
    stores: bool
    apart: bool  # leaves what only ``Builder`` settles: a high byte renamed apart


class Pool:
    """Templates of one core, and the pieces that name them."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        ports = builder.map.ports
        self.numbers = array("q", [len(ports), *ports])
        self._pieces: dict[bytes, Piece] = {}
        self._pairs: dict[tuple[bytes, bytes], tuple[Piece, Piece] | None] = {}
        self._templates: dict[tuple[int, ...], tuple[Lowered, int, int]] = {}
        self._seconds: dict[tuple[bytes, int], int] = {}
        self._chases = builder.core.memory.chase_saves != 0
        self._high = builder.core.rename.high_byte == "renamed"
        self._fusible = frozenset(builder.core.fusion.pairs)
        whole = builder.build([])
        self.fixed = L.T_SIZE + len(ports) + len(whole)
        self._append(whole, 0, 0)

    def _append(
        self, trace: Sequence[int], insn: int, accesses: int, fillers: int = 0
    ) -> int:
        """Add the template of instruction ``insn`` of a trace; the sync uop's for an
        empty one. Its place."""
        uops_at = trace[L.T_UOPS]
        at = trace[L.T_INSNS] + insn * L.INSN_SIZE
        if uops_at == trace[L.T_INSNS]:
            record, first, last = [0] * L.INSN_SIZE, uops_at, uops_at + L.UOP_SIZE
        else:
            record = list(trace[at : at + L.INSN_SIZE])
            first, last = record[L.FIRST_UOP], record[L.LAST_UOP]
        reads = written = (0, 0)
        if first < last:
            end = last - L.UOP_SIZE
            reads = trace[first + L.INPUTS_FIRST], trace[end + L.INPUTS_LAST]
            written = trace[first + L.OUTPUTS_FIRST], trace[end + L.OUTPUTS_LAST]
        uops: list[int] = []
        for u in range(first, last, L.UOP_SIZE):
            uop = list(trace[u : u + L.UOP_SIZE])
            for field in (L.PORTS_FIRST, L.PORTS_LAST):
                uop[field] -= trace[L.T_PORTS]
            for field in (L.INPUTS_FIRST, L.INPUTS_LAST):
                uop[field] -= reads[0]
            for field in (L.OUTPUTS_FIRST, L.OUTPUTS_LAST):
                uop[field] -= written[0]
            uops += uop
        place = len(self.numbers)
        self.numbers.extend(
            (
                len(uops) // L.UOP_SIZE, fillers, reads[1] - reads[0],
                written[1] - written[0], accesses, *record, *uops,
            )
        )  # fmt: skip
        self.numbers.extend(trace[slice(*reads)])
        self.numbers.extend(trace[slice(*written)])
        return place

    def template(self, low: Lowered, form: Form) -> tuple[int, int]:
        """Place of an instruction's template, and its size."""
        key = (
            id(low.uops), low.fillers, low.decode_slots, low.simple_after,
            low.microcode, low.immediates, low.flags, low.latency, low.redirect,
            low.prefix_stall,
        )  # fmt: skip
        found = self._templates.get(key)
        if found is None:
            before = len(self.numbers)
            bare = low._replace(fillers=0)
            trace = self.builder.lay_out([Item(form)], [bare])
            place = self._append(trace, 0, len(low.accesses), low.fillers)
            size = len(self.numbers) - before + low.fillers * L.UOP_SIZE
            # Keeps the uops alive, and so their id their own.
            found = self._templates[key] = (low, place, size)
        return found[1], found[2]

    def _piece(self, form: Form, low: Lowered) -> Piece:
        place, size = self.template(low, form)
        widths = tuple(max(1, a.width // 8) for a in low.accesses)
        return Piece(
            form,
            form.length,
            form.condition,
            self.builder.chaser.facts(form, low),
            place,
            size,
            widths,
            any(a.writes for a in low.accesses),
            self._high and any(use.high for use in form.writes),
        )

    def piece(self, data: bytes) -> Piece:
        found = self._pieces.get(data)
        if found is None:
            form = decode_form(data)
            low = self.builder.lowering.lower(form)
            found = self._pieces[data] = self._piece(form, low)
        return found

    def second(self, form: Form, flags: int) -> int:
        """Place of the template of a jump that came with what is before it; ``flags``
        are those it lowers to."""
        key = form.data, flags
        place = self._seconds.get(key)
        if place is None:
            place = self._seconds[key] = len(self.numbers)
            record = fused_second(form, 0, 0, flags, -1, (0, 0))
            self.numbers.extend((0, 0, 0, 0, 0, *record))
        return place

    def pair(self, first: bytes, second: bytes) -> tuple[Piece, Piece] | None:
        """Both halves of a macro-fused pair; None: they do not fuse."""
        key = first, second
        if key in self._pairs:
            return self._pairs[key]
        one, jump = self.piece(first), self.piece(second)
        made = None
        core = self.builder.core
        if one.form.mnemonic in self._fusible and fuses(core, one.form, jump.form):
            low = fuse(one.facts.low, jump.facts.low)
            place = self.second(jump.form, jump.facts.low.flags)
            made = (
                self._piece(one.form, low),
                jump._replace(template=place, size=P_SIZE + L.INSN_SIZE, widths=()),
            )
        self._pairs[key] = made
        return made

    def pieces(self, parts: Sequence[bytes]) -> list[Piece]:
        """The instructions of a block, jumps fused into what they follow."""
        known = self._pieces
        out: list[Piece] = []
        joined = True  # the one before is the second of a pair, or there is none
        for k, data in enumerate(parts):
            piece = known.get(data) or self.piece(data)
            if piece.condition and not joined:
                both = self.pair(parts[k - 1], data)
                if both is not None:
                    out[-1] = both[0]
                    out.append(both[1])
                    joined = True
                    continue
            joined = False
            out.append(piece)
        return out

    def templates(
        self, pieces: Sequence[Piece], rows: Sequence[Sequence[int]]
    ) -> list[int]:
        """Templates of a block, loads through loaded pointers being quicker."""
        if self._chases:
            loads = bases = 0
            for piece in pieces:
                facts = piece.facts
                loads |= facts.loads
                bases |= facts.bases | facts.moves
            if loads & bases:
                return self._chased(pieces, rows)
        return [piece.template for piece in pieces]

    def _chased(
        self, pieces: Sequence[Piece], rows: Sequence[Sequence[int]]
    ) -> list[int]:
        path = [piece.facts for piece in pieces]
        out = []
        for piece, low in zip(
            pieces, self.builder.chaser.chased(path, rows), strict=True
        ):
            if low is None or low is piece.facts.low:
                out.append(piece.template)
            else:
                out.append(self.template(low, piece.form)[0])
        return out
