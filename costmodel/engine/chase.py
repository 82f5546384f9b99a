"""Pointer chasing: a load through a pointer that was itself just loaded is quicker."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code.insn import Form
from costmodel.cores.model import Core
from costmodel.engine import layout as L
from costmodel.engine.lowered import Lowered
from costmodel.tuples import NamedTuple

_FROM_MEMORY = (L.F_NONE, L.F_ALIAS, L.F_WAITS)


class Facts(NamedTuple):
    """What an instruction has to do with loaded pointers; registers as bit masks."""

    low: Lowered
    quick: tuple[tuple[int, int], ...]  # (access, base) of loads that may be quicker
    bases: int  # of those
    written: int  # general registers
    loads: int  # ... that get a value straight from memory
    moves: int  # register a whole move copies; 0: it is none
    accesses: int


class Chaser:
    """Finds the loads of a path that chase pointers. Keeps what it has looked at."""

    def __init__(self, core: Core) -> None:
        self.saves = core.memory.chase_saves
        self._limit = core.memory.displacement_limit
        self._facts: dict[int, Facts] = {}
        # Keeps what was made quicker alive too, and so its id its own.
        self._quicker: dict[tuple[int, tuple[int, ...]], tuple[Lowered, Lowered]] = {}

    def facts(self, form: Form, low: Lowered) -> Facts:
        found = self._facts.get(id(low))
        if found is None:  # keeps ``low`` alive, and so its id its own
            found = self._facts[id(low)] = self._look(form, low)
        return found

    def _look(self, form: Form, low: Lowered) -> Facts:
        quick = tuple(
            (n, a.base)
            for n, a in enumerate(low.accesses)
            if a.reads and a.base >= 0 and a.index < 0 and not a.implicit
            and 0 <= a.displacement < self._limit
        )  # fmt: skip
        bases = written = loads = moves = 0
        for _, base in quick:
            bases |= 1 << base
        for use in form.writes:
            if use.reg < 16:
                written |= 1 << use.reg
        if all(a.width >= 32 for a in low.accesses):
            for uop in low.uops:
                if uop.kind == L.K_LOAD:
                    for register, _ in uop.outputs:
                        if register < 16:
                            loads |= 1 << register
        operands = form.operands
        if form.mnemonic == "mov" and len(operands) == 2 and operands[0].width >= 32:
            source = operands[1].register
            if source is not None:
                moves = 1 << source.reg
        return Facts(
            low, quick, bases, written, loads & written, moves, len(low.accesses)
        )

    def chased(
        self, path: Sequence[Facts | None], links: Sequence[L.AccessRow]
    ) -> list[Lowered | None]:
        """What the instructions lower to, loads through loaded pointers being quicker.
        None: fused into the one before it."""
        return [
            None
            if facts is None
            else self.quickened(facts.low, quick)
            if quick
            else facts.low
            for facts, quick in zip(path, self.quick(path, links), strict=True)
        ]

    def quick(
        self, path: Sequence[Facts | None], links: Sequence[L.AccessRow]
    ) -> list[tuple[int, ...]]:
        """The accesses of each instruction that are loads through a loaded pointer.

        A pointer that came from a store in flight does not count. Paths repeat, so
        what the end leaves loaded is what the start finds; a path run once finds its
        pointers in the same state.
        """
        out: list[tuple[int, ...]] = [()] * len(path)
        loads = bases = 0
        for facts in path:
            if facts is not None:
                loads |= facts.loads
                bases |= facts.bases | facts.moves
        if not loads & bases:
            return out
        loaded = start = 0
        while True:
            first = 0
            for k, facts in enumerate(path):
                if facts is None:
                    continue
                if facts.bases & loaded:
                    out[k] = tuple([n for n, base in facts.quick if loaded >> base & 1])
                moved = facts.moves & loaded
                loaded &= ~facts.written
                end = first + facts.accesses
                if moved:
                    loaded |= facts.written
                elif facts.loads:
                    for row in links[first:end]:
                        if row.forward not in _FROM_MEMORY:
                            break
                    else:
                        loaded |= facts.loads
                first = end
            if loaded == start or start:
                return out
            start = loaded

    def quickened(self, low: Lowered, quick: tuple[int, ...]) -> Lowered:
        """``low`` with the accesses ``quick`` as much sooner as the core has it."""
        found = self._quicker.get((id(low), quick))
        if found is None:
            uops = tuple(
                u._replace(
                    latency=u.latency - self.saves,
                    latency_of=(*u.latency_of, ("memory.chase_saves", -1)),
                )
                if u.kind == L.K_LOAD and u.access in quick
                else u
                for u in low.uops
            )
            found = self._quicker[id(low), quick] = low, low._replace(uops=uops)
        return found[1]
