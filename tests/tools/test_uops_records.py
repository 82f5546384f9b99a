"""Every layout of measured forms reads into the same records."""

from __future__ import annotations

import json
from pathlib import Path

from tools.uops_records import records_of

PLAIN = {
    "string": "ADD (M64, R64)",
    "retire_slots": 2,
    "uops_MITE": 2,
    "uops_MS": 0,
    "ports": {"0156": 1, "23": 1},
    "operands": [{"name": "MEM0", "type": "mem"}],
    "latencies": [],
}
PACKAGED = {
    "string": "ADD (M64, R64)",
    "retSlots": 2,
    "uopsMITE": 2,
    "uopsMS": 0,
    "complDec": 1,
    "sDec": 3,
    "ports": {"0156": 1, "23": 1},
    "retSlots_I": 3,
    "uopsMITE_I": 2,
    "uopsMS_I": 0,
    "ports_I": {"0156": 1, "23": 2},
    "lat": {"MEM0>REG1>addr": 6, "MEM0>REG1>mem": 5, "REG0>REG1": 1},
}


def test_packaged_records_take_operands_from_the_plain_file(tmp_path: Path) -> None:
    (tmp_path / "uops_SKL.jsonl").write_text(json.dumps(PLAIN) + "\n")
    packaged = tmp_path / "uops_ICL.jsonl"
    packaged.write_text(json.dumps(PACKAGED) + "\n")
    (record,) = records_of(packaged)
    assert record["operands"] == PLAIN["operands"]
    assert record["retire_slots"] == 2
    assert record["n_available_simple_decoders"] == 3
    assert record["variants"]["indexed"]["retire_slots"] == 3
    assert {"start": "MEM0", "target": "REG1", "cycles_addr": 6, "cycles_mem": 5} in (
        record["latencies"]
    )


def test_decode_columns_that_were_not_measured_are_no_figures(tmp_path: Path) -> None:
    file = tmp_path / "uops_NHM.jsonl"
    file.write_text(json.dumps({**PLAIN, "uops_MITE": 1}) + "\n")
    (record,) = records_of(file)
    assert record["uops_MITE"] is None


def test_a_table_gives_slots_and_ports(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(
        '"instruction","family","latency","throughput","uops","ports"\n'
        '"ADD (R64, M64)","BASE","1","0.33","1 / 2","1*p0156B+1*p23A"\n'
        '"UNKNOWN","BASE","","","",""\n'
    )
    (record,) = records_of(file)
    assert (record["retire_slots"], record["uops_MITE"]) == (1, None)
    assert record["ports"] == {"0156B": 1, "23A": 1}
