"""Instructions that differ in numbers alone share their uops: as if lowered alone."""

from __future__ import annotations

from itertools import product

import pytest

from costmodel.code.decode import decode_bytes, decode_form
from costmodel.cores.load import load_core
from costmodel.engine.lower import Lowering

# mov, add, and, shl, sar, rol, imul, lea, push, test, adc with numbers at their ends.
HEADS = (
    "8b4b", "488b4c24", "8b8b", "488b8c24", "83c1", "4881c1", "83e1", "c1e1", "48c1f9",
    "c1c1", "486bc9", "488d4b", "488d4c0b", "488d8b", "6a", "68", "f7c1", "83d1",
    "4883d9", "c741", "8341", "c16104",
)  # fmt: skip
NUMBERS = (0, 1, 2, 4, 8, 31, 32, 64, 127, -1, -128, 4096, 1024, 2047, 2048, 1 << 20)


def instructions() -> list[bytes]:
    """Each head before each number, as far as that is one instruction."""
    found = []
    for head, number, size in product(HEADS, NUMBERS, (1, 2, 4, 5)):
        tail = number.to_bytes(8, "little", signed=True)[: min(size, 4)]
        code = bytes.fromhex(head) + tail + (b"\x07" if size in (2, 5) else b"")
        found.append(decode_form((code + bytes(15))[:15]).data)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", ["skylake", "goldencove", "zen5", "k10", "ivybridge"])
def test_numbers_change_what_they_change(name: str) -> None:
    lowering = Lowering(load_core(name))
    codes = instructions()
    for code in codes:
        form = decode_bytes(code)[0].form
        assert lowering.lower(form) == lowering._lower(form, False)
    assert len(lowering._kinds) < len(codes) / 2  # they are shared
