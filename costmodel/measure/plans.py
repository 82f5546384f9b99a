"""Scenarios as code: what is run, and how cycles of one copy follow from its times.

Two lengths of the same code are timed and subtracted, which loses every fixed cost.
"""

from __future__ import annotations

from typing import NamedTuple

from costmodel.code import registers as R
from costmodel.errors import InputError, UsageError
from costmodel.measure import places
from costmodel.measure.bodies import Body
from costmodel.measure.emit import Emitted, emit

SCENARIOS = ("unroll", "opcache", "loop", "once")
SETTINGS = ("opcache", "unroll", "lfence", "system call")
_SHORT = 800  # instructions of the shorter length
_SHORT_LOOP = 6000  # the same where all turns share one piece of code
_RATIO = 3
_TOGETHER = 14 * 1024  # bytes of both lengths: the first cache has to hold them
_TRIP = 200  # instructions of an op-cache loop
_FEWEST_TRIPS = 6
_CALL_TURNS = 10
# movl $.., COUNTER and: decl COUNTER; jnz (whose displacement ``emit`` fills in)
_SET_WORD = b"\xc7\x04\x25" + places.COUNTER.to_bytes(4, "little")
_DEC_WORD_JNZ = (
    b"\xff\x0c\x25" + places.COUNTER.to_bytes(4, "little") + b"\x0f\x85" + bytes(4)
)
_CALM = 10_000  # cycles of the shorter length at most: few interrupts fall into it
_LINE = 64
_LFENCE = b"\x0f\xae\xe8"


class Program(NamedTuple):
    """A piece of code timed as a whole: ``copies`` of the body are executed."""

    entry: int  # offset in the code
    copies: int


class Plan(NamedTuple):
    """Code and the programs in it; programs 2k and 2k+1 are two lengths of one body."""

    code: bytes
    programs: tuple[Program, ...]
    emitted: tuple[Emitted, ...]  # a program each

    def per_copy(self, pair: int = 0) -> int:
        """Copies by which the longer of a pair exceeds the shorter."""
        short, long = self.programs[2 * pair : 2 * pair + 2]
        return long.copies - short.copies


class _Writer:
    def __init__(self, align: int) -> None:
        self.code = bytearray()
        self.align = align
        self.programs: list[Program] = []
        self.emitted: list[Emitted] = []

    def add(
        self,
        body: Body,
        copies: int,
        trips: int = 0,
        *,
        counter: int = -1,
        between: bytes = b"",
        check: bool = False,
        pin_call: bool = False,
    ) -> None:
        """``copies`` in a row; with ``trips`` in a loop that goes round so often.

        ``counter``: the register that counts, or -1 for a word of memory.
        ``pin_call``: the alignment is that of the system call within the copy.
        """
        before: tuple[bytes, ...] = ()
        closing = b""
        if trips and counter >= 0:
            before = (_set_counter(counter, trips),)
            closing = _closing(counter)
        elif trips:
            before = (_SET_WORD + trips.to_bytes(4, "little"),)
            closing = _DEC_WORD_JNZ
        head = sum(map(len, before))
        pinned = body.call_offset if pin_call else 0
        gap = (self.align - len(self.code) - head - pinned) % _LINE
        self.code += b"\xcc" * gap
        entry = len(self.code)
        made = emit(
            body, copies, places.CODE + entry, before=before, between=between,
            closing=closing, check=check,
        )  # fmt: skip
        self.code += made.code
        if len(self.code) > places.CODE_MOST:
            raise InputError(
                f"{body.size} bytes a copy are too many to be timed in copies",
                where=body.path.origin,
                expected="a path of a few kilobytes at most",
            )
        self.programs.append(Program(entry, copies * max(trips, 1)))
        self.emitted.append(made)

    def plan(self) -> Plan:
        return Plan(bytes(self.code), tuple(self.programs), tuple(self.emitted))


