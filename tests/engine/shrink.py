"""A smaller case that still fails: what it does not need is taken out bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from costmodel.engine import layout as L
from tests.engine.case import Case, I
from tests.engine.figures import DRAWS


def shrink(start: Case, fails: Callable[[Case], bool]) -> Case:
    """The smallest case reached from ``start`` by steps that all fail."""
    best = start
    progress = True
    while progress:
        progress = False
        for candidate in smaller(best):
            if fails(candidate):
                best = candidate
                progress = True
                break
    return best


def smaller(c: Case) -> Iterator[Case]:
    """Cases one step smaller."""
    for n in range(1, c.trips):
        yield replace(c, trips=n)
    if c.repeat > 1:
        yield replace(c, repeat=1)
    if c.tail:
        yield replace(c, tail=())
    yield from shorter(c)
    for k, i in enumerate(c.body):
        for other in plainer(i):
            yield replace(c, body=(*c.body[:k], other, *c.body[k + 1 :]))
    for k, row in enumerate(c.accesses):
        for plain in (
            row._replace(cold_first=0, cold_last=0),
            row._replace(store=-1, distance=0, forward=0),
            row._replace(stride=0, fresh=0),
            row._replace(turn=0),
        ):
            if plain != row:
                yield replace(
                    c, accesses=(*c.accesses[:k], plain, *c.accesses[k + 1 :])
                )
    for name, draw in DRAWS.items():
        usual = draw.usual[0]
        if getattr(c.figures, name) not in draw.usual:
            yield replace(c, figures=c.figures._replace(**{name: usual}))


def shorter(c: Case) -> Iterator[Case]:
    """Without one of the instructions that no load depends on."""
    stores_met = {row.store for row in c.accesses if row.forward}
    for k, i in enumerate(c.body):
        second = k + 1 < len(c.body) and c.body[k + 1].flags & L.FUSED_SECOND
        if i.flags & L.FUSED_SECOND or len(c.body) == 1:
            continue
        if any(u.kind == L.K_STORE_DATA and u.access in stores_met for u in i.uops):
            continue
        rest = c.body[k + 2 :] if second else c.body[k + 1 :]
        if c.body[:k] + rest:
            yield replace(c, body=c.body[:k] + rest)


def plainer(i: I) -> Iterator[I]:
    """The instruction with less about it."""
    if any(i.cold):
        yield replace(i, cold=(0, 0))
    if i.fillers:
        yield replace(i, fillers=0)
    simple = replace(
        i, stalls=(), latency=0, microcode=0, stack_delta=0,
        flags=i.flags & (L.FUSED_PAIR | L.BRANCH | L.TAKEN | L.MOVES),
    )  # fmt: skip
    if simple != i:
        yield simple
