"""The oracle's issue: renaming, room in windows, and the ports uops are bound to.

- *Issue.* In order, ``issue_width`` slots a cycle. The uops of a slot are allocated one
  by one: a part that waits for an entry takes a slot again in the cycle it gets it.
  Load and store buffer entries are used in a circle. Where the ports of a uop belong to
  several schedulers it waits until one has room. It is bound at issue to a port of
  those that have (a port taken in turn apart); ports chosen at dispatch are those of
  the one with most room, first listed of equals. An entry is free ``entry_held`` + 1
  cycles after its uop left, and counts until then. A move asks for room before it is
  known whether it is eliminated. ``memory_per_cycle`` is asked of slots that begin with
  a memory uop, ``renaming_per_cycle`` of those that begin with a load that is renamed.
- *Register reads.* The uops of a cycle may read ``register_reads`` different registers
  whose last writer has retired; one that reads more by itself comes first.
- *Ports* at issue: by the uops bound and not gone when the cycle began; see ``bind``.
- *Microcode.* Each ``microcode_uops`` slots of an instruction are a cycle later in the
  queue; no uop of it completes before ``latency`` from its first issue, nor before
  ``after_older`` from the retirement of everything older. Such an instruction does not
  wait to issue.
"""

from __future__ import annotations

from costmodel.engine import layout as L
from tests.engine.figures import Figures
from tests.engine.oracle_front import Front
from tests.engine.oracle_program import level_latency, program
from tests.engine.oracle_uop import ColdLine, Insn, Slot, Store, Uop

LAG = 3


