"""A plain cycle-by-cycle simulator of the engine's rules: slow, obvious, exact.

It shares nothing with the engine but the trace layout and the parameters. A clock
steps; in every cycle the stages act back to front, so that nothing passes two stages
in one cycle:

    commit, retire, dispatch (the scheduler scanned oldest first), issue, deliver

Rules the figures of a core do not say by themselves:

- *Retire.* Slots in order, ``retire`` a cycle, ``retire_latency`` after the last of
  their uops completed. What a slot held is free in the same cycle.
- *Commit.* With ``segments_pair`` 0 a store with a segment counts as one that does not
  merge for how many go in a cycle. Retired stores in order, from the cycle after retirement. A store *merges*
  when its line is that of the store before it, or one of the last ``combine_lines``
  lines written. Up to ``commit_same_line`` stores commit in a cycle if the one asking
  merges, ``commit_per_cycle`` if not. Lines that do not merge start no closer than
  ``commit_interval`` 64ths of a cycle; a store that had to wait for that alone counts
  from when it was due, others from the cycle they commit in. A split store commits
  again, a cycle later, to the next line. Its buffer entry is free a cycle after.
- *Dispatch.* A uop leaves once ``to_dispatch`` cycles have passed since it issued, its
  inputs are ready and its port is free; the oldest goes first. Uops of the unit that
  is not pipelined start in program order. Without ports it leaves when ready.
- *Banks.* A load on a port it was bound to does not leave in a cycle in which an older
  load on another of the ports taken in turn touches the same bank of another line; or,
  with ``bank_loads``, in which so many older loads there touch one of its banks.
- *Forwarding.* A load that has left takes its data from its store unless that store has
  committed by then: when the store data and address have left plus the core's
  latencies, no earlier than a load from the cache. A renamed load's value is there
  ``renaming_latency`` after the inputs of the store data were, from its own issue on;
  the load itself completes when the store's address has been compared, and
  ``renaming_check`` after it and the store data left, if that is not 0; of a store that
  has committed only the first of these counts. ``renaming_segment`` comes on top for a
  load with a segment, from a store that has not.
- *Aliasing.* A load that seems to meet a store whose address has left and that has not
  committed when the load leaves takes ``alias_4k`` longer.
- *Early wake-up* (``early_wake``, ports chosen at dispatch). A uop that is ready but
  finds no port has promised its value all the same. A uop that has only promises of its
  inputs takes a port of its own in vain, once, before the inputs are there.
- *Cold lines.* A load asks for a cold line when it dispatches, unless a store in flight
  has its data, a store when it retires. The line is there its level's latency after the
  earliest of those who have asked, younger ones in program order not counted, and after
  there is a fill buffer: the lines of a trip take them in the order of their first
  accesses, in a circle, each until the fill its first access asked for is done, or
  until that access has left without asking. Loads
  complete and stores commit no sooner. Every trip begins with its cold lines cold.
- *Issue.* In order, ``issue_width`` slots a cycle. The uops of a slot are allocated one
  by one: a part that waits for an entry takes a slot again in the cycle it gets it.
  Load and store buffer entries are used in a circle. Where the ports of a uop belong to
  several schedulers it waits until one has room. It is bound at issue to a port of
  those that have (a port taken in turn apart); ports chosen at dispatch are those of
  the one with most room, first listed of equals. An entry is free ``entry_held`` + 1
  cycles after its uop left, and counts until then. A move asks for room before it is
  known whether it is eliminated. ``memory_per_cycle`` is asked of slots that begin with
  a memory uop.
- *Register reads.* The uops of a cycle may read ``register_reads`` different registers
  whose last writer has retired; one that reads more by itself comes first.
- *Ports* at issue: by the uops bound and not gone when the cycle began; see ``bind``.
- *Microcode.* Each ``microcode_uops`` slots of an instruction are a cycle later in the
  queue; no uop of it completes before ``latency`` from its first issue, nor before
  ``after_older`` from the retirement of everything older. Such an instruction does not
  wait to issue.

The front end's rules stand in ``oracle_front.py``.
"""

from __future__ import annotations

from costmodel.engine import layout as L
from tests.engine.figures import Figures
from tests.engine.oracle_front import Front
from tests.engine.oracle_program import (
    ColdLine,
    Insn,
    Line,
    Slot,
    Store,
    Uop,
    level_latency,
    program,
)

