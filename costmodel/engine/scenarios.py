"""A scenario of ``costmodel.scenarios`` as a plan the engine can run."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Insn
from costmodel.cores.model import Core
from costmodel.engine.layout import M_CACHE, M_DECODE, M_LOOP
from costmodel.engine.lowered import Item
from costmodel.scenarios import NAMES as NAMES
from costmodel.scenarios import PATHS as PATHS
from costmodel.scenarios import checked
from costmodel.tuples import NamedTuple

OPCACHE_INSTRUCTIONS = 200
# A jump back after dec of a register: the two-byte one, as assemblers choose for the
# loops measured, and the long one where that cannot reach. The target is unused.
_SHORT, _LONG = bytes.fromhex("7500"), bytes.fromhex("0f8500000000")
_REACH = 128 - 5  # bytes of body a two-byte jump behind dec gets back over


class Plan(NamedTuple):
    """How to run a body of instructions."""

    tail: tuple[Item, ...]
    repeat: int  # copies in a trip
    mode: int
    cached: bool
    loops: bool  # addresses start over each trip


def closing(counter: int, size: int = 0) -> tuple[Item, ...]:
    """``dec`` of a 64-bit register and ``jnz``, taken, behind ``size`` bytes."""
    rex = 0x48 | (counter >> 3)
    jump = _SHORT if size <= _REACH else _LONG
    code = bytes([rex, 0xFF, 0xC8 | (counter & 7)]) + jump
    dec, jnz = decode_bytes(code)
    return Item(dec.form), Item(jnz.form, True)


def free_register(body: Sequence[Insn]) -> int:
    """A register the block does not name, highest first; r15 if it names all."""
    used = {use.reg for i in body for use in (*i.form.reads, *i.form.writes)}
    for i in body:
        for access in i.form.memory:
            used |= {access.base, access.index}
    return next((r for r in range(15, -1, -1) if r not in used and r != 4), 15)


def closes_itself(body: Sequence[Insn]) -> bool:
    """Whether a block ends in a jump back to its own beginning."""
    return bool(body) and body[-1].target == body[0].address != body[-1].address


def plan(scenario: str, body: Sequence[Insn], core: Core, counter: int = -1) -> Plan:
    """The plan of ``scenario`` for a body on a core. Raises UsageError for another."""
    checked(scenario)
    cached = core.front_end.uop_cache.window > 0
    mode = M_CACHE if cached else M_DECODE
    if scenario == "unroll":
        return Plan((), 1, M_DECODE, False, False)
    if scenario == "opcache":
        repeat = max(1, OPCACHE_INSTRUCTIONS // max(1, len(body)))
        register = counter if counter >= 0 else free_register(body)
        size = repeat * sum(insn.form.length for insn in body)
        return Plan(closing(register, size), repeat, mode, cached, True)
    if scenario == "loop":
        own = closes_itself(body)
        size = sum(insn.form.length for insn in body)
        register = counter if counter >= 0 else free_register(body)
        tail = () if own else closing(register, size)
        rounds = len({insn.address for insn in body}) < len(body)  # a loop inside
        buffered = not rounds and 0 < core.front_end.loop_buffer >= 2 * len(body) + len(
            tail
        )
        return Plan(tail, 1, M_LOOP if buffered else mode, cached, True)
    if scenario == "roundtrip":
        return Plan((), 1, mode, cached, True)
    return Plan((), 1, M_DECODE, False, True)
