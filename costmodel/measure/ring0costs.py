"""What single system instructions take, each in a guest, where ring 0 is real."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from costmodel.measure import places
from costmodel.measure.ring0 import (
    INT80,
    MORE,
    SAMPLES,
    SYSCALL,
    TELLS,
    TURNS,
    bare_kernel,
    cycles_of_bare,
    job_of,
    loop,
    rounds_of,
    text_of,
)

COST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class GuestCosts:
    """System instructions in a guest: cycles each adds to the bare round trip."""

    costs: tuple[tuple[str, float | None], ...]
    bare: float | None
    refused: str = ""


# What stands before SYSRETQ in the kernel's text, and how often it is in it.
_COSTS = (
    ("SWAPGS, a pair", "0f01f8" * 2, 1),
    ("SWAPGS, a pair of four", "0f01f8" * 8, 4),
    ("STI, CLI", "fbfa", 1),
    ("MOV CR3, no flush asked", "0f20d8" + "0f22d8", 1),
    ("WRGSBASE", "f3480faec0" + "f3480faed8", 1),
    ("LFENCE", "0faee8", 1),
    ("INVLPG", "0f0138", 1),
)
_IRETQ = bytes.fromhex(
    # mov %rsp,%rdx; lea KERNEL_STACK,%rsp; push $0x2b; push %rdx; push %r11;
    # push $0x33; push %rcx; iretq
    "4889e2488d2425" + places.KERNEL_STACK.to_bytes(4, "little").hex()
    + "6a2b5241536a335148cf"
)  # fmt: skip


def instruction_costs(cpu: int = -1) -> GuestCosts:
    """What system instructions add to the bare round trip, each in a guest."""
    bare, refused = cycles_of_bare(SYSCALL, cpu)
    if refused or bare is None:
        return GuestCosts((), bare, refused or "no sample of the guest was usable")
    found: list[tuple[str, float | None]] = [("SYSCALL, SYSRETQ", bare)]
    for name, code, count in _COSTS:
        cycles = _of_kernel(bytes.fromhex(code) + bare_kernel(SYSCALL), SYSCALL, cpu)
        added = None if cycles is None else (cycles - bare) / count
        found.append((name, added))
    iret = _of_kernel(_IRETQ, SYSCALL, cpu)
    found.append(("SYSCALL, IRETQ with five pushes", iret))
    found.append(("INT 0x80, IRETQ", _of_kernel(bare_kernel(INT80), INT80, cpu)))
    return GuestCosts(tuple(found), bare)


def _of_kernel(kernel: bytes, enter: bytes, cpu: int) -> float | None:
    text = text_of([loop(enter, turns) for turns in TURNS], kernel, TELLS)
    job = job_of(text, (), False)._replace(samples=SAMPLES, cpu=cpu)
    rounds = rounds_of(job, COST_ROUNDS, 1, MORE)
    if not isinstance(rounds, list) or not rounds:
        return None
    return median(r.cycles[0] for r in rounds)
