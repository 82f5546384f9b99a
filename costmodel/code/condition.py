"""Status flags as far as they are known, and what they decide."""

from __future__ import annotations

from collections.abc import Callable

from costmodel.tuples import NamedTuple

Bit = bool | None  # None: not known


class Flags(NamedTuple):
    """The status flags; None where nothing is known."""

    carry: Bit = None
    zero: Bit = None
    sign: Bit = None
    overflow: Bit = None
    parity: Bit = None


UNKNOWN = Flags()


def holds(condition: str, flags: Flags) -> Bit:
    """Whether ``condition`` ("e", "ne", "be" ...) is met; None if that is not known."""
    found = _PLAIN.get(condition, _nothing)(flags)
    if found is not None or condition in _PLAIN:
        return found
    opposite = _PLAIN.get(_OPPOSITES.get(condition, ""), _nothing)(flags)
    return None if opposite is None else not opposite


def _nothing(flags: Flags) -> Bit:
    return None


def _either(first: Bit, second: Bit) -> Bit:
    if first or second:
        return True
    return None if first is None or second is None else False


def _less(flags: Flags) -> Bit:
    if flags.sign is None or flags.overflow is None:
        return None
    return flags.sign != flags.overflow


_PLAIN: dict[str, Callable[[Flags], Bit]] = {
    "b": lambda f: f.carry,
    "e": lambda f: f.zero,
    "s": lambda f: f.sign,
    "o": lambda f: f.overflow,
    "p": lambda f: f.parity,
    "be": lambda f: _either(f.carry, f.zero),
    "l": _less,
    "le": lambda f: _either(f.zero, _less(f)),
}
_OPPOSITES = {
    "ae": "b", "ne": "e", "ns": "s", "no": "o", "np": "p", "a": "be", "ge": "l",
    "g": "le",
}  # fmt: skip


def result_flags(result: int, bits: int, carry: Bit, overflow: Bit) -> Flags:
    """The flags most operations leave for a result of ``bits``."""
    low = result & ((1 << bits) - 1)
    return Flags(
        carry,
        low == 0,
        bool(low >> (bits - 1)),
        overflow,
        (low & 0xFF).bit_count() % 2 == 0,
    )


def evaluate(
    name: str, bits: int, values: tuple[int, ...], flags: Flags
) -> tuple[int | None, Flags] | None:
    """Result (None: nothing is written) and flags of an operation on known numbers.

    ``values`` are the operands, zero-extended, first the destination. None for an
    operation not followed.
    """
    mask, top = (1 << bits) - 1, bits - 1
    x = values[0] & mask
    y = values[1] & mask if len(values) > 1 else 0
    if name in ("add", "adc"):
        if name == "adc" and flags.carry is None:
            return None
        total = x + y + (name == "adc" and bool(flags.carry))
        overflow = bool((~(x ^ y) & (x ^ total)) >> top & 1)
        return total & mask, result_flags(total, bits, total > mask, overflow)
    if name in ("sub", "cmp", "sbb"):
        if name == "sbb" and flags.carry is None:
            return None
        borrow = int(name == "sbb" and bool(flags.carry))
        total = x - y - borrow
        overflow = bool(((x ^ y) & (x ^ total)) >> top & 1)
        made = result_flags(total, bits, total < 0, overflow)
        return (None if name == "cmp" else total & mask), made
    if name in ("and", "test", "or", "xor"):
        total = x | y if name == "or" else x ^ y if name == "xor" else x & y
        made = result_flags(total, bits, False, False)
        return (None if name == "test" else total), made
    if name in ("inc", "dec"):
        total = x + 1 if name == "inc" else x - 1
        edge = (1 << top) if name == "inc" else (1 << top) - 1
        overflow = total & mask == edge
        return total & mask, result_flags(total, bits, flags.carry, overflow)
    if name == "neg":
        return -x & mask, result_flags(-x, bits, x != 0, x == 1 << top)
    if name == "not":
        return ~x & mask, flags
    if name in ("shl", "sal", "shr", "sar"):
        return _shifted(name, bits, x, y, flags)
    if name in ("bt", "btr", "bts", "btc"):
        bit = 1 << (y % bits)
        total = x | bit if name == "bts" else x & ~bit if name == "btr" else x ^ bit
        made = flags._replace(carry=bool(x & bit))
        return (None if name == "bt" else total), made
    if name == "imul" and len(values) > 1:
        factors = values[-2:] if len(values) > 2 else values
        return factors[0] * factors[1] & mask, UNKNOWN
    return None


def _shifted(
    name: str, bits: int, x: int, count: int, flags: Flags
) -> tuple[int, Flags]:
    mask = (1 << bits) - 1
    count &= 63 if bits == 64 else 31
    if not count:
        return x, flags
    if name in ("shl", "sal"):
        total = x << count
        carry = bool(total >> bits & 1)
    else:
        number = x - (1 << bits) if name == "sar" and x >> (bits - 1) else x
        total = number >> count
        carry = bool(number >> (count - 1) & 1)
    return total & mask, result_flags(total, bits, carry, None)
