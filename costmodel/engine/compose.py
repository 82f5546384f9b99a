"""The uops of an instruction: what its row computes, and the memory around it.

One rule serves all cores. A row gives the compute uops of an operation; a memory source
adds a load before them, a memory destination a store address and a store data uop after
them. The core says which of these share issue slots. A row that is ``whole`` lists its
loads and stores itself.
"""

from __future__ import annotations

from costmodel.code import registers as R
from costmodel.code.insn import Form, MemoryAccess
from costmodel.cores.model import Core, Cost, UopCost
from costmodel.engine import layout as L
from costmodel.engine.dataflow import Dataflow
from costmodel.engine.lowered import Terms, Uop

LOAD, ADDRESS, DATA = "load", "store_address", "store_data"
SIMPLE = "store_address_simple"
MEMORY = frozenset({LOAD, ADDRESS, SIMPLE, DATA})
_CHAIN = L.TEMPORARY + 7  # carries a value from one uop of a row to the next

Access = tuple[int, MemoryAccess]  # with its number within the instruction
Stated = tuple[UopCost, str]  # a uop of a cost row, and the path of its figures


class Composer:
    """Composes uops for one core."""

    def __init__(self, core: Core) -> None:
        self._memory = core.memory
        self._rename = core.rename
        self._classes = core.ports.classes
        turning = set(core.ports.alternate)
        self._stores_in_turn = turning == set(self._classes.get(ADDRESS, ()))

    def uops(
        self,
        form: Form,
        cost: Cost,
        accesses: tuple[MemoryAccess, ...],
        flow: Dataflow,
        taken: bool,
        row: str = "",
    ) -> list[Uop]:
        """All uops of ``form``, in order, with the issue slots they start. ``row``:
        path of ``cost``; "" if the core has no row."""
        loads = [(n, a) for n, a in enumerate(accesses) if a.reads]
        stores = [(n, a) for n, a in enumerate(accesses) if a.writes]
        if cost.whole:
            return self._whole(form, cost, loads, stores, flow, taken, row)
        together = 0 if self._rename.fuse_read_modify_write else L.NEW_SLOT
        rows = _counted(cost.uops, row)
        if rows:
            inputs = list(flow.reads)
            out = self._sources(form, loads, inputs)
            outputs = [*flow.writes, *([L.RESULT] if stores else [])]
            shares = bool(loads) and self._rename.micro_fusion
            out += self._compute(rows, inputs, outputs, flow, taken, shares)
        else:
            out = [self._pure_load(form, loads[0], stores, flow)] if loads else []
        for access in stores:
            data = [L.RESULT] if rows or loads else flow.reads
            out += self._store(access, data, together if out else L.NEW_SLOT)
        return out or [_nothing(flow.reads, flow.writes)]

    # --- memory ---------------------------------------------------------------------
    def _address(self, access: MemoryAccess) -> tuple[tuple[int, int], ...]:
        inputs = [(r, 0) for r in (access.base, access.index) if r >= 0]
        if access.segment:
            inputs.append((R.GS_BASE if access.segment == "gs" else R.FS_BASE, 0))
        return tuple(inputs)

    def _load_latency(self, form: Form, access: MemoryAccess) -> tuple[int, Terms]:
        """Cycles of a load from the cache, and the figures they are a sum of."""
        memory = self._memory
        limit = memory.displacement_limit
        within = access.index < 0 and 0 <= access.displacement < limit
        parts = [("load_latency", memory.load_latency)]
        if access.index >= 0:
            parts.append(("indexed_extra", memory.indexed_extra))
        if limit and not within:
            parts.append(("slow_extra", memory.slow_extra))
        absolute = access.base < 0 and access.index < 0
        if access.segment and not (
            (absolute and not memory.segment_alone)
            or (access.index >= 0 and not memory.segment_indexed)
        ):
            parts.append(("segment_extra", memory.segment_extra))
        if absolute:
            parts.append(("absolute_extra", memory.absolute_extra))
        if access.width < 32:
            parts.append(("narrow_extra", memory.narrow_extra))
        if form.mnemonic in ("movsx", "movsxd"):
            parts.append(("sign_extend_extra", memory.sign_extend_extra))
        return (
            sum(cycles for _, cycles in parts),
            tuple([("memory." + name, 1) for name, _ in parts]),
        )

    def _load(self, form: Form, access: Access, outputs: list[int], flags: int) -> Uop:
        number, place = access
        latency, figures = self._load_latency(form, place)
        return Uop(
            kind=L.K_LOAD,
            port_class=LOAD,
            latency=latency,
            busy=0,
            flags=flags | L.MEMORY_OP | L.IN_TURN,
            inputs=self._address(place),
            outputs=tuple((o, 0) for o in outputs),
            access=number,
            latency_of=figures,
        )

    def _sources(self, form: Form, loads: list[Access], inputs: list[int]) -> list[Uop]:
        """Loads of the operands a computation reads; ``inputs`` gains their values."""
        out = []
        for target, access in zip((L.LOADED, *[L.LOADED_2] * 8), loads, strict=False):
            out.append(self._load(form, access, [target], L.NEW_SLOT))
            inputs.append(target)
        return out

    def _pure_load(
        self, form: Form, access: Access, stores: list[Access], flow: Dataflow
    ) -> Uop:
        """A load straight into its register, or on to the store that follows."""
        targets = [L.RESULT] if stores else flow.writes
        load = self._load(form, access, targets, L.NEW_SLOT)
        if form.stack_delta == 0:  # a narrow load keeps the rest of its register
            kept = tuple((r, -load.latency) for r in targets if r in flow.reads)
            load = load._replace(inputs=load.inputs + kept, late_by_latency=len(kept))
        return load

    def _store(self, access: Access, data: list[int], flags: int) -> list[Uop]:
        number, place = access
        simple = place.index < 0 and SIMPLE in self._classes
        turns = 0 if simple or not self._stores_in_turn else L.IN_TURN
        second = 0 if self._rename.micro_fusion else L.NEW_SLOT
        return [
            Uop(
                kind=L.K_STORE_ADDRESS,
                port_class=SIMPLE if simple else ADDRESS,
                latency=1 + self._memory.store_address_extra,
                busy=0,
                flags=flags | L.MEMORY_OP | turns,
                inputs=self._address(place),
                outputs=(),
                access=number,
                latency_of=(("memory.store_address_extra", 1),),
            ),
            Uop(
                kind=L.K_STORE_DATA,
                port_class=DATA,
                latency=1,
                busy=0,
                flags=second,
                inputs=tuple((r, 0) for r in data),
                outputs=(),
                access=number,
            ),
        ]

    # --- computation ----------------------------------------------------------------
    def _compute(
        self,
        rows: tuple[Stated, ...],
        inputs: list[int],
        outputs: list[int],
        flow: Dataflow,
        taken: bool,
        first_shares: bool,
    ) -> list[Uop]:
        """The uops of a row: by default each hands its value on to the next."""
        out: list[Uop] = []
        last = len(rows) - 1
        for k, (row, path) in enumerate(rows):
            if row.reads is None:
                read = inputs if k == 0 else [*inputs, _CHAIN]
            else:
                read = _named(row.reads, flow, inputs)
            if row.writes is None:
                write = outputs if k == last else [_CHAIN]
            else:
                # "op0" of a memory destination is what will be stored.
                named = _named(row.writes, flow, outputs)
                write = [L.RESULT if r == L.LOADED else r for r in named]
                stored = any(L.RESULT in dict(u.outputs) for u in out)
                if L.RESULT in outputs and k == last and not stored:
                    write = [*write, *([] if L.RESULT in write else [L.RESULT])]
            shares = not row.own_slot or (k == 0 and first_shares)
            out.append(self._uop(row, path, read, write, flow, taken, shares))
        return out

    def _uop(
        self,
        row: UopCost,
        path: str,
        read: list[int],
        write: list[int],
        flow: Dataflow,
        taken: bool,
        shares: bool,
    ) -> Uop:
        late = {r: n for name, n in row.late.items() for r in flow.role(name)}
        slow = {r: n for name, n in row.slow.items() for r in flow.role(name)}
        port_class = row.on
        if port_class == "branch" and taken and "branch_taken" in self._classes:
            port_class = "branch_taken"
        flags = 0 if shares else L.NEW_SLOT
        if any(w < 16 or w >= L.HIGH_BYTE for w in write):
            flags |= L.INT_WRITER
        if any(w in R.FLAG_REGISTERS for w in write):
            flags |= L.FLAG_WRITER
        kind = L.K_COMPUTE
        if port_class.startswith("branch"):
            kind = L.K_BRANCH
        elif port_class == "none":
            kind = L.K_NONE
        return Uop(
            kind=kind,
            port_class=port_class,
            latency=row.latency,
            busy=row.busy,
            flags=flags,
            inputs=tuple((r, late.get(r, 0)) for r in dict.fromkeys(read)),
            outputs=tuple((w, slow.get(w, 0)) for w in dict.fromkeys(write)),
            latency_of=((path + ".latency", 1),) if path else (),
            busy_of=((path + ".busy", 1),) if path and row.busy else (),
        )

    def _whole(
        self,
        form: Form,
        cost: Cost,
        loads: list[Access],
        stores: list[Access],
        flow: Dataflow,
        taken: bool,
        path: str,
    ) -> list[Uop]:
        """Uops of a row that lists loads and stores itself."""
        out: list[Uop] = []
        rows = _counted(cost.uops, path)
        computing = tuple(stated for stated in rows if stated[0].on not in MEMORY)
        outputs = [*flow.writes, *([L.RESULT] if stores else [])]
        position = 0
        addresses, data = list(stores), list(stores)
        sources, targets = list(loads), [L.LOADED, L.LOADED_2]
        inputs = list(flow.reads)
        for row, _ in rows:
            flags = L.NEW_SLOT if row.own_slot else 0
            if row.on == LOAD and sources:
                target = targets.pop(0) if targets else L.LOADED_2
                inputs.append(target)
                out.append(self._load(form, sources.pop(0), [target], flags))
            elif row.on in (ADDRESS, SIMPLE) and addresses:
                uop = self._store(addresses.pop(0), [], flags)[0]
                out.append(uop._replace(port_class=row.on))
            elif row.on == DATA and data:
                computed = any(L.RESULT in dict(u.outputs) for u in out)
                values = [L.RESULT] if computed else inputs
                uop = self._store(data.pop(0), values, 0)[1]
                out.append(uop._replace(flags=flags))
            elif row.on not in MEMORY:
                done = self._compute(computing, inputs, outputs, flow, taken, False)
                out.append(done[position])
                position += 1
        return out


def _named(names: tuple[str, ...], flow: Dataflow, among: list[int]) -> list[int]:
    """Registers of a row's names; "flags" only as far as the instruction has them."""
    return [r for n in names for r in flow.role(n) if n != "flags" or r in among]


def _nothing(reads: list[int], writes: list[int]) -> Uop:
    """A uop that only issues and retires, values passing through."""
    return Uop(
        L.K_NONE, "none", 0, 0, L.NEW_SLOT,
        tuple((r, 0) for r in reads), tuple((w, 0) for w in writes),
    )  # fmt: skip


def _counted(uops: tuple[UopCost, ...], row: str) -> tuple[Stated, ...]:
    """The uops of a row, those given with a ``count`` written out."""
    return tuple(
        (uop, f"{row}.uops.{k}" if row else "")
        for k, uop in enumerate(uops)
        for _ in range(uop.count)
    )
