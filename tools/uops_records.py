"""Files of measured instruction forms, read into one shape.

Three layouts are in use: the plain one (``retire_slots``, ``latencies`` ...), the
packaged one (``retSlots``, ``lat`` ...), which does not list operands, and the table
(CSV) with issue slots, uops and ports only. The packaged one takes its operands from a
file in the plain layout beside it. A development tool.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

Record = dict[str, Any]
OPERANDS_FROM = "uops_SKL.jsonl"
_TIMES = {"addr": "cycles_addr", "addrI": "cycles_addr_index", "mem": "cycles_mem"}
_SAME = {
    "retSlots": "retire_slots",
    "uopsMITE": "uops_MITE",
    "uopsMS": "uops_MS",
    "complDec": "complex_decoder",
    "sDec": "n_available_simple_decoders",
    "ports": "ports",
}


def records_of(path: Path) -> list[Record]:
    """The records of a file, whichever its layout."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return [r for r in map(_from_table, csv.DictReader(file)) if r is not None]
    records = _lines(path)
    if records and "retSlots" in records[0]:
        plain = _lines(path.with_name(OPERANDS_FROM))
        known = {r["string"]: r["operands"] for r in plain}
        return [_from_packaged(record, known) for record in records]
    if all(record["uops_MITE"] == 1 for record in records):  # not measured
        for record in records:
            record["uops_MITE"] = record["uops_MS"] = None
            for variant in record.get("variants", {}).values():
                variant["uops_MITE"] = variant["uops_MS"] = None
    return records


def _lines(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _part(record: Record, suffix: str) -> Record:
    out = {"n_available_simple_decoders": 4}
    for key, name in _SAME.items():
        if key + suffix in record:
            out[name] = record[key + suffix]
    return out


def _from_packaged(record: Record, operands: dict[str, list[Record]]) -> Record:
    out = {"string": record["string"], **_part(record, "")}
    out["operands"] = operands.get(_older_name(record["string"]), [])
    out["latencies"] = _latencies(record.get("lat", {}))
    variants = {}
    if "retSlots_I" in record:
        variants["indexed"] = _part(record, "_I")
    if "retSlots_SR" in record:
        variants["same_reg"] = _part(record, "_SR")
        variants["same_reg"]["latencies"] = _latencies(record.get("lat_SR", {}))
    out["variants"] = variants
    return out


def _older_name(name: str) -> str:
    """IMUL_IMMZ, SHLD_CL ... without their suffix."""
    return re.sub(r"^(\w+?)_(?:IMMZ|IMMB|CL) ", r"\1 ", name)


def _latencies(pairs: dict[str, Any]) -> list[Record]:
    out: dict[tuple[str, str], Record] = {}
    for key, cycles in pairs.items():
        start, target, *kind = key.split(">")
        row = out.setdefault((start, target), {"start": start, "target": target})
        name = {
            "addr": "cycles_addr",
            "addrI": "cycles_addr_index",
            "mem": "cycles_mem",
        }
        row[name[kind[0]] if kind else "cycles"] = cycles
    return list(out.values())


def _from_table(row: dict[str, str]) -> Record | None:
    """Slots and ports only: decode is taken to be what it is, unless stated."""
    slots, _, uops = row["uops"].partition("/")
    if not uops.strip().isdigit() or not slots.strip().isdigit():
        return None
    ports = {
        port: int(count) for count, port in re.findall(r"(\d+)\*p(\w+)", row["ports"])
    }
    return {
        "string": row["instruction"],
        "retire_slots": int(slots),
        "uops_MITE": None,
        "uops_MS": None,
        "ports": ports,
        "operands": [],
        "latencies": [],
    }
