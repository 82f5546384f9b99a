"""Every mechanism of tools/ablation.yaml can be switched off, and that shows."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.studies.accuracy import read_sets
from costmodel.studies.blocks import Block
from tools import ablation
from tools.ablation import Mechanism
from tools.ablation_page import page

KNOWN = ablation.listed()
ACCURACY = ablation.ROOT / "tools" / "accuracy.yaml"
CORES = sorted({of.uarch for of in read_sets(ACCURACY)})
# xor %eax,%eax; imul %rax,%rax; inc %esi; inc %edi; inc %r8d; cmp %edx,%ecx; je next
CODE = bytes.fromhex("31c0480fafc0ffc6ffc741ffc039d17400")
BLOCK = Block(2, CODE, "opcache", 2.0)


def named(name: str) -> Mechanism:
    return next(one for one in KNOWN.mechanisms if one.name == name)


@pytest.mark.parametrize("uarch", CORES)
def test_every_mechanism_a_core_has_can_be_off(uarch: str) -> None:
    loaded = load_core(uarch)
    had = 0
    for mechanism in KNOWN.mechanisms:
        off = ablation.figures(mechanism, loaded)
        made = ablation.without(loaded, off)
        assert not ablation.figures(mechanism, made), mechanism.name
        assert (made.core != loaded.core) == bool(off)
        had += bool(off)
    assert had > len(KNOWN.mechanisms) / 2


def test_names_differ() -> None:
    names = [mechanism.name for mechanism in KNOWN.mechanisms]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["macro fusion", "zero idioms"])
def test_a_block_changes_without_what_it_uses(name: str) -> None:
    whole = ablation.left(("skylake", [BLOCK] * 2, None))
    other = ablation.left(("skylake", [BLOCK] * 2, named(name)))
    assert whole is not None
    assert other is not None
    assert other.moved(whole) == 1
    assert whole.moved(whole) == 0
    text = page({"a set": [whole, other]}, {"a set": 2}, 2, ["a thing"])
    assert f"| {name} |" in text


def test_a_core_without_the_mechanism_is_left_out() -> None:
    assert ablation.left(("skylake", [BLOCK], named("memory renaming"))) is None
