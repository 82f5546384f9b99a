"""A load that needs bytes from a store and from elsewhere waits for the commit."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.engine.blocks import rate


def cycles(code: str, core: str) -> float:
    return rate(load_core(core), bytes.fromhex(code), "unroll")[0]


@pytest.mark.parametrize("core", ["ivybridge", "haswell", "skylake", "zen5"])
def test_a_lone_blocked_load_takes_the_stated_time_from_its_store(core: str) -> None:
    # mov %al,-8(%rsp); mov -8(%rsp),%eax: the chain is one blocked load
    found = cycles("884424f88b4424f8", core)
    assert found == load_core(core).core.memory.forward_blocked


def test_loads_wait_for_stores_of_constants_too() -> None:
    # movb $0,0x120(%rsp); mov 0x120(%rsp),%r10: no chain of data, but each store
    # retires after the load before it.
    found = cycles("c6842420010000004c8b942420010000", "haswell")
    assert found == pytest.approx(14, abs=1)


def test_stores_ahead_in_the_queue_make_the_load_wait_longer() -> None:
    # the same with four more stores to other lines before it
    others = "".join(f"c68424{k:02x}02000000" for k in (0x00, 0x40, 0x80, 0xC0))
    one = cycles("c6842420010000004c8b942420010000", "skylake")
    five = cycles(others + "c6842420010000004c8b942420010000", "skylake")
    assert one + 3 <= five <= one + 6
