"""What a run says it read is all it can feel; and what the simulator takes for it."""

from __future__ import annotations

import pytest

from costmodel.cores import declarations
from tests.engine.case import Case
from tests.engine.compare import laid_out, simulator_times
from tests.engine.figures import DRAWS, vector
from tests.engine.simulator import SIMULATOR
from tests.engine.strategies import case

READ = [one for one in declarations.FIGURES if one.simulated]


def read_by(c: Case) -> set[str]:
    """The figures a run of the case read, and those in its cells."""
    answer = laid_out(c).log(vector(c.figures), c.mode, c.trips, 0, 0, 1 << 10)
    bits = int.from_bytes(answer[2], "little")
    names = {name for k, name in enumerate(SIMULATOR.FIGURES) if bits >> k & 1}
    names |= {name for i in c.insns for name in i.stalls}
    names |= {name for i in c.insns for u in i.uops for name in u.figures}
    return names | {"redirect"}


def others(name: str, value: int) -> set[int]:
    """Values of a figure: the least and the largest, and those next to its own."""
    draw = DRAWS[name]
    values = sorted({*draw.usual, *draw.tight, *draw.edges})
    below = [other for other in values if other < value][-1:]
    above = [other for other in values if other > value][:1]
    return {values[0], values[-1], *below, *above} - {value}


def test_a_figure_that_was_not_read_changes_nothing() -> None:
    unread = 0
    for seed in range(120):
        c = case(seed)
        times = simulator_times(c)
        for name in set(SIMULATOR.FIGURES) - read_by(c):
            unread += 1
            for other in others(name, getattr(c.figures, name)):
                changed = c.figures._replace(**{name: other})
                assert simulator_times(c, changed) == times, (seed, name, other)
    assert unread > 1_000


@pytest.mark.parametrize("one", READ, ids=lambda one: one.name)
def test_a_figure_beyond_its_bounds_is_refused(
    one: declarations.Declared,
) -> None:
    c = case(1)
    scale = declarations.FIXED if one.kind == "fraction" else 1
    beyond = [int(one.figure.least * scale) - 1, int(one.figure.most * scale) + 1]
    if one.figure.binary:
        beyond.append(3)
    for value in beyond:
        if value == 0 and one.figure.off:
            continue
        figures = vector(c.figures._replace(**{one.name: value}))
        with pytest.raises(ValueError, match=one.name):
            laid_out(c).run(figures, c.mode, 1, 0, 0, 256)
