"""The guest of ``--ring0``: its job and its report, and the process that runs it.

Structures are those of ``native/guest.h``, little-endian and without holes.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import NamedTuple

from costmodel.errors import UsageError
from costmodel.measure.native import BINARY, check_machine

MOST_WORDS = 128
MOST_SAMPLES = 2048
FRAME_BYTES = 512
HANDLER_PORT = 0x70
RING0, BARE = 1, 2

_JOB = struct.Struct("<7Ii16Q6Q16I256Q")
_REPORT = struct.Struct("<IIIiQQ4I18Q18Q512s16s")
_JOB_MAGIC, _REPORT_MAGIC = 0x4D435301, 0x4D435381
_PROGRAMS = 16
_PATIENCE = 30.0
STATUS = (
    "done", "no kvm", "exception", "triple fault", "endless", "stopped",
    "too many pages", "bad job",
)  # fmt: skip
VECTORS = {
    0: "divide error", 1: "debug", 3: "breakpoint", 6: "invalid opcode",
    8: "double fault", 10: "invalid TSS", 11: "segment not present",
    12: "stack fault", 13: "general protection", 14: "page fault",
    17: "alignment check", 19: "SIMD exception",
}  # fmt: skip


class GuestJob(NamedTuple):
    """Code, the programs in it, and the state of the system they run in."""

    code: bytes
    entries: tuple[int, ...]  # offsets in the code
    registers: tuple[int, ...]  # sixteen, at the start of every program
    words: tuple[tuple[int, int], ...] = ()
    samples: int = 1
    flags: int = 0
    gs_base: int = 0
    kernel_gs_base: int = 0
    syscall_entry: int = 0
    interrupt_entry: int = 0
    frame_top: int = 0
    flag_mask: int = 0
    budget_ms: int = 4000
    cpu: int = -1


class GuestReport(NamedTuple):
    """``rows``: the programs' ticks, the chain's, the slower NOPs', a sample each."""

    status: str
    vector: int
    error: int
    rip: int
    cr2: int
    pages: int
    handled: int
    tsc_khz: int
    at_handler: tuple[int, ...]  # general registers, RIP, RFLAGS
    after: tuple[int, ...]
    frame: bytes  # below the frame's top, when the handler ran
    call: str
    rows: tuple[tuple[int, ...], ...] = ()

    @property
    def says(self) -> str:
        """What became of it, in words."""
        if self.status == "no kvm":
            import os

            return f"no guest can be run here: {self.call}: {os.strerror(self.error)}"
        if self.status == "exception":
            name = VECTORS.get(self.vector, f"exception {self.vector}")
            where = f" for {self.cr2:#x}" if self.vector == 14 else ""
            return f"the guest raised {name}{where} at {self.rip:#x}"
        if self.status == "stopped":
            return (
                f"KVM stopped the guest at {self.rip:#x} (exit reason {self.vector}, "
                f"error {self.error})"
            )
        return f"the guest ended: {self.status}"


def run(job: GuestJob, binary: Path = BINARY) -> GuestReport:
    """Run one job in a guest of its own. Raises UsageError if the program fails."""
    check_machine(binary)
    try:
        made = subprocess.run(
            [str(binary), "guest"], input=packed(job), capture_output=True, check=False,
            timeout=_PATIENCE, start_new_session=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(
            f"the guest gave no answer: {error}", where=str(binary)
        ) from None
    return parsed(made.stdout, job)


def parsed(data: bytes, job: GuestJob) -> GuestReport:
    """The program's answer to ``job``. Raises UsageError where it is none."""
    if len(data) < _REPORT.size:
        raise UsageError("the guest ended without an answer", expected="a report")
    values = _REPORT.unpack(data[: _REPORT.size])
    magic, status, vector, error, rip, cr2, samples, pages, handled, khz = values[:10]
    if magic != _REPORT_MAGIC or status >= len(STATUS):
        raise UsageError("the guest's answer is no report", expected="a report")
    return GuestReport(
        STATUS[status], vector, error, rip, cr2, pages, handled, khz,
        values[10:28], values[28:46], values[46],
        values[47].rstrip(b"\0").decode("ascii", "replace"),
        _rows(data[_REPORT.size :], len(job.entries), samples),
    )  # fmt: skip


def _rows(data: bytes, programs: int, samples: int) -> tuple[tuple[int, ...], ...]:
    """Rows as the user-mode program gives them."""
    row = struct.Struct(f"<{programs + 6}I")
    usable = data[: row.size * min(samples, len(data) // row.size)]
    found = []
    for nops, short, long, *rest in row.iter_unpack(usable):
        ticks, (nops_after, short_after, long_after) = rest[:programs], rest[programs:]
        chain = (long - short) + (long_after - short_after)
        if chain > 0:
            found.append((*ticks, chain, max(nops, nops_after)))
    return tuple(found)


def packed(job: GuestJob) -> bytes:
    """The job as the program reads it. Raises UsageError where it does not fit."""
    if len(job.words) > MOST_WORDS or len(job.entries) > _PROGRAMS:
        raise UsageError(
            f"{len(job.words)} words and {len(job.entries)} programs in one guest",
            expected=f"{MOST_WORDS} and {_PROGRAMS} at most",
        )
    entries = [*job.entries, *[0] * (_PROGRAMS - len(job.entries))]
    words = [number & (1 << 64) - 1 for word in job.words for number in word]
    words += [0] * (2 * MOST_WORDS - len(words))
    return _JOB.pack(
        _JOB_MAGIC, job.flags, len(job.code), len(job.entries), job.samples,
        len(job.words), job.budget_ms, job.cpu, *job.registers, job.gs_base,
        job.kernel_gs_base, job.syscall_entry, job.interrupt_entry, job.frame_top,
        job.flag_mask, *entries, *words,
    ) + job.code  # fmt: skip
