"""Random tiny cores and random traces, from a plain ``random.Random``.

A case is drawn from a seed, so 100,000 of them need no bookkeeping: the seed is the
case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from costmodel.engine import layout as L
from tests.engine.case import Case, I, U
from tests.engine.figures import Figures, drawn

DECODE, CACHE, LOOP = L.M_DECODE, L.M_CACHE, L.M_LOOP
# Where code begins: at the bottom, where a kernel lies, and near the ends.
BASES = (0, 0, 5, 30, 0, L.signed(0xFFFFFFFF81000000), -40, (1 << 63) - 70)
FORWARDS = (
    L.F_EXACT, L.F_EXACT, L.F_INSIDE, L.F_BLOCKED, L.F_RENAMED, L.F_ALIAS, L.F_PASSED,
    L.F_ORDERED, L.F_LEARNED, L.F_CHECKED, L.F_WAITS, L.F_MODIFIED,
)  # fmt: skip
EXTRAS = (
    "indexed_extra", "slow_extra", "segment_extra", "absolute_extra",
    "sign_extend_extra", "narrow_extra",
)  # fmt: skip


# --- cores ---------------------------------------------------------------------------
def core(
    r: Random, theme: Theme | None
) -> tuple[Figures, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Figures, scheduler of each port, sizes of schedulers, alternating ports."""
    figures = drawn(r)
    if theme is few_ports:
        figures = figures._replace(
            ports=r.randint(2, 3), bind_at_issue=0, early_wake=1, to_dispatch=1,
            issue_width=r.randint(3, 6), rob=40,
        )  # fmt: skip
    elif theme is many_loads:
        figures = figures._replace(
            bind_at_issue=1, bank_bytes=r.choice([4, 8, 16]), rob=60, entry_held=0,
            load_buffer=r.randint(2, 6), retire=r.randint(1, 6), issue_width=4,
        )  # fmt: skip
    ports = figures.ports
    schedulers = r.choice([0, 1, 1, 2, 3, min(ports, 64)])
    if schedulers:
        of = tuple(sorted(r.randrange(schedulers) for _ in range(ports)))
        sizes = tuple(r.choice([1, 2, 3, 5, 9, 20]) for _ in range(schedulers))
    else:
        of, sizes = (-1,) * ports, ()
    alternates = (
        tuple(r.sample(range(ports), 2))
        if ports > 1 and (theme is many_loads or r.random() < 0.5)
        else ()
    )
    return figures, of, sizes, alternates


def fitting(c: Case) -> Case:
    """The case, its windows no smaller than what one issue slot takes of them (of
    store entries: one instruction)."""
    slots = list(c.slots())
    widest = {
        "load_buffer": max(sum(u.kind == L.K_LOAD for u in s) for s in slots),
        "store_buffer": max(
            sum(u.kind == L.K_STORE_ADDRESS for u in i.uops) for i in c.insns
        ),
        "int_registers": max(sum(u.flags & L.INT_WRITER > 0 for u in s) for s in slots),
        "flag_registers": max(
            sum(u.flags & L.FLAG_WRITER > 0 for u in s) for s in slots
        ),
    }
    at_least = {
        name: max(getattr(c.figures, name), least)
        for name, least in widest.items()
        if getattr(c.figures, name)
    }
    return replace(c, figures=c.figures._replace(**at_least))


