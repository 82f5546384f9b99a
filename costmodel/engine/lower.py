"""One instruction on one core: its uops, as the integers the engine runs over.

``Lowering`` caches what each encoding lowers to, so a block of known instructions costs
a few dictionary look-ups. Composition follows one rule for all cores: a row gives the
compute uops of an operation; a memory source adds a load before them, a memory
destination a store address and a store data uop after them; the core says which of
these share issue slots.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from costmodel.code import registers as R
from costmodel.code.insn import Flow, Form, MemoryAccess, RegisterUse
from costmodel.cores import costs
from costmodel.cores.load import LoadedCore
from costmodel.cores.model import Cost, UopCost
from costmodel.cores.semantic import Semantic, instructions
from costmodel.engine import layout as L
from costmodel.errors import UnknownInstructionError


class Uop(NamedTuple):
    """A lowered uop. ``inputs`` are (register, cycles late), ``outputs`` (register,
    cycles slow); ``access`` counts the instruction's own accesses from 0."""

    kind: int
    port_class: str
    latency: int
    busy: int
    flags: int
    inputs: tuple[tuple[int, int], ...]
    outputs: tuple[tuple[int, int], ...]
    access: int = -1


class Lowered(NamedTuple):
    """One instruction on one core, before its place in a path is known."""

    uops: tuple[Uop, ...]
    decode_slots: int
    simple_after: int
    microcode: int
    immediates: int
    flags: int
    latency: int
    redirect: int
    prefix_stall: int
    accesses: tuple[MemoryAccess, ...]
    operation: str
    row: str  # path of the cost row, for its evidence; "" when guessed
    known: bool


_LOAD, _ADDRESS, _DATA = "load", "store_address", "store_data"
_SIMPLE = "store_address_simple"
_MEMORY = frozenset({_LOAD, _ADDRESS, _SIMPLE, _DATA})
_STRING_FLAGS = frozenset("movs stos lods cmps scas".split())


def semantic_of(form: Form, table: Mapping[str, Semantic]) -> Semantic | None:
    """Row of the semantic table for a Form, its prefix applied to the operation."""
    name = form.mnemonic
    row = table.get(name)
    if row is None and form.condition:
        for family in ("cmov", "set", "j"):
            if name.startswith(family):
                row = table.get(family + "cc")
                break
    return row


def _lea_names(form: Form) -> tuple[str, ...]:
    """Operations tried before ``lea`` itself: cores may cost address forms apart."""
    memory = form.memory[0]
    if form.operands[0].width < 32:
        return ("lea_16",)
    if memory.rip_relative:
        return ("lea_rip",)
    scaled = memory.index >= 0 and memory.scale > 1
    if memory.base >= 0 and memory.index >= 0 and memory.displacement_bytes:
        return ("lea_scaled_disp", "lea_complex") if scaled else ("lea_complex",)
    if scaled:
        return ("lea_scaled",) if memory.base >= 0 else ("lea_index",)
    if memory.base >= 0 and memory.index < 0:
        return ("lea_disp",) if memory.displacement else ("lea_base",)
    return ()


def _flag_uses(name: str) -> tuple[int, ...]:
    if name == "flags":
        return R.FLAG_REGISTERS
    if name in ("cf", "of", "zaps", "sysflags"):
        return (R.BY_NAME[name],)
    return ()


