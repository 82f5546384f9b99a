"""What a limit is worth: the cycles the path takes less without it."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from costmodel import api, ask
from costmodel.code.load import load_path
from costmodel.cores.load import load_core
from costmodel.engine.estimate import estimate
from costmodel.studies.whatif import Relief, what_if
from tests.shown import explained_in, explanation_text

FAST = "stubs/top-of-stack/v3.16-fast.S"


def reliefs(code: str, scenario: str = "loop", **more: object) -> dict[str, Relief]:
    path = load_path("-", stdin=code.encode())
    found = what_if(path, load_core("skylake"), scenario=scenario, **more)  # type: ignore[arg-type]
    return {relief.limit: relief for relief in found}


def test_a_chain_of_multiplications_is_bound_by_their_latency() -> None:
    found = reliefs("480fafc0")  # imul %rax,%rax: 3 cycles
    assert found["execute latency"].worth == 2
    assert found["rob"].worth == found["ports: all"].worth == 0


def test_a_loop_of_stores_is_bound_by_what_commits_them() -> None:
    found = reliefs("48890748894708")  # mov %rax,(%rdi); mov %rax,8(%rdi)
    assert found["ports: all"].worth == 0  # one commits a cycle all the same
    assert found["execute latency"].worth == 0


def test_loads_of_stored_values_wait_for_forwarding() -> None:
    found = reliefs("488b07480fc8488907")  # mov (%rdi),%rax; bswap; mov %rax,(%rdi)
    assert found["store forwarding"].worth > 0


def test_multiplications_compete_for_one_port() -> None:
    code = "480fafc1480fafd1480faff1"  # imul %rcx,%rax; .. %rdx; .. %rsi
    assert reliefs(code.replace("480fafc1", "486bc105"))["ports: imul"].worth >= 0
    four = "486bc105486bd105486bf105486bf905"  # imul $5,%rcx,%rax .. into four
    assert reliefs(four)["ports: imul"].worth >= 2


@pytest.mark.parametrize("core", ["skylake", "zen3"])
@pytest.mark.parametrize("scenario", ["once", "roundtrip"])
def test_cycles_and_worth_add_up_to_the_estimate(core: str, scenario: str) -> None:
    stated = api.estimate(FAST, core, scenario=scenario)
    whole = Fraction(stated.window_cycles, stated.copies)
    found = ask.what_if(FAST, core, scenario=scenario)
    assert all(relief.cycles + relief.worth == whole for relief in found)
    assert [r.worth for r in found] == sorted((r.worth for r in found), reverse=True)


def test_lines_made_warm_cost_what_warm_lines_cost() -> None:
    cold = {"percpu": "l3"}
    warm = api.estimate(FAST, "skylake")
    found = {r.limit: r for r in ask.what_if(FAST, "skylake", cold=cold)}
    assert found["cold lines"].cycles == Fraction(warm.window_cycles, warm.copies)
    assert "cold lines" not in {r.limit for r in ask.what_if(FAST, "skylake")}


def test_the_run_it_is_asked_of_stays_as_it_is() -> None:
    path, core = load_path(FAST), load_core("skylake")
    before = estimate(path, core)
    what_if(path, core)
    assert estimate(path, core) == before


def test_explanations_show_it() -> None:
    path, core = load_path(FAST), load_core("skylake")
    found, explained = what_if(path, core), estimate(path, core)
    text = explanation_text(explained, reliefs=found)
    assert "what if one limit were gone" in text
    record = json.loads(explained_in("json", explained, reliefs=found))["results"][0]
    assert {"limit", "instead", "cycles", "worth"} == set(record["what_if"][0])
    assert "what_if" not in json.loads(explained_in("json", explained))["results"][0]
