"""An entry path as written, in ring 0 of a guest: does it work, and what does it take.

A loop in ring 3 enters by SYSCALL (or INT 0x80), the path runs with a per-CPU area, a
stack and page tables of its own, calls a stand-in handler and leaves as it leaves. One
pass is compared with what the model says the path does to ``struct pt_regs`` and to the
user's registers. Times count only where the hardware runs ring 0 itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from costmodel.code import registers as R
from costmodel.code.decode import decode_form
from costmodel.code.frame import frame_slots, record
from costmodel.code.insn import Path
from costmodel.errors import InputError
from costmodel.measure import guest, places
from costmodel.measure.bodies import body_of
from costmodel.measure.emit import Emitted, emit
from costmodel.measure.forbidden import place_of
from costmodel.measure.guest import GuestJob, GuestReport
from costmodel.measure.judge import Figure, Round, difference, figure, round_of
from costmodel.measure.paired import Paired
from costmodel.measure.run import NOTHING
from costmodel.measure.words import Failure

SYSCALL, INT80 = b"\x0f\x05", b"\xcd\x80"
_NUMBER = b"\xb8" + places.GETPID.to_bytes(4, "little")
_RESULT = 0x1234
_WORD = (1 << 64) - 1
_UD2 = b"\x0f\x0b"
_BREAKPOINT, _INVALID_OPCODE = 3, 6
# The handler of a check: out %al,$PORT; mov $RESULT,%eax; ret
TELLS = (
    bytes([0xE6, guest.HANDLER_PORT, 0xB8]) + _RESULT.to_bytes(4, "little") + b"\xc3"
)
# The model's: mov %gs:current,%rax; mov 0x40(%rax),%eax; ret
_CURRENT = 0x1F00  # a word of the per-CPU area no symbol of a path takes
_STAND_IN = (
    b"\x65\x48\x8b\x04\x25" + _CURRENT.to_bytes(4, "little") + b"\x8b\x40\x40\xc3"
)
_SET_COUNTER = b"\xc7\x04\x25" + places.COUNTER.to_bytes(4, "little")
_AGAIN = b"\xff\x0c\x25" + places.COUNTER.to_bytes(4, "little") + b"\x0f\x85"
_KERNEL_CS, _USER_CS, _USER_SS, _USER_FLAGS = 0x10, 0x33, 0x2B, 0x202
_FLAG_MASK = 0x47700  # what Linux has SYSCALL clear
TURNS = (8, 24)
MORE = TURNS[1] - TURNS[0]
SAMPLES = 400
_PAIR_ROUNDS = 12
ROUNDS = 5
_EMULATED = 2500  # cycles of SYSCALL and SYSRET alone: no hardware is that slow
_QUIET = 1.12


class Slot(NamedTuple):
    """One word of the frame: what the model says and what was found."""

    name: str
    modelled: str  # "" where the path leaves it unwritten
    expected: int | None  # None where the model's words name no number
    found: int

    @property
    def differs(self) -> bool:
        return self.expected is not None and self.expected != self.found


@dataclass(frozen=True, slots=True)
class Ring0:
    """One path in ring 0. ``cycles`` of the whole round trip; ``bare`` of SYSCALL and
    SYSRET alone, on the same machine; None where times are refused."""

    path: Path
    slots: tuple[Slot, ...]
    registers: tuple[Slot, ...]  # the user's, after the return
    cycles: Figure | None
    bare: float | None
    refused: str = ""  # why there are no times
    failed: str = ""  # why there is nothing at all
    notes: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        return not self.failed and not any(
            slot.differs for slot in (*self.slots, *self.registers)
        )


class Text(NamedTuple):
    """Ring 3 programs and the kernel's text in one piece of code."""

    code: bytes
    entries: tuple[int, ...]


def enters_by(path: Path) -> bytes:
    """SYSCALL, or INT 0x80 for what is named after it."""
    name = f"{path.name} {path.origin}"
    return INT80 if "int80" in name or "ia32_syscall" in name else SYSCALL


def text_of(programs: Sequence[bytes], kernel: bytes, handler: bytes) -> Text:
    code = bytearray()
    entries = []
    for program in programs:
        code += b"\xcc" * (-len(code) % 64)
        entries.append(len(code))
        after = places.CODE + len(code) + len(program) + 5
        code += program + b"\xe9"
        code += (places.LEAVE - after).to_bytes(4, "little", signed=True)
    for at, part in ((places.KERNEL_TEXT, kernel), (places.HANDLER, handler)):
        code += b"\xcc" * (at - places.CODE - len(code)) + part
    return Text(bytes(code), tuple(entries))


def job_of(text: Text, words: Sequence[tuple[int, int]], swaps: bool) -> GuestJob:
    registers = [places.register_value(r) for r in range(16)]
    return GuestJob(
        text.code, text.entries, tuple(registers),
        (*words, (places.GS_BASE + _CURRENT, places.KERNEL_STACK)),
        gs_base=places.FS_BASE if swaps else places.GS_BASE,
        kernel_gs_base=places.GS_BASE, syscall_entry=places.KERNEL_TEXT,
        interrupt_entry=places.KERNEL_TEXT, frame_top=places.KERNEL_STACK,
        flag_mask=_FLAG_MASK,
    )  # fmt: skip