# --- traces -------------------------------------------------------------------------
class Draw:
    """Instructions of one random body."""

    def __init__(
        self, r: Random, figures: Figures, scheduler_of: Sequence[int]
    ) -> None:
        self.r = r
        self.f = figures
        self.scheduler_of = scheduler_of
        self.accesses: list[L.AccessRow] = []
        self.stores: list[int] = []  # access numbers
        self.registers = [0, 1, 2, 3, 4, 6, 7, 16, 17]
        self.roots = 3
        self.what = (0.0, 1.0)  # between which of the kinds of ``insn``
        self.slow = 12  # cycles of the slowest
        self.linked = 0.6  # share of the loads that meet a store
        self.forwards: Sequence[int] = FORWARDS

    def ports(self, most: int = 4) -> tuple[int, ...]:
        """A class: where ports are chosen at dispatch, mostly of one scheduler, and
        those of one side by side."""
        ports = list(range(self.f.ports))
        spans = not self.f.bind_at_issue and self.r.random() < 0.3
        if not self.f.bind_at_issue and not spans:
            group = self.r.choice(self.scheduler_of)
            ports = [port for port in ports if self.scheduler_of[port] == group]
        chosen = self.r.sample(ports, self.r.randint(1, min(most, len(ports))))
        if self.f.bind_at_issue:
            return tuple(sorted(chosen, reverse=True))
        if spans:
            order = [self.scheduler_of[port] for port in chosen]
            chosen.sort(key=lambda port: order.index(self.scheduler_of[port]))
        return tuple(chosen)

    def pairs(self, most: int, delay: float = 0.1) -> tuple[tuple[int, int], ...]:
        chosen = self.r.sample(self.registers, self.r.randint(0, most))
        return tuple(
            (register, self.r.randint(1, 3) if self.r.random() < delay else 0)
            for register in chosen
        )

    def access(self, width: int = 8) -> int:
        r = self.r
        root = r.randrange(self.roots)
        fresh = int(r.random() < 0.1)
        offset = r.randrange(0, 200, r.choice([1, 8]))
        if r.random() < 0.03:
            offset = r.choice([-1, -30, (1 << 63) - r.randrange(1, 50), -(1 << 63)])
        stride = r.choice([0, 0, 0, 8, -8, 64, 4])
        self.accesses.append(
            L.AccessRow(
                -1,
                0,
                L.F_NONE,
                root,
                stride,
                offset,
                fresh,
                width,
                int(r.random() < 0.2),
                0,
                0,
            )
        )
        return len(self.accesses) - 1

    def compute(self, extra: int = 0) -> U:
        r = self.r
        kind = r.choice([L.K_COMPUTE] * 8 + [L.K_MICROCODE, L.K_SYNC])
        flags = extra | r.choice([0, L.INT_WRITER]) | r.choice([0, L.FLAG_WRITER])
        if kind == L.K_MICROCODE:
            return U(kind, (), 0, 0, extra)
        busy = r.choice([2, 5, 9]) if r.random() < 0.06 else 0
        ports = () if r.random() < 0.04 else self.ports()
        return U(
            kind, ports, r.choice([0, 1, 1, 1, 2, 3, self.slow]), busy, flags,
            self.pairs(3), self.pairs(2),
        )  # fmt: skip

    def load(self, extra: int = 0) -> U:
        flags = extra | L.MEMORY_OP | self.r.choice([0, L.IN_TURN])
        width = self.r.choice([1, 2, 4, 8])
        access = self.access(width) if self.r.random() < 0.9 else -1
        latency = 0
        figures: tuple[str, ...] = ("load_latency",)
        if self.r.random() < 0.3:
            figures = (*figures, *self.r.sample(EXTRAS, self.r.randint(1, 2)))
        if self.r.random() < 0.1:
            latency, figures = 1, (*figures, "chase_saves")
        return U(
            L.K_LOAD, self.ports(2), latency, 0,
            flags | self.r.choice([0, L.INT_WRITER]), self.pairs(2),
            self.pairs(1) or ((0, 0),), access, figures,
        )  # fmt: skip

    def store(self, extra: int = 0) -> list[U]:
        access = self.access()
        self.stores.append(access)
        together = self.r.choice([0, 0, L.NEW_SLOT])
        turn = self.r.choice([0, L.IN_TURN])
        return [
            U(L.K_STORE_ADDRESS, self.ports(2), 1, 0, extra | L.MEMORY_OP | turn,
              self.pairs(2), (), access, ("store_address_extra",)),
            U(L.K_STORE_DATA, self.ports(2), 1, 0, together, self.pairs(1), (), access),
        ]  # fmt: skip

    def insn(self) -> I:
        r = self.r
        length = r.randint(1, 11)
        opcode_at = r.randint(0, min(4, length - 1))
        what = r.uniform(*self.what)
        flags = 0
        slot = L.NEW_SLOT
        if what < 0.3:
            uops = [self.compute(slot)]
        elif what < 0.4:
            second = r.choice([0, slot])
            uops = [self.load(slot), self.compute(second)]
        elif what < 0.55:
            uops = [self.load(slot)]
        elif what < 0.7:
            uops = self.store(slot)
        elif what < 0.71:
            uops = self.store(slot) + self.store(r.choice([0, 0, slot]))
            if r.random() < 0.3:  # both addresses, then both data
                uops = [uops[0], uops[2], uops[1], uops[3]]
        elif what < 0.75:
            uops = [self.load(slot), self.compute(r.choice([0, slot]))]
            uops += self.store(r.choice([0, slot]))
        elif what < 0.8:
            uops = [U(L.K_NONE, (), 0, 0, slot, (), self.pairs(1))]
        elif what < 0.9:
            source, target = r.sample(self.registers[:7], 2)
            uops = [
                U(L.K_ELIMINATED, self.ports(), 1, 0, slot | L.INT_WRITER,
                  ((source, 0),), ((target, 0),))
            ]  # fmt: skip
        elif what < 0.92:
            uops = [
                U(L.K_SYNC, self.ports(), 1, 0, slot | L.INT_WRITER | L.ALONE,
                  ((0, 0), (32, 0)), ((0, 0), (32, 0)))
            ]  # fmt: skip
        else:
            uops = [self.compute(slot) for _ in range(r.randint(1, 6))]
        slots = sum(1 for u in uops if u.flags & slot)
        if r.random() < 0.1:
            slots = max(1, slots + r.choice([-1, 1, 2]))
        microcode = latency = fillers = after_older = 0
        if r.random() < 0.05:
            microcode = r.randint(1, 9)
            flags |= L.COMPLEX
        if r.random() < 0.08:
            fillers = r.randint(1, 6)
            slots = r.choice([slots, slots + fillers])
            if r.random() < 0.4:  # the last filler's slot is shared
                uops[0] = replace(uops[0], flags=uops[0].flags & ~slot)
        if r.random() < 0.04:
            latency = r.randint(1, 30)
        if r.random() < 0.04:
            flags |= L.WAIT_RETIRE | r.choice([0, L.WAIT_STORES])
        if not self.f.early_wake and r.random() < 0.03:
            after_older = r.randint(1, 12)
        if r.random() < 0.03:
            flags |= L.HOLDS
        if r.random() < 0.03:
            flags |= L.REFETCH | r.choice([0, L.REFETCH_DECODE])
        for flag, chance in (
            (L.LCP, 0.05), (L.FUSIBLE, 0.1), (L.LONG, 0.05), (L.USES_RSP, 0.15),
            (L.SETS_RSP, 0.05), (L.ENDS_GROUP, 0.05),
        ):  # fmt: skip
            if r.random() < chance:
                flags |= flag
        if slots > 1 and r.random() < 0.7:
            flags |= L.COMPLEX
        return I(
            tuple(uops), length, slots, flags, r.randint(0, 3), microcode, fillers,
            opcode_at, r.choice([-8, 8, -16]) if r.random() < 0.2 else 0, latency,
            after_older, ("prefix_stall", "prefix_stall_more")[: r.randint(1, 2)]
            if r.random() < 0.03 else (),
        )  # fmt: skip

    def jump(self, taken: bool) -> list[I]:
        """A jump, alone or as the second half of a fused pair."""
        r = self.r
        flags = L.BRANCH | (L.TAKEN if taken else 0)
        if taken or r.random() < 0.5:
            flags |= L.ENDS_GROUP
        away = 0
        if taken and r.random() < 0.5:
            away = self.place()
            flags |= L.MOVES
        uop = U(L.K_BRANCH, self.ports(2), 1, 0, L.NEW_SLOT, self.pairs(2), ())
        if r.random() < 0.5:
            return [I((uop,), r.choice([2, 6]), 1, flags, next_at=away)]
        return [
            I((uop,), r.randint(2, 7), 1, L.FUSED_PAIR | L.FUSIBLE),
            I((), r.choice([2, 6]), 0, flags | L.FUSED_SECOND, next_at=away),
        ]

    def place(self) -> int:
        """Where code may go on."""
        return self.r.choice(BASES) + self.r.randrange(60)

    def link(self, order: Sequence[tuple[int, bool]], depth: int) -> None:
        """Lets loads meet older stores. ``order``: accesses, and whether they store."""
        seen: set[int] = set()
        everywhere = [a for a, stores in order if stores]
        for a, stores in order:
            if stores:
                seen.add(a)
                continue
            if not everywhere or self.r.random() >= self.linked:
                continue
            source = self.r.choice(everywhere)
            least = 0 if source in seen else 1
            if least >= depth:
                continue
            distance, forward = (
                self.r.randint(least, depth - 1), self.r.choice(self.forwards),
            )  # fmt: skip
            if forward == L.F_WAITS:
                source, distance = -1, 0
            self.accesses[a] = self.accesses[a]._replace(
                store=source, distance=distance, forward=forward,
                turn=self.r.randint(0, 1),
            )  # fmt: skip


