"""A path laid out on a core in one setting: where its code and data lie, what runs
before and after it, and the trace of all that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import gcd

from costmodel.code.insn import Insn, Path
from costmodel.code.lines import Lines
from costmodel.code.values import Linkage
from costmodel.engine import scenarios, surround
from costmodel.engine.cold import ColdLines, cold_lines
from costmodel.engine.layout import AccessRow, Trace, signed
from costmodel.engine.links import links
from costmodel.engine.lowered import Item, Lowered
from costmodel.engine.pathfacts import PathFacts
from costmodel.engine.settings import Settings
from costmodel.engine.trace import Builder
from costmodel.tuples import NamedTuple


class Layout(NamedTuple):
    """A path laid out in one setting: the parts, in the order they are made."""

    path: Path  # what runs: the path given and what surrounds it
    plan: scenarios.Plan
    items: tuple[Item, ...]  # without the tail
    lowered: list[Lowered | None]  # with it; None: fused into the one before
    accesses: list[AccessRow]
    linked: Linkage
    cold_lines: ColdLines
    trace: Trace
    group: int  # trips after which code is at the same place in its fetch block

    def rows(self) -> frozenset[str]:
        """Paths of the cost rows the path uses."""
        return frozenset(low.row for low in self.lowered if low is not None and low.row)


def surrounded(given: PathFacts, scenario: str) -> PathFacts:
    """What runs in a scenario: the path and what surrounds it there."""
    if scenario == "roundtrip":
        return given.round_trip
    return given.handled if scenario == "once" else given


def lay_out(given: PathFacts, builder: Builder, settings: Settings) -> Layout:
    """Lay a path out on a core. Raises what lowering raises."""
    core = builder.core
    scenario = settings.scenario
    facts = surrounded(given, scenario)
    path, body = facts.path, facts.body
    plan = scenarios.plan(scenario, body, core, settings.counter)
    placed = scenario in scenarios.PATHS
    items = facts.kept(
        ("items", scenario, settings.align),
        lambda: (
            _items(path, body, settings) if placed else _block(path, body, settings)
        ),
    )
    base = _address(body[0], settings) if placed and body else settings.align
    with_tail = (*items, *plan.tail) if plan.tail else items
    linking = links(
        facts,
        core,
        plan.loops,
        settings.pointers == "same_pointer",
        plan.repeat,
        scenario == "once",
    )
    accesses, depth, linked = linking
    cold = ColdLines()
    if placed and settings.cold:
        lines = facts.lines
        places = [_address(insn, settings) for insn in body]
        cold = cold_lines(settings.cold, path, places, lines.uses, given.frame)
        accesses = _placed(accesses, lines, cold)
    elif placed:  # the same for all that link it alike; the key keeps its id its own
        accesses = facts.kept(
            ("placed", id(linking)), lambda: (linking, _placed(accesses, facts.lines))
        )[1]
    one_place = plan.loops and plan.repeat == 1
    lowered = builder.lower_all(with_tail, plan.cached, base if one_place else -1)
    lowered = builder.chased(with_tail, lowered, accesses)
    trace = builder.build(
        with_tail,
        lowered,
        len(items),
        repeat=plan.repeat,
        base=base,
        cached=plan.cached,
        loops=plan.loops,
        accesses=accesses,
        depth=depth,
        cold=cold.levels,
        cold_code=cold.of_insn,
    )
    length = sum(item.form.length for item in items)
    group = 1
    if not plan.loops and length:
        block = core.front_end.fetch_bytes
        group = block // gcd(length, block)
    return Layout(path, plan, items, lowered, accesses, linked, cold, trace, group)


def _address(insn: Insn, settings: Settings) -> int:
    """Where the instruction lies: the path's own place moved by ``align``."""
    if insn.symbol == surround.STAND_IN:
        return insn.address
    return insn.address + settings.align


def _items(path: Path, body: Iterable[Insn], settings: Settings) -> tuple[Item, ...]:
    """Instructions with the places of those that do not follow on."""
    items = []
    end = -1
    for step, insn in zip(path.steps, body, strict=True):
        at = _address(insn, settings)
        items.append(Item(insn.form, step.taken, at if at != end else -1))
        end = at + insn.form.length
    return tuple(items)


def _block(path: Path, body: Sequence[Insn], settings: Settings) -> tuple[Item, ...]:
    """Instructions of a block that is repeated. In a loop those of its own rounds lie
    where they lie, and its own jump back is taken."""
    items = [Item(step.insn.form, step.taken) for step in path.steps]
    if settings.scenario != "loop":
        return tuple(items)
    if scenarios.closes_itself(body):
        items[-1] = items[-1]._replace(taken=True)
    for k, (last, insn) in enumerate(pairwise(body), 1):
        if insn.address != last.end:
            at = settings.align + insn.address - body[0].address
            items[k] = items[k]._replace(address=at)
    return tuple(items)


def _placed(
    accesses: Sequence[AccessRow], lines: Lines, cold: ColdLines | None = None
) -> list[AccessRow]:
    """The accesses of a path where they lie, trip after trip."""
    roots: dict[int, int] = {}
    rows = []
    for k, row in enumerate(accesses):
        root, offset = lines.places[k]
        first = last = 0
        if cold is not None and cold.of_line:
            first = cold.of_line[lines.of_access[k]]
            last = cold.of_line[lines.last_of_access[k]]
        rows.append(
            AccessRow(
                row.store, row.distance, row.forward,
                roots.setdefault(root, len(roots)), 0, signed(offset), 0,
                row.width, row.segment, first, last,
            )
        )  # fmt: skip
    return rows
