"""The steady state found is one: what is said to happen again does.

On random traces this is tested in ``test_period``; here on code and cores as they are.
"""

from __future__ import annotations

from array import array
from itertools import pairwise

import pytest

from costmodel.cores.load import load_core
from costmodel.engine import _simulator
from costmodel.engine.blocks import simulation
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Outcome

ENOUGH = 10**9  # uops: no rhythm of the retirements alone holds so long
LIMIT = 6_000  # uops
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
def test_what_follows_a_repeated_state_repeats(core: str, scenario: str) -> None:
    loaded = load_core(core)
    exact = 0
    for what, code in BLOCKS.items():
        run = simulation(loaded, bytes.fromhex(code))
        layout = run.layout(Settings.measured(loaded.core, scenario))
        trace = _simulator.Trace(layout.trace.packed(), run.stated, array("q"))
        mode, group = layout.plan.mode, layout.group
        found = Outcome(*trace.run(run.stated, mode, group, ENOUGH, LIMIT, 256))
        if not found.settled:
            continue
        exact += 1
        ends = [found.start] + [
            trace.run(run.stated, mode, found.first + k * found.trips, 0, 0, 256)[0]
            for k in range(1, 5)
        ]
        windows = [end - start for start, end in pairwise(ends)]
        assert windows == [found.cycles] * 4, what
    assert exact >= 3