Theme = Callable[[Draw], None]


def few_ports(draw: Draw) -> None:
    """Short chains that wait for ports."""
    draw.registers = draw.r.sample(draw.registers, 4)
    draw.what = (0.0, 0.3)


def many_loads(draw: Draw) -> None:
    """Loads of one place, and now and then something slow that keeps them from
    retiring."""
    draw.roots = 1
    draw.what = (0.27, 0.74)
    draw.slow = 40
    draw.linked = 0.9
    if draw.f.renaming_per_cycle == 1:
        draw.forwards = (L.F_RENAMED, L.F_RENAMED, L.F_LEARNED, L.F_EXACT)
    elif draw.f.forward_latency > draw.f.load_latency:
        draw.forwards = (L.F_MODIFIED, L.F_MODIFIED, L.F_EXACT)


def lines(r: Random, insns: Sequence[I]) -> list[I]:
    """The same instructions with a uop-cache line each, some not cached."""
    out: list[I] = []
    line = 0
    chance = r.choice([0.0, 0.1, 0.5])
    cached = True
    for i in insns:
        if i.flags & L.FUSED_SECOND:
            out.append(replace(i, line=out[-1].line))
            continue
        if r.random() < 0.4:
            line += 1
            cached = r.random() >= chance
        out.append(replace(i, line=line if cached else -1))
    return out


