"""An issue slot that holds two stores."""

from __future__ import annotations

from costmodel.engine import layout as L
from tests.engine.compare import engine_times, oracle_times
from tests.engine.strategies import BASE, Case, I, U


def test_two_stores_of_a_slot_both_give_their_buffer_entries_back() -> None:
    """Each of the slots holds two stores: what a buffer of four does must not depend on
    which of the two entries is asked for next."""
    parts = []
    for k in range(2):
        parts += [
            U(L.K_STORE_ADDRESS, (0,), 1, 0, L.MEMORY_OP | (0 if k else L.NEW_SLOT),
              access=k),
            U(L.K_STORE_DATA, (1,), 1, access=k),
        ]  # fmt: skip
    row = (-1, 0, 0, 0, 0, 0, 0, 8, 0, 0)
    case = Case(
        BASE._replace(store_buffer=4, rob=60), (-1, -1), (), (), (I(tuple(parts)),),
        accesses=(row, (*row[:3], 1, *row[4:])), trips=12, loops=True,
    )  # fmt: skip
    assert engine_times(case) == oracle_times(case)
    commits = [times[-1] for times in engine_times(case) if times[-1] >= 0]
    assert len(commits) == 24
    assert len(set(commits)) == 24