class Lowering:
    """Lowers Forms onto one core; keeps what it has lowered."""

    def __init__(self, loaded: LoadedCore) -> None:
        self.loaded = loaded
        self.core = loaded.core
        self._table = instructions()
        self._cache: dict[tuple[bytes, bool], Lowered] = {}
        self._high_renamed = self.core.rename.high_byte == "renamed"
        self._classes = self.core.ports.classes
        turning = set(self.core.ports.alternate)
        self._stores_in_turn = turning == set(self._classes.get(_ADDRESS, ()))

    def lower(self, form: Form, taken: bool = False) -> Lowered:
        """What ``form`` becomes; raises UnknownInstructionError for vector code."""
        key = (form.data, taken)
        found = self._cache.get(key)
        if found is None:
            found = self._lower(form, taken)
            self._cache[key] = found
        return found

    # --- rows -----------------------------------------------------------------------
    def _row(self, form: Form) -> tuple[Semantic | None, str, Cost | None, bool, str]:
        row = semantic_of(form, self._table)
        if row is None:
            return None, form.mnemonic, None, False, ""
        names = [row.operation]
        if form.mnemonic != row.operation and form.mnemonic in self.core.costs:
            names = [form.mnemonic, row.operation]  # apart from the rest on this core
        if row.operation == "lea":
            names = [*_lea_names(form), *names]
        explicit_lock = form.lock and form.mnemonic != "xchg"
        if explicit_lock:
            names = ["lock_" + row.operation, "lock"]
        elif form.repeat and any(row.operation.startswith(s) for s in _STRING_FLAGS):
            names = ["rep_" + row.operation]
        shape = form.shape
        shapes = [shape]
        if shape.endswith("i8") and form.immediate_bytes == 0:
            shapes = [shape[:-2] + "1"]
        elif shape.endswith("i8") and form.immediate == 0 and shape[0] == "r":
            shapes = [shape[:-2] + "0", shape]
        for name in names:
            for candidate in shapes:
                hit = costs.find(self.core, name, candidate)
                if hit is not None:
                    return row, row.operation if name == form.mnemonic else name, hit.cost, hit.composed, hit.path
        return row, names[0], None, False, ""

    # --- registers ------------------------------------------------------------------
    def _register(self, use: RegisterUse) -> int:
        if use.high and self._high_renamed:
            return L.HIGH_BYTE + use.reg
        return use.reg

    def _read_set(self, form: Form) -> list[int]:
        return [self._register(use) for use in form.reads]

    def _write_set(self, form: Form) -> tuple[list[int], list[int]]:
        """Registers written, and those whose old value is merged in."""
        writes, merged = [], []
        for use in form.writes:
            register = self._register(use)
            writes.append(register)
            if use.width < 32 and use.reg < 16:
                alone = (use.high and self._high_renamed) or (
                    not use.high and self.core.rename.low_byte_renamed
                )
                if not alone:
                    merged.append(register)
        return writes, merged

    def _role(self, name: str, form: Form, memory: MemoryAccess | None) -> list[int]:
        if name.startswith("op") and name[2:].isdigit():
            number = int(name[2:])
            if number >= len(form.operands):
                return []
            operand = form.operands[number]
            if operand.register is not None:
                return [self._register(operand.register)]
            return [L.LOADED] if operand.kind == "m" else []
        if name in ("base", "index"):
            if memory is None:
                return []
            register = memory.base if name == "base" else memory.index
            return [register] if register >= 0 else []
        if len(name) == 2 and name[0] == "t" and name[1].isdigit():
            return [L.TEMPORARY + int(name[1])]
        if name == "mem":
            return [L.LOADED]
        if name == "mem2":
            return [L.LOADED_2]
        if name == "result":
            return [L.RESULT]
        flags = _flag_uses(name)
        if flags:
            return list(flags)
        if name in ("ah", "ch", "dh", "bh") and self._high_renamed:
            return [L.HIGH_BYTE + "acdb".index(name[0])]
        number = R.BY_NAME.get(name, -1)
        return [number] if number >= 0 else []

    # --- one instruction --------------------------------------------------------------
    def _lower(self, form: Form, taken: bool) -> Lowered:
        if form.vector:
            raise UnknownInstructionError(
                f"{form.mnemonic} uses vector or x87 registers",
                expected="integer or system instructions",
                hint="costmodel models kernel entry code; leave vector code out",
            )
        semantic, operation, cost, composed, path = self._row(form)
        known = cost is not None
        if cost is None:
            cost = Cost(uops=(UopCost(on="alu"),) if not form.memory else ())
            composed = bool(form.memory)
        return self._compose(
            form, semantic, operation, cost, composed or not cost.whole, path,
            taken, known,
        )  # fmt: skip

    def _compose(
        self,
        form: Form,
        semantic: Semantic | None,
        operation: str,
        cost: Cost,
        composed: bool,
        path: str,
        taken: bool,
        known: bool,
    ) -> Lowered:
        core = self.core
        rename = core.rename
        accesses = tuple(m for m in form.memory if m.reads or m.writes)
        reads = self._read_set(form)
        writes, merged = self._write_set(form)
        if semantic is not None:
            reads += [R.BY_NAME[name] for name in semantic.reads]
            writes += [R.BY_NAME[name] for name in semantic.writes]
        idiom = self._idiom(form, cost)
        if idiom == "zero":
            return self._finish(
                form, operation, cost, path, known,
                [Uop(L.K_NONE, "none", 0, 0, L.NEW_SLOT, (),
                     tuple((w, 0) for w in writes))],
                accesses, 1, taken,
            )  # fmt: skip
        if idiom == "dependency":
            own = {use.reg for use in form.reads if use.reg < 16}
            reads = [r for r in reads if r not in own]
        else:
            reads += [m for m in merged if m not in reads]
        if self._moves(form, operation):
            return self._finish(
                form, operation, cost, path, known,
                [self._eliminated(form, reads, writes)], accesses, 1, taken,
            )  # fmt: skip
        uops = self._uops(form, cost, composed, accesses, reads, writes, taken)
        decode = sum(1 for u in uops if u.flags & L.NEW_SLOT)
        if cost.fused is not None:
            uops = _with_slots(uops, cost.fused)
            decode = cost.fused
        if not cost.whole:
            uops = self._unlaminate(form, uops, accesses, merged)
        if cost.decode is not None:
            decode = cost.decode
        if not rename.stack_engine.present and form.stack_delta:
            uops.append(
                Uop(L.K_COMPUTE, "alu", 1, 0, L.INT_WRITER,
                    ((R.RSP, 0),), ((R.RSP, 0),))
            )  # fmt: skip
        return self._finish(
            form, operation, cost, path, known, uops, accesses, decode, taken
        )

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
        elimination = self.core.rename.move_elimination
        ops = form.operands
        if len(ops) != 2 or ops[0].kind != "r" or ops[1].kind != "r":
            return False
        if operation == "mov":
            same = form.same_register and not elimination.same_register
            return ops[0].width in elimination.widths and not same
        if operation == "movzx" and elimination.byte_zero_extend:
            source = ops[1].register
            target = ops[0].register
            return (
                ops[0].width >= 32
                and ops[1].width == 8
                and source is not None
                and target is not None
                and not source.high
                and source.reg != target.reg
            )
        return False

    def _eliminated(self, form: Form, reads: list[int], writes: list[int]) -> Uop:
        slots = self.core.rename.move_elimination.slots
        limited = slots > 0
        return Uop(
            L.K_ELIMINATED if limited else L.K_NONE,
            "alu" if limited else "none",
            1 if limited else 0,
            0,
            L.NEW_SLOT | (L.INT_WRITER if limited else 0),
            tuple((r, 0) for r in reads),
            tuple((w, 0) for w in writes),
        )

    # --- uops -----------------------------------------------------------------------
    def _address(self, access: MemoryAccess) -> tuple[tuple[int, int], ...]:
        inputs = [(r, 0) for r in (access.base, access.index) if r >= 0]
        if access.segment:
            inputs.append((R.GS_BASE if access.segment == "gs" else R.FS_BASE, 0))
        return tuple(inputs)

    def _load_latency(self, form: Form, access: MemoryAccess) -> int:
        memory = self.core.memory
        latency = memory.load_latency
        if access.index >= 0:
            latency += memory.indexed_extra
        limit = memory.displacement_limit
        if limit and (access.index >= 0 or not 0 <= access.displacement < limit):
            latency += memory.slow_extra
        if access.segment:
            latency += memory.segment_extra
        elif access.base < 0 and access.index < 0:
            latency += memory.absolute_extra
        if access.width < 32:
            latency += memory.narrow_extra
        if form.mnemonic in ("movsx", "movsxd"):
            latency += memory.sign_extend_extra
        return latency

    def _load(
        self, form: Form, n: int, access: MemoryAccess, outputs: list[int], flags: int
    ) -> Uop:
        return Uop(
            L.K_LOAD, _LOAD, self._load_latency(form, access), 0,
            flags | L.MEMORY_OP | L.IN_TURN, self._address(access),
            tuple((o, 0) for o in outputs), n,
        )  # fmt: skip

    def _store(
        self, n: int, access: MemoryAccess, data: list[int], flags: int
    ) -> list[Uop]:
        simple = access.index < 0 and "store_address_simple" in self._classes
        port_class = "store_address_simple" if simple else _ADDRESS
        turns = 0 if simple or not self._stores_in_turn else L.IN_TURN
        second = 0 if self.core.rename.micro_fusion else L.NEW_SLOT
        return [
            Uop(L.K_STORE_ADDRESS, port_class, 1, 0,
                flags | L.MEMORY_OP | turns,
                self._address(access), (), n),
            Uop(L.K_STORE_DATA, _DATA, 1, 0, second,
                tuple((r, 0) for r in data), (), n),
        ]  # fmt: skip

    def _uops(
        self,
        form: Form,
        cost: Cost,
        composed: bool,
        accesses: tuple[MemoryAccess, ...],
        reads: list[int],
        writes: list[int],
        taken: bool,
    ) -> list[Uop]:
        loads = [(n, a) for n, a in enumerate(accesses) if a.reads]
        stores = [(n, a) for n, a in enumerate(accesses) if a.writes]
        memory = form.memory[0] if form.memory else None
        if cost.whole:
            return self._whole(form, cost, loads, stores, reads, writes, memory, taken)
        out: list[Uop] = []
        share = 0 if self.core.rename.micro_fusion else L.NEW_SLOT
        together = 0 if self.core.rename.fuse_read_modify_write else L.NEW_SLOT
        inputs = list(reads)
        if loads and cost.uops:
            for k, (n, access) in enumerate(loads):
                target = L.LOADED if k == 0 else L.LOADED_2
                out.append(self._load(form, n, access, [target], L.NEW_SLOT))
                inputs.append(target)
        elif loads:
            pure = writes if not stores else [L.RESULT]
            merged = [r for r in pure if r in reads and form.stack_delta == 0]
            n, access = loads[0]
            load = self._load(form, n, access, pure, L.NEW_SLOT)
            if merged:  # a narrow load keeps the rest of its register
                load = load._replace(
                    inputs=load.inputs + tuple((r, -load.latency) for r in merged)
                )
            out.append(load)
        destination = list(writes)
        if stores and cost.uops:
            destination.append(L.RESULT)
        out += self._compute(
            form, _counted(cost.uops), inputs, destination, memory, taken,
            first_shares=bool(loads) and share == 0,
        )  # fmt: skip
        for n, access in stores:
            if cost.uops or loads:
                data = [L.RESULT]
            else:
                data = [r for r in reads]
            starts = together if out else L.NEW_SLOT
            out += self._store(n, access, data, starts)
        if not out:
            out.append(
                Uop(L.K_NONE, "none", 0, 0, L.NEW_SLOT,
                    tuple((r, 0) for r in reads), tuple((w, 0) for w in writes))
            )  # fmt: skip
        return out

    def _compute(
        self,
        form: Form,
        rows: tuple[UopCost, ...],
        inputs: list[int],
        outputs: list[int],
        memory: MemoryAccess | None,
        taken: bool,
        first_shares: bool,
    ) -> list[Uop]:
        out: list[Uop] = []
        last = len(rows) - 1
        for k, row in enumerate(rows):
            if row.reads is not None:
                read = [
                    r
                    for n in row.reads
                    for r in self._role(n, form, memory)
                    if n != "flags" or r in inputs
                ]
            else:
                read = inputs if k == 0 else [*inputs, L.TEMPORARY + 7]
            if row.writes is not None:
                write = [
                    L.RESULT if r == L.LOADED else r  # "op0" of a memory destination
                    for n in row.writes
                    for r in self._role(n, form, memory)
                    if n != "flags" or r in outputs
                ]
                stored = any(L.RESULT in dict(u.outputs) for u in out)
                if L.RESULT in outputs and k == last and not stored:
                    write = [*write, *([] if L.RESULT in write else [L.RESULT])]
            else:
                write = outputs if k == last else [L.TEMPORARY + 7]
            late = {
                r: cycles
                for name, cycles in row.late.items()
                for r in self._role(name, form, memory)
            }
            slow = {
                r: cycles
                for name, cycles in row.slow.items()
                for r in self._role(name, form, memory)
            }
            port_class = row.on
            if port_class == "branch" and taken and "branch_taken" in self._classes:
                port_class = "branch_taken"
            flags = L.NEW_SLOT if row.own_slot else 0
            if k == 0 and first_shares:
                flags = 0
            if any(w < 16 or w >= L.HIGH_BYTE for w in write):
                flags |= L.INT_WRITER
            if any(w in R.FLAG_REGISTERS for w in write):
                flags |= L.FLAG_WRITER
            kind = L.K_COMPUTE
            if port_class.startswith("branch"):
                kind = L.K_BRANCH
            elif port_class == "none":
                kind = L.K_NONE
            out.append(
                Uop(
                    kind,
                    port_class,
                    row.latency,
                    row.busy,
                    flags,
                    tuple((r, late.get(r, 0)) for r in dict.fromkeys(read)),
                    tuple((w, slow.get(w, 0)) for w in dict.fromkeys(write)),
                )  # fmt: skip
            )
        return out

    def _whole(
        self,
        form: Form,
        cost: Cost,
        loads: list[tuple[int, MemoryAccess]],
        stores: list[tuple[int, MemoryAccess]],
        reads: list[int],
        writes: list[int],
        memory: MemoryAccess | None,
        taken: bool,
    ) -> list[Uop]:
        """Uops of a row that lists loads and stores itself."""
        out: list[Uop] = []
        rows = _counted(cost.uops)
        computing = tuple(r for r in rows if r.on not in _MEMORY)
        position = 0
        pending_loads, pending_addresses = list(loads), list(stores)
        pending_data = list(stores)
        targets = [L.LOADED, L.LOADED_2]
        inputs = list(reads)
        for row in rows:
            flags = L.NEW_SLOT if row.own_slot else 0
            if row.on == _LOAD and pending_loads:
                n, access = pending_loads.pop(0)
                target = targets.pop(0) if targets else L.LOADED_2
                inputs.append(target)
                out.append(self._load(form, n, access, [target], flags))
            elif row.on in (_ADDRESS, _SIMPLE) and pending_addresses:
                n, access = pending_addresses.pop(0)
                uop = self._store(n, access, [], flags)[0]
                out.append(uop._replace(port_class=row.on))
            elif row.on == _DATA and pending_data:
                n, access = pending_data.pop(0)
                computed = any(L.RESULT in dict(u.outputs) for u in out)
                data = [L.RESULT] if computed else inputs
                uop = self._store(n, access, data, 0)[1]
                out.append(uop._replace(flags=flags))
            elif row.on not in _MEMORY:
                outputs = [*writes, *([L.RESULT] if stores else [])]
                done = self._compute(
                    form, computing, inputs, outputs, memory, taken, False
                )
                out.append(done[position])
                position += 1
        return out

    # --- slots ----------------------------------------------------------------------
    def _unlaminate(
        self,
        form: Form,
        uops: list[Uop],
        accesses: tuple[MemoryAccess, ...],
        merged: list[int],
    ) -> list[Uop]:
        """The uops with the issue slots that indexed addressing splits."""
        if not any(a.index >= 0 and not a.implicit for a in accesses):
            return uops
        rename = self.core.rename
        rule = rename.unlaminate_loads
        first = form.operands[0].register if form.operands else None
        # A fused load needs both address registers and one more input: it keeps its
        # slot only while the destination is that input, and the flags are not one too.
        keeps = (
            first is not None
            and first in form.writes
            and (
                first in form.reads
                or self._register(first) in merged
                or any(self._register(first) in dict(u.inputs) for u in uops)
            )
            and not any(use.reg in R.FLAG_REGISTERS for use in form.reads)
        )
        split_load = rule == "all" or (rule == "no_destination_read" and not keeps)
        out = []
        for k, uop in enumerate(uops):
            previous = uops[k - 1].kind if k else L.K_NONE
            split = (previous == L.K_LOAD and uop.kind != L.K_LOAD and split_load) or (
                uop.kind == L.K_STORE_DATA and rename.unlaminate_stores
            )
            out.append(uop._replace(flags=uop.flags | L.NEW_SLOT) if split else uop)
        return out

    def _finish(
        self,
        form: Form,
        operation: str,
        cost: Cost,
        path: str,
        known: bool,
        uops: list[Uop],
        accesses: tuple[MemoryAccess, ...],
        decode: int,
        taken: bool,
    ) -> Lowered:
        core = self.core
        front = core.front_end.decode
        flags = 0
        microcode = cost.microcode
        if cost.filler:
            filler = Uop(L.K_MICROCODE, "none", 0, 0, L.NEW_SLOT, (), ())
            uops = [filler] * cost.filler + uops
            decode = max(decode, 1)
        if not uops[0].flags & L.NEW_SLOT:
            uops = [uops[0]._replace(flags=uops[0].flags | L.NEW_SLOT), *uops[1:]]
        microcoded = microcode > 0 or decode > front.complex_uops
        if microcoded and not microcode:
            microcode = decode
        # With no simple decoders, all of them take what fits: only microcode is special.
        if cost.complex or microcoded or (decode > 1 and front.simple_after):
            flags |= L.COMPLEX
        simple_after = front.width - 1
        if cost.simple_after is not None:
            simple_after = cost.simple_after
        elif flags & L.COMPLEX and front.simple_after:
            table = front.simple_after
            simple_after = table[min(decode, len(table)) - 1]
        if microcoded:
            simple_after = 0
        if front.slot0_length and form.length > front.slot0_length:
            flags |= L.LONG
        if form.length_changing_prefix:
            flags |= L.LCP
        if form.flow is not Flow.NEXT and operation != "endbr":
            flags |= L.BRANCH
            if taken or form.flow not in (Flow.CONDITIONAL, Flow.NEXT):
                flags |= L.TAKEN
        if flags & L.TAKEN or (flags & L.BRANCH and front.ends_after_branch):
            flags |= L.ENDS_GROUP
        flags |= self._stack_flags(form, operation)
        if cost.waits:
            flags |= L.WAIT_RETIRE
            if cost.waits == "stores":
                flags |= L.WAIT_STORES
        if cost.holds:
            flags |= L.HOLDS
        if cost.refetch:
            flags |= L.REFETCH
            if cost.refetch == "decode":
                flags |= L.REFETCH_DECODE
        if form.mnemonic == "pop" and form.operands:
            register = form.operands[0].register
            if register is not None and register.reg in (R.RSP, 12):
                flags |= L.COMPLEX if front.pop_r12_complex else 0
                flags |= L.ENDS_GROUP if front.ends_after_pop_r12 else 0
        stall = (
            front.prefix_stall
            if front.prefix_limit and form.prefixes > front.prefix_limit
            else 0
        )
        return Lowered(
            uops=tuple(uops),
            decode_slots=max(decode, 1),
            simple_after=simple_after,
            microcode=microcode,
            immediates=_immediates(
                form, 1 if core.front_end.uop_cache.short_immediates else 4
            ),
            flags=flags,
            latency=cost.latency,
            redirect=core.front_end.redirect if cost.refetch else 0,
            prefix_stall=stall,
            accesses=accesses,
            operation=operation,
            row=path,
            known=known,
        )

    def _stack_flags(self, form: Form, operation: str) -> int:
        flags = 0
        uses = any(
            R.RSP in (m.base, m.index) and not m.implicit for m in form.memory
        ) or any(use.reg == R.RSP for use in form.reads)
        sets = any(use.reg == R.RSP for use in form.writes)
        if uses and (sets or self.core.rename.stack_engine.sync_reads):
            flags |= L.USES_RSP
        if sets:
            flags |= L.SETS_RSP
        return flags


def _immediates(form: Form, least: int) -> int:
    """32-bit slots the immediate and displacement take in a cached line; those of fewer
    than ``least`` bytes take none."""
    slots = 0
    if form.displacement_bytes >= least:
        slots += 1
    if form.immediate_bytes >= 8:
        slots += 2
    elif form.immediate_bytes >= least:
        slots += 1
    return slots


def _counted(rows: tuple[UopCost, ...]) -> tuple[UopCost, ...]:
    """The uops of a row, those given with a ``count`` written out."""
    return tuple(row for row in rows for _ in range(row.count))


def _with_slots(uops: list[Uop], count: int) -> list[Uop]:
    """The same uops in ``count`` issue slots: shared ones are split from the start."""
    starts = [bool(u.flags & L.NEW_SLOT) for u in uops]
    starts[0] = True
    k = 0
    while sum(starts) < count and k < len(starts):
        starts[k] = True
        k += 1
    k = len(starts) - 1
    while sum(starts) > count and k > 0:
        starts[k] = False
        k -= 1
    return [
        u._replace(flags=(u.flags | L.NEW_SLOT) if s else (u.flags & ~L.NEW_SLOT))
        for u, s in zip(uops, starts, strict=True)
    ]
