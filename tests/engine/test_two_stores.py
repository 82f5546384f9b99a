"""An issue slot that holds two stores."""

from __future__ import annotations

from costmodel.engine import layout as L
from tests.engine.case import Case, I, U
from tests.engine.compare import STAGES, oracle_times, simulator_times
from tests.engine.figures import DRAWS, Figures

PLAIN = Figures(**{name: draw.usual[0] for name, draw in DRAWS.items()})


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
    row = L.AccessRow(-1, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0)
    c = Case(
        PLAIN._replace(ports=2, store_buffer=4, rob=60), (-1, -1), (), (),
        (I(tuple(parts)),), accesses=(row, row._replace(root=1)), trips=12, loops=True,
    )  # fmt: skip
    times = simulator_times(c)
    assert times == oracle_times(c)
    commits = [t[STAGES.index("commit")] for t in times]
    commits = [commit for commit in commits if commit >= 0]
    assert len(commits) == 24
    assert len(set(commits)) == 24