def check_plan(body: Body) -> Plan:
    """One copy and three, with a trap behind every jump that must not be taken."""
    writer = _Writer(0)
    for copies in (1, 3):
        writer.add(body, copies, check=True)
    return writer.plan()


def plan(
    scenario: str,
    bodies: list[Body],
    *,
    counter: int = -1,
    align: int = 0,
    cycles: float = 0.0,
) -> Plan:
    """Both lengths of each body in one scenario, one body after the other.

    ``scenario``: ``SCENARIOS``; "lfence": copies that begin with a fence; "system
    call": a loop of one copy, the system call always at the same place of a line. (Some
    cores need 40 cycles more for a SYSCALL in one part of a line than in another, and
    a change of the kernel does not move the user's.)
    ``cycles``: about what a copy takes; slow ones are repeated less often.
    """
    calm = max(1, round(_CALM / max(cycles, 1.0)))
    writer = _Writer(align)
    share = _TOGETHER // len(bodies)
    largest = max(body.size for body in bodies)
    most = max(body.instructions for body in bodies)
    for body in bodies:
        if scenario == "once":
            writer.add(body, 0)
            writer.add(body, 1)
        elif scenario == "system call":
            turns = max(2, min(_CALL_TURNS, calm))
            for trips in (turns, turns * _RATIO):
                writer.add(body, 1, trips, pin_call=True)
        elif scenario in ("unroll", "lfence"):
            between = _LFENCE if scenario == "lfence" else b""
            size, count = largest + len(between), most + len(between[:1])
            fits = share // ((1 + _RATIO) * size)
            short = max(1, min(round(_SHORT / count), fits, calm))
            writer.add(body, short, between=between)
            writer.add(body, short * _RATIO, between=between)
        elif scenario in ("opcache", "loop"):
            register = counter if counter >= 0 else _counter(bodies, scenario)
            copies = 1
            if scenario == "opcache":
                copies = max(1, min(_TRIP // most, share // (2 * largest), calm))
            trips = min(
                max(_FEWEST_TRIPS, round(_SHORT_LOOP / (copies * most + 2))),
                max(1, calm // copies),
            )
            writer.add(body, copies, trips, counter=register)
            writer.add(body, copies, trips * _RATIO, counter=register)
        else:
            raise UsageError(
                f"scenario {scenario!r} cannot be measured",
                expected=", ".join(SCENARIOS),
            )
    return writer.plan()


def _counter(bodies: list[Body], scenario: str) -> int:
    """The register that counts; -1, a word of memory, where a long loop has none left.
    In a short one counting in memory would be most of what is measured."""
    try:
        return free_register(bodies)
    except InputError:
        if scenario == "loop":
            raise
        return -1


def free_register(bodies: list[Body]) -> int:
    """A register no body names, highest first, as the model chooses it.

    Raises InputError where there is none.
    """
    used = {R.RSP}
    for body in bodies:
        for step in body.path.steps:
            form = step.insn.form
            used |= {use.reg for use in (*form.reads, *form.writes)}
            used |= {r for m in form.memory for r in (m.base, m.index)}
            if step.handler and body.frame:
                used |= {R.RAX, R.RCX, 11}
    for register in range(15, -1, -1):
        if register not in used:
            return register
    raise InputError(
        "every register is used, so none is left to count a loop",
        where=bodies[0].path.origin,
        expected="code that leaves one general register alone",
        hint="--scenario unroll needs no counter",
    )


def _set_counter(register: int, trips: int) -> bytes:
    """mov $trips,%register (32 bits; the upper half becomes 0)"""
    rex = b"\x41" if register >= 8 else b""
    return rex + bytes([0xB8 | register & 7]) + trips.to_bytes(4, "little")


def _closing(register: int) -> bytes:
    """dec %register; jnz, whose displacement ``emit`` fills in"""
    rex = 0x48 | (register >> 3)
    return bytes([rex, 0xFF, 0xC8 | register & 7, 0x0F, 0x85]) + bytes(4)
