"""What the oracle keeps of an instruction, a uop, a store and a line."""

from __future__ import annotations

from dataclasses import dataclass, field

from costmodel.engine import layout as L
from tests.engine.figures import Figures
from tests.engine.oracle_access import Access, Line

DECODE, CACHE, LOOP = L.M_DECODE, L.M_CACHE, L.M_LOOP


class ColdLine:
    """A line that is not in the first cache, in one trip; see ``oracle.Machine``."""

    def __init__(self, latency: int, before: ColdLine | None) -> None:
        self.latency = latency
        self.before = before  # whose fill buffer it takes
        self.touches: list[Uop | Store] = []  # in program order

    def touch(self, by: Uop | Store) -> tuple[ColdLine, int]:
        self.touches.append(by)
        return self, len(self.touches)

    def room(self) -> int | None:
        return 0 if self.before is None else self.before.first_ready()

    def first_ready(self) -> int | None:
        """When the fill the first access asked for is done; or, if it did not ask, when
        it left."""
        known, asked = self.touches[0].asks()
        room = self.room()
        if not known or (asked is not None and room is None):
            return None
        if asked is None:
            first = self.touches[0]
            assert isinstance(first, Uop)  # a store always asks
            return first.dispatched
        return max(asked, room or 0) + self.latency

    def ready(self, count: int) -> int | None:
        """When the line is there, as its first ``count`` accesses know; the last of
        them has asked."""
        room = self.room()
        if room is None:
            return None
        asked = [time for _, time in (by.asks() for by in self.touches[:count])]
        return max(min(time for time in asked if time is not None), room) + self.latency


