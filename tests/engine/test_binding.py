"""What bound a block: the logged run is the run, and its causes add up."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine import causes
from costmodel.engine.binding import Binding
from costmodel.engine.bulk import Bulk
from costmodel.engine.compiled import compiler
from costmodel.studies.groups import MECHANISMS, mechanism

IMUL = bytes.fromhex("480fafc0")  # imul %rax,%rax: a chain of three cycles
ADDS = bytes.fromhex("4801c04801db4801c9")  # three chains of one cycle
FORWARD = bytes.fromhex("488b0424480301488904 24".replace(" ", ""))


@pytest.fixture(scope="module")
def binding() -> Binding:
    return Binding(load_core("skylake"), compiled=False)


@pytest.mark.parametrize("code", [IMUL, ADDS, FORWARD])
@pytest.mark.parametrize("scenario", ["unroll", "opcache", "loop"])
def test_the_logged_run_gives_the_rate_and_causes_add_up_to_it(
    binding: Binding, code: bytes, scenario: str
) -> None:
    plain = Bulk(load_core("skylake"), compiled=False).throughput(code, scenario)
    found, charged = binding.bound(code, scenario)
    assert found == plain
    copies = sum(charged.values()) / found.cycles
    assert copies == pytest.approx(round(copies))
    assert copies >= 1


def test_a_chain_of_multiplications_is_bound_by_its_dependency(
    binding: Binding,
) -> None:
    _, charged = binding.bound(IMUL, "unroll")
    assert mechanism(charged) == "dependency chain"


def test_a_value_kept_in_memory_is_bound_by_forwarding(binding: Binding) -> None:
    _, charged = binding.bound(FORWARD, "loop")
    assert mechanism(charged) == "store forwarding"


def test_every_cause_belongs_to_one_mechanism() -> None:
    named = [cause for some in MECHANISMS.values() for cause in some]
    assert sorted(named) == sorted(causes.NAMES)


def test_nothing_charged_is_not_explained() -> None:
    assert mechanism({}) == "not explained"


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("code", [IMUL, ADDS, FORWARD])
def test_the_compiled_log_charges_what_the_plain_one_does(
    binding: Binding, code: bytes
) -> None:
    compiled = Binding(load_core("skylake"), compiled=True)
    assert compiled.bound(code, "loop") == binding.bound(code, "loop")
