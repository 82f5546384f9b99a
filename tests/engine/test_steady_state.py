"""The steady state found is one: what is said to happen again does."""

from __future__ import annotations

from typing import Any

import pytest

from costmodel.cores.load import load_core
from costmodel.engine import bulk, bulkrun
from costmodel.engine.bulk import Bulk, Throughput
from costmodel.engine.machine import run
from costmodel.engine.signature import signature
from costmodel.engine.state import RETIRED

# One block for each thing a state may still hold when its trips look alike.
BLOCKS = {
    "a chain of latencies fills the reorder buffer": "480fafc0480fafc0",
    "a divider lags behind its scheduler": "48f7f14801d8",
    "ports are taken in turn": "48890748895f08",
    "addresses move through lines": "4889074883c70c",
    "a store forwards to a load of the next copy": "488b07480301488907",
    "moves share elimination slots": "4889c34889d94889ca4801d0",
    "the stack engine's offset grows": "50515253",
    "a renamed load takes a stored value": "48894424f8488b4424f84801d8",
    "several uops leave the decoders no room": "48870f0fa3c1480fc8",
    "length-changing prefixes": "66b8345266b9345201c8",
}


@pytest.mark.parametrize("core", ["skylake", "ivybridge", "goldencove", "zen2", "zen5"])
@pytest.mark.parametrize("scenario", ["unroll", "opcache", "loop"])
def test_what_follows_a_repeated_state_repeats(
    core: str, scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[Any, ...]] = []

    def keep(t: Any, p: Any, m: Any) -> int:
        found[:] = [(t, p, m)]
        return signature(t, p, m)

    monkeypatch.setattr(bulkrun, "signature", keep)
    monkeypatch.setattr(bulkrun, "settled", lambda *_: 0)
    monkeypatch.setattr(bulk, "LIMIT", 2500)
    at_once = Bulk(load_core(core), compiled=False)
    exact = 0
    for what, code in BLOCKS.items():
        result = at_once.throughput(bytes.fromhex(code), scenario, 15)
        if not result.settled:
            continue
        exact += 1
        assert _later(found[0], at_once, result) == [result.cycles] * 3, what
    assert exact >= 3


def _later(machine: tuple[Any, ...], at_once: Bulk, result: Throughput) -> list[float]:
    """Cycles an iteration of the next three times the period that was found."""
    t, p, m = machine
    cycles, trips = at_once._found[0], at_once._found[1]
    out = []
    for _ in range(3):
        before = m[RETIRED]
        run(t, p, m, [0], trips, [0] * trips)
        out.append((m[RETIRED] - before) * result.cycles / cycles)
    return out