def run_path(path: Path, cpu: int = -1, *, timed: bool = True) -> Ring0:
    """One pass, checked; then times, if this machine has any and they are wanted.

    Raises InputError where the path is none of ring 0.
    """
    last = path.steps[-1].insn if path.steps else None
    ends = last.form.mnemonic if last is not None else ""
    if not ends.startswith(("sysret", "iret")) or last is None:
        where = place_of(last) if last is not None else "nothing"
        raise InputError(
            f"the path ends with {where}",
            where=path.origin,
            expected="a whole way through the kernel: entry to SYSRET or IRET",
            hint="--region, --symbol or --take choose it",
        )
    body = body_of(path, frame=True, handler="kernel")
    enter = enters_by(path)
    swaps = any(s.insn.form.mnemonic == "swapgs" for s in path.steps)
    kernel = emit(body, 1, places.KERNEL_TEXT)
    text = text_of([_UD2], kernel.code, TELLS)
    job = _as_entered(job_of(text, body.words, swaps), enter)._replace(cpu=cpu)
    report = guest.run(job)
    wrong = _wrong(report, path, kernel)
    if wrong:
        return Ring0(path, (), (), None, None, failed=wrong)
    slots = _slots(path, report, job.registers)
    registers = _registers(path, report, job.registers)
    notes = ("entered by INT 0x80",) if enter == INT80 else ()
    if not timed:
        return Ring0(path, slots, registers, None, None, "", "", notes)
    cycles, bare, refused = _times(cpu, body.words, kernel.code, enter, swaps)
    return Ring0(path, slots, registers, cycles, bare, refused, "", notes)


def _as_entered(job: GuestJob, enter: bytes) -> GuestJob:
    """The guest as SYSCALL or INT leaves it, at the path's first instruction. Begun
    like this, it runs even where a hypervisor below keeps SYSCALL from ring 0."""
    registers = list(job.registers)
    registers[R.RAX] = places.GETPID
    words = list(job.words)
    if enter == SYSCALL:
        registers[R.RCX], registers[11] = places.CODE, _USER_FLAGS
    else:
        frame = (places.CODE, _USER_CS, _USER_FLAGS, registers[R.RSP], _USER_SS)
        base = places.KERNEL_STACK - 8 * len(frame)
        words += [(base + 8 * k, word) for k, word in enumerate(frame)]
        registers[R.RSP] = base
    return job._replace(
        flags=guest.RING0 | guest.BARE, registers=tuple(registers), words=tuple(words),
        entries=(places.KERNEL_TEXT - places.CODE,),
    )  # fmt: skip


def _wrong(report: GuestReport, path: Path, kernel: Emitted) -> str:
    """Why the pass did not come back to the user; empty if it did."""
    if report.status == "exception":
        if report.vector == _INVALID_OPCODE and report.rip == places.CODE:
            return ""
        for address, step in kernel.traps:
            if report.vector == _BREAKPOINT and report.rip == address + 1:
                jump = place_of(path.steps[step].insn)
                return f"{jump} is taken here, and the path says it is not"
    here = [step for address, step in kernel.steps if address == report.rip]
    if not here or here[0] < 0:
        return report.says
    return f"{report.says}, {place_of(path.steps[here[0]].insn)}"


def _slots(path: Path, report: GuestReport, start: Sequence[int]) -> tuple[Slot, ...]:
    """The frame in memory when the handler ran, against the model's table."""
    found = []
    for slot in frame_slots(path):
        at = guest.FRAME_BYTES - slot.offset
        value = int.from_bytes(report.frame[at : at + 8], "little")
        written = slot.step >= 0
        expected = _number(slot.value, start) if written else None
        found.append(Slot(slot.name, slot.value if written else "", expected, value))
    return tuple(found)


def _number(words: str, start: Sequence[int]) -> int | None:
    """The number the model's words mean here; None if they mean none.

    ``start``: the general registers at the path's first instruction.
    """
    if words == "-ENOSYS":
        return -38 & _WORD
    name = words.removeprefix("user ").partition(" ")[0]
    if name in R.GENERAL:
        return start[R.BY_NAME[name]]
    try:
        return int(words, 0) & _WORD
    except ValueError:
        return None


def _registers(
    path: Path, report: GuestReport, start: Sequence[int]
) -> tuple[Slot, ...]:
    """The user's registers after the return, against those of the symbolic machine."""
    execution, machine = record(path)
    found = []
    for register in range(16):
        value = machine.roots[register], machine.offsets[register]
        words = execution.describe(*value)
        expected = _RESULT if words == "handler result" else _number(words, start)
        found.append(
            Slot(R.GENERAL[register].upper(), words, expected, report.after[register])
        )
    return tuple(found)


def loop(enter: bytes, turns: int) -> bytes:
    """mov $turns,COUNTER; 1: mov $39,%eax; enter; decl COUNTER; jnz 1b"""
    head = _SET_COUNTER + turns.to_bytes(4, "little")
    inner = _NUMBER + enter + _AGAIN
    return head + inner + (-len(inner) - 4).to_bytes(4, "little", signed=True)


