"""Random tiny cores and random traces, from a plain ``random.Random``.

A case is drawn from a seed, so 100,000 of them need no bookkeeping: the seed is the
case. ``shrink`` looks for a smaller one that still fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from costmodel.engine import layout as L
from costmodel.engine.params import FIXED, Params, build
from tests.tiny import tiny_core

DECODE, CACHE, LOOP = range(3)
BASE = build(tiny_core())


@dataclass(frozen=True)
class U:
    """A static uop."""

    kind: int
    ports: tuple[int, ...] = ()
    latency: int = 0
    busy: int = 0
    flags: int = 0
    inputs: tuple[tuple[int, int], ...] = ()
    outputs: tuple[tuple[int, int], ...] = ()
    access: int = -1


@dataclass(frozen=True)
class I:  # noqa: E742
    """A static instruction."""

    uops: tuple[U, ...]
    length: int = 4
    slots: int = 1
    flags: int = 0
    simple_after: int = 3
    microcode: int = 0
    opcode_at: int = 0
    stack_delta: int = 0
    latency: int = 0
    redirect: int = 0
    prefixes: int = 0
    line: int = -1  # of the uop cache
    cold: tuple[int, int] = (0, 0)  # numbers of the lines of its first and last byte
    next_at: int = -1  # where a taken branch goes; -1: on


@dataclass(frozen=True)
class Case:
    """Everything a run needs."""

    params: Params
    group_of: tuple[int, ...]
    group_size: tuple[int, ...]
    alternates: tuple[int, ...]
    body: tuple[I, ...]
    tail: tuple[I, ...] = ()
    accesses: tuple[tuple[int, ...], ...] = ()
    repeat: int = 1
    base: int = 0
    depth: int = 1
    loops: bool = False
    mode: int = DECODE
    trips: int = 3
    cold: tuple[int, ...] = ()  # level of each cold line
    seed: int = field(default=-1, compare=False)

    def trace(self) -> list[int]:
        """The array the engine reads."""
        insns = [*self.body, *self.tail]
        uops = [sync_uop(self)] + [u for i in insns for u in i.uops]
        insns_at = L.T_SIZE
        uops_at = insns_at + len(insns) * L.INSN_SIZE
        ports_at = uops_at + len(uops) * L.UOP_SIZE
        ports = [port for u in uops for port in u.ports]
        inputs_at = ports_at + len(ports)
        inputs = [x for u in uops for pair in u.inputs for x in pair]
        outputs_at = inputs_at + len(inputs)
        outputs = [x for u in uops for pair in u.outputs for x in pair]
        accesses_at = outputs_at + len(outputs)
        rows = [x for row in self.accesses for x in row]
        lines_at = accesses_at + len(rows)
        lines = [i.line for i in self.body] * self.repeat + [i.line for i in self.tail]
        out = [
            len(self.body), len(self.tail), self.repeat, self.base, self.depth,
            int(self.loops), len(self.accesses), insns_at, uops_at, ports_at,
            inputs_at, outputs_at, accesses_at, lines_at, lines_at + len(lines),
            len(self.cold),
        ]  # fmt: skip
        at = uops_at + L.UOP_SIZE
        for step, i in enumerate(insns):
            end = at + len(i.uops) * L.UOP_SIZE
            row = [0] * L.INSN_SIZE
            row[L.LENGTH], row[L.FIRST_UOP], row[L.LAST_UOP] = i.length, at, end
            row[L.DECODE_SLOTS], row[L.SIMPLE_AFTER] = i.slots, i.simple_after
            row[L.MICROCODE], row[L.OPCODE_AT] = i.microcode, i.opcode_at
            row[L.STACK_DELTA], row[L.INSN_FLAGS] = i.stack_delta, i.flags
            row[L.LATENCY], row[L.REDIRECT] = i.latency, i.redirect
            row[L.PREFIXES], row[L.STEP] = i.prefixes, step
            row[L.NEXT_AT] = i.next_at
            row[L.COLD_FIRST], row[L.COLD_LAST] = i.cold
            out += row
            at = end
        port, source, target = ports_at, inputs_at, outputs_at
        for u in uops:
            row = [0] * L.UOP_SIZE
            row[L.KIND], row[L.UOP_LATENCY], row[L.BUSY] = u.kind, u.latency, u.busy
            row[L.UOP_FLAGS], row[L.ACCESS] = u.flags, u.access
            row[L.PORTS_FIRST], row[L.PORTS_LAST] = port, port + len(u.ports)
            row[L.INPUTS_FIRST], row[L.INPUTS_LAST] = source, source + 2 * len(u.inputs)
            row[L.OUTPUTS_FIRST] = target
            row[L.OUTPUTS_LAST] = target + 2 * len(u.outputs)
            row[L.GROUP] = self.group(u)
            port += len(u.ports)
            source += 2 * len(u.inputs)
            target += 2 * len(u.outputs)
            out += row
        return [*out, *ports, *inputs, *outputs, *rows, *lines, *self.cold]

    def group(self, u: U) -> int:
        """The scheduler that takes it."""
        groups = {self.group_of[port] for port in u.ports}
        if len(groups) > 1 and -1 not in groups:
            return L.SPANS
        return self.group_of[u.ports[0]] if u.ports else -1

    def uop_count(self) -> int:
        """An upper bound on executed uops, sync uops included."""
        body = sum(len(i.uops) + 1 for i in self.body) * self.repeat
        return (body + sum(len(i.uops) + 1 for i in self.tail)) * self.trips


def sync_uop(case: Case) -> U:
    """The stack engine's uop: RSP to RSP on the first ports there are."""
    ports = tuple(range(case.params.ports))[-2:]
    if len({case.group_of[port] for port in ports}) > 1:
        ports = ports[:1]
    return U(L.K_SYNC, ports, 1, 0, L.NEW_SLOT | L.INT_WRITER, ((4, 0),), ((4, 0),))


