"""The oracle's front end, cycle by cycle: fetch, predecode, decode, uop cache, queue.

- *Predecode* (``predecode_width`` > 0): one aligned block at a time. In each cycle it
  marks the next ``predecode_width`` instructions that end in the block; one whose
  opcode lies in the block but that ends in the next takes a place in both. The block
  is left after as many cycles as that took, at least one. A length-changing prefix
  stops it ``lcp_stall`` cycles, the first of a block less those the block before took
  over one. It stops too while the instruction ``predecode_queue`` earlier has not been
  decoded (the jump of a fused pair takes no place of its own), and ``predecode_freed``
  cycles beyond; with ``predecode_together`` only before the first instruction of a
  cycle, which then asks for the last of those that would be marked in it.
- *Fetch* (no predecode): a block a cycle; block *b* takes the buffer of the block
  ``fetch_queue`` fetches before it once all instructions ending there were decoded in
  an earlier cycle. The first block after a redirect does not ask.
- *Cold code*: the first fetch of a cold line in a trip, or the predecoding of the
  first block in it, takes the latency of its level longer.
- *Decode*: groups in order; slot 0 takes anything, then as long as there are slots and
  uops left: no complex or long one; a fusible one not in the last slot on some cores.
  The jump of a fused pair takes no slot unless its bytes come in a later cycle than the
  first part: it then begins a group. Too many prefixes: the instruction begins a group
  and takes ``prefixes`` cycles more. Microcode keeps the decoders until its uops are
  out, and ``microcode_switch`` more.
- *Uop cache*: ``cache_width`` uops of ``cache_lines`` lines a cycle; what is larger
  comes alone. Where lines of one window come ``cache_again`` cycles apart, the lines of
  a cycle all begin in one window, and more lines of that window that did not fit come
  so many cycles after those before. A cycle of ``cache_lines`` lines saves the next
  window ``cache_full_saves`` 64ths; when a cycle has added up it comes with those.
- *Loop buffer*: all is there at once; or, with ``loop_width``, so many uops a cycle,
  what is larger alone, and the next turn begins in the cycle after a taken branch.
  Turns of ``issue_width`` uops and more lose ``loop_turn`` 64ths of a cycle, whole ones
  when they have added up.
- *Queue*: ``queue`` slots, free from the cycle after their issue slot issued; slots of
  an instruction beyond its issue slots leave with its last uop. An instruction larger
  than the queue does not wait for room.
- After a taken branch the target is fetched ``taken_branch`` + 1 cycles after the
  branch was, or read from the cache ``taken_branch`` after it, with ``cache_again`` a
  cycle later if the branch lies in another window than the one its line begins in.
  Where code goes on elsewhere and no branch says so it is fetched the cycle after. What
  comes from the cache after that, a refetch or the decoders shares no access with what
  came before. Changing between
  decoders and cache takes ``cache_switch``. After a refetch delivery starts
  ``redirect`` cycles after the instruction completed.
"""

from __future__ import annotations

from costmodel.engine import layout as L
from tests.engine.figures import Figures
from tests.engine.oracle_program import level_latency
from tests.engine.oracle_uop import CACHE, DECODE, LOOP, Insn, Uop
from tests.engine.oracle_width import Group, Read


