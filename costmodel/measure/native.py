"""The native program: where it is, jobs sent to it, reports read from it.

It lies beside this module, built when the package was. Structures are those of
``native/harness.h``, little-endian and without holes.
"""

from __future__ import annotations

import os
import platform
import select
import struct
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from costmodel.errors import UsageError
from costmodel.measure import places

BINARY = Path(__file__).with_name("_measure")
MOST_PROGRAMS = 16
MOST_WORDS = 64
MOST_SAMPLES = 4096

_JOB = struct.Struct("<7Ii16Q3Q2I16I128Q")
_REPORT = struct.Struct("<IIiiQQ6I16s")
_JOB_MAGIC, _REPORT_MAGIC = 0x4D435201, 0x4D435281
_PATIENCE = 180.0  # seconds for one report: the child itself is given far less

CONFINE, RESET_BASES, USES_FS, UNFILTERED = 1, 2, 4, 8
STATUS = (
    "measured", "signal", "system call", "endless", "too many pages", "unsteady",
    "writes its own code", "never quiet", "environment", "bad job", "vanished",
    "harness fault",
)  # fmt: skip


class Job(NamedTuple):
    """Code, its entries (offsets), and how to run them."""

    code: bytes
    entries: tuple[int, ...]
    flags: int
    fill: int
    words: tuple[tuple[int, int], ...] = ()
    registers: tuple[tuple[int, int], ...] = ()  # other than pointers to pages
    samples: int = 400
    budget_ms: int = 60
    stall_ms: int = 3000
    nop_millicycles: int = 0
    cpu: int = -1


class Report(NamedTuple):
    """What became of a job; ``rows`` are ticks: the programs, the chain, the NOPs."""

    status: str
    signal: int
    signal_code: int
    address: int
    ip: int
    taken: int
    kept: int
    pages: int
    program: int
    nop_millicycles: int
    tsc_khz: int
    call: str
    rows: tuple[tuple[int, ...], ...] = ()


class Native:
    """The running program. A context manager: nothing of it is left afterwards."""

    def __init__(self, binary: Path = BINARY) -> None:
        check_machine(binary)
        try:
            self._process = subprocess.Popen(
                [str(binary)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt comes to us, and we end it
            )
        except OSError as error:
            raise UsageError(
                f"cannot start the measuring program: {error.strerror}",
                where=str(binary),
                expected="a program for this machine, built with the package",
                hint="reinstall costmodel on this machine",
            ) from None

    def __enter__(self) -> Native:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._process
        process.kill()  # its child dies with it
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.wait()

    def run(self, job: Job) -> Report:
        """Run one job. Raises UsageError if the program itself fails."""
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(_packed(job) + job.code)
            stdin.flush()
        except OSError:
            raise _gone() from None
        (
            magic, status, signal, code, address, ip,
            taken, kept, pages, program, nops, khz, call,
        ) = _REPORT.unpack(self._read(_REPORT.size))  # fmt: skip
        if magic != _REPORT_MAGIC or status >= len(STATUS):
            raise _gone()
        rows: tuple[tuple[int, ...], ...] = ()
        if status == 0 and kept:
            width = len(job.entries) + 2
            row = struct.Struct(f"<{width}I")
            rows = tuple(row.iter_unpack(self._read(row.size * kept)))
        return Report(
            STATUS[status], signal, code, address, ip, taken, kept, pages, program,
            nops, khz, call.rstrip(b"\0").decode("ascii", "replace"), rows,
        )  # fmt: skip

    def _read(self, size: int) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None
        parts: list[bytes] = []
        while size:
            ready, _, _ = select.select([stdout], [], [], _PATIENCE)
            part = os.read(stdout.fileno(), size) if ready else b""
            if not part:
                raise _gone()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _gone() -> UsageError:
    return UsageError(
        "the measuring program ended without an answer",
        expected="a report",
        hint="run it again; if it stays so, please report the input",
    )


def check_machine(binary: Path) -> None:
    machine = platform.machine().lower()
    if machine not in ("x86_64", "amd64") or not sys.platform.startswith("linux"):
        raise UsageError(
            f"nothing can be measured on {sys.platform} {machine}",
            expected="Linux on x86-64",
        )
    if not binary.is_file():
        raise UsageError(
            "the measuring program was not built",
            where=str(binary),
            expected="a C compiler when costmodel is installed, on x86-64 Linux",
            hint="reinstall costmodel on an x86-64 machine with a C compiler",
        )


def _packed(job: Job) -> bytes:
    if len(job.words) > MOST_WORDS or len(job.entries) > MOST_PROGRAMS:
        raise UsageError(
            f"{len(job.words)} words and {len(job.entries)} programs in one job",
            expected=f"{MOST_WORDS} and {MOST_PROGRAMS} at most",
        )
    registers = [places.register_value(r) for r in range(16)]
    for register, value in job.registers:
        registers[register] = value
    entries = [*job.entries, *[0] * (MOST_PROGRAMS - len(job.entries))]
    words = [number for word in job.words for number in word]
    words += [0] * (2 * MOST_WORDS - len(words))
    return _JOB.pack(
        _JOB_MAGIC, job.flags, len(job.code), len(job.entries), job.samples,
        job.budget_ms, job.nop_millicycles, job.cpu, *registers,
        places.FS_BASE, places.GS_BASE, job.fill, len(job.words), job.stall_ms,
        *entries, *words,
    )  # fmt: skip