class Issue:
    """A machine as far as issue sees it."""

    def __init__(self, trace: L.Trace, figures: Figures, mode: int, trips: int) -> None:
        self.p = figures
        self.group_of = trace.scheduler_of
        self.group_size = trace.scheduler_sizes
        self.alternates = trace.alternates
        self.trace = trace
        self.insns = program(trace, figures, mode, trips)
        self.uops = [u for insn in self.insns for u in insn.uops]
        ahead = self.insns
        if figures.predecode_width and figures.predecode_together:
            rows = trace.head.body * trace.head.repeat + trace.head.tail
            more = figures.fetch_bytes // rows + 2  # a block, of a byte each
            ahead = program(trace, figures, mode, trips + more)
        self.front = Front(self.insns, ahead, figures, trace)
        self.next_issue = 0
        self.slots: list[Slot] = []
        self.producer: dict[int, tuple[Uop | None, int]] = {}
        self.stores: dict[tuple[int, int], Store] = {}
        self.store_order: list[Store] = []
        self.last_address: Uop | None = None
        self.loads: list[Uop] = []
        self.int_writers: list[Uop] = []
        self.flag_writers: list[Uop] = []
        self.holders: list[Insn] = []
        self.turn = 0
        self.sharing: list[set[int]] = []  # registers behind one eliminated move
        # what dispatch and retirement change
        self.waiting: list[Uop] = []
        self.bound = [0] * len(self.group_of)  # per port, when the cycle began
        self.entries = [0] * len(self.group_size)  # per scheduler
        self.leaving: list[Uop] = []  # gone, their entries still taken
        self.next_retire = 0
        self.uncommitted = 0
        # cold lines, by trip and number, and in the order of their first accesses
        self.cold: dict[tuple[int, int], ColdLine] = {}
        self.fills: list[ColdLine] = []

    # --- issue -----------------------------------------------------------------------
    def issue(self, cycle: int) -> None:
        if self.next_issue == len(self.uops):
            return
        used = memory = renamed = 0
        bound_now: list[int] = []
        reads: set[int] = set()
        while self.next_issue < len(self.uops):
            uop = self.uops[self.next_issue]
            if uop.queued is None or uop.queued + self.p.queue_latency > cycle:
                break
            if uop.new_slot:
                if used >= self.p.issue_width or (uop.alone and used):
                    break
                limit = self.p.memory_per_cycle
                if uop.memory_op and limit and memory >= limit:
                    break
                limit = self.p.renaming_per_cycle
                if limit and self.is_renamed(uop) and renamed >= limit:
                    break
                if not self.may_begin_slot(uop, cycle):
                    break
            if not self.has_entries(uop, cycle):
                break
            old = self.retired_reads(uop)
            most = self.p.register_reads
            if most and reads and len(reads | old) > most:
                break
            reads |= old
            if uop.new_slot:
                used = self.p.issue_width if uop.alone else used + 1
                self.slots.append(Slot(uop))
            else:
                used = max(used, 1)
            memory += uop.memory_op
            renamed += self.is_renamed(uop)
            self.allocate(uop, cycle)
            if uop.kind != L.K_NONE and not uop.eliminated:
                self.to_scheduler(uop, used, bound_now)
            self.front.left_queue(uop)
            self.next_issue += 1
        for port in bound_now:
            self.bound[port] += 1

    @staticmethod
    def is_renamed(uop: Uop) -> bool:
        """Whether it takes a store's value from the renamer, and was not taught to."""
        access = uop.access
        if uop.kind != L.K_LOAD or access is None or access.distance > uop.insn.copy:
            return False
        return access.forward in (L.F_RENAMED, L.F_PASSED)

    def retired_reads(self, uop: Uop) -> set[int]:
        """Registers it reads whose values have left the reorder buffer."""
        makers = {
            register: self.producer.get(register, (None, 0))[0]
            for register, _ in uop.inputs
            if register < 16
        }
        return {
            register
            for register, maker in makers.items()
            if maker is None or maker.retired is not None
        }

    def roomiest(self, uop: Uop) -> int:
        """The scheduler that takes it: of those of its ports, most room, first."""
        if uop.group != L.SPANS:
            return uop.group
        groups = [self.group_of[port] for port in uop.ports]
        return max(
            groups, key=lambda group: self.group_size[group] - self.entries[group]
        )

    def may_begin_slot(self, uop: Uop, cycle: int) -> bool:
        insn = uop.insn
        if any(not holder.complete_by(cycle) for holder in self.holders):
            return False
        self.holders = []
        if len(self.slots) - self.next_retire >= self.p.rob:
            return False
        waits = insn.flags & L.WAIT_RETIRE and not insn.after_older
        if uop is insn.uops[0] and waits:
            if self.next_retire < len(self.slots):
                return False
            if insn.flags & L.WAIT_STORES and self.uncommitted:
                return False
        return True

    def has_entries(self, uop: Uop, cycle: int) -> bool:
        p = self.p
        if uop.kind == L.K_LOAD and p.load_buffer:
            number = len(self.loads) - p.load_buffer
            if number >= 0:
                load = self.loads[number]
                if p.load_freed_complete:
                    complete = load.complete()
                    if complete is None or complete > cycle:
                        return False
                elif load.retired is None:
                    return False
        if uop.kind == L.K_STORE_ADDRESS and p.store_buffer:
            number = len(self.store_order) - p.store_buffer
            if number >= 0:
                committed = self.store_order[number].committed
                if committed is None or committed >= cycle:
                    return False
        for writes, writers, size in (
            (uop.int_writer, self.int_writers, p.int_registers),
            (uop.flag_writer, self.flag_writers, p.flag_registers),
        ):
            if writes and size:
                number = len(writers) - size
                if number >= 0 and writers[number].retired is None:
                    return False
        group = self.roomiest(uop)
        if group >= 0 and uop.kind != L.K_NONE:
            return self.entries[group] < self.group_size[group]
        return True

    def allocate(self, uop: Uop, cycle: int) -> None:
        """Everything renaming does; state in program order."""
        uop.issued = cycle
        uop.slot = self.slots[-1]
        uop.slot.add(uop)
        insn = uop.insn
        if insn.first_issue is None:
            insn.first_issue = cycle
            insn.older = self.slots[-2] if len(self.slots) > 1 else None
        if uop.kind == L.K_LOAD:
            self.loads.append(uop)
        if uop.int_writer:
            self.int_writers.append(uop)
        if uop.flag_writer:
            self.flag_writers.append(uop)
        uop.producers = [
            (*self.producer.get(register, (None, 0)), late)
            for register, late in uop.inputs
        ]
        self.rename_memory(uop)
        self.touch_lines(uop)
        if uop.kind == L.K_ELIMINATED:
            uop.eliminated = self.eliminate(uop.inputs[0][0], uop.outputs[0][0])
        for register, slow in uop.outputs:
            self.producer[register] = (uop, slow)
            if not uop.eliminated:
                self.overwrite(register)
        if uop is insn.uops[-1] and insn.flags & L.HOLDS:
            self.holders.append(insn)

    def rename_memory(self, uop: Uop) -> None:
        access = uop.access
        copy = uop.insn.copy
        if uop.kind == L.K_STORE_ADDRESS or uop.kind == L.K_LOAD:
            uop.addressed_after = self.last_address
        if uop.kind == L.K_STORE_ADDRESS and access is not None:
            self.last_address = uop
        if uop.kind == L.K_STORE_ADDRESS:
            store = Store(access, copy, uop)
            self.store_order.append(store)
            if access is not None:
                self.stores[copy, access.number] = store
        elif access is None:
            return
        elif uop.kind == L.K_STORE_DATA:
            store = self.stores[copy, access.number]
            store.data = uop
            uop.store = store
            self.slots[-1].stores.append(store)
            self.uncommitted += 1
        elif uop.kind == L.K_LOAD:
            if access.store >= 0 and access.forward and access.distance <= copy:
                store = self.stores[copy - access.distance, access.store]
                if access.forward == L.F_ALIAS:
                    uop.alias = store
                else:
                    uop.source = store

    def touch_lines(self, uop: Uop) -> None:
        """A load's cold lines, and with the last uop of a slot its stores'."""
        assert uop.slot is not None
        if uop.kind == L.K_LOAD and uop.access is not None:
            for number in uop.access.cold:
                uop.cold.append(self.cold_line(uop, number).touch(uop))
        for store in uop.slot.stores if uop.last_of_slot else ():
            assert store.access is not None
            for number in store.access.cold:
                store.cold.append(self.cold_line(uop, number).touch(store))

    def cold_line(self, uop: Uop, number: int) -> ColdLine:
        key = uop.insn.trip, number
        if key not in self.cold:
            before = len(self.fills) - self.p.fill_buffers
            older = self.fills[before] if self.p.fill_buffers and before >= 0 else None
            latency = level_latency(self.trace, number, self.p)
            self.cold[key] = ColdLine(latency, older)
            self.fills.append(self.cold[key])
        return self.cold[key]

    # --- move elimination ------------------------------------------------------------
    def overwrite(self, register: int) -> None:
        """A register leaves those it shares a value with; one alone shares nothing."""
        for sharing in self.sharing:
            sharing.discard(register)
        self.sharing = [s for s in self.sharing if len(s) > 1]

    def eliminate(self, source: int, target: int) -> bool:
        self.overwrite(target)
        for sharing in self.sharing:
            if source in sharing:
                sharing.add(target)
                return True
        if len(self.sharing) == self.p.elimination_slots:
            return False
        self.sharing.append({source, target})
        return True

    # --- ports -----------------------------------------------------------------------
    def to_scheduler(self, uop: Uop, used: int, bound_now: list[int]) -> None:
        self.waiting.append(uop)
        if not uop.ports:
            return
        uop.choices = uop.ports
        if self.p.bind_at_issue:
            port = self.bind(uop, used, bound_now)
            uop.choices = [port]
            bound_now.append(port)
            group = self.group_of[port]
        else:
            group = self.roomiest(uop)
            if uop.group == L.SPANS:
                uop.choices = [p for p in uop.ports if self.group_of[p] == group]
        if group >= 0:
            self.entries[group] += 1

    def bind(self, uop: Uop, used: int, bound_now: list[int]) -> int:
        """The port with fewest bound (first listed of equals) in slots 0, 2, ..; the
        runner-up in slots 1, 3, .. unless it is ``LAG`` or more behind. Uops that take
        the alternating ports do so in turn."""
        if uop.in_turn and len(self.alternates) > 1:
            self.turn += 1
            return self.alternates[(self.turn - 1) % len(self.alternates)]
        ports = uop.ports
        if uop.group == L.SPANS:
            ports = [
                port
                for port in ports
                if self.entries[self.group_of[port]]
                < self.group_size[self.group_of[port]]
            ]
        if len(ports) == 1:
            return ports[0]
        if self.p.bind_evenly:
            return min(ports, key=lambda port: self.bound[port] + bound_now.count(port))
        by_load = sorted(ports, key=lambda port: self.bound[port])
        best, second = by_load[:2]
        if used % 2 == 1 or self.bound[second] - self.bound[best] >= LAG:
            return best
        return second
