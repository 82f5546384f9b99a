"""Hand-made values for tests of views and commands: small, and exact by design."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Path, SourceLine, Step
from costmodel.engine.result import (
    Edge,
    Estimate,
    FrameSlot,
    Guess,
    LineUse,
    UopTimes,
)

SWAPGS = "0f01f8"
STORE = "48897c2440"  # mov %rdi,0x40(%rsp)
STORE_IMMEDIATE = "48c74424702b000000"  # movq $0x2b,0x70(%rsp)
LOAD = "488b7c2440"  # mov 0x40(%rsp),%rdi


def a_path(*code: str, file: str = "entry.S", first_line: int = 10) -> Path:
    """A path of the hex instructions given, one source line each."""
    data = bytes.fromhex("".join(code or (SWAPGS, STORE, LOAD)))
    insns = decode_bytes(data, 0x1000)
    steps = tuple(
        Step(replace(insn, source=SourceLine(f"/src/{file}", first_line + i)))
        for i, insn in enumerate(insns)
    )
    return Path("system_call", steps, origin=file)


def an_estimate(path: Path | None = None, **changes: Any) -> Estimate:
    """Swapgs, a store and a load in 30 cycles, once: 20 + 6 + 4."""
    path = a_path() if path is None else path
    count = len(path.steps)
    values: dict[str, Any] = dict(
        uarch="skylake",
        title="Intel Skylake",
        scenario="once",
        align=0,
        path=path,
        window_cycles=30,
        copies=1,
        instructions=count,
        uops=count + 3,
        slots=count + 2,
        bytes=path.bytes,
        fetch_windows=1,
        causes=(("serialising", 20), ("store forwarding", 6), ("retire order", 4)),
        charges=((0, "serialising", 20), (2, "store forwarding", 6), (-1, "start", 4)),
        critical_path=(
            Edge(0, "issue", "start", 5, -1),
            Edge(0, "complete", "microcode latency", 12, 0),
            Edge(0, "complete", "microcode latency", 3, 0),
            Edge(2, "retire", "store forwarding", 10, 1),
        ),
        ports=(("0", 2), ("23", 3)),
        lines=(LineUse("stack L0", 1, 1, 1), LineUse("per-cpu old_rsp", 0, 1, 1)),
        pt_regs=(
            FrameSlot("SS", 8, "L0", -1, ""),
            FrameSlot("RSP", 16, "L0", -1, ""),
            FrameSlot("RDI", 56, "L0", 1, "rdi"),
        ),
        timeline=(
            UopTimes(0, 0, "microcode", "", 0, 1, 1, 1, 20, 21, -1, "serialising"),
            UopTimes(1, 0, "store address", "7", 1, 3, 4, 6, 7, 22, -1, "port"),
            UopTimes(1, 1, "store data", "4", 1, 3, 3, 5, 6, 22, 29, ""),
            UopTimes(2, 0, "load", "2", 2, 4, 8, 9, 14, 23, -1, "store forwarding"),
        ),
        unknown=(),
        guesses=(),
        notes=(),
        store_buffer_peak=2,
        unknown_addresses=0,
    )
    return Estimate(**{**values, **changes})


A_GUESS = Guess("costs.swapgs.*.latency", 20, 10, 40, "no measurement")