@dataclass(slots=True, eq=False)
class Store:
    """A store in flight."""

    access: Access | None
    copy: int
    address: Uop
    data: Uop | None = None
    retired: int | None = None
    committed: int | None = None
    turn: int = 0  # cycle the store buffer serves it
    cold: list[tuple[ColdLine, int]] = field(default_factory=list)  # see Uop.cold

    def asks(self) -> tuple[bool, int | None]:
        """Whether it is known when it asks for a cold line, and when."""
        return self.retired is not None, self.retired

    def writes(self, p: Figures) -> list[tuple[Line, int]]:
        """The lines it writes, one after the other, and the block of each."""
        assert self.access is not None
        root = self.access.root_in(self.copy)
        first = self.access.offset_in(self.copy)
        last = first + self.access.width - 1
        more = 0
        if self.access.crosses(self.copy, p.store_boundary or p.boundary):
            more = p.split_store
            if p.split_aligned and first % 4 == 0:
                more = p.split_aligned
        begins, ends = (
            ((*root, byte // 64), byte % 64 // p.commit_block) for byte in (first, last)
        )
        return [begins] + [ends] * more


@dataclass(slots=True, eq=False)
class Slot:
    """An issue slot: the uops that share an entry of the reorder buffer."""

    first: Uop
    uops: list[Uop] = field(default_factory=list)
    retired: int | None = None
    stores: list[Store] = field(default_factory=list)  # whose data it holds

    def add(self, uop: Uop) -> None:
        self.uops.append(uop)

    def turns(self) -> int:
        """Its loads that take a turn of the store buffer."""
        return sum(
            uop.access.turn
            for uop in self.uops
            if uop.source is not None
            and uop.access
            and uop.access.forward in L.AT_RENAME
        )

    def complete_by(self, cycle: int) -> bool:
        if not self.uops[-1].last_of_slot:
            return False
        for uop in self.uops:
            time = uop.complete()
            if time is None or time > cycle:
                return False
        return True


@dataclass(slots=True, eq=False)
class Insn:
    """One executed instruction."""

    number: int  # in execution order
    index: int  # in the trace
    copy: int
    address: int
    line: int
    length: int
    opcode_at: int
    flags: int
    slots: int  # in decoders and queue
    simple_after: int
    microcode: int
    prefixes: int
    latency: int
    after_older: int
    redirect: int
    trip: int = 0
    cold_first: int = 0  # cold lines of its first and last byte, numbered from 1 on
    cold_last: int = 0
    uops: list[Uop] = field(default_factory=list)
    source: int = DECODE
    entered_from: int | None = None  # the source before, if it changes here
    moved: bool = False  # it does not lie behind the instruction before it
    window: int = 0  # of its first byte, in which lines of the uop cache are read
    late: int = 0  # cycles later that its target is read, if it is a taken branch
    arrived: int | None = None  # bytes there, boundaries known
    stalled: bool = False  # its length-changing prefix has been charged
    begun: int | None = None  # its prefixes are being decoded from then on
    delivered: int | None = None
    first_issue: int | None = None
    older: Slot | None = None  # the last slot before its own

    def has(self, flag: int) -> bool:
        return self.flags & flag != 0

    def done(self) -> int | None:
        """Cycle the last of its uops completed; None: not known yet."""
        last = 0
        for uop in self.uops:
            time = uop.complete()
            if time is None:
                return None
            last = max(last, time)
        return last

    def complete_by(self, cycle: int) -> bool:
        done = self.done()
        return done is not None and done <= cycle


@dataclass(slots=True, eq=False)
class Uop:
    """One executed uop and what happened to it."""

    p: Figures
    insn: Insn
    position: int  # in the trace
    kind: int
    ports: list[int]
    latency: int
    busy: int
    flags: int
    inputs: list[tuple[int, int]]
    outputs: list[tuple[int, int]]
    access: Access | None
    group: int
    last_of_slot: bool = False
    queue_place: int = -1  # number of its slot within the instruction; -1: no new slot
    behind: int = 0  # cycles the sequencer brings it after the instruction's first
    issued: int | None = None
    dispatched: int | None = None
    port: int = -1
    choices: list[int] = field(default_factory=list)
    eliminated: bool = False
    slot: Slot | None = None
    # who makes each input (None: there since cycle 0), cycles slow, cycles late
    producers: list[tuple[Uop | None, int, int]] = field(default_factory=list)
    source: Store | None = None  # store a load takes its data from
    from_cache: bool = False  # ... which had committed
    alias: Store | None = None  # store it only seems to take its data from
    aliased: bool = False  # ... whose address was known, and which had not committed
    store: Store | None = None  # store whose data it is
    # cold lines of a load, and which of their accesses it is
    cold: list[tuple[ColdLine, int]] = field(default_factory=list)
    addressed_after: Uop | None = None  # the store address before, of loads and of such
    known_addressed: int | None = None
    known_result: int | None = None
    known_ready: int | None = None
    known_complete: int | None = None
    ready_at: int | None = None  # cycle it could leave, were a port free
    misfired: bool = False  # has taken a port in vain

    def asks(self) -> tuple[bool, int | None]:
        """Whether it is known when a load asks for a cold line, and when; None: its
        data comes from a store in flight."""
        reads = self.source is None or self.from_cache
        return self.dispatched is not None, self.dispatched if reads else None

    @property
    def new_slot(self) -> bool:
        return self.flags & L.NEW_SLOT != 0

    @property
    def int_writer(self) -> bool:
        return self.flags & L.INT_WRITER != 0

    @property
    def flag_writer(self) -> bool:
        return self.flags & L.FLAG_WRITER != 0

    @property
    def memory_op(self) -> bool:
        return self.flags & L.MEMORY_OP != 0

    @property
    def alone(self) -> bool:
        return self.flags & L.ALONE != 0

    @property
    def in_turn(self) -> bool:
        return self.flags & L.IN_TURN != 0

    @property
    def queued(self) -> int | None:
        if self.insn.delivered is None:
            return None
        return self.insn.delivered + self.behind

    @property
    def leaves(self) -> int:
        """Cycle from which it may leave for its port."""
        assert self.issued is not None
        return self.issued + self.p.to_dispatch

    # Times that may not be known yet are None.
    @property
    def retired(self) -> int | None:
        return self.slot.retired if self.slot else None

    def ready(self) -> int | None:
        """Cycle the last input is ready. What is known once does not change."""
        if self.known_ready is None:
            self.known_ready = self.find_ready()
        return self.known_ready

    def find_ready(self) -> int | None:
        last = 0
        for producer, slow, late in self.producers:
            value = 0 if producer is None else producer.result()
            if value is None:
                return None
            value += slow + late
            if value > last:
                last = value
        return last

    def woken(self) -> int | None:
        """Cycle the last input would be ready had no producer waited for its port."""
        last = 0
        for producer, slow, late in self.producers:
            value = 0 if producer is None else producer.promised()
            if value is None:
                return None
            last = max(last, value + slow + late)
        return last

    def promised(self) -> int | None:
        """Cycle the value was promised for when the uop was ready."""
        if self.issued is None:
            return None
        if self.kind == L.K_NONE or self.eliminated:
            return self.at_least(self.woken())
        if self.kind == L.K_LOAD and self.access is not None:
            return self.result()
        return self.at_least(
            None if self.ready_at is None else self.ready_at + self.latency
        )

    def least(self) -> int | None:
        """No uop of a microcoded whole completes before this; None: not known yet."""
        insn = self.insn
        if not insn.latency and not insn.after_older:
            return -1
        assert insn.first_issue is not None
        least = insn.first_issue + insn.latency
        if not insn.after_older:
            return least
        retired = 0 if insn.older is None else insn.older.retired
        return None if retired is None else max(least, retired + insn.after_older)

    def at_least(self, time: int | None) -> int | None:
        """A time of this uop, no sooner than its instruction allows."""
        least = self.least()
        return None if time is None or least is None else max(time, least)

    def complete(self) -> int | None:
        if self.known_complete is None and self.issued is not None:
            self.known_complete = self.find_complete()
        return self.known_complete

    def find_complete(self) -> int | None:
        assert self.issued is not None
        if self.kind == L.K_NONE or self.eliminated:
            return self.at_least(self.issued)
        return self.at_least(self.executed())

    def executed(self) -> int | None:
        """Cycle a uop that went to a port is done, but for microcode."""
        if self.dispatched is None:
            return None
        if self.kind != L.K_LOAD or self.access is None:
            return self.dispatched + self.latency
        done = self.cached()
        if self.aliased:
            done += self.p.alias_4k
        kind = self.access.forward
        renamed = kind in L.AT_RENAME
        checked = self.dispatched + self.p.renaming_check
        if kind == L.F_WAITS and self.p.address_wait:
            last = self.last_addressed()
            if last is None:
                return None
            if last > self.dispatched:
                done = max(done, last + self.p.address_wait)
        if self.source is None or self.from_cache:
            compares = renamed or kind == L.F_CHECKED
            if compares and self.source is not None and self.p.renaming_check:
                done = max(done, checked)
            for line, count in self.cold:
                there = line.ready(count)
                if there is None:
                    return None
                done = max(done, there)
            return done
        data, address = self.source.data, self.source.address
        if address.dispatched is None:
            return None
        # The store buffer is no quicker than this, counted from the load's own start.
        p = self.p
        least = self.dispatched + self.latency
        least += max(0, p.forward_load - p.load_latency)
        if renamed:  # checked before it may retire
            compared = address.dispatched + p.forward_address
            if p.renaming_check:
                if data is None or data.dispatched is None:
                    return None
                compared = max(compared, checked, data.dispatched + p.renaming_check)
            compared += p.renaming_segment * self.access.segment
            return max(done, least, compared)
        if data is None or data.dispatched is None:
            return None
        if kind == L.F_CHECKED:
            there = self.checked_value(data.dispatched, address.dispatched)
            return max(done, least, there + p.renaming_segment * self.access.segment)
        there = data.dispatched + p.forward_latency
        if kind == L.F_INSIDE:
            there += p.forward_narrow
        elif kind == L.F_MODIFIED:
            there = max(there - p.forward_modified, data.dispatched)
        elif kind == L.F_BLOCKED:
            # It waits for the commit; the figure is that of a store that commits
            # ``retire_latency`` + 2 cycles after its data left, as early as it can.
            if self.source.committed is None:
                return None
            left = max(data.dispatched, self.source.committed - p.retire_latency - 2)
            there = max(left + p.forward_blocked, self.source.committed)
        if kind == L.F_ORDERED and p.forward_order:
            last = self.last_addressed()
            if last is None:
                return None
            there = max(there, last + p.forward_order)
        return max(done, least, there, address.dispatched + p.forward_address)

    def cached(self) -> int:
        """Cycle a load that has left would have its value from the cache."""
        assert self.dispatched is not None and self.access is not None
        done = self.dispatched + self.latency
        if self.p.split_load and self.access.crosses(self.insn.copy, self.p.boundary):
            done += self.p.split_load
        return done

    def checked_value(self, data: int, address: int) -> int:
        """Cycle a load has its value from a store in flight where none is renamed,
        whose data and address have left in these cycles."""
        assert self.dispatched is not None
        checked = self.dispatched + self.p.renaming_check
        return max(checked, address + self.p.address_wait, data + self.latency)

    def last_addressed(self) -> int | None:
        """Cycle by which all older store addresses have dispatched."""
        before = self.addressed_after
        return 0 if before is None else before.addressed()

    def addressed(self) -> int | None:
        """Cycle by which this store address and all older ones have dispatched."""
        chain = [self]
        while chain[-1].known_addressed is None:
            before = chain[-1].addressed_after
            if before is None:
                break
            chain.append(before)
        last = 0
        for uop in reversed(chain):
            if uop.known_addressed is None:
                if uop.dispatched is None:
                    return None
                uop.known_addressed = max(last, uop.dispatched)
            last = uop.known_addressed
        return last

    def result(self) -> int | None:
        """Cycle its value can be used."""
        if self.known_result is None and self.issued is not None:
            self.known_result = self.find_result()
        return self.known_result

    def find_result(self) -> int | None:
        assert self.issued is not None
        if self.kind == L.K_NONE or self.eliminated:
            # Nothing is computed: the value is as old as what it was made from.
            return self.at_least(self.ready())
        access = self.access
        if self.kind != L.K_LOAD or access is None or self.source is None:
            return self.complete()
        data = self.source.data
        if access.forward == L.F_CHECKED and not self.from_cache:
            address = self.source.address.dispatched
            if self.dispatched is None or address is None:
                return None
            if data is None or data.dispatched is None:
                return None
            checked = self.checked_value(data.dispatched, address)
            return self.at_least(max(checked, self.cached()))
        if access.forward not in L.AT_RENAME:
            return self.complete()
        value = None if data is None or data.issued is None else data.ready()
        if value is None:
            return None
        value += self.p.renaming_latency
        if access.forward == L.F_PASSED:
            value += self.p.renaming_passed
        if self.p.renaming_addressed:
            if self.dispatched is None:
                return None
            value = max(value, self.dispatched + self.latency)
        return self.at_least(max(value, self.issued))
