#!/usr/bin/env python3
"""Hold a core's cost rows against uops.info, form by form.

    tools/check_costs.py CORE FORMS.jsonl [--blocks BLOCKS.csv] [--show KIND] [--all]

Every integer or system form of FORMS.jsonl is encoded, lowered onto CORE and compared:
issue slots, decode slots, microcode uops, ports, decoder restrictions, indexed and
same-register variants, latency of every operand pair. With ``--blocks`` only what
occurs in that file (mnemonic and shape) counts. A development tool: the package neither
needs nor reads the measurements.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from costmodel.code import registers as R
from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Flow, Form
from costmodel.cores.load import load_core
from costmodel.engine import layout as L
from costmodel.engine.lower import Lowering
from costmodel.engine.lowered import Lowered
from costmodel.errors import CostmodelError
from tools.uops_forms import forms_of
from tools.uops_records import records_of

KINDS = ("unknown", "slots", "decode", "microcode", "ports", "complex", "latency")
SLACK = 0.1  # of a latency: long ones vary with the values and by chance
FLAGS = {"C": ("cf",), "O": ("of",), "SPAZO": ("zaps", "of"), "SPAZ": ("zaps",)}


class Mismatch(NamedTuple):
    form: str
    kind: str
    ours: str
    theirs: str


def ports_of(lowering: Lowering, lowered: Lowered) -> Counter[str]:
    """Multiset of port sets, ports in order: {"0156": 1, "23": 1}."""
    classes = lowering.core.ports.classes
    out: Counter[str] = Counter()
    for uop in lowered.uops:
        if uop.port_class != "none" and uop.kind not in (L.K_NONE, L.K_ELIMINATED):
            out["".join(sorted(classes[uop.port_class]))] += 1
    return out


def paths(lowered: Lowered, start: set[int]) -> dict[int, int]:
    """Cycles from the registers in ``start`` to each register the uops write."""
    ready = dict.fromkeys(start, 0)
    written: dict[int, int] = {}
    for uop in lowered.uops:
        times = [ready[r] + late for r, late in uop.inputs if r in ready]
        for register, slow in uop.outputs:
            ready.pop(register, None)
            written.pop(register, None)
            if times:
                cycles = 0 if uop.kind == L.K_ELIMINATED else uop.latency
                written[register] = max(times) + cycles + slow
                ready[register] = written[register]
    return written


def _operands(form: Form, record: dict[str, Any]) -> dict[str, tuple[str, set[int]]]:
    """Name of each measured operand -> (type, registers it stands for)."""
    explicit = [o for o in form.operands if o.kind in ("r", "s")]
    out: dict[str, tuple[str, set[int]]] = {}
    taken: set[int] = set()
    rest: list[tuple[str, bool, bool]] = []
    for operand in record["operands"]:
        name, kind = operand["name"], operand["type"]
        if kind == "flags":
            parts = operand.get("flags", [])
            names = {f for part in parts for f in FLAGS.get(part, ())}
            out[name] = ("flags", {R.BY_NAME[n] for n in names})
        elif kind == "reg" and explicit:
            use = explicit.pop(0).register
            assert use is not None
            register = L.HIGH_BYTE + use.reg if use.high else use.reg
            out[name] = ("reg", {register})
            taken.add(use.reg)
        elif kind == "reg":
            rest.append((name, bool(operand.get("r")), bool(operand.get("w"))))
        else:
            out[name] = ("mem", set())
    for name, reads, writes in rest:
        fits = [
            r
            for r in range(16)
            if r not in taken
            and reads == any(use.reg == r for use in form.reads)
            and writes == any(use.reg == r for use in form.writes)
        ]
        if fits:
            out[name] = ("reg", {fits[0]})
            taken.add(fits[0])
    return out


def latencies(
    form: Form, lowered: Lowered, record: dict[str, Any]
) -> Iterator[tuple[str, int, int]]:
    """(pair, ours, theirs) for every pair that can be told from the form."""
    operands = _operands(form, record)
    for row in record["latencies"]:
        source, target = operands.get(row["start"]), operands.get(row["target"])
        if source is None or target is None or target[0] == "mem":
            continue
        if source[0] == "mem":
            start = {a.base for a in lowered.accesses if a.reads and a.base >= 0}
            theirs = row.get("cycles_addr")
        else:
            start, theirs = source[1], row.get("cycles")
        if theirs is None or not start or not target[1]:
            continue
        found = paths(lowered, start)
        reached = [found[r] for r in target[1] if r in found]
        ours = max(reached, default=0)
        yield f"{row['start']}>{row['target']}", ours, theirs


def compare(
    lowering: Lowering, name: str, form: Form, record: dict[str, Any], base: bool
) -> Iterator[Mismatch]:
    """Every way in which the model and the measurement of one form differ."""
    try:
        lowered = lowering.lower(form, form.flow is Flow.CONDITIONAL)
    except CostmodelError as error:
        yield Mismatch(name, "unknown", str(error).splitlines()[0], "")
        return
    if not lowered.known:
        yield Mismatch(name, "unknown", lowered.operation, form.shape)
        return
    slots = sum(1 for u in lowered.uops if u.flags & L.NEW_SLOT)
    if slots != record["retire_slots"]:
        yield Mismatch(name, "slots", str(slots), str(record["retire_slots"]))
    decode = lowered.decode_slots
    if record["uops_MITE"] is not None and decode != record["uops_MITE"]:
        yield Mismatch(name, "decode", str(decode), str(record["uops_MITE"]))
    if record["uops_MS"] is not None and lowered.microcode != record["uops_MS"]:
        yield Mismatch(
            name, "microcode", str(lowered.microcode), str(record["uops_MS"])
        )
    ours, theirs = ports_of(lowering, lowered), Counter(record["ports"])
    if ours != theirs:
        yield Mismatch(name, "ports", _ports(ours), _ports(theirs))
    if not base:
        return
    restricted = bool(lowered.flags & L.COMPLEX)
    if record["uops_MS"] or record["uops_MITE"] is None:
        pass  # the measurement does not mark all of these, or none
    elif restricted != bool(record.get("complex_decoder")):
        yield Mismatch(name, "complex", str(restricted), str(not restricted))
    elif restricted and lowered.simple_after != record["n_available_simple_decoders"]:
        yield Mismatch(
            name,
            "complex",
            f"{lowered.simple_after} simple",
            f"{record['n_available_simple_decoders']} simple",
        )
    for pair, mine, measured in latencies(form, lowered, record):
        if abs(mine - measured) > SLACK * max(measured, 5):
            yield Mismatch(name, "latency", f"{pair} {mine}", f"{measured}")


def _ports(ports: Counter[str]) -> str:
    return " ".join(f"{n}*p{p}" for p, n in sorted(ports.items())) or "none"


def mismatches(
    lowering: Lowering,
    records: list[dict[str, Any]],
    wanted: set[tuple[str, str, bool]],
) -> tuple[int, list[Mismatch], set[str]]:
    """Number of forms compared, what differs, and the forms it differs in."""
    names = [record["string"] for record in records]
    plain = forms_of(names)
    indexed = forms_of(names, indexed=True)
    same = forms_of(names, same=True)
    count, found, bad = 0, [], set()
    for record in records:
        name = record["string"]
        form = plain.get(name)
        if form is None or form.vector:
            continue
        if wanted and (form.mnemonic, form.shape, form.lock) not in wanted:
            continue
        count += 1
        mine = list(compare(lowering, name, form, record, True))
        variants = record.get("variants", {})
        explicit = any(not m.implicit for m in form.memory)
        if name in indexed and explicit and indexed[name].shape == form.shape:
            variant = variants.get("indexed", record)
            mine += [
                m._replace(form=f"{name} indexed")
                for m in compare(
                    lowering, name, indexed[name], {**record, **variant}, False
                )
            ]
        if "same_reg" in variants and name in same:
            variant = {**record, **variants["same_reg"]}
            mine += [
                m._replace(form=f"{name} same register")
                for m in compare(lowering, name, same[name], variant, False)
            ]
        if mine:
            bad.add(name)
            found += mine
    return count, found, bad


def occurring(path: Path) -> set[tuple[str, str, bool]]:
    """(mnemonic, shape, locked) of every instruction in a file of blocks."""
    out = set()
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            try:
                insns = decode_bytes(bytes.fromhex(row["hex"]))
            except CostmodelError:
                continue
            out |= {
                (insn.form.mnemonic, insn.form.shape, insn.form.lock) for insn in insns
            }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("core")
    parser.add_argument("forms", type=Path)
    parser.add_argument("--blocks", type=Path)
    parser.add_argument("--show", choices=KINDS)
    parser.add_argument("--limit", type=int, default=60)
    arguments = parser.parse_args()
    records = records_of(arguments.forms)
    wanted = occurring(arguments.blocks) if arguments.blocks else set()
    lowering = Lowering(load_core(arguments.core))
    count, found, bad = mismatches(lowering, records, wanted)
    tally = Counter(m.kind for m in found)
    print(f"{count} forms, {count - len(bad)} exact", dict(tally))
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for m in found:
        if arguments.show in (None, m.kind):
            family = m.form.partition(" ")[0].partition("_")[0]
            groups.setdefault((family, m.kind, m.ours, m.theirs), []).append(m.form)
    for (_, kind, ours, theirs), forms in list(groups.items())[: arguments.limit]:
        names = "; ".join(forms[:3]) + (f" +{len(forms) - 3}" if forms[3:] else "")
        print(f"{kind:9} ours {ours:30} measured {theirs:30} {names}")


if __name__ == "__main__":
    main()
