"""What is certain while a path is followed: numbers in registers, flags, addresses.

The path is executed on the symbolic ``Machine``; what it makes of plain numbers is
worked out here as well. A number comes from an immediate, from memory nobody writes
(tables of the image) or from the user (``--with rax=110``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from costmodel.code import registers as R
from costmodel.code.compiler import (
    action_of,
    relocated_action,
    relocated_address,
)
from costmodel.code.condition import UNKNOWN, Bit, Flags, evaluate, holds, result_flags
from costmodel.code.decode import decode_form
from costmodel.code.image import Image
from costmodel.code.insn import Form, Insn
from costmodel.code.machine import CONST, RIP, ZERO, Machine, Value, signed
from costmodel.code.operands import Address, Reader, Writer, address_of, reader, writer
from costmodel.code.system import return_from_call

_ALL = (1 << 64) - 1
_FLAGS = frozenset({R.CF, R.OF, R.ZAPS})
_STRINGS = ("movs", "stos", "lods")
_COUNTED_JUMPS = ("loop", "loope", "loopne")
_NO_FLUSH = 63  # the bit of CR3 that keeps the TLB


class _Plan:
    """How the operands of one encoding are read and its result is written."""

    __slots__ = ("address", "bits", "readers", "writes")

    def __init__(self, form: Form) -> None:
        kinds = [operand.kind for operand in form.operands]
        self.address: Address | None = None
        if form.memory and "m" in kinds:
            self.address = address_of(form.memory[0], form.length, None)
        plain = bool(kinds) and all(kind in "rmi" for kind in kinds)
        self.bits = form.operands[0].width if plain else 0
        self.readers: list[Reader] = []
        self.writes: Writer | None = None
        if plain and self.bits:
            self.readers = [reader(form, k, None) for k in range(len(kinds))]
            if kinds[0] != "i":
                self.writes = writer(form, 0)


@lru_cache(maxsize=1 << 14)
def _plan(data: bytes) -> _Plan:
    return _Plan(decode_form(data))


class Known:
    """The state after each ``step``; ``decides`` and ``number`` ask it."""

    def __init__(self, image: Image, given: Mapping[int, int]) -> None:
        self._image = image
        self.machine = Machine()
        for register, value in given.items():
            self.machine.roots[register] = CONST
            self.machine.offsets[register] = signed(value)
        self.flags = UNKNOWN
        self.no_flush: set[int] = set()  # registers whose bit 63 is set
        self.changes = 0  # times a known word of memory became another

    @property
    def state(self) -> tuple[object, ...]:
        """All that later decisions depend on."""
        m = self.machine
        first: dict[int, int] = {CONST: 0}  # pointers matter by how far apart they are
        apart = tuple(
            m.offsets[r] - first.setdefault(m.roots[r], m.offsets[r]) for r in range(16)
        )
        parts = tuple(
            key[6]
            for key in (m.names[root] for root in m.roots[:16])
            if key[0] == "insert" and key[5] == CONST
        )
        return apart, parts, self.flags, self.changes

    def number(self, register: int) -> int | None:
        """The unsigned 64-bit number in a register, if known."""
        m = self.machine
        if m.roots[register] in (CONST, RIP):
            return m.offsets[register] & _ALL
        return None

    def word_at_stack(self) -> int | None:
        """The address at the top of the stack, where a RET would go."""
        m = self.machine
        return self._address(m.load(m.roots[R.RSP], m.offsets[R.RSP], 8))

    def _address(self, value: Value) -> int | None:
        """Code a value points to; a plain number does where code has its addresses."""
        root, offset = value
        known = root == RIP or (root == CONST and self._image.linked)
        return offset & _ALL if known else None

    def decides(self, form: Form) -> Bit:
        """Whether a conditional jump is taken; None if that is not known."""
        if form.condition:
            return holds(form.condition, self.flags)
        if form.mnemonic in _COUNTED_JUMPS:
            count = self.number(R.RCX)
            if count is None:
                return None
            going = count != 1
            if form.mnemonic == "loop" or not going:
                return going
            zero = self.flags.zero
            return None if zero is None else zero == (form.mnemonic == "loope")
        if form.mnemonic in ("jrcxz", "jecxz"):
            count = self.number(R.RCX)
            return None if count is None else count == 0
        return None

    def target(self, insn: Insn) -> int | None:
        """Where an indirect jump or call goes, if its operand is a known address."""
        plan = _plan(insn.form.data)
        if not plan.readers:
            return None
        m = self.machine
        a = ZERO
        if insn.relocations:
            address = relocated_address(insn)
            if address is None:
                return None
            a = address(m, insn)
            self._plant(a, 8)
            return self._address(m.load(*a, 8))
        if plan.address is not None:
            a = plan.address(m, insn)
            self._plant(a, 8)
        return self._address(plan.readers[0](m, a))

    def count(self, form: Form) -> int | None:
        """Bytes a repeated string instruction moves, if its count is known."""
        if not form.repeat or not form.mnemonic.startswith(_STRINGS):
            return None
        count = self.number(R.RCX)
        return None if count is None else count * _element(form)

    def step(self, insn: Insn) -> None:
        """Execute one instruction; a call or a return as the path takes it."""
        form, m = insn.form, self.machine
        plan = _plan(form.data)
        m.out = []
        a = ZERO
        values: list[Value] | None = None
        if insn.relocations:
            address = relocated_address(insn)
            if address is not None and form.memory[0].width == 64:
                self._plant(address(m, insn), 8)
        else:
            if plan.address is not None:
                a = plan.address(m, insn)
                self._plant(a, max(form.memory[0].width // 8, 1))
            if plan.readers:
                values = [read(m, a) for read in plan.readers]
        moved = self.count(form)
        counter = self.number(R.RCX)
        bases = [] if moved is None else self._bases(form)
        self._follow_cr3(form)
        before = None
        if plan.address is not None and form.memory[0].writes and plan.readers:
            before = values[0] if values else None
        action = (
            relocated_action(insn) if insn.relocations else action_of(form.data, False)
        )
        action(m, insn)
        if moved is not None and counter is not None:
            m.roots[R.RCX], m.offsets[R.RCX] = ZERO
            for register, (root, offset) in bases:
                m.roots[register], m.offsets[register] = root, offset + moved
        elif form.mnemonic in _COUNTED_JUMPS and counter is not None:
            m.roots[R.RCX], m.offsets[R.RCX] = CONST, signed(counter - 1 & _ALL)
        self._compute(form, plan, a, values)
        if before is not None and before[0] == CONST:
            self.changes += plan.readers[0](m, a) != before

    def called(self, site: int) -> None:
        """A callee that is not followed has come back."""
        return_from_call(self.machine, site)
        self.flags = UNKNOWN
        self.no_flush.clear()

    def _plant(self, a: Value, width: int) -> None:
        """Give the machine the constant the image holds at an address."""
        memory, m = self._image.memory, self.machine
        if memory is not None and m.names[a[0]][0] == "symbol":
            target = memory.pointer(str(m.names[a[0]][1]), a[1])
            if target is not None and (a[0], a[1] >> 3) not in m.memory:
                m.store(*a, 8, (RIP, target))
            return
        if a[0] not in (CONST, RIP) or memory is None or width > 8:
            return
        if (a[0], a[1] >> 3) in m.memory:
            return
        found = memory.constant(a[1] & _ALL, width)
        if found is not None:
            value = int.from_bytes(found, "little")
            m.store(a[0], a[1], width, (CONST, signed(value)))

    def _bases(self, form: Form) -> list[tuple[int, Value]]:
        """The pointers a string instruction moves, upwards, and where they are."""
        m = self.machine
        return [
            (access.base, (m.roots[access.base], m.offsets[access.base]))
            for access in form.memory
        ]

    def _compute(
        self, form: Form, plan: _Plan, a: Value, values: list[Value] | None
    ) -> None:
        """Flags and result, where the operands are numbers."""
        name, m = form.mnemonic, self.machine
        written = {use.reg for use in form.writes} & _FLAGS
        made: tuple[int | None, Flags] | None = None
        if values is not None and form.shape:
            if name.startswith(("cmov", "set")) and form.condition:
                self._select(form, plan, a, values)
            elif form.same_register and name in ("xor", "sub"):
                made = (0, result_flags(0, plan.bits, False, False))
            elif form.same_register and name == "sbb" and self.flags.carry is not None:
                made = evaluate(name, plan.bits, (0, 0), self.flags)
            elif all(root == CONST for root, _ in values):
                numbers = tuple(offset & _ALL for _, offset in values)
                made = evaluate(name, plan.bits, numbers, self.flags)
            elif name in ("cmp", "sub") and len(values) == 2:
                self._compare(plan.bits, values)
                if values[0][0] == values[1][0] != CONST:
                    return
        if made is not None:
            result, self.flags = made
            if result is not None and plan.writes is not None:
                bits = plan.bits
                number = signed(result) if bits == 64 else result
                plan.writes(m, a, (CONST, number))
            return
        if written:
            self.flags = Flags(
                None if R.CF in written else self.flags.carry,
                *((None, None) if R.ZAPS in written else self.flags[1:3]),
                None if R.OF in written else self.flags.overflow,
                None if R.ZAPS in written else self.flags.parity,
            )

    def _compare(self, bits: int, values: list[Value]) -> None:
        """Two addresses off one base; that they do not wrap is taken for granted."""
        (left, x), (right, y) = values
        if left == right and left != CONST:
            self.flags = result_flags(x - y, bits, x < y, False)

    def _select(self, form: Form, plan: _Plan, a: Value, values: list[Value]) -> None:
        chosen = holds(form.condition, self.flags)
        if chosen is None or plan.writes is None:
            return
        if form.mnemonic.startswith("set"):
            plan.writes(self.machine, a, (CONST, int(chosen)))
        else:
            plan.writes(self.machine, a, values[1 if chosen else 0])

    def _follow_cr3(self, form: Form) -> None:
        """Which registers hold a CR3 value that keeps the TLB."""
        first = form.operands[0].register if form.operands else None
        if first is None or form.operands[0].kind != "r":
            return
        register = first.reg
        if form.mnemonic == "bts" and form.immediate == _NO_FLUSH:
            self.no_flush.add(register)
            return
        source = form.operands[-1].register
        if form.mnemonic == "mov" and source is not None:
            if source.reg in self.no_flush and form.operands[-1].kind == "r":
                self.no_flush.add(register)
                return
        if form.mnemonic in ("and", "or"):
            return
        if first in form.writes:
            self.no_flush.discard(register)


def _element(form: Form) -> int:
    return {"b": 1, "w": 2, "d": 4, "q": 8}.get(form.mnemonic[-1], 1)
