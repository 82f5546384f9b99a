"""What the oracle executes: a trace written out as objects, in program order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from costmodel.engine import layout as L
from costmodel.engine.layout import Trace, UopRow
from tests.engine.figures import Figures
from tests.engine.oracle_access import Access
from tests.engine.oracle_uop import CACHE, DECODE, LOOP, Insn, Uop

SYNC, FILLER = 0, 1  # uops that belong to no instruction


class Executed(NamedTuple):
    """An instruction in execution order."""

    row: int  # in the trace
    copy: int
    line: int  # of the uop cache; -1: none
    starts_trip: bool
    trip: int


def executed(t: Trace, trips: int) -> Iterator[Executed]:
    """The instructions of so many trips."""
    body, tail = range(t.head.body), range(t.head.body, t.head.body + t.head.tail)
    copy = 0
    for trip in range(trips):
        place = 0
        for k in range(t.head.repeat + 1):
            for index in body if k < t.head.repeat else tail:
                yield Executed(index, copy, t.lines[place], place == 0, trip)
                place += 1
            copy += k < t.head.repeat


def program(t: Trace, p: Figures, mode: int, trips: int) -> list[Insn]:
    """The instructions a machine executes, with who delivers each of them."""
    accesses = [
        Access(
            number, a.store, a.distance, a.forward, a.root, a.stride, a.offset,
            a.fresh, a.width, a.segment,
            tuple(x for x in dict.fromkeys((a.cold_first, a.cold_last)) if x),
            a.turn,
        )
        for number, a in enumerate(t.accesses)
    ]  # fmt: skip
    insns: list[Insn] = []
    address = t.head.base
    moved = False
    stack = 0  # bytes the stack engine has not folded into RSP
    for index, copy, line, starts_trip, trip in executed(t, trips):
        row = t.insns[index]
        if starts_trip and t.head.loops:
            address, moved = t.head.base, trip > 0
        insn = Insn(
            number=len(insns), index=index, copy=copy, address=address, line=line,
            length=row.length, opcode_at=row.opcode_at, flags=row.flags,
            slots=row.decode_slots, simple_after=row.simple_after,
            microcode=row.microcode, prefixes=row.prefixes, latency=row.latency,
            after_older=row.after_older, redirect=row.redirect, trip=trip,
            cold_first=row.cold_first, cold_last=row.cold_last, moved=moved,
            window=address // max(1, p.cache_window),
        )  # fmt: skip
        moved = insn.has(L.MOVES)
        address = row.next_at if moved else L.signed(address + insn.length)
        insns.append(insn)
        if insn.has(L.FUSED_SECOND):
            continue
        if p.stack_engine and p.sync_uop:
            # An explicit use of RSP, or too large an offset, needs the offset folded
            # in; an explicit write forgets it.
            sync = stack != 0 and insn.has(L.USES_RSP)
            if sync or insn.has(L.SETS_RSP):
                stack = 0
            stack += row.stack_delta
            if abs(stack) > p.stack_limit:
                sync = True
                stack = 0
            if sync:
                insn.uops.append(uop_at(t, SYNC, insn, p, accesses))
        numbers = [FILLER] * row.fillers + [*range(row.first_uop, row.last_uop)]
        insn.uops += [uop_at(t, number, insn, p, accesses) for number in numbers]
        number_slots(insn, p)
    delivery(insns, p, mode)
    return insns


def uop_at(
    t: Trace, number: int, insn: Insn, p: Figures, accesses: list[Access]
) -> Uop:
    row: UopRow = t.uops[number]
    return Uop(
        p=p, insn=insn, position=number, kind=row.kind,
        ports=list(t.ports[row.ports_first : row.ports_last]),
        latency=row.latency, busy=row.busy, flags=row.flags,
        inputs=[(o.reg, o.delay) for o in t.inputs[row.inputs_first : row.inputs_last]],
        outputs=[
            (o.reg, o.delay) for o in t.outputs[row.outputs_first : row.outputs_last]
        ],
        access=accesses[row.access] if row.access >= 0 else None,
        group=row.scheduler,
    )  # fmt: skip


def number_slots(insn: Insn, p: Figures) -> None:
    """Which queue slot each uop sits in, and how late the sequencer brings it."""
    place = 0
    behind = 0
    for k, uop in enumerate(insn.uops):
        after = insn.uops[k + 1] if k + 1 < len(insn.uops) else None
        uop.last_of_slot = after is None or after.new_slot or after.position == FILLER
        if uop.new_slot and uop.position != SYNC:
            if insn.microcode:
                behind = place // p.microcode_uops
            uop.queue_place = place
            place += 1
        uop.behind = behind


def delivery(insns: list[Insn], p: Figures, mode: int) -> None:
    """Who delivers each instruction.

    Code in the uop cache comes from there, from the instruction where it is found on or
    (``cache_at_branch``) from the target of a taken branch on; a loop in the queue is
    not delivered at all. A refetch may force the decoders.
    """
    for insn in insns:
        cached = insn.line >= 0
        if mode == DECODE and cached and not p.cache_at_branch:
            insn.entered_from, mode = DECODE, CACHE
        elif mode == CACHE and not cached:
            insn.entered_from, mode = CACHE, DECODE
        insn.source = mode
        if mode == DECODE and insn.has(L.TAKEN) and cached:
            mode = CACHE
        if (
            insn.has(L.REFETCH)
            and insn.has(L.REFETCH_DECODE)
            and not insn.has(L.FUSED_SECOND)
            and mode != LOOP
        ):
            mode = DECODE


def level_latency(t: Trace, line: int, p: Figures) -> int:
    """Cycles a fill of cold line ``line`` takes."""
    return (p.l2_latency, p.l3_latency, p.memory_latency)[t.cold[line - 1] - 1]