# --- cores ---------------------------------------------------------------------------
def core(r: Random) -> tuple[Params, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Parameters, scheduler of each port, sizes of schedulers, alternating ports."""
    ports = r.randint(2, 6)
    bind = r.random() < 0.6
    groups = r.choice([0, 1, 1, 2, 3])
    if groups:
        group_of = tuple(sorted(r.randrange(groups) for _ in range(ports)))
        group_size = tuple(r.choice([2, 3, 5, 9, 20]) for _ in range(groups))
    else:
        group_of, group_size = (-1,) * ports, ()
    alternates = tuple(r.sample(range(ports), 2)) if r.random() < 0.5 else ()
    predecode = r.random() < 0.6
    tight = r.random() < 0.5  # windows that bind

    def size(small: int, large: int) -> int:
        return r.randint(small, small + 4) if tight else r.randint(small, large)

    fetch_bytes = r.choice([16, 16, 32])
    values = dict(
        fetch_bytes=fetch_bytes,
        fetch_shift=fetch_bytes.bit_length() - 1,
        fetch_queue=0 if predecode else r.choice([0, 1, 2, 3, 8]),
        predecode_width=r.choice([1, 3, 5, 6]) if predecode else 0,
        predecode_queue=r.choice([1, 2, 5, 20]),
        predecode_latency=r.randint(1, 3) if predecode else r.randint(0, 3),
        lcp_stall=r.choice([0, 1, 3, 6]),
        decode_width=r.randint(1, 6),
        decode_uops=r.randint(1, 8),
        fused_pair_slots=r.choice([1, 1, 2]),
        fusible_last_waits=r.randint(0, 1),
        cache_width=r.choice([2, 4, 6, 8]),
        cache_lines=r.choice([1, 1, 2]),
        cache_switch=r.randint(1, 3),
        cache_at_branch=r.randint(0, 1),
        queue=r.choice([8, 9, 12, 28]),
        queue_latency=r.randint(1, 2),
        microcode_uops=r.choice([1, 2, 4]),
        microcode_switch=r.randint(0, 3),
        taken_branch=r.randint(0, 2),
        redirect=r.randint(0, 9),
        issue_width=r.randint(1, 6),
        memory_per_cycle=r.choice([0, 0, 1, 2]),
        to_dispatch=r.randint(1, 5),
        sync_uop=r.randint(0, 1),
        stack_limit=r.choice([16, 24, 192]),
        elimination_slots=r.choice([0, 1, 2, 4]),
        bind_at_issue=int(bind),
        ports=ports,
        groups=max(1, groups),
        rob=size(2, 60),
        retire=r.randint(1, 6),
        retire_latency=r.randint(1, 3),
        entry_held=r.choice([0, 0, 1, 3]),
        early_wake=r.choice([0, 0, 1]),
        load_buffer=r.choice([0, size(4, 20)]),
        load_freed_complete=r.randint(0, 1),
        store_buffer=r.choice([0, size(2, 12)]),
        int_registers=r.choice([0, size(6, 40)]),
        flag_registers=r.choice([0, size(6, 20)]),
        bank_bytes=r.choice([0, 0, 4, 8]),
        forward_latency=r.randint(0, 5),
        forward_order=r.choice([0, 0, 2, 6]),
        renaming_passed=r.choice([0, 1, 5]),
        forward_address=r.randint(0, 9),
        forward_narrow=r.randint(0, 2),
        forward_blocked=r.randint(6, 14),
        renaming_latency=r.randint(0, 2),
        alias_4k=r.randint(0, 6),
        register_reads=r.choice([0, 0, 1, 2, 3]),
        line=64,
        boundary=r.choice([64, 32]),
        split_load=r.choice([0, 1, 3]),
        split_store=r.choice([0, 1]),
        commit_per_cycle=r.choice([1, 1, 2]),
        commit_same_line=r.choice([1, 2, 3]),
        combine_lines=r.choice([0, 0, 1, 4]),
        commit_interval=r.choice([FIXED, 40, 67, 100, 200]),
        l2_latency=12,
        l3_latency=40,
        memory_latency=200,
        fill_buffers=10,
    )
    known = {name: values[name] for name in values if name in Params._fields}
    return BASE._replace(**known), group_of, group_size, alternates


# --- traces -------------------------------------------------------------------------
class Draw:
    """Instructions of one random body."""

    def __init__(self, r: Random, params: Params, group_of: Sequence[int]) -> None:
        self.r = r
        self.p = params
        self.group_of = group_of
        self.accesses: list[list[int]] = []
        self.stores: list[int] = []  # access numbers
        self.registers = [0, 1, 2, 3, 4, 6, 7, 16, 17]

    def ports(self, most: int = 4) -> tuple[int, ...]:
        """A class: where ports are chosen at dispatch, mostly of one scheduler, and
        those of one side by side."""
        ports = list(range(self.p.ports))
        spans = not self.p.bind_at_issue and self.r.random() < 0.3
        if not self.p.bind_at_issue and not spans:
            group = self.r.choice(self.group_of)
            ports = [port for port in ports if self.group_of[port] == group]
        chosen = self.r.sample(ports, self.r.randint(1, min(most, len(ports))))
        if self.p.bind_at_issue:
            return tuple(sorted(chosen, reverse=True))
        if spans:
            order = [self.group_of[port] for port in chosen]
            chosen.sort(key=lambda port: order.index(self.group_of[port]))
        return tuple(chosen)

    def pairs(self, most: int, delay: float = 0.1) -> tuple[tuple[int, int], ...]:
        chosen = self.r.sample(self.registers, self.r.randint(0, most))
        return tuple(
            (register, self.r.randint(1, 3) if self.r.random() < delay else 0)
            for register in chosen
        )

    def access(self, width: int = 8) -> int:
        r = self.r
        root = r.randrange(3)
        fresh = int(r.random() < 0.1)
        offset = r.randrange(0, 200, r.choice([1, 8]))
        stride = r.choice([0, 0, 0, 8, -8, 64, 4])
        self.accesses.append([-1, 0, 0, root, stride, offset, fresh, width, 0, 0])
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
            kind, ports, r.choice([0, 1, 1, 1, 2, 3, 12]), busy, flags,
            self.pairs(3), self.pairs(2),
        )  # fmt: skip

    def load(self, extra: int = 0) -> U:
        flags = extra | L.MEMORY_OP | self.r.choice([0, L.IN_TURN])
        width = self.r.choice([1, 2, 4, 8])
        access = self.access(width) if self.r.random() < 0.9 else -1
        return U(
            L.K_LOAD, self.ports(2), self.r.randint(3, 5), 0,
            flags | self.r.choice([0, L.INT_WRITER]), self.pairs(2),
            self.pairs(1) or ((0, 0),), access,
        )  # fmt: skip

    def store(self, extra: int = 0) -> list[U]:
        access = self.access()
        self.stores.append(access)
        together = self.r.choice([0, 0, L.NEW_SLOT])
        turn = self.r.choice([0, L.IN_TURN])
        return [
            U(L.K_STORE_ADDRESS, self.ports(2), 1, 0, extra | L.MEMORY_OP | turn,
              self.pairs(2), (), access),
            U(L.K_STORE_DATA, self.ports(2), 1, 0, together, self.pairs(1), (), access),
        ]  # fmt: skip

    def insn(self) -> I:
        r = self.r
        length = r.randint(1, 11)
        opcode_at = r.randint(0, min(4, length - 1))
        what = r.random()
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
        microcode = latency = redirect = 0
        if r.random() < 0.05:
            microcode = r.randint(1, 9)
            flags |= L.COMPLEX
        if r.random() < 0.04:
            latency = r.randint(1, 30)
        if r.random() < 0.04:
            flags |= L.WAIT_RETIRE | r.choice([0, L.WAIT_STORES])
        if r.random() < 0.03:
            flags |= L.HOLDS
        if r.random() < 0.03:
            flags |= L.REFETCH | r.choice([0, L.REFETCH_DECODE])
            redirect = self.p.redirect
        for flag, chance in (
            (L.LCP, 0.05), (L.FUSIBLE, 0.1), (L.LONG, 0.05), (L.USES_RSP, 0.15),
            (L.SETS_RSP, 0.05), (L.ENDS_GROUP, 0.05),
        ):  # fmt: skip
            if r.random() < chance:
                flags |= flag
        if slots > 1 and r.random() < 0.7:
            flags |= L.COMPLEX
        return I(
            tuple(uops), length, slots, flags, r.randint(0, 3), microcode, opcode_at,
            r.choice([-8, 8, -16]) if r.random() < 0.2 else 0, latency, redirect,
            r.randint(1, 4) if r.random() < 0.03 else 0,
        )  # fmt: skip

    def jump(self, taken: bool) -> list[I]:
        """A jump, alone or as the second half of a fused pair."""
        r = self.r
        flags = L.BRANCH | (L.TAKEN if taken else 0)
        if taken or r.random() < 0.5:
            flags |= L.ENDS_GROUP
        away = r.randrange(100) if taken and r.random() < 0.5 else -1
        uop = U(L.K_BRANCH, self.ports(2), 1, 0, L.NEW_SLOT, self.pairs(2), ())
        if r.random() < 0.5:
            return [I((uop,), r.choice([2, 6]), 1, flags, next_at=away)]
        return [
            I((uop,), r.randint(2, 7), 1, L.FUSED_PAIR | L.FUSIBLE),
            I((), r.choice([2, 6]), 0, flags | L.FUSED_SECOND, next_at=away),
        ]

    def link(self, order: Sequence[tuple[int, bool]], depth: int) -> None:
        """Lets loads meet older stores. ``order``: accesses, and whether they store."""
        seen: set[int] = set()
        everywhere = [a for a, stores in order if stores]
        for a, stores in order:
            if stores:
                seen.add(a)
                continue
            if not everywhere or self.r.random() < 0.4:
                continue
            source = self.r.choice(everywhere)
            least = 0 if source in seen else 1
            if least >= depth:
                continue
            row = self.accesses[a]
            row[L.A_SOURCE] = source
            row[L.A_DISTANCE] = self.r.randint(least, depth - 1)
            row[L.A_FORWARD] = self.r.choice(
                [
                    L.F_EXACT,
                    L.F_EXACT,
                    L.F_INSIDE,
                    L.F_BLOCKED,
                    L.F_RENAMED,
                    L.F_ALIAS,
                    L.F_PASSED,
                    L.F_ORDERED,
                ]
            )


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
    params, group_of, group_size, alternates = core(r)
    draw = Draw(r, params, group_of)
    body: list[I] = []
    for _ in range(r.choice([1, 3, 6, 12, 20])):
        if r.random() < 0.08:
            body += draw.jump(r.random() < 0.6)
        else:
            body.append(draw.insn())
    depth = r.choice([1, 2, 4])
    order = [
        (u.access, u.kind == L.K_STORE_DATA)
        for i in body
        for u in i.uops
        if u.access >= 0 and u.kind in (L.K_LOAD, L.K_STORE_DATA)
    ]
    draw.link(order, depth)
    tail = draw.jump(True) if r.random() < 0.5 else []
    mode = r.choice([DECODE, DECODE, CACHE, LOOP])
    if mode == CACHE or r.random() < 0.1:
        placed = lines(r, [*body, *tail])
        body, tail = placed[: len(body)], placed[len(body) :]
    made = Case(
        params, group_of, group_size, alternates, tuple(body), tuple(tail),
        tuple(tuple(row) for row in draw.accesses), r.randint(1, 2),
        r.choice([0, 0, 5, 30]), depth, bool(tail) or r.random() < 0.3, mode,
        r.randint(1, 5), seed=seed,
    )  # fmt: skip
    return chilled(made, Random(f"cold {seed}"))


def chilled(c: Case, r: Random) -> Case:
    """The case, in one of three with some of its lines cold.

    Which access or instruction is in which of them need not fit its address.
    """
    if r.random() < 2 / 3:
        return c
    data, code = r.randint(1, 4), r.randint(1, 3)
    levels = tuple(r.randint(1, 3) for _ in range(data + code))
    params = c.params._replace(
        l2_latency=r.choice([1, 3, 12]), l3_latency=r.choice([8, 40]),
        memory_latency=r.choice([20, 150]), fill_buffers=r.choice([0, 1, 1, 2, 10]),
    )  # fmt: skip
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

    accesses = tuple((*row[: L.A_COLD], *place()) for row in c.accesses)
    body, tail = c.body, c.tail
    if r.random() < 0.5:
        body, tail = tuple(map(chill, body)), tuple(map(chill, tail))
    return replace(
        c, params=params, accesses=accesses, body=body, tail=tail, cold=levels
    )


def shrink(start: Case, fails: Callable[[Case], bool]) -> Case:
    """A smaller case that still fails: instructions and trips taken out one by one."""
    best = start
    progress = True
    while progress:
        progress = False
        for candidate in smaller(best):
            if fails(candidate):
                best = candidate
                progress = True
                break
    return best


def smaller(c: Case) -> list[Case]:
    """Cases one step smaller."""
    out = [replace(c, trips=n) for n in range(1, c.trips)]
    if c.repeat > 1:
        out.append(replace(c, repeat=1))
    if c.tail:
        out.append(replace(c, tail=()))
    stores_met = {row[L.A_SOURCE] for row in c.accesses if row[L.A_FORWARD]}
    for k, i in enumerate(c.body):
        second = k + 1 < len(c.body) and c.body[k + 1].flags & L.FUSED_SECOND
        if i.flags & L.FUSED_SECOND or len(c.body) == 1:
            continue
        if not any(u.kind == L.K_STORE_DATA and u.access in stores_met for u in i.uops):
            rest = c.body[k + 2 :] if second else c.body[k + 1 :]
            if c.body[:k] + rest:
                out.append(replace(c, body=c.body[:k] + rest))
        simple = replace(
            i, prefixes=0, latency=0, microcode=0, stack_delta=0,
            flags=i.flags & (L.FUSED_PAIR | L.BRANCH | L.TAKEN),
        )  # fmt: skip
        if any(i.cold):
            warm_code = replace(i, cold=(0, 0))
            out.append(replace(c, body=(*c.body[:k], warm_code, *c.body[k + 1 :])))
        if simple != i:
            out.append(replace(c, body=(*c.body[:k], simple, *c.body[k + 1 :])))
    for k, row in enumerate(c.accesses):
        if any(row[L.A_COLD :]):
            warm = (*row[: L.A_COLD], 0, 0)
            rows = (*c.accesses[:k], warm, *c.accesses[k + 1 :])
            out.append(replace(c, accesses=rows))
        if row[L.A_FORWARD]:
            plain = (-1, 0, 0, *row[3:])
            rows = (*c.accesses[:k], plain, *c.accesses[k + 1 :])
            out.append(replace(c, accesses=rows))
    return out
