"""The engine gives every uop the very times a cycle-by-cycle machine gives it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.engine.compare import difference, engine_times, oracle_times
from tests.engine.strategies import Case, case, shrink

CASES = 2_000
NIGHTLY = 100_000


def report(c: Case) -> str:
    """A failing case, made small, written out."""
    small = shrink(c, lambda candidate: bool(difference(candidate)))
    rows = [f"seed {c.seed}: {difference(small)}", f"{small}"]
    for n, (fast, slow) in enumerate(
        zip(engine_times(small), oracle_times(small), strict=False)
    ):
        rows.append(f"  uop {n}: engine {fast}, oracle {slow}")
    return "\n".join(rows)


def first_failure(seeds: range) -> str:
    for seed in seeds:
        c = case(seed)
        if difference(c):
            return report(c)
    return ""


@pytest.mark.parametrize("part", range(8))
def test_engine_equals_oracle_on_random_traces(part: int) -> None:
    step = CASES // 8
    assert first_failure(range(part * step, (part + 1) * step)) == ""


@pytest.mark.nightly
def test_engine_equals_oracle_on_many_random_traces(tmp_path: Path) -> None:
    """``ORACLE_SEED`` is the first seed, ``ORACLE_CASES`` how many."""
    first = int(os.environ.get("ORACLE_SEED", "1000000"))
    count = int(os.environ.get("ORACLE_CASES", str(NIGHTLY)))
    found = first_failure(range(first, first + count))
    if found:
        dump = tmp_path / "failing-trace.txt"
        dump.write_text(found + "\n")
        pytest.fail(f"first seed {first}; trace in {dump}\n{found}")


def test_a_wrong_engine_would_be_seen() -> None:
    """The comparison has teeth: other figures give other times."""
    seen = 0
    for seed in range(60):
        c = case(seed)
        slower = c.params._replace(to_dispatch=c.params.to_dispatch + 1)
        times = oracle_times(c)
        if engine_times(Case(**{**c.__dict__, "params": slower})) != times:
            seen += 1
    assert seen == 60


def test_random_traces_reach_every_mechanism() -> None:
    """Of the first cases enough use each kind of uop, flag and delivery."""
    from costmodel.engine import layout as L

    kinds: dict[int, int] = {}
    flags: dict[int, int] = {}
    modes: dict[int, int] = {}
    forwards: dict[int, int] = {}
    for seed in range(400):
        c = case(seed)
        modes[c.mode] = modes.get(c.mode, 0) + 1
        insns = [*c.body, *c.tail]
        for kind in {u.kind for i in insns for u in i.uops}:
            kinds[kind] = kinds.get(kind, 0) + 1
        for bit in range(16):
            if any(i.flags >> bit & 1 for i in insns):
                flags[1 << bit] = flags.get(1 << bit, 0) + 1
        for forward in {row[L.A_FORWARD] for row in c.accesses}:
            forwards[forward] = forwards.get(forward, 0) + 1
    assert min(modes.get(mode, 0) for mode in range(3)) > 50
    assert min(kinds.get(kind, 0) for kind in range(len(L.KIND_NAMES))) > 20
    assert min(flags.get(1 << bit, 0) for bit in range(16)) > 15
    assert min(forwards.get(kind, 0) for kind in range(6)) > 15
