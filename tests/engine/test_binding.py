"""What bound a block: the logged run is the run, and its causes add up."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine import causes
from costmodel.engine.blocks import bound, rate
from costmodel.studies.groups import MECHANISMS, mechanism

IMUL = bytes.fromhex("480fafc0")  # imul %rax,%rax: a chain of three cycles
ADDS = bytes.fromhex("4801c04801db4801c9")  # three chains of one cycle
FORWARD = bytes.fromhex("488b042448030148890424")


@pytest.mark.parametrize("code", [IMUL, ADDS, FORWARD])
@pytest.mark.parametrize("scenario", ["unroll", "opcache", "loop"])
def test_the_logged_run_gives_the_rate_and_causes_add_up_to_it(
    code: bytes, scenario: str
) -> None:
    plain = rate(load_core("skylake"), code, scenario)
    cycles, settled, charged = bound(load_core("skylake"), code, scenario)
    assert (cycles, settled) == plain
    copies = sum(charged.values()) / cycles
    assert copies == pytest.approx(round(copies))
    assert copies >= 1


def test_a_chain_of_multiplications_is_bound_by_its_dependency() -> None:
    *_, charged = bound(load_core("skylake"), IMUL, "unroll")
    assert mechanism(charged) == "dependency chain"


def test_a_value_kept_in_memory_is_bound_by_forwarding() -> None:
    *_, charged = bound(load_core("skylake"), FORWARD, "loop")
    assert mechanism(charged) == "store forwarding"


def test_every_cause_belongs_to_one_mechanism() -> None:
    named = [cause for some in MECHANISMS.values() for cause in some]
    assert sorted(named) == sorted(causes.NAMES)


def test_nothing_charged_is_not_explained() -> None:
    assert mechanism({}) == "not explained"