LAG = 3
FIXED = 64  # fractions of a cycle are whole 64ths


class Deadlock(Exception):
    """The machine stopped making progress."""


class Machine:
    """The whole machine; ``run`` fills in the times of every uop."""

    def __init__(
        self,
        trace: L.Trace,
        figures: Figures,
        mode: int,
        trips: int,
    ) -> None:
        self.p = figures
        self.group_of = trace.scheduler_of
        self.group_size = trace.scheduler_sizes
        self.alternates = trace.alternates
        self.trace = trace
        self.insns = program(trace, figures, mode, trips)
        self.uops = [u for insn in self.insns for u in insn.uops]
        self.front = Front(self.insns, figures, trace)
        # issue
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
        # dispatch
        self.waiting: list[Uop] = []
        self.bound = [0] * len(self.group_of)  # per port, when the cycle began
        self.entries = [0] * len(self.group_size)  # per scheduler
        self.leaving: list[Uop] = []  # gone, their entries still taken
        self.divider_free = 0
        # retirement and commit
        self.next_retire = 0
        self.commit_queue: list[tuple[Store, Line, bool]] = []  # line, is the last
        self.commit_after = 0  # cycle after which the first of them may go
        self.commit_held = False  # it has waited for the line rate alone
        self.commit_clock = 0
        self.last_line: Line | None = None
        self.recent: list[Line] = []
        self.uncommitted = 0
        # cold lines, by trip and number, and in the order of their first accesses
        self.cold: dict[tuple[int, int], ColdLine] = {}
        self.fills: list[ColdLine] = []

    # --- running ------------------------------------------------------------------
    def run(self, limit: int = 200_000) -> None:
        cycle = 0
        while not self.done():
            self.commit(cycle)
            self.retire(cycle)
            self.dispatch(cycle)
            self.issue(cycle)
            self.front.step(cycle)
            cycle += 1
            if cycle > limit:
                raise Deadlock(f"no end after {cycle} cycles")

    def done(self) -> bool:
        return (
            self.next_issue == len(self.uops)
            and self.next_retire == len(self.slots)
            and not self.commit_queue
        )

    # --- commit --------------------------------------------------------------------
    def commit(self, cycle: int) -> None:
        committed = 0
        while self.commit_queue:
            store, line, last = self.commit_queue[0]
            assert store.retired is not None
            if self.commit_after >= cycle or store.retired >= cycle:
                return
            for cold, count in store.cold:
                there = cold.ready(count)
                assert there is not None, "a line asked for at retirement is coming"
                if there > cycle:
                    return
            merges = line == self.last_line or line in self.recent
            assert store.access is not None
            alone = store.access.segment and not self.p.segments_pair
            pairs = merges and not alone
            room = self.p.commit_same_line if pairs else self.p.commit_per_cycle
            if committed >= room and committed:
                return
            if not merges:
                due = -(-self.commit_clock // FIXED)
                if due > cycle:
                    self.commit_held = True
                    return
                if not self.commit_held:
                    self.commit_clock = cycle * FIXED
                self.commit_clock += self.p.commit_interval
                if self.p.combine_lines:
                    self.recent = [line, *self.recent][: self.p.combine_lines]
            self.commit_held = False
            committed += 1
            self.last_line = line
            self.commit_queue.pop(0)
            if last:
                store.committed = cycle
                self.uncommitted -= 1
            else:
                self.commit_after = cycle

    # --- retire ----------------------------------------------------------------------
    def retire(self, cycle: int) -> None:
        for _ in range(self.p.retire):
            if self.next_retire == len(self.slots):
                return
            slot = self.slots[self.next_retire]
            if not slot.complete_by(cycle - self.p.retire_latency):
                return
            slot.retired = cycle
            self.next_retire += 1
            for store in slot.stores:
                store.retired = cycle
                lines = store.lines(self.p)
                for k, line in enumerate(lines):
                    self.commit_queue.append((store, line, k == len(lines) - 1))

    # --- dispatch --------------------------------------------------------------------
    def dispatch(self, cycle: int) -> None:
        # What binding and the schedulers see in this cycle is its beginning.
        held = []
        for uop in self.leaving:
            assert uop.dispatched is not None
            if uop.dispatched + self.p.entry_held >= cycle:
                held.append(uop)
                continue
            self.bound[uop.port] -= 1
            if self.group_of[uop.port] >= 0:
                self.entries[self.group_of[uop.port]] -= 1
        self.leaving = held
        taken: set[int] = set()
        divider_blocked = False
        for uop in list(self.waiting):
            self.note_ready(uop, cycle)
            if self.p.early_wake and not self.p.bind_at_issue:
                self.misfire(uop, cycle, taken)
            busy = uop.busy > 0
            if busy and (divider_blocked or cycle < self.divider_free):
                divider_blocked = True
                continue
            if not self.may_leave(uop, cycle):
                divider_blocked = divider_blocked or busy
                continue
            if uop.ports:
                free = [port for port in uop.choices if port not in taken]
                if not free:
                    divider_blocked = divider_blocked or busy
                    continue
                if self.bank_taken(uop, free[0], cycle):
                    continue
                uop.port = free[0]
                taken.add(uop.port)
                self.leaving.append(uop)
                if not self.p.bind_at_issue:
                    self.bound[uop.port] += 1
            uop.dispatched = cycle
            if uop.alias is not None:
                known = uop.alias.address.dispatched is not None
                uop.aliased = known and uop.alias.committed is None
            uop.from_cache = uop.source is not None and uop.source.committed is not None
            if busy:
                self.divider_free = cycle + uop.busy
            self.waiting.remove(uop)

    def bank_taken(self, uop: Uop, port: int, cycle: int) -> bool:
        """Whether an older load of this cycle, on another of the ports loads take in
        turn, touches the same bank of another line of the same place."""
        if not (self.p.bank_bytes and self.p.bind_at_issue and uop.access):
            return False
        if uop.kind != L.K_LOAD:
            return False
        root, lines, banks = uop.access.touched(uop.insn.copy, self.p.bank_bytes)
        crowd = dict.fromkeys(banks, 0)
        for other in self.leaving:
            if other.dispatched != cycle:
                continue
            if other.kind != L.K_LOAD or not other.access or other.port == port:
                continue
            if other.port not in self.alternates:
                continue
            theirs = other.access.touched(other.insn.copy, self.p.bank_bytes)
            if self.p.bank_loads:
                for bank in theirs[2] & banks:
                    crowd[bank] += 1
            elif theirs[0] == root and theirs[1] != lines and theirs[2] & banks:
                return True
        most = self.p.bank_loads
        return most > 0 and any(count >= most for count in crowd.values())

    def may_leave(self, uop: Uop, cycle: int) -> bool:
        ready = uop.ready()
        return (
            uop.issued + self.p.to_dispatch <= cycle
            and ready is not None
            and ready <= cycle
        )

    def note_ready(self, uop: Uop, cycle: int) -> None:
        """Find when the uop could leave for its port."""
        ready = uop.ready()
        if uop.ready_at is not None or ready is None:
            return
        at = max(ready, uop.issued + self.p.to_dispatch)
        if uop.busy:
            older = self.waiting[: self.waiting.index(uop)]
            if any(other.busy for other in older):
                return
            at = max(at, self.divider_free)
        uop.ready_at = at

    def misfire(self, uop: Uop, cycle: int, taken: set[int]) -> None:
        """A uop woken by the promise of a value takes a free port in vain, once."""
        ready, woken = uop.ready(), uop.woken()
        if uop.misfired or not uop.ports or woken is None or woken > cycle:
            return
        if uop.issued + self.p.to_dispatch > cycle:
            return
        if ready is not None and ready <= cycle:
            return
        for port in uop.choices:
            if port not in taken:
                taken.add(port)
                uop.misfired = True
                return

    # --- issue -----------------------------------------------------------------------
    def issue(self, cycle: int) -> None:
        used = memory = 0
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
            self.allocate(uop, cycle)
            if uop.kind != L.K_NONE and not uop.eliminated:
                self.to_scheduler(uop, used, bound_now)
            self.front.left_queue(uop)
            self.next_issue += 1
        for port in bound_now:
            self.bound[port] += 1

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
            if maker is None or maker.slot.retired is not None
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
                elif load.slot.retired is None:
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
                if number >= 0 and writers[number].slot.retired is None:
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
            uop.slot.stores.append(store)
            self.uncommitted += 1
        elif uop.kind == L.K_LOAD:
            if access.forward and access.distance <= copy:
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
