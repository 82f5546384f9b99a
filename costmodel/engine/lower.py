"""One instruction on one core: from its cost row to its uops.

``Lowering`` keeps what each encoding lowers to, so a block of known instructions costs
a few dictionary look-ups. The steps are apart: ``rows`` finds the row, ``dataflow`` the
values, ``compose`` the uops, ``slots`` what they take up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from costmodel.code import registers as R
from costmodel.code.insn import Form, MemoryAccess
from costmodel.cores.load import LoadedCore
from costmodel.cores.model import Cost, UopCost
from costmodel.cores.semantic import Semantic, instructions
from costmodel.engine import layout as L
from costmodel.engine import slots
from costmodel.engine.compose import Composer
from costmodel.engine.dataflow import Dataflow
from costmodel.engine.lowered import Lowered, Uop
from costmodel.engine.rows import Row, find_row, states_high
from costmodel.errors import UnknownInstructionError

LINE = 64  # bytes
# Figures no instruction lowers otherwise for: they say where code and data lie.
NOT_FELT = (
    "front_end.fetch_bytes",
    "front_end.uop_cache.line_",
    "front_end.uop_cache.lines_per_window",
    "memory.address_wait",
    "memory.renaming.",
)
SLOT0 = "front_end.decode.slot0_length"  # instructions longer than it have a flag
LONGEST = 15  # bytes of an instruction
_COUNTED = ("rc", "ro", "sa", "sh")  # rotations and shifts
MOST_KINDS = 1 << 15  # of instructions that are kept
MOST_VARIED = 64  # variations of a core that are kept


class Lowering:
    """Lowers Forms onto one core; keeps what it has lowered.

    ``base``: of a core that differs in the cost rows ``apart`` alone, and in flags of
    instructions longer than ``length``; what else there is is taken from there.
    """

    def __init__(
        self,
        loaded: LoadedCore,
        base: Lowering | None = None,
        apart: Collection[str] = (),
        length: int = LONGEST,
    ) -> None:
        self.loaded = loaded
        self._base, self._apart, self._length = base, apart, length
        self.core = loaded.core
        table = base._table if base else instructions()
        self._table: Mapping[str, Semantic] = table
        self._cache: dict[tuple[object, ...], Lowered] = {}
        self._kinds: dict[tuple[object, ...], Lowered] = {}
        # Of whole paths, for what lays them out: cores with one lowering share it.
        self.whole: dict[Any, tuple[Any, list[Lowered | None]]] = {}
        self._composer = Composer(loaded.core)
        self._varied: dict[tuple[tuple[str, object], ...], Lowering] = {}

    def lower(self, form: Form, taken: bool = False) -> Lowered:
        """What ``form`` becomes; raises UnknownInstructionError for vector code."""
        key = (form.data, taken, form.special, form.count, form.mispredicted)
        found = self._cache.get(key)
        if found is None:
            found = self._shared(form, taken) or self._alike(form, taken)
            self._cache[key] = found
        return found

    def _alike(self, form: Form, taken: bool) -> Lowered:
        """What it lowers to, taken from an instruction that differs in numbers alone:
        uops know nothing of a displacement or an immediate but what ``_numbers`` says.
        """
        tail = form.displacement_bytes + form.immediate_bytes
        key = (
            form.data[: form.length - tail], form.displacement_bytes,
            form.immediate_bytes, self._numbers(form), taken, form.special, form.count,
            form.mispredicted,
        )  # fmt: skip
        known = self._kinds.get(key)
        if known is None:
            if len(self._kinds) >= MOST_KINDS:
                self._kinds.clear()
            known = self._kinds[key] = self._lower(form, taken)
        elif form.memory:
            known = known._replace(accesses=_accesses(form))
        return known

    def _numbers(self, form: Form) -> tuple[object, ...]:
        """All that rows and uops ask of the numbers in an instruction."""
        folded = self.core.rename.folded_below
        out: list[object] = []
        if form.displacement_bytes:
            away = form.memory[0].displacement if form.memory else 0
            limit = self.core.memory.displacement_limit
            out += (away == 0, 0 <= away < limit, abs(away) < folded)
        value = form.immediate
        if value is not None:
            out += (value == 0, abs(value) < folded)
            if form.mnemonic.startswith(_COUNTED):  # flags by the count
                out.append(value)
        return tuple(out)

    def varied(
        self, loaded: LoadedCore, values: Mapping[str, object]
    ) -> Lowering | None:
        """The lowering of a core that differs in the figures ``values``, if it shares
        what instructions lower to; None if it has little in common.

        Cores between which no instruction tells have one lowering.
        """
        felt = {path for path in values if not path.startswith(NOT_FELT)}
        if not felt:
            return self
        key = tuple((path, values[path]) for path in sorted(felt))
        known = self._varied.get(key)
        if known is not None:
            return known
        length = LONGEST
        if SLOT0 in felt:
            cores = self.core, loaded.core
            limits = (core.front_end.decode.slot0_length for core in cores)
            length = min(filter(None, limits), default=LONGEST)
            felt.remove(SLOT0)
        if not all(path.startswith("costs.") for path in felt):
            return None
        rows = frozenset(".".join(path.split(".")[:3]) for path in felt)
        if len(self._varied) >= MOST_VARIED:
            self._varied.clear()
        made = self._varied[key] = Lowering(loaded, self, rows, length)
        return made

    def _shared(self, form: Form, taken: bool) -> Lowered | None:
        """What it lowers to on the core this one is a variation of."""
        if self._base is None or form.length > self._length:
            return None
        known = self._base.lower(form, taken)
        return None if known.row in self._apart else known

    def _lower(self, form: Form, taken: bool) -> Lowered:
        if form.vector:
            raise UnknownInstructionError(
                f"{form.mnemonic} uses vector or x87 registers",
                expected="integer or system instructions",
                hint="costmodel models kernel entry code; leave vector code out",
            )
        row = find_row(self.core, self._table, form)
        cost = row.cost
        if cost is None:  # costed as a plain operation, and reported as unknown
            cost = Cost(uops=() if form.memory else (UopCost(on="alu"),))
        cost = _here(form, cost)
        flow = Dataflow(self.core, form, row.semantic)
        idiom = self._idiom(form, cost)
        if idiom == "zero":
            flow.reads = []
            return self._finish(form, row, cost, [_free(flow)], 1, taken)
        if idiom == "dependency":
            own = flow.own_registers()
            flow.reads = [r for r in flow.reads if r not in own]
        else:
            flow.reads += [r for r in flow.merged if r not in flow.reads]
        if self._moves(form, row.operation):
            return self._finish(form, row, cost, [self._eliminated(flow)], 1, taken)
        accesses = tuple(m for m in form.memory if m.reads or m.writes)
        uops = self._composer.uops(form, cost, accesses, flow, taken, row.path)
        if not states_high(row.path):
            uops = self._of_high_bytes(form, uops)
        decode = slots.count(uops)
        if cost.fused is not None:
            uops = slots.in_slots(uops, cost.fused)
            decode = cost.fused
        if not cost.whole:
            uops = slots.unlaminated(form, uops, accesses, flow, self.core.rename)
        if cost.decode is not None:
            decode = cost.decode
        if not self.core.rename.stack_engine.present and form.stack_delta:
            rsp = ((R.RSP, 0),)
            uops.append(Uop(L.K_COMPUTE, "alu", 1, 0, L.INT_WRITER, rsp, rsp))
        return self._finish(form, row, cost, uops, decode, taken)

    def _of_high_bytes(self, form: Form, uops: list[Uop]) -> list[Uop]:
        """The uops, those of AH to DH as slow as the core has them."""
        rename = self.core.rename
        read = {use.reg for use in form.reads if use.high}
        written = {use.reg for use in form.writes if use.high}
        extra = rename.high_byte_extra
        if written and rename.high_byte_written:
            extra = rename.high_byte_written
        if not extra or not (read or written):
            return uops
        port_class = "high_byte"
        if port_class not in self.core.ports.classes:
            port_class = ""
        return [
            uop._replace(
                latency=uop.latency + extra,
                port_class=port_class or uop.port_class,
            )
            if uop.kind == L.K_COMPUTE
            and (
                any(register in read for register, _ in uop.inputs)
                or any(register in written for register, _ in uop.outputs)
            )
            else uop
            for uop in uops
        ]

    # --- what the renamer does itself -------------------------------------------------
    def _idiom(self, form: Form, cost: Cost) -> str:
        if not form.same_register or not cost.idiom:
            return ""
        rename = self.core.rename
        register = form.operands[0].register
        if form.mnemonic in rename.zero_idioms and register and register.width >= 32:
            return "zero"
        if form.mnemonic in rename.zero_idioms + rename.dependency_idioms:
            return "dependency"
        return ""

    def _moves(self, form: Form, operation: str) -> bool:
        """Whether a register move may be eliminated."""
        elimination = self.core.rename.move_elimination
        ops = form.operands
        if len(ops) != 2 or ops[0].kind != "r" or ops[1].kind != "r":
            return False
        if operation == "mov":
            same = form.same_register and not elimination.same_register
            return ops[0].width in elimination.widths and not same
        if operation == "movzx" and elimination.byte_zero_extend:
            target, source = ops[0].register, ops[1].register
            return (
                ops[0].width >= 32
                and ops[1].width == 8
                and source is not None
                and target is not None
                and not source.high
                and source.reg != target.reg
            )
        return False

    def _eliminated(self, flow: Dataflow) -> Uop:
        free = _free(flow)
        if self.core.rename.move_elimination.slots == 0:
            return free
        return free._replace(
            kind=L.K_ELIMINATED,
            port_class="alu",
            latency=1,
            flags=L.NEW_SLOT | L.INT_WRITER,
        )

    # --- the whole --------------------------------------------------------------------
    def _finish(
        self,
        form: Form,
        row: Row,
        cost: Cost,
        uops: list[Uop],
        decode: int,
        taken: bool,
    ) -> Lowered:
        core = self.core
        front = core.front_end.decode
        if not cost.filler and not uops[0].flags & L.NEW_SLOT:
            uops = [uops[0]._replace(flags=uops[0].flags | L.NEW_SLOT), *uops[1:]]
        microcode = cost.microcode
        if decode > front.complex_uops and not microcode:
            microcode = decode
        flags = slots.flags_of(form, row.operation, cost, taken, core)
        # Without a table of simple decoders any decoder takes what fits.
        special = cost.complex or microcode > 0 or (decode > 1 and front.simple_after)
        if special:
            flags |= L.COMPLEX
        after = slots.simple_after(cost, decode, bool(special), front)
        stall, stall_of = slots.prefix_stall(form, front)
        return Lowered(
            uops=tuple(uops),
            decode_slots=max(decode, 1),
            simple_after=0 if microcode else after,
            microcode=microcode,
            immediates=slots.immediates(form, core),
            flags=flags,
            latency=cost.latency,
            after_older=cost.after_older,
            redirect=core.front_end.redirect if cost.refetch else 0,
            prefix_stall=stall,
            prefix_stall_of=stall_of,
            microcode_stated=cost.microcode > 0,
            accesses=_accesses(form),
            operation=row.operation,
            row=row.path,
            known=row.cost is not None,
            fillers=cost.filler,
            lines=_lines(form, cost),
        )


def _accesses(form: Form) -> tuple[MemoryAccess, ...]:
    """Its memory operands that are read or written."""
    return tuple([m for m in form.memory if m.reads or m.writes])


def _here(form: Form, cost: Cost) -> Cost:
    """The row with what the context adds: bytes moved, a return predicted wrongly."""
    if lines := _lines(form, cost):
        whole = cost.latency + lines * cost.line_cycles
        cost = msgspec.structs.replace(cost, latency=whole)
    if form.mispredicted and not cost.refetch:
        cost = msgspec.structs.replace(cost, refetch="cache")
    return cost


def _lines(form: Form, cost: Cost) -> int:
    """Lines of a string of known length, where the core says what each takes."""
    return -(-form.count // LINE) if form.count > 0 and cost.line_cycles else 0


def _free(flow: Dataflow) -> Uop:
    """A uop that takes no port: it issues, retires, and passes its values on."""
    return Uop(
        L.K_NONE, "none", 0, 0, L.NEW_SLOT,
        tuple((r, 0) for r in flow.reads), tuple((w, 0) for w in flow.writes),
    )  # fmt: skip
