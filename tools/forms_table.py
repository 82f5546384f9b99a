#!/usr/bin/env python3
"""Write calibration/forms.csv: what each form takes on each core, by uops.info.

    python tools/forms_table.py DIR

DIR holds the uops_*.jsonl files, zen4_lat.csv and zen4_tp.csv (WINIC) and
zenp_ports.csv
(pmtestbench: throughputs on Zen+). Rows are small blocks, columns the cores they were
measured on, values cycles an iteration. A development tool.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from costmodel.code.decode import decode_bytes
from tools.forms_expected import Record, Step, bound, of_high, recurrence
from tools.uops_forms import assemble, text_of
from tools.uops_records import records_of

ROOT = Path(__file__).resolve().parents[1]
# file of figures: core, issue width (0: its port names are groups, or there are none)
CORES = {
    "NHM": ("nehalem", 4), "WSM": ("westmere", 4), "SNB": ("sandybridge", 4),
    "IVB": ("ivybridge", 4), "HSW": ("haswell", 4), "BDW": ("broadwell", 4),
    "SKL": ("skylake", 4), "SKX": ("skylake-x", 4), "CLX": ("cascadelake", 4),
    "ICL": ("icelake", 5), "TGL": ("tigerlake", 5), "RKL": ("rocketlake", 5),
    "MTL-P": ("goldencove", 6), "ARL-P": ("lioncove", 0),
    "ZEN+": ("zen1", 0), "ZEN2": ("zen2", 0), "ZEN3": ("zen3", 0),
}  # fmt: skip
DESTINATIONS = {
    "R64": ("rbx", "rbp", "r8", "r10", "r11", "r12", "r13", "r14"),
    "R32": ("ebx", "ebp", "r8d", "r10d", "r11d", "r12d", "r13d", "r14d"),
    "R16": ("bx", "bp", "r8w", "r10w", "r11w", "r12w", "r13w", "r14w"),
    "R8l": ("bl", "bpl", "r8b", "r10b", "r11b", "r12b", "r13b", "r14b"),
}
# moves that rename may do, jumps, and what waits for something else than its operands
LEFT_OUT = re.compile(
    r"J\w+|CALL|RET|LOOP|INT|IRET|SYS|HLT|CPUID|RD|WR|X?STOS|MOVS[BDQW]|LODS|SCAS|CMPS|"
    r"REP|IN$|OUT|INS|LAR|LSL|VER|STR|SLDT|SMSW|LMSW|L.DT|SGDT|SIDT|CLI|STI|PUSHF|POPF|"
    r"MOV_[CD]R|PAUSE|.FENCE|NOP|PREFETCH|CL(FLUSH|WB|DEMOTE|ZERO)|X(GET|SET|SAVE|RST)|"
    r"ENTER|LEAVE|PUSH|POP$|POP_|UD|CLD|STD|MOVNT|MOVDIR|MONITOR|MWAIT|UM|TPAUSE|"
    r"ENDBR|INC?SSP|SAVEPREV|RSTOR|SETSSBSY|XLAT|CMPXCHG\d|STAC|CLAC|SERIAL|"
    r"V|CVT|P(AND|OR|SHUF)|.*_LOCK|.*REP"
)
# A load's address that was itself loaded comes quicker than uops.info's chain has it.
QUICK_LOADS = frozenset(
    "sandybridge ivybridge haswell broadwell skylake skylake-x cascadelake".split()
)
# Operands decide how long it takes, and theirs are not told.
VARIED_DIVISION = frozenset(("zen1", "zen2", "zen3"))
# The uop cache delivers at most four uops a cycle, and fewer where a line ends.
SLOW_DELIVERY = frozenset(
    "nehalem westmere sandybridge ivybridge haswell broadwell".split()
)
ZEN1 = list(CORES).index("ZEN+")
CLOSED_BY = {"R64": "(R64, R64)", "R32": "(R32, R32)", "R16": "(R16, R16)"}


class Block(NamedTuple):
    form: str
    kind: str
    parts: tuple[str, ...]  # names of the forms
    texts: tuple[str, ...]
    same: bool = False


def _operands(name: str) -> list[str]:
    inside = name.partition("(")[2].rstrip(")")
    return [part.strip() for part in inside.split(",")] if inside else []


def _with(text: str, old: str, new: str) -> str:
    """Replace the first operand that is ``old``."""
    return re.sub(rf"\b{old}\b", new, text, count=1)


def blocks_of(name: str, record: Record) -> Iterator[Block]:
    """Every block one form is held in."""
    text = text_of(name)
    mnemonic = name.partition(" ")[0]
    operands = _operands(name)
    if text is None or LEFT_OUT.match(mnemonic) or "SEG" in operands:
        return
    memory = any(o[0] == "M" and o[1:].isdigit() for o in operands)
    registers = [o for o in operands if o in ("R64", "R32", "R16", "R8l", "R8h")]
    writes = [o for o in record["operands"] if o.get("w")]
    flags = [o for o in record["operands"] if o["type"] == "flags"]
    reads_flags = any(o.get("r") for o in flags)
    if memory:
        yield from _memory_blocks(name, text, operands, registers, record)
        return
    yield Block(name, "alone", (name,), (text,))
    if len(set(registers)) == 1 and len(registers) > 1:
        same = text_of(name, same=True)
        assert same is not None
        yield Block(name, "same", (name,), (same,), True)
    first = registers[0] if registers and operands[0] == registers[0] else ""
    own = record["operands"][0] if record["operands"] else {}
    target = first if first in DESTINATIONS else ""
    written = {f for o in writes if o["type"] == "flags" for f in o.get("flags_w", [])}
    if first and own.get("r") and written and not reads_flags:
        condition = "B" if "C" in written or "SPAZOC" in written else "Z"
        if first in CLOSED_BY:
            close, code = f"CMOV{condition} {CLOSED_BY[first]}", f"cmov{condition}"
            register = DESTINATIONS[first][0]
            other = {"R64": "r9", "R32": "r9d", "R16": "r9w"}[first]
            yield Block(name, "to flags", (name, close),
                        (text, f"{code.lower()} {register}, {other}"))  # fmt: skip
        else:
            register = "bl" if first == "R8l" else "bh"
            yield Block(name, "to flags", (name, f"SET{condition} ({first})"),
                        (text, f"set{condition.lower()} {register}"))  # fmt: skip
    if target and own.get("w") and reads_flags and not written:
        register, other = DESTINATIONS[target][0], {
            "R64": "r9", "R32": "r9d", "R16": "r9w", "R8l": "r9b"}[target]  # fmt: skip
        yield Block(name, "from flags", (name, f"CMP ({target}, {target})"),
                    (text, f"cmp {register}, {other}"))  # fmt: skip
    if target and own.get("w") and not reads_flags and mnemonic not in (
        "XCHG", "XADD", "CMPXCHG"):  # fmt: skip
        old = DESTINATIONS[target][0]
        texts = tuple(_with(text, old, new) for new in DESTINATIONS[target])
        yield Block(name, "throughput", (name,) * 8, texts)


def _memory_blocks(
    name: str, text: str, operands: list[str], registers: list[str], record: Record
) -> Iterator[Block]:
    own = record["operands"][0]
    if own["type"] == "reg" and own.get("w") and operands[0] in ("R64", "R32"):
        if own.get("r") or record["ports"].keys() - {
            "23",
            "2",
        }:  # loads have quick ways
            yield Block(name, "address", (name,), (text.replace("rdi", "rbx"),))
        if not own.get("r"):
            texts = tuple(
                _with(text, DESTINATIONS[operands[0]][0], new).replace(
                    "+8]",
                    f"+{8 * k + 8}]",  # of one word fewer come a cycle
                )
                for k, new in enumerate(DESTINATIONS[operands[0]])
            )
            yield Block(name, "loads", (name,) * 8, texts)
            return
    # Of two lines: what is stored is not read again for long.
    first = operands[0] if operands[0] in DESTINATIONS else ""
    targets = DESTINATIONS[first] * 2 if first else ("",) * 16
    texts = tuple(
        (_with(text, targets[0], new) if first else text).replace("+8]", f"+{8 * k}]")
        for k, new in enumerate(targets)
    )
    yield Block(name, "memory", (name,) * 16, texts)


def expected(block: Block, steps: list[Step], core: str, width: int) -> float | None:
    """Cycles an iteration, None where the figures do not say."""
    chain = recurrence(steps)
    if block.kind == "address" and block.form.startswith("MOV") and core in QUICK_LOADS:
        return None
    if "R8h, CL" in block.form:
        return None  # the sums contradict each other
    if "Moffs" in block.form or (core in VARIED_DIVISION and "DIV" in block.form):
        return None
    if not width and block.form.startswith("BSR") and not block.same:
        return None  # a chain through what it may leave as it was
    if block.same and "SH" in block.form and "uops" not in steps[0].record:
        return None  # only the full files tell one register given twice apart
    microcode = max((s.record["uops_MS"] or 0) for s in steps)
    uops = sum(s.record.get("uops", 0) for s in steps)
    if width:
        decoded = core in ("nehalem", "westmere")
        if decoded and max(s.record["retire_slots"] for s in steps) > 4:
            return None  # microcode, which its figures do not tell
        if (decoded or core == "goldencove") and "I16" in block.form:
            return None  # the length-changing prefix binds
        least = bound(steps, width, decoded)
        if microcode and decoded:
            return None
        if len(steps) >= 8 and core in SLOW_DELIVERY and least < slots(steps) / 2.5:
            return None
        if microcode and (len(steps) > 1 or chain < max(least, microcode / 4 + 2)):
            return None
        if sparse(steps) and (chain < least or "I16" in block.form):
            return None
        if block.kind in ("address", "to flags", "from flags"):
            return chain if chain >= least else None
        return max(chain, least)
    if microcode and (len(steps) > 1 or chain < microcode / 4 + 2):
        return None
    if len(steps) >= 8 or chain < max(0.75, uops / 2):
        return None  # nothing is said of ports and microcode
    return chain


def slots(steps: list[Step]) -> int:
    return sum(step.record["retire_slots"] for step in steps)


def sparse(steps: list[Step]) -> bool:
    """Whether the uop cache may not hold or deliver the code: what binds is unknown."""
    size = sum(len(step.form.data) for step in steps)
    return size * 18 < 32 * slots(steps) or any(
        len(step.form.data) >= 9
        for step in steps  # 64-bit constants
    )


_LLVM = re.compile(r"([A-Z]+?)(8|16|32|64)(rr|ri|ri8|ri32|r)$")
_WIDTH = {"8": "R8l", "16": "R16", "32": "R32", "64": "R64"}


def _form_key(mnemonic: str, operands: tuple[str, ...]) -> str:
    return f"{mnemonic} ({', '.join(operands)})"


def _plain_name(form: str) -> str:
    """ADD_01 (R64, R64) as ADD (R64, R64)."""
    return re.sub(r"_[0-9A-Fa-fRr]\d ", " ", form)


def winic(folder: Path) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Zen 4: throughputs, and latencies from the first and the second operand."""
    rates, latencies = {}, {}
    keys = {}
    with (folder / "zen4_tp.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if found := _LLVM.fullmatch(row["llvm_opcode"]):
                width = _WIDTH[found[2]]
                operands = {"rr": (width, width), "r": (width,)}.get(
                    found[3], (width, "I8" if found[3] == "ri8" else f"I{found[2]}")
                )
                key = _form_key(found[1], operands)
                keys[row["llvm_opcode"]] = key
                rates[key] = float(row["min"])
    with (folder / "zen4_lat.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            key = keys.get(row["llvm_opcode"])
            target = row["from -> to"].rpartition("-> ")[2]
            if key and target.startswith("0("):
                first, second = latencies.get(key, (0.0, 0.0))
                if row["from -> to"].startswith("1("):
                    first = float(row["min"])
                elif row["from -> to"].startswith("2("):
                    second = float(row["min"])
                latencies[key] = (first, second)
    return rates, latencies


def zen_plus(folder: Path) -> dict[str, float]:
    """Zen+: throughputs of register forms."""
    out = {}
    with (folder / "zenp_ports.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            mnemonic, _, rest = row["form"].partition(" ")
            operands = []
            for part in rest.split(", "):
                if found := re.fullmatch(r"RW?:GPR:(\d+)|W:GPR:(\d+)", part):
                    operands.append(_WIDTH[found[1] or found[2]])
                elif found := re.fullmatch(r"IMM\((\d+)\)", part):
                    operands.append(f"I{found[1]}")
                else:
                    break
            else:
                key = _form_key(mnemonic.upper(), tuple(operands))
                out[key] = float(row["inverse_throughput"])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    args = parser.parse_args()
    figures = {
        key: {r["string"]: r for r in records_of(args.data / f"uops_{key}.jsonl")}
        for key in CORES
    }
    high = {key: of_high(records["SETB (R8h)"]) for key, records in figures.items()}
    blocks: dict[tuple[str, str], Block] = {}
    for core in figures.values():
        for name, record in core.items():
            if record["operands"]:
                for block in blocks_of(name, record):
                    blocks.setdefault((block.form, block.kind), block)
    wanted = sorted(blocks.values(), key=lambda b: (b.form, b.kind))
    lines = sorted({text for block in wanted for text in block.texts})
    encoded = dict(zip(lines, assemble(lines), strict=True))
    rates, latencies = winic(args.data)
    plus = zen_plus(args.data)
    out = []
    written: set[tuple[str, bytes]] = set()
    for block in wanted:
        codes = [encoded[text] for text in block.texts]
        if None in codes:
            continue
        code = b"".join(c for c in codes if c is not None)
        forms = [insn.form for insn in decode_bytes(code)]
        if len(forms) != len(codes) or any(form.vector for form in forms):
            continue
        row = [block.form, block.kind, code.hex()]
        for key, (core, width) in CORES.items():
            records = [figures[key].get(part) for part in block.parts]
            value = None
            if all(r is not None and r["operands"] for r in records):
                steps = [
                    Step(form, record, block.same, *high[key])
                    for form, record in zip(forms, records, strict=True)
                    if record is not None
                ]
                value = expected(block, steps, core, width)
            row.append("" if value is None else f"{value:.3f}".rstrip("0").rstrip("."))
        key = _plain_name(block.form)
        if block.kind == "throughput" and key in plus and "MULX" not in key:
            row[3 + ZEN1] = f"{8 * plus[key]:.2f}"
        first, second = latencies.get(key, (0.0, 0.0))
        fourth = ""
        if block.kind == "throughput" and key in rates:
            fourth = f"{8 * rates[key]:.2f}"
        elif block.kind == "alone" and first >= 0.9 and (second or key.count("R") == 1):
            fourth = f"{first:.2f}"
        elif block.kind == "same" and max(first, second) >= 0.9:
            fourth = f"{max(first, second):.2f}"
        row.append(fourth if not key.startswith(("XOR", "SUB", "SBB", "MOV")) else "")
        if any(row[3:]) and (block.kind, code) not in written:
            written.add((block.kind, code))  # other encodings assemble to the same
            out.append(row)
    path = ROOT / "calibration" / "forms.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        cores = [core for core, _ in CORES.values()]
        writer.writerow(["form", "kind", "hex", *cores, "zen4"])
        writer.writerows(out)
    print(path, len(out), "blocks")


if __name__ == "__main__":
    main()