class Front:
    """Fetch and delivery; ``step`` is one cycle of them."""

    def __init__(
        self, insns: list[Insn], ahead: list[Insn], figures: Figures, trace: L.Trace
    ) -> None:
        """``ahead``: the same instructions, and those of later trips."""
        self.insns = insns
        self.ahead = ahead
        self.trace = trace
        self.fetched: set[tuple[int, int]] = set()  # trip and number of cold lines
        self.p = figures
        self.next_fetch = 0
        self.next_deliver = 0
        # fetch and predecode
        self.block: int | None = None  # being predecoded, or the last that arrived
        self.block_came = -1
        self.group = 0  # cycles of work done on the block
        self.count = 0  # instructions marked in it
        self.prefixed = 0  # length-changing prefixes met in it
        self.before = 1  # cycles the block before took
        self.leave: int | None = None  # cycles after which it is left
        self.resume = 0
        self.fetches = 0  # blocks fetched
        self.buffers: dict[int, Insn] = {}  # last instruction that ends in each
        # delivery
        self.decode_until = -1  # cycle the decoders were busy last
        self.cache_until = -1
        self.read = Read(0, 0)
        self.window = 0  # in which the line being read begins
        self.saved = 0  # 64ths of a cycle full accesses have saved
        self.replayed = -1  # last cycle the loop buffer replayed in
        self.replay_left = 0  # uops it may replay in it
        self.turn_slots = 0  # replayed of this turn
        self.turn_debt = 0  # 64ths of a cycle turns have lost
        self.held = 0  # queue slots taken
        self.freed_now = 0
        self.cycle = 0

    def step(self, cycle: int) -> None:
        if self.next_deliver == len(self.insns):
            return
        self.cycle = cycle
        self.decoders = Group(self.p)
        if self.p.predecode_width:
            self.deliver(cycle)
            self.predecode(cycle)
        else:
            self.fetch(cycle)
            if self.deliver(cycle):
                self.fetch(cycle)
                self.deliver(cycle)
        self.held -= self.freed_now  # what issued in this cycle is free in the next
        self.freed_now = 0

    # --- where delivery (re)starts ----------------------------------------------------
    def restarts(self, insn: Insn) -> bool:
        """Whether fetching of ``insn``, from the decoders, does not just go on."""
        if insn.number == 0 or insn.entered_from is not None:
            return True
        before = self.insns[insn.number - 1]
        if refetches(before):
            return True
        return before.source == DECODE and (before.has(L.TAKEN) or insn.moved)

    def start(self, insn: Insn) -> int | None:
        """Cycle fetching or reading of ``insn`` may start; None: not known yet."""
        p = self.p
        start = 0
        if insn.number:
            before = self.insns[insn.number - 1]
            if refetches(before):
                done = before.done()
                if done is None:
                    return None
                start = done + before.redirect
            elif before.has(L.TAKEN) and before.source == DECODE:
                if before.arrived is None:
                    return None
                start = before.arrived + 1 + p.taken_branch
                if before.line >= 0:
                    if before.delivered is None:
                        return None
                    start = max(start, before.delivered + p.cache_switch)
            elif before.has(L.TAKEN) and before.source == CACHE:
                if before.delivered is None:
                    return None
                start = before.delivered + before.late + p.taken_branch
            elif before.has(L.TAKEN) and before.source == LOOP and p.loop_width:
                if before.delivered is None:
                    return None
                start = before.delivered + 1 + before.late
            elif insn.moved and before.source == DECODE:
                if before.arrived is None:
                    return None
                start = before.arrived + 1
        if insn.entered_from is not None:
            if self.next_deliver < insn.number:
                return None
            last = (
                self.decode_until if insn.entered_from == DECODE else (self.cache_until)
            )
            start = max(start, last + p.cache_switch)
        return start

    def next_from_decoders(self) -> Insn | None:
        while self.next_fetch < len(self.insns):
            insn = self.insns[self.next_fetch]
            if insn.source == DECODE:
                return insn
            self.next_fetch += 1
        return None

    # --- predecode -------------------------------------------------------------------
    def predecode(self, cycle: int) -> None:
        if cycle < self.resume:
            return
        p = self.p
        while (insn := self.next_from_decoders()) is not None:
            if self.restarts(insn) and not self.begun(insn):
                start = self.start(insn)
                if start is None or start > cycle:
                    return
                assert start == cycle, "a restart was learned too late"
                self.begun_number = insn.number
                self.enter(insn.address // p.fetch_bytes, 1)
                if self.misses(insn, insn.cold_first, cycle):
                    return
            assert self.block is not None
            ends = L.signed(insn.address + insn.length - 1) // p.fetch_bytes
            if ends > self.block:
                if self.leave is None:
                    opcode = L.signed(insn.address + insn.opcode_at) // p.fetch_bytes
                    if opcode == self.block:
                        self.count += 1
                    self.took = max(1, -(-self.count // p.predecode_width))
                    self.leave = self.took + (ends - self.block - 1)
                if self.group < self.leave:
                    break
                self.enter(ends, self.took)
                if self.misses(insn, insn.cold_last, cycle):
                    return
            if self.count // p.predecode_width > self.group:
                break
            if insn.has(L.LCP) and not insn.stalled:
                insn.stalled = True
                stall = p.lcp_stall
                if self.prefixed == 0:
                    stall -= self.before - 1
                self.prefixed += 1
                if stall > 0:
                    self.resume = cycle + stall
                    return
            if self.queue_before_decode_full(insn):
                return
            insn.arrived = cycle
            self.count += 1
            self.next_fetch += 1
        self.group += 1

    begun_number = -1
    took = 1

    def begun(self, insn: Insn) -> bool:
        return self.begun_number == insn.number

    def enter(self, block: int, before: int) -> None:
        self.block = block
        self.group = self.count = self.prefixed = 0
        self.before = before
        self.leave = None

    def queue_before_decode_full(self, insn: Insn) -> bool:
        number = insn.number - self.p.predecode_queue
        if not self.p.predecode_queue:
            return False
        if self.p.predecode_together:
            if self.count % self.p.predecode_width:
                return False
            number += self.found_together(insn) - 1
        number = min(number, insn.number - 1)
        if number < 0:
            return False
        older = self.insns[number]
        if older.source != DECODE or older.has(L.FUSED_SECOND):
            return False
        if older.delivered is None:
            return True
        return older.delivered + self.p.predecode_freed > self.cycle

    def found_together(self, insn: Insn) -> int:
        """Instructions, from ``insn`` on, that end in the block and go on to decode."""
        for count in range(1, self.p.predecode_width):
            last, after = self.ahead[insn.number + count - 1 : insn.number + count + 1]
            if last.has(L.TAKEN) or last.has(L.REFETCH) or after.moved:
                return count
            if after.line >= 0 and not self.p.cache_at_branch:
                return count
            ends = L.signed(after.address + after.length - 1) // self.p.fetch_bytes
            if ends != self.block:
                return count
        return self.p.predecode_width

    def misses(self, insn: Insn, line: int, cycle: int) -> bool:
        """Whether its bytes are in a cold line, which then comes a latency later."""
        key = insn.trip, line
        if not line or key in self.fetched:
            return False
        self.fetched.add(key)
        self.resume = cycle + level_latency(self.trace, line, self.p)
        return self.resume > cycle

    # --- fetch without predecode -----------------------------------------------------
    def fetch(self, cycle: int) -> None:
        p = self.p
        if cycle < self.resume:
            return
        while (insn := self.next_from_decoders()) is not None:
            if self.restarts(insn) and not self.begun(insn):
                start = self.start(insn)
                if start is None or start > cycle:
                    return
                assert start == cycle, "a restart was learned too late"
                self.begun_number = insn.number
                self.block = insn.address // p.fetch_bytes
                self.fetches += 1
                self.block_came = cycle
                if self.misses(insn, insn.cold_first, cycle):
                    self.block_came = self.resume
                    return
            assert self.block is not None
            ends = L.signed(insn.address + insn.length - 1) // p.fetch_bytes
            if ends > self.block:
                if self.block_came == cycle:
                    return
                if p.fetch_queue:
                    older = self.buffers.get(self.fetches + 1 - p.fetch_queue)
                    if older is not None and (
                        older.delivered is None or older.delivered >= cycle
                    ):
                        return
                self.block += 1
                self.fetches += 1
                self.block_came = cycle
                if ends == self.block and self.misses(insn, insn.cold_last, cycle):
                    self.block_came = self.resume
                    return
                continue
            insn.arrived = self.block_came
            if p.fetch_queue and not insn.has(L.FUSED_SECOND):
                self.buffers[self.fetches] = insn
            self.next_fetch += 1

    # --- delivery --------------------------------------------------------------------
    def deliver(self, cycle: int) -> bool:
        """Whether it stopped where the decoders take over in this very cycle."""
        p = self.p
        while self.next_deliver < len(self.insns):
            insn = self.insns[self.next_deliver]
            if insn.source == DECODE:
                delivered = self.decode(insn, cycle, self.decoders)
            elif insn.source == CACHE:
                delivered = self.read_cache(insn, cycle)
            elif p.loop_width:
                delivered = self.replay(insn, cycle)
            else:
                start = self.start(insn)
                delivered = start is not None and start <= cycle
            if not delivered:
                if insn.entered_from != CACHE or p.cache_switch:
                    return False
                return insn.arrived is None and self.start(insn) == cycle
            insn.delivered = cycle
            queued = insn.source != LOOP or p.loop_width
            if queued and not insn.has(L.FUSED_SECOND):
                self.held += insn.slots
            self.next_deliver += 1
        return False

    def room(self, insn: Insn) -> bool:
        """What is larger than the queue does not wait for it."""
        return insn.slots > self.p.queue or self.held + insn.slots <= self.p.queue

    def left_queue(self, uop: Uop) -> None:
        """An issue slot has issued, or with the last uop the whole instruction."""
        insn = uop.insn
        if insn.source == LOOP and not self.p.loop_width:
            return
        if 0 <= uop.queue_place < insn.slots:
            self.freed_now += 1
        if uop is insn.uops[-1]:
            places = sum(1 for u in insn.uops if u.queue_place >= 0)
            self.freed_now += max(0, insn.slots - places)

    def decode(self, insn: Insn, cycle: int, group: Group) -> bool:
        p = self.p
        if cycle <= self.decode_until and not group.used:
            return False  # the sequencer has the decoders
        if insn.arrived is None or insn.arrived + p.predecode_latency > cycle:
            return False
        if insn.has(L.FUSED_SECOND):
            if not group.used and self.decode_until < cycle:
                group.take(1)
                self.decode_until = cycle
            if insn.has(L.ENDS_GROUP):
                group.left = 0
            return True
        if not self.room(insn):
            return False
        width = p.fused_pair_slots if insn.has(L.FUSED_PAIR) else 1
        if not group.fits(insn, width):
            return False
        if insn.prefixes:
            if insn.begun is None:
                if group.used:
                    return False
                insn.begun = cycle
            if cycle < insn.begun + insn.prefixes:
                return False
        group.take(width)
        group.uops -= insn.slots
        if insn.has(L.COMPLEX):
            group.left = min(group.left, insn.simple_after)
        if insn.has(L.ENDS_GROUP):
            group.left = 0
        self.decode_until = cycle
        if insn.microcode:
            cycles = -(-insn.microcode // p.microcode_uops)
            self.decode_until = cycle + cycles - 1 + p.microcode_switch
            group.left = 0
        return True

    def read_cache(self, insn: Insn, cycle: int) -> bool:
        p = self.p
        read = self.read
        start = self.start(insn)
        if start is None or start > cycle:
            return False
        slots = 0 if insn.has(L.FUSED_SECOND) else insn.slots
        if slots and not self.room(insn):
            return False
        if insn.number:
            before = self.insns[insn.number - 1]
            if before.source != CACHE:
                read.line, read.uops, read.lines = None, 0, 0
            elif refetches(before):
                read.line, read.uops = None, 0
        step, saved = self.access(insn, slots)
        if cycle < self.cache_until + step:
            return False
        moved = insn.line != read.line and insn.window != self.window
        if p.cache_again and moved and not step:
            read.lines = p.cache_lines
        self.saved = saved
        if p.cache_again and insn.line != read.line:
            self.window = insn.window
        if cycle > self.cache_until:
            read = self.read = Read(p.cache_width, p.cache_lines)
        read.take(insn.line, slots)
        self.cache_until = cycle
        if insn.microcode:
            cycles = -(-insn.microcode // p.microcode_uops)
            self.cache_until = cycle + cycles - 1 + p.microcode_switch
            read.uops = 0
        if insn.has(L.TAKEN):
            insn.late = int(p.cache_again > 0 and insn.window != self.window)
            read.line, read.uops = None, 0
        return True

    def replay(self, insn: Insn, cycle: int) -> bool:
        p = self.p
        start = self.start(insn)
        if start is None or start > cycle:
            return False
        slots = 0 if insn.has(L.FUSED_SECOND) else insn.slots
        if slots and not self.room(insn):
            return False
        if insn.number and refetches(self.insns[insn.number - 1]):
            self.replay_left = 0
        if slots > self.replay_left and cycle <= self.replayed and slots:
            return False
        if cycle > self.replayed:
            self.replayed, self.replay_left = cycle, p.loop_width
        self.replay_left -= slots
        self.turn_slots += slots
        if insn.has(L.TAKEN):
            if self.turn_slots >= p.issue_width:
                self.turn_debt += p.loop_turn
            insn.late, self.turn_debt = divmod(self.turn_debt, 64)
            self.turn_slots = 0
        return True

    def access(self, insn: Insn, slots: int) -> tuple[int, int]:
        """Cycles after the last access of the cache in which ``insn`` comes, at least;
        0: it may come with it. And what full accesses have saved by then."""
        read = self.read
        new = insn.line != read.line
        fits = read.uops >= slots and (not new or read.lines > 0)
        if not new or not self.p.cache_again:
            return int(not fits), self.saved
        if read.line is not None and insn.window == self.window:
            return 0 if fits else self.p.cache_again, self.saved
        if read.line is None or read.lines or not self.p.cache_full_saves:
            return 1, self.saved
        whole, rest = divmod(self.saved + self.p.cache_full_saves, 64)
        return 1 - whole if read.uops >= slots else 1, rest


def refetches(insn: Insn) -> bool:
    return insn.has(L.REFETCH) and not insn.has(L.FUSED_SECOND)
