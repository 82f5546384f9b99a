"""Symbolic machine state: registers, memory, and values that can be compared.

A value is a pair ``(root, offset)``: an unknown 64-bit quantity plus a known number,
which wraps to 64 bits as the CPU's does and is kept as a signed one (``signed``).
Roots are small integers. Equal roots mean equal quantities: every derived quantity is
interned on the operation that made it and the values it was made from, so doing the
same thing to the same inputs gives the same root, in this copy or in the next.

``Machine(same_pointer=True)`` begins as some measuring harnesses do: all general
registers but RSP and RBP, and all memory words not yet written, hold one pointer.

Two assumptions, both usual in address analysis: 32-bit counters do not wrap (``add
$1,%eax`` stays affine), and stores through one root do not change what is read through
another.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from costmodel.code import registers as R

Value: TypeAlias = tuple[int, int]  # root, offset
Key: TypeAlias = tuple[object, ...]

CONST: Final = R.COUNT
RIP: Final = R.COUNT + 1
ZERO: Final[Value] = (CONST, 0)

_FIRST: Final[tuple[Key, ...]] = (
    *(("in", register) for register in range(R.COUNT)),
    ("const",),
    ("rip",),
)
_REGISTERS: Final = tuple(range(R.COUNT))
_TEXT: Final = {
    "gs_base": "%gs:",
    "kernel_gs_base": "%gs:",
    "fs_base": "%fs:",
    "zaps": "flags",
}
_SIGN64: Final = 1 << 63
_MASK64: Final = (1 << 64) - 1
_POINTER: Final = 0x2324000  # what BHive's harness fills registers and memory with
_STACK: Final = _POINTER + (1 << 24)  # elsewhere; both begin a line, as bank
_FRAME: Final = _POINTER + (1 << 25) + 48  # conflicts show, and RBP 48 past one
_GRANULE: Final = 3  # log2 of the bytes one entry of the memory table stands for


class Store:
    """What one store left behind: where, how wide (bytes), which value."""

    __slots__ = ("offset", "older", "value", "width")

    def __init__(
        self, offset: int, width: int, value: Value, older: Store | None
    ) -> None:
        self.offset = offset
        self.width = width
        self.value = value
        self.older = older


class Machine:
    """Registers, memory and the intern table. ``out`` collects accesses in order."""

    __slots__ = (
        "bits", "filled", "flags", "ids", "memory", "names", "offsets", "out", "roots",
    )  # fmt: skip

    def __init__(self, same_pointer: bool = False) -> None:
        self.roots: list[int] = list(_REGISTERS)
        self.offsets: list[int] = [0] * R.COUNT
        self.filled = same_pointer
        if same_pointer:
            for register in range(16):
                self.roots[register] = CONST
                self.offsets[register] = _POINTER
            self.offsets[R.RSP] = _STACK
            self.offsets[R.RBP] = _FRAME
        self.memory: dict[tuple[int, int], Store] = {}
        self.ids: dict[Key, int] = {}
        self.names: list[Key] = list(_FIRST)
        self.bits: dict[int, int] = {}  # root -> width it is known to fit, if below 64
        self.flags = R.ZAPS
        self.out: list[Value] = []

    def intern(self, key: Key, bits: int = 64) -> int:
        """The root for ``key``; ``bits``: it is zero above that width."""
        root = self.ids.get(key)
        if root is None:
            root = len(self.names)
            self.ids[key] = root
            self.names.append(key)
            if bits < 64:
                self.bits[root] = bits
        return root

    def sum(self, a: int, b: int, scale: int = 1) -> int:
        """The root of ``a + b * scale``; offsets are the caller's."""
        if b == CONST:
            return a
        if scale == 1:
            if a == CONST:
                return b
            if a > b:
                a, b = b, a
        return self.intern(("+", a, b, scale))

    def move(self, register: int, by: int) -> None:
        """Add a number to a register, as push, pop and string instructions do."""
        self.offsets[register] = signed(self.offsets[register] + by)

    def symbol(self, name: str) -> int:
        return self.intern(("symbol", name))

    def narrow(self, value: Value, bits: int, high: bool = False) -> Value:
        """The low ``bits`` (8, 16, 32) of a value, or bits 8-15, zero-extended."""
        root, offset = value
        if bits >= 64:
            return value
        if root == CONST:
            if high:
                offset >>= 8
            return CONST, offset & ((1 << bits) - 1)
        if bits == 32:
            if self.bits.get(root, 64) <= 32:
                return value
            key = self.names[root]
            if key[0] == "sext" and key[1] == 32 and isinstance(key[2], int):
                return key[2], offset
            return self.intern(("low", 32, root), 32), offset
        if offset == 0 and not high and self.bits.get(root, 64) <= bits:
            return value
        key = self.names[root]
        if key[:3] == ("insert", bits, high) and offset == 0 and key[5] == CONST:
            number = key[6]
            assert isinstance(number, int)
            return CONST, number & ((1 << bits) - 1)
        return self.intern(("low", bits, root, offset, high), bits), 0

    def sign_extend(self, value: Value, bits: int) -> Value:
        """A zero-extended ``bits``-wide value, sign-extended to 64 bits."""
        root, offset = value
        if root == CONST:
            sign = 1 << (bits - 1)
            return CONST, ((offset & ((1 << bits) - 1)) ^ sign) - sign
        if bits == 32:
            return self.intern(("sext", 32, root)), offset
        return self.intern(("sext", bits, root, offset)), 0

    def insert(self, old: Value, value: Value, bits: int, high: bool) -> Value:
        """``old`` with its low ``bits`` (or bits 8-15) replaced."""
        if old[0] == CONST and value[0] == CONST:
            shift = 8 if high else 0
            mask = ((1 << bits) - 1) << shift
            return CONST, signed((old[1] & ~mask) | ((value[1] << shift) & mask))
        known = max(self.bits.get(old[0], 64), bits) if old[1] == 0 else 64
        return self.intern(("insert", bits, high, *old, *value), known), 0

    def load(self, root: int, offset: int, width: int) -> Value:
        """What ``width`` bytes hold: the value last stored there, or one of its own."""
        first = offset >> _GRANULE
        last = (offset + width - 1) >> _GRANULE
        memory = self.memory
        end = offset + width
        if first == last:
            entry = memory.get((root, first))
            while entry is not None:
                start = entry.offset
                if start < end and offset < start + entry.width:
                    if start == offset and entry.width == width:
                        return entry.value
                    break
                entry = entry.older
            if entry is None and self.filled:
                part = _POINTER >> 8 * (offset & 7)
                return CONST, part & ((1 << 8 * width) - 1)
            if entry is None:
                return self.intern(("mem", root, offset, width), width * 8), 0
        found: list[Value] = []
        same: Store | None = None
        exact = True
        for granule in range(first, last + 1):
            entry = memory.get((root, granule))
            newest = True
            while entry is not None:
                start = entry.offset
                if start < end and offset < start + entry.width:
                    if newest:
                        newest = False
                        exact = (
                            exact
                            and start == offset
                            and entry.width == width
                            and (same is None or same.value == entry.value)
                        )
                        same = entry
                    found += ((start, entry.width), entry.value)
                entry = entry.older
            exact = exact and not newest
        if exact and same is not None:
            return same.value
        key = ("mem", root, offset, width, *found)
        return self.intern(key, width * 8), 0

    def store(self, root: int, offset: int, width: int, value: Value) -> None:
        first = offset >> _GRANULE
        last = (offset + width - 1) >> _GRANULE
        memory = self.memory
        if first == last:
            end = offset + width
            older = memory.get((root, first))
            while older is not None and (
                offset <= older.offset and older.offset + older.width <= end
            ):
                older = older.older
            memory[root, first] = Store(offset, width, value, older)
            return
        whole = [(root, granule) for granule in range(first, last + 1)]
        olds = [memory.get(key) for key in whole]
        if all(old is None for old in olds):
            entry = Store(offset, width, value, None)
            for key in whole:
                memory[key] = entry
            return
        self._store_over(whole, offset, width, value)

    def _store_over(
        self, whole: list[tuple[int, int]], offset: int, width: int, value: Value
    ) -> None:
        """A store over several granules, older parts of some of which stay visible."""
        memory = self.memory
        inner = Store(offset, width, value, None)
        size = 1 << _GRANULE
        for key in whole:
            start = key[1] << _GRANULE
            if offset <= start and start + size <= offset + width:
                memory[key] = inner
                continue
            older = memory.get(key)
            while older is not None and (
                offset <= older.offset and older.offset + older.width <= offset + width
            ):
                older = older.older
            if older is None:
                memory[key] = inner
            else:
                memory[key] = Store(offset, width, value, older)

    def describe(self, value: Value) -> str:
        """Text for people: ``user rsp``, ``0x2b``, ``[%gs:kernel_stack]-0x28``."""
        root, offset = value
        if root == CONST:
            return hex(offset)
        text = self._name(root)
        if root == RIP:
            return f"code {offset & _MASK64:#x}"
        return f"{text}{offset:+#x}" if offset else text

    def _name(self, root: int, depth: int = 0) -> str:
        key = self.names[root]
        kind = key[0]
        if depth > 8:
            return "..."
        if kind == "in":
            name = R.NAMES[root]
            return _TEXT.get(name, name)
        if kind in ("name", "symbol"):
            return str(key[1])
        if kind == "const":
            return "0"
        numbers = [part for part in key[1:] if isinstance(part, int)]
        if kind == "mem":
            base, offset = numbers[0], numbers[1]
            inner = self._name(base, depth + 1) if base != CONST else ""
            shift = f"{offset:+#x}" if inner and inner[-1] != ":" else hex(offset)
            return f"[{inner}{shift if offset or not inner else ''}]"
        if kind == "+":
            a, b, scale = numbers
            left = self._name(a, depth + 1)
            right = self._name(b, depth + 1) + (f"*{scale}" if scale != 1 else "")
            if right.endswith(":"):
                left, right = right, left
            if a == CONST:
                return right
            return left + right if left.endswith(":") else f"{left}+{right}"
        if kind == "low":
            return self._part(self._name(numbers[1], depth + 1), numbers[0])
        if kind == "flags":
            return "flags"
        return f"{kind}(...)"

    @staticmethod
    def _part(name: str, bits: int) -> str:
        if bits == 32 and name in R.GENERAL:
            return f"{name}d" if name[1].isdigit() else f"e{name[1:]}"
        return f"{name}.{bits}"


def signed(value: int) -> int:
    """A 64-bit pattern as a signed number."""
    if -_SIGN64 <= value < _SIGN64:
        return value
    return ((value + _SIGN64) & _MASK64) - _SIGN64
