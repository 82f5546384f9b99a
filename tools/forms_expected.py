"""What uops.info's figures say small blocks of one form take, in cycles an iteration.

A block repeats an instruction, perhaps with a second one that closes a chain through
the flags. Its rate is the longer of two: the recurrence of the measured latencies, and
the ports and issue slots of the measured uops. A development tool.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from costmodel.code.insn import Form

Record = Mapping[str, Any]
ROUNDS = 48  # iterations the recurrence is followed; its period divides half of them
CARRY, REST, STORED = "carry", "rest", "stored"


class Step(NamedTuple):
    """One instruction of a block.

    ``same``: its operands are one register. ``high_write``, ``high_test``: cycles that
    SETcc takes to write AH to DH, and TEST to read one, on the core.
    """

    form: Form
    record: Record
    same: bool = False
    high_write: int = 1
    high_test: int = 1


def of_high(setcc: Record) -> tuple[int, int]:
    """``high_write`` and ``high_test`` of a core, from its record of SETB (R8h).

    SETcc merges with the old register as long as it takes itself. From flags to a
    register the figure is of a chain with TEST, of which one cycle was taken off.
    """
    cycles = {(r["start"], r["target"]): r["cycles"] for r in setcc["latencies"]}
    written = max(1, cycles.get(("REG0", "REG0"), 1))
    return written, max(1, cycles[("REG1", "REG0")] + 1 - written)


def _flags(operand: Record, way: str) -> set[str]:
    names = operand.get(f"flags_{way}", operand.get("flags", []))
    out = {CARRY for name in names if "C" in name.replace("SPAZO", "")}
    return out | {REST for name in names if name != "C"}


def _nodes(step: Step) -> dict[str, tuple[set[str], set[str]]]:
    """What each measured operand reads and writes: registers, flags, memory."""
    explicit = [o for o in step.form.operands if o.kind in ("r", "s")]
    nodes: dict[str, tuple[set[str], set[str]]] = {}
    taken: set[int] = set()
    rest = []
    for operand in step.record["operands"]:
        name = operand["name"]
        if operand["type"] == "flags":
            nodes[name] = (_flags(operand, "r"), _flags(operand, "w"))
        elif operand["type"] == "reg" and explicit:
            use = explicit.pop(0).register
            assert use is not None
            nodes[name] = ({f"r{use.reg}"}, {f"r{use.reg}"})
            taken.add(use.reg)
        elif operand["type"] == "reg":
            rest.append((name, bool(operand.get("r")), bool(operand.get("w"))))
        elif operand["type"] == "mem":
            bases = {f"r{m.base}" for m in step.form.memory if m.base >= 0}
            nodes[name] = (bases, {STORED})
    for name, reads, writes in rest:
        exact, wider = [], []
        for register in range(16):
            read = any(u.reg == register for u in step.form.reads)
            written = any(u.reg == register for u in step.form.writes)
            if (reads, writes) == (read, written) and register not in taken:
                exact.append(register)
            elif (read or not reads) and (written or not writes):
                wider.append(register)
        chosen = (exact or wider)[:1]
        taken.update(chosen)
        nodes[name] = ({f"r{r}" for r in chosen}, {f"r{r}" for r in chosen})
    return nodes


def _edges(step: Step) -> list[tuple[str, str, float]]:
    """(from, to, cycles) of every measured pair of operands."""
    nodes = _nodes(step)
    explicit = [o for o in step.form.operands if o.kind in ("r", "s")]
    highs = {
        f"REG{k}" for k, o in enumerate(explicit) if o.register and o.register.high
    }
    rows = step.record["latencies"]
    if step.same:
        rows = (
            step.record.get("variants", {}).get("same_reg", {}).get("latencies", rows)
        )
    out = []
    for row in rows:
        source, target = nodes.get(row["start"]), nodes.get(row["target"])
        if source is None or target is None:
            continue
        cycles = row.get("cycles")
        if step.same and "cycles_same_reg" in row:
            cycles = row["cycles_same_reg"]
        if row["start"].startswith("MEM"):
            if row["target"].startswith("MEM"):
                continue  # too short: see forms_table
            cycles = row.get("cycles_addr")
        elif row["target"].startswith("MEM"):
            continue
        # What closes a chain through flags works on AH to DH too, and was taken off as
        # one cycle.
        if cycles and row["target"] in highs and source[0] & {CARRY, REST}:
            cycles = max(1, cycles + 1 - step.high_test)
        if cycles and row["start"] in highs and target[1] & {CARRY, REST}:
            cycles = max(1, cycles + 1 - step.high_write)
        if cycles == 0 and source[0] & {CARRY, REST}:
            continue  # of a count that is not zero: nothing waits for the flags
        if cycles is not None:
            pairs = itertools.product(source[0], target[1])
            out += [(a, b, cycles) for a, b in pairs]
    return out


def recurrence(block: Sequence[Step]) -> float:
    """Cycles an iteration that the measured latencies alone take."""
    steps = []
    for step in block:
        edges = _edges(step)
        written = {b for reads in _nodes(step).values() for b in reads[1]}
        steps.append((edges, {b for _, b, _ in edges} & written))
    ready: dict[str, float] = {}
    half = 0.0
    for turn in range(ROUNDS):
        for edges, targets in steps:
            after = dict.fromkeys(targets, 0.0)
            for a, b, cycles in edges:
                if b in after:
                    after[b] = max(after[b], ready.get(a, 0.0) + cycles)
            ready.update(after)
        if turn == ROUNDS // 2 - 1:
            half = max(ready.values(), default=0.0)
    return (max(ready.values(), default=0.0) - half) / (ROUNDS // 2)


def bound(block: Sequence[Step], width: int, decoded: bool = False) -> float:
    """Cycles an iteration that ports and issue slots take, each at its best.

    ``decoded``: there is no uop cache, and one decoder for the complex ones.
    """
    uses: list[tuple[frozenset[str], int]] = []
    slots = 0
    for step in block:
        record = step.record
        if step.same:
            record = {**record, **record.get("variants", {}).get("same_reg", {})}
        slots += record["retire_slots"]
        uses += [(frozenset(p), n) for p, n in record["ports"].items()]
    best = slots / width
    if decoded:
        best = max(best, sum(bool(s.record.get("complex_decoder")) for s in block))
    sets = {ports for ports, _ in uses}
    for count in range(1, min(len(sets), 4) + 1):
        for chosen in itertools.combinations(sets, count):
            union = frozenset().union(*chosen)
            inside = sum(n for ports, n in uses if ports <= union)
            best = max(best, inside / len(union))
    return best
