"""Measured blocks in groups, and the half that tuning never looked at."""

from __future__ import annotations

import hashlib

import pytest

from costmodel.code.decode import decode_bytes
from costmodel.commands.validate import _kinds
from costmodel.errors import UsageError
from costmodel.studies.blocks import Block
from costmodel.studies.groups import grouped, traits
from costmodel.studies.validate import Validation
from costmodel.views.validation import validation_text

ADD = bytes.fromhex("4801d8")
LOAD = bytes.fromhex("488b0424")
STORE = bytes.fromhex("48890424")
MODIFY = bytes.fromhex("48010424")


def a_validation(**changes: object) -> Validation:
    codes = (ADD, ADD * 3, LOAD + STORE, MODIFY, ADD * 20)
    blocks = tuple(
        Block(k + 2, code, "unroll", float(k + 1)) for k, code in enumerate(codes)
    )
    bound = ("ports", "ports", "", "window", "ports")
    return Validation("f", "skylake", blocks, (1.0, 3.0, None, 4.2, 5.0), 1.0, bound)


def test_the_half_is_the_last_bit_of_the_hash_of_the_hex() -> None:
    for code in (ADD, LOAD, STORE, MODIFY):
        bit = int(hashlib.sha256(code.hex().encode()).hexdigest(), 16) & 1
        assert Block(1, code, "unroll", 1.0).held_out == bool(bit)


def test_halves_share_no_block_and_miss_none() -> None:
    whole = a_validation()
    halves = [whole.half(False), whole.half(True)]
    lines = sorted(block.line for half in halves for block in half.blocks)
    assert lines == [block.line for block in whole.blocks]


def test_sizes_are_in_order_and_cover_every_block() -> None:
    groups = grouped(a_validation(), "size")
    assert [(g.name, len(g.outcome.blocks)) for g in groups] == [
        ("1-2", 3), ("3-4", 1), ("17-32", 1),
    ]  # fmt: skip


def test_mechanisms_are_those_that_were_kept() -> None:
    groups = {g.name: g.outcome for g in grouped(a_validation(), "mechanism")}
    assert [len(groups[n].blocks) for n in ("ports", "window")] == [3, 1]
    assert groups["window"].mape == pytest.approx(5)
    assert groups["not explained"].mape is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (ADD, ["registers only"]),
        (LOAD, ["loads, no stores"]),
        (STORE, ["stores, no loads"]),
        (MODIFY, ["loads and stores", "read-modify-write"]),
        (bytes.fromhex("58"), ["loads, no stores", "push, pop, call"]),
        (bytes.fromhex("66 83c001"), ["registers only", "8- or 16-bit operand"]),
        (bytes.fromhex("48c1e003"), ["registers only", "shift, rotate"]),
    ],
)
def test_traits_say_what_a_block_holds(code: bytes, expected: list[str]) -> None:
    assert traits(decode_bytes(code)) == expected


def test_near_is_within_six_tenths_of_a_cycle_or_a_twentieth() -> None:
    blocks = tuple(Block(1, ADD, "unroll", c) for c in (1.0, 1.0, 100.0, 100.0))
    outcome = Validation("f", "x", blocks, (1.6, 1.7, 105.0, 105.1), 1.0)
    assert outcome.near == 0.5


def test_text_keeps_to_72_columns_and_shows_the_code_of_the_worst() -> None:
    text = validation_text(a_validation(), 2, ("size", "mechanism", "mix"))
    assert all(len(line) <= 72 for line in text.splitlines())
    assert "held out" in text
    assert "add %rax,(%rsp)" in text


def test_an_unknown_grouping_is_refused() -> None:
    import argparse

    with pytest.raises(UsageError, match="no groups by 'colour'"):
        _kinds(argparse.Namespace(by="colour"))
