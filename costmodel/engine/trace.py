"""A Path laid out for one core: the flat arrays of the engine.

Everything that does not depend on time is settled here: which instructions fuse, where
partial registers are merged, which uop-cache line serves an instruction, and which
older store a load takes its data from.
"""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code.insn import Form
from costmodel.cores.model import Core
from costmodel.engine import layout as L
from costmodel.engine.chase import Chaser
from costmodel.engine.fusion import fuse, fuses, join, kept_apart, moves_into
from costmodel.engine.item import Item
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import FILLER, Lowered, Uop
from costmodel.engine.partial import HighBytes, merge_uop
from costmodel.engine.uopcache import lines_of


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

    def group(self, port_class: str) -> int:
        """Scheduler of a class; ``SPANS`` if its ports belong to several."""
        first, last = self.range(port_class)
        if last == first:
            return -1
        groups = {self.group_of[port] for port in self.ports[first:last]}
        if len(groups) > 1 and -1 not in groups:
            return L.SPANS
        return self.group_of[self.ports[first]]

    def range(self, port_class: str) -> tuple[int, int]:
        return self.ranges.get(port_class, (0, 0))


# --- layout --------------------------------------------------------------------------
class Builder:
    """Lays paths out for one core. Keeps the lowering, and so what it has lowered."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering = lowering
        self.core = lowering.core
        self.map = PortMap(lowering.core)
        self._high = lowering.core.rename.high_byte == "renamed"
        self._fused: dict[tuple[bytes, bytes, bool], Lowered] = {}
        self.chaser = Chaser(lowering.core)

    def lower_all(
        self, items: Sequence[Item], cached: bool = False, base: int = -1
    ) -> list[Lowered | None]:
        """What each instruction becomes; None: fused into the one before it. Moves join
        what follows only where it comes from the uop cache: decoders give each a slot.
        ``base``: address of the first, if every trip is there; -1: copies are anywhere.
        """
        lower = self.lowering.lower
        out: list[Lowered | None] = []
        pairs = self.core.fusion.pairs
        after_move = self.core.fusion.after_move if cached else ()
        apart = kept_apart(self.core, items, base)
        for k, (form, taken, _) in enumerate(items):
            if form.mnemonic in after_move and k and out[-1] is not None:
                first = items[k - 1].form
                if moves_into(self.core, first, form):
                    out[-1] = join(out[-1], lower(form, taken))
                    out.append(None)
                    continue
            if form.condition and k and out[-1] is not None and k not in apart:
                first = items[k - 1].form
                if first.mnemonic in pairs and fuses(self.core, first, form):
                    key = (first.data, form.data, taken)
                    pair = self._fused.get(key)
                    if pair is None:
                        pair = fuse(out[-1], lower(form, taken))
                        self._fused[key] = pair
                    out[-1] = pair
                    out.append(None)
                    continue
            out.append(lower(form, taken))
        return out

    def build(
        self,
        body: Sequence[Item],
        tail: Sequence[Item] = (),
        repeat: int = 1,
        base: int = 0,
        cached: bool = False,
        loops: bool = False,
        links: Sequence[Sequence[int]] = (),
        depth: int = 1,
        cold: Sequence[int] = (),
        cold_code: Sequence[tuple[int, int]] = (),
    ) -> list[int]:
        """The array of ``body`` repeated and ``tail``; see ``layout``.

        ``links`` has one row of ``layout.ACCESS_SIZE`` integers per memory access of
        the body, in program order (see ``links.py``). ``cold``: level of each cold
        line; ``cold_code``: numbers of those the first and last byte of each
        instruction are in (see ``cold.py``).
        """
        items = [*body, *tail]
        lowered = self.lower_all(items, cached, always_at(base, loops, repeat))
        if self.core.memory.chase_saves:
            path = [
                None if low is None else self.chaser.facts(item.form, low)
                for item, low in zip(items, lowered, strict=True)
            ]
            lowered = self.chaser.chased(path, links)
        uop_list = [_sync()]
        bounds = []
        accesses = 0
        firsts = []  # number of the first access of each uop's instruction
        firsts.append(0)
        for low, merges in zip(lowered, self.merges(items), strict=True):
            start = len(uop_list)
            if low is not None:
                uop_list += [merge_uop(register, self.core) for register in merges]
                uop_list += [FILLER] * low.fillers
                uop_list += low.uops
                firsts += [accesses] * (len(uop_list) - start)
                accesses += len(low.accesses)
            bounds.append((start, len(uop_list)))
        trip = trip_of(len(body), len(tail), repeat)
        lines = lines_of(self.core, items, lowered, trip, base, cached, cold_code)
        code = [*cold_code, *[(0, 0)] * (len(items) - len(cold_code))]
        rows: list[int] = []
        for row in links:
            rows += row
        if len(rows) < accesses * L.ACCESS_SIZE:
            rows = _unlinked(lowered)
        return self._assemble(
            [
                len(body), len(tail), repeat, base, _power_of_two(depth), int(loops),
                accesses,
            ],
            items, lowered, bounds, uop_list, firsts, rows, lines, code, cold,
        )  # fmt: skip

    def lay_out(
        self, items: Sequence[Item], lowered: Sequence[Lowered | None]
    ) -> list[int]:
        """The array of instructions already lowered, without accesses or lines."""
        uop_list = [_sync()]
        bounds = []
        for low in lowered:
            start = len(uop_list)
            if low is not None:
                uop_list += [FILLER] * low.fillers
                uop_list += low.uops
            bounds.append((start, len(uop_list)))
        return self._assemble(
            [len(items), 0, 1, 0, 1, 0, 0], items, lowered, bounds, uop_list,
            [0] * len(uop_list), [], [], [(0, 0)] * len(items), (),
        )  # fmt: skip

    def _assemble(
        self,
        head: list[int],
        items: Sequence[Item],
        lowered: Sequence[Lowered | None],
        bounds: Sequence[tuple[int, int]],
        uop_list: Sequence[Uop],
        firsts: Sequence[int],
        rows: list[int],
        lines: list[int],
        code: Sequence[tuple[int, int]],
        cold: Sequence[int],
    ) -> list[int]:
        """All parts in one array, positions absolute."""
        insns_at = L.T_SIZE
        uops_at = insns_at + len(items) * L.INSN_SIZE
        ports_at = uops_at + len(uop_list) * L.UOP_SIZE
        inputs_at = ports_at + len(self.map.ports)
        inputs: list[int] = []
        outputs: list[int] = []
        for uop in uop_list:
            for pair in uop.inputs:
                inputs += pair
        outputs_at = inputs_at + len(inputs)
        uops: list[int] = []
        input_at = inputs_at
        for uop, first in zip(uop_list, firsts, strict=True):
            low_port, high_port = self.map.range(uop.port_class)
            output_at = outputs_at + len(outputs)
            for pair in uop.outputs:
                outputs += pair
            uops += (
                uop.kind, ports_at + low_port, ports_at + high_port, uop.latency,
                uop.busy, uop.flags, input_at, input_at + 2 * len(uop.inputs),
                output_at, outputs_at + len(outputs),
                first + uop.access if uop.access >= 0 else -1,
                self.map.group(uop.port_class),
            )  # fmt: skip
            input_at += 2 * len(uop.inputs)
        insns: list[int] = []
        fusible = self.core.fusion.pairs
        for k, low in enumerate(lowered):
            form = items[k].form
            start, stop = bounds[k]
            after = items[k + 1].address if k + 1 < len(items) else -1
            first, last = uops_at + start * L.UOP_SIZE, uops_at + stop * L.UOP_SIZE
            if low is None:
                jump = self.lowering.lower(form, items[k].taken)
                insns += fused_second(form, k, first, jump.flags, after, code[k])
                continue
            flags = low.flags
            if form.mnemonic in fusible:
                flags |= L.FUSIBLE
            insns += (
                form.length, first, last, low.decode_slots, low.simple_after,
                low.microcode, low.immediates, _opcode_at(form), form.stack_delta,
                flags, low.latency, low.redirect, low.prefix_stall, after, k,
                *code[k],
            )  # fmt: skip
        accesses_at = outputs_at + len(outputs)
        lines_at = accesses_at + len(rows)
        cold_at = lines_at + len(lines)
        return [
            *head, insns_at, uops_at, ports_at, inputs_at, outputs_at, accesses_at,
            lines_at, cold_at, len(cold), *insns, *uops, *self.map.ports, *inputs,
            *outputs, *rows, *lines, *cold,
        ]  # fmt: skip

    def merges(self, items: Sequence[Item]) -> list[list[int]]:
        """The registers made whole before each instruction of a path that repeats."""
        if not self._high:
            return [[]] * len(items)
        high = HighBytes()
        zero = self.core.rename.zero_idioms
        path = [
            (form, form.same_register and form.mnemonic in zero) for form, *_ in items
        ]
        for form, idiom in path:
            high.merges(form, idiom)
        return [high.merges(form, idiom) for form, idiom in path]


def always_at(base: int, loops: bool, repeat: int) -> int:
    """Address of the body if each copy is there; -1: copies are anywhere."""
    return base if loops and repeat == 1 else -1


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


def _sync() -> Uop:
    rsp = ((4, 0),)
    return Uop(L.K_SYNC, "alu", 1, 0, L.NEW_SLOT | L.INT_WRITER, rsp, rsp)


def fused_second(
    form: Form,
    step: int,
    first: int,
    flags: int,
    after: int,
    code: tuple[int, int],
) -> tuple[int, ...]:
    """The integers of a jump decoded with the instruction before it, whose first uop is
    at ``first``; ``flags`` are those it lowers to."""
    kept = flags & (L.BRANCH | L.TAKEN | L.ENDS_GROUP)
    return (
        form.length, first, first, 0, 0, 0, 0, _opcode_at(form), 0,
        L.FUSED_SECOND | kept, 0, 0, 0, after, step, *code,
    )  # fmt: skip


def _unlinked(lowered: Sequence[Lowered | None]) -> list[int]:
    """Accesses of a body in which nothing is known to meet: all places differ."""
    out: list[int] = []
    number = 0
    for low in lowered:
        for access in low.accesses if low is not None else ():
            out += (-1, 0, 0, number, 0, 0, 0, access.width // 8, 0, 0)
            number += 1
    return out