def case(seed: int) -> Case:
    """The case of a seed."""
    r = Random(seed)
    theme = r.choice([None] * 7 + [few_ports, many_loads])
    figures, scheduler_of, sizes, alternates = core(r, theme)
    draw = Draw(r, figures, scheduler_of)
    if theme:
        theme(draw)
    body: list[I] = []
    for _ in range(r.choice([1, 3, 6, 12, 20]) if not theme else r.randint(8, 20)):
        if r.random() < 0.08:
            body += draw.jump(r.random() < 0.6)
        else:
            body.append(draw.insn())
    for k, i in enumerate(body):
        if not i.flags & (L.FUSED_PAIR | L.MOVES) and r.random() < 0.02:
            body[k] = replace(i, flags=i.flags | L.MOVES, next_at=draw.place())
    depth = r.choice([1, 2, 4])
    order = [
        (u.access, u.kind == L.K_STORE_DATA)
        for i in body
        for u in i.uops
        if u.access >= 0 and u.kind in (L.K_LOAD, L.K_STORE_DATA)
    ]
    draw.link(order, depth)
    tail = draw.jump(True) if r.random() < 0.5 else []
    mode = r.choice([LOOP, LOOP, DECODE] if theme else [DECODE, DECODE, CACHE, LOOP])
    if mode == CACHE or r.random() < 0.1:
        placed = lines(r, [*body, *tail])
        body, tail = placed[: len(body)], placed[len(body) :]
    trips = r.randint(1, 5)
    if r.random() < 0.01:
        trips = r.randint(20, 40)  # long enough for windows that are large
    made = Case(
        figures, scheduler_of, sizes, alternates, tuple(body), tuple(tail),
        tuple(draw.accesses), r.randint(1, 2), r.choice(BASES), depth,
        bool(tail) or r.random() < 0.3, mode, trips, seed=seed,
    )  # fmt: skip
    return fitting(chilled(made, Random(f"cold {seed}")))


def chilled(c: Case, r: Random) -> Case:
    """The case, in one of three with some of its lines cold.

    Which access or instruction is in which of them need not fit its address.
    """
    if r.random() < 2 / 3:
        return c
    data, code = r.randint(1, 4), r.randint(1, 3)
    levels = tuple(r.randint(1, 3) for _ in range(data + code))
    share = r.choice([0.2, 0.9])

    def line(first: int, last: int) -> int:
        return r.randint(first, last) if r.random() < share else 0

    def chill(i: I) -> I:
        first = line(data + 1, data + code) if r.random() < 0.4 else 0
        last = line(data + 1, data + code) if r.random() < 0.4 else first
        return replace(i, cold=(first, last), line=-1 if first or last else i.line)

    def place() -> tuple[int, int]:
        first = line(1, data)
        return first, line(1, data) if r.random() < 0.3 else first

    accesses = tuple(
        row._replace(**dict(zip(("cold_first", "cold_last"), place(), strict=True)))
        for row in c.accesses
    )
    body, tail = c.body, c.tail
    if r.random() < 0.5:
        body, tail = tuple(map(chill, body)), tuple(map(chill, tail))
    return replace(c, accesses=accesses, body=body, tail=tail, cold=levels)