def rounds_of(
    job: GuestJob, rounds: int, pairs: int, copies: int
) -> list[Round] | GuestReport:
    """Rounds of a timed job; the report instead if one did not end well."""
    found = []
    for _ in range(rounds):
        report = guest.run(job)
        if report.status != "done":
            return report
        rows = report.rows
        if not rows:
            continue
        nops = sorted(row[-1] * 6000 / row[-2] for row in rows)
        quiet = nops[len(nops) // 4]
        kept = [row for row in rows if row[-1] * 6000 / row[-2] <= quiet * _QUIET]
        found.append(
            round_of(
                kept, [copies] * pairs, len(rows), report.tsc_khz, int(quiet * 1e3)
            )
        )
    return found


def bare_kernel(enter: bytes) -> bytes:
    return b"\x48\x0f\x07" if enter == SYSCALL else b"\x48\xcf"


def cycles_of_bare(enter: bytes, cpu: int) -> tuple[float | None, str]:
    """Entry and return alone; and why times are refused, if they are."""
    away = _ring_reached(enter, cpu)
    if away:
        return None, away
    text = text_of([loop(enter, turns) for turns in TURNS], bare_kernel(enter), TELLS)
    job = job_of(text, (), False)._replace(samples=SAMPLES // 4, cpu=cpu)
    rounds = rounds_of(job, 2, 1, MORE)
    if not isinstance(rounds, list):
        return None, rounds.says
    if not rounds:
        return None, "no sample of the guest was usable"
    cycles = min(r.cycles[0] for r in rounds)
    if cycles > _EMULATED:
        name = decode_form(enter).mnemonic
        return cycles, (
            f"{name} and its return alone take {cycles:.0f} cycles in a guest here: "
            "ring 0 is emulated, and its times mean nothing"
        )
    return cycles, ""


def _ring_reached(enter: bytes, cpu: int) -> str:
    """Why entering from ring 3 does not reach ring 0 in a guest here; empty if it does.

    Some hypervisors that are guests themselves run all of a guest in ring 3.
    """
    reads_cs = bytes.fromhex("8cc8") + bytes([0xE6, guest.HANDLER_PORT])
    text = text_of([_NUMBER + enter + _UD2], reads_cs + _UD2, TELLS)
    report = guest.run(job_of(text, (), False)._replace(cpu=cpu))
    if report.status == "no kvm":
        return report.says
    if report.handled and report.at_handler[R.RAX] & 0xFFFF == _KERNEL_CS:
        return ""
    name = decode_form(enter).mnemonic
    return (
        f"{name} in a guest does not reach ring 0 here: the hypervisor below emulates "
        "it, and its times would mean nothing"
    )


def _times(
    cpu: int,
    words: Sequence[tuple[int, int]],
    kernel: bytes,
    enter: bytes,
    swaps: bool,
) -> tuple[Figure | None, float | None, str]:
    bare, refused = cycles_of_bare(enter, cpu)
    if refused:
        return None, bare, refused
    rounds = rounds_of(_timed_job(cpu, words, kernel, enter, swaps), ROUNDS, 1, MORE)
    if not isinstance(rounds, list):
        return None, bare, rounds.says
    return figure(rounds, 0), bare, ""


def _timed_job(
    cpu: int,
    words: Sequence[tuple[int, int]],
    kernel: bytes,
    enter: bytes,
    swaps: bool,
) -> GuestJob:
    text = text_of([loop(enter, turns) for turns in TURNS], kernel, _STAND_IN)
    return job_of(text, words, swaps)._replace(samples=SAMPLES, cpu=cpu)


def pair(before: Path, after: Path, cpu: int = -1) -> Paired:
    """The round trips of two paths, guests taking turns."""
    jobs = []
    for path in (before, after):
        body = body_of(path, frame=True, handler="kernel")
        enter = enters_by(path)
        _, refused = cycles_of_bare(enter, cpu)
        if refused:
            return Paired("ring 0", NOTHING, failure=Failure("refused", refused))
        swaps = any(s.insn.form.mnemonic == "swapgs" for s in path.steps)
        kernel = emit(body, 1, places.KERNEL_TEXT).code
        jobs.append(_timed_job(cpu, body.words, kernel, enter, swaps))
    both: list[Round] = []
    for _ in range(_PAIR_ROUNDS):
        sides = [rounds_of(job, 1, 1, MORE) for job in jobs]
        for side in sides:
            if not isinstance(side, list):
                failed = Failure("failed", side.says)
                return Paired("ring 0", NOTHING, failure=failed)
        a, b = (side[0] if isinstance(side, list) and side else None for side in sides)
        if a is not None and b is not None:
            both.append(a._replace(cycles=(a.cycles[0], b.cycles[0])))
    middle = [median(r.cycles[k] for r in both) if both else None for k in (0, 1)]
    return Paired("ring 0", difference(both, 0, 1), middle[0], middle[1])
