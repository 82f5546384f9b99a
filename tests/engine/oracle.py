"""A plain cycle-by-cycle simulator of the same rules: slow, obvious, exact.

It shares nothing with the simulator but the rows of a trace and the names of figures.
A clock steps; in every cycle the stages act back to front, so that nothing passes two
stages in one cycle:

    commit, retire, dispatch (the scheduler scanned oldest first), issue, deliver

Rules the figures of a core do not say by themselves:

- *Retire.* Slots in order, ``retire`` a cycle, ``retire_latency`` after the last of
  their uops completed. What a slot held is free in the same cycle.
- *Commit.* Retired stores in order, from the cycle after retirement. A store *merges*
  when its line is that of the store before it, or one of the last ``combine_lines``
  lines written. Up to ``commit_same_line`` stores commit in a cycle if the one asking
  merges, writes to the same block of ``commit_block`` bytes of its line, and has no
  segment where not ``segments_pair``; else ``commit_per_cycle``.
  Lines that do not merge start no closer than ``commit_interval`` 64ths of a cycle,
  counted from when the line before was due if it commits in that very cycle, else from
  the cycle it commits in; the fraction of a cycle a line is due at does not hold it up.
  The store buffer serves stores, and those renamed loads that say so, as they retire,
  from the next cycle on: ``store_turn`` and ``renaming_turn`` 64ths of a cycle each,
  whose fraction does not hold up either. A store commits when its turn has come.
  A split store commits again, a cycle later, to the next line. Its buffer entry is free
  a cycle after.
- *Dispatch.* A uop leaves once ``to_dispatch`` cycles have passed since it issued, its
  inputs are ready and its port is free; the oldest goes first. Uops of the unit that
  is not pipelined start in program order. Without ports it leaves when ready.
- *Banks.* A load on a port it was bound to does not leave in a cycle in which an older
  load on another of the ports taken in turn touches the same bank of another line; or,
  with ``bank_loads``, in which so many older loads there touch one of its banks.
- *Forwarding.* A load that has left takes its data from its store unless that store has
  committed by then: when the store data and address have left plus the core's
  latencies, no earlier than a load from the cache, nor than ``forward_load`` says,
  counted from the load's own start. One whose bytes come from elsewhere too waits for
  the commit. A renamed load's value is there
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
The rules of issue stand in ``oracle_issue.py``, those of the front end in
``oracle_front.py``.
"""

from __future__ import annotations

from costmodel.engine import layout as L
from tests.engine.figures import Figures
from tests.engine.oracle_access import Line
from tests.engine.oracle_issue import Issue
from tests.engine.oracle_uop import Store, Uop

FIXED = 64  # fractions of a cycle are whole 64ths


class Deadlock(Exception):
    """The machine stopped making progress."""


class Machine(Issue):
    """The whole machine; ``run`` fills in the times of every uop."""

    def __init__(self, trace: L.Trace, figures: Figures, mode: int, trips: int) -> None:
        super().__init__(trace, figures, mode, trips)
        self.divider_free = 0
        self.commit_queue: list[tuple[Store, Line, int, bool]] = []
        # line, block of it, is the last
        self.commit_after = 0  # cycle after which the first of them may go
        self.commit_clock = 0
        self.turn_clock = 0
        self.last_line: Line | None = None
        self.last_block = 0  # of that line
        self.recent: list[Line] = []

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
            store, line, block, last = self.commit_queue[0]
            assert store.retired is not None
            if self.commit_after >= cycle or store.retired >= cycle:
                return
            if store.turn > cycle:
                return
            for cold, count in store.cold:
                there = cold.ready(count)
                assert there is not None, "a line asked for at retirement is coming"
                if there > cycle:
                    return
            merges = line == self.last_line or line in self.recent
            assert store.access is not None
            alone = store.access.segment and not self.p.segments_pair
            pairs = merges and not alone and block == self.last_block
            room = self.p.commit_same_line if pairs else self.p.commit_per_cycle
            if committed >= room and committed:
                return
            if not merges:
                due = self.commit_clock // FIXED
                if due > cycle:
                    return
                if due < cycle:
                    self.commit_clock = cycle * FIXED
                self.commit_clock += self.p.commit_interval
                if self.p.combine_lines:
                    self.recent = [line, *self.recent][: self.p.combine_lines]
            committed += 1
            self.last_line, self.last_block = line, block
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
            self.take_turn(cycle, slot.turns() * self.p.renaming_turn)
            for store in slot.stores:
                store.retired = cycle
                store.turn = self.take_turn(cycle, self.p.store_turn)
                writes = store.writes(self.p)
                for k, (line, block) in enumerate(writes, 1):
                    self.commit_queue.append((store, line, block, k == len(writes)))

    def take_turn(self, retired: int, cost: int) -> int:
        """Cycle in which the store buffer serves the next that retired."""
        turn = max(self.turn_clock, (retired + 1) * FIXED)
        self.turn_clock = turn + cost
        return turn // FIXED

    # --- dispatch --------------------------------------------------------------------
    def dispatch(self, cycle: int) -> None:
        if not self.waiting and not self.leaving:
            return
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
        return uop.leaves <= cycle and ready is not None and ready <= cycle

    def note_ready(self, uop: Uop, cycle: int) -> None:
        """Find when the uop could leave for its port."""
        ready = uop.ready()
        if uop.ready_at is not None or ready is None:
            return
        at = max(ready, uop.leaves)
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
        if uop.leaves > cycle:
            return
        if ready is not None and ready <= cycle:
            return
        for port in uop.choices:
            if port not in taken:
                taken.add(port)
                uop.misfired = True
                return
