"""What each stub must count: a table transcribed from the facts on the entry paths.

The facts were counted on the assembled kernel files of the versions named. Rows the
facts give as a whole are in ``total``; how a whole is split into parts, and the
``-nodance`` rows, follow from the operation lists beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

REST = "RBX RBP R12 R13 R14 R15"
C_ARGS = "RDI RSI RDX RAX R8 R9 R10 R11"
FAST = "RIP ORIG_RAX " + C_ARGS
DANCE = "SS RSP EFLAGS CS RCX"


class Counts(NamedTuple):
    """Instructions, bytes, loads, stores: one part or one whole path."""

    insns: int
    bytes: int
    loads: int
    stores: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(*(a - b for a, b in zip(self, other, strict=True)))

    def plus(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))


class Part(NamedTuple):
    counts: Counts
    slots: str


@dataclass(frozen=True)
class Stub:
    """``depth``: T - RSP at the first instruction, or None for a SYSCALL-like entry,
    which loads RSP from kernel_stack = T - ``kernel_stack``. ``aside``: parts that
    the path does not reach, with the depth they start from."""

    parts: dict[str, Part]
    depth: int | None = None
    kernel_stack: int = 40
    total: Counts | None = None
    aside: dict[str, Part] = field(default_factory=dict)
    aside_depth: int = 168


def part(insns: int, size: int, loads: int, stores: int, slots: str = "") -> Part:
    return Part(Counts(insns, size, loads, stores), slots)


NEW = FAST + " EFLAGS RSP RCX"
V40 = FAST.replace(" R11", "") + " EFLAGS"
ALL = FAST + " " + DANCE
SLOW = part(26, 100, 18, 1)
SAVE_REST = part(7, 33, 0, 6, REST)
RESTORE_REST = part(7, 33, 6, 0)
FIXUP = part(7, 63, 2, 5, DANCE)
FIXUP_40 = part(8, 67, 3, 5, DANCE)
RESTORE = part(4, 30, 2, 2, "R11")
SIGNAL = part(17, 76, 6, 7, REST)
WORK_CHECK = part(8, 33, 3, 1)

FACTS: dict[str, Stub] = {
    "v3.16-fast": Stub(
        {"entry": part(21, 106, 3, 12, FAST), "exit": part(18, 81, 11, 1, "RAX")},
        total=Counts(39, 187, 14, 13),
    ),
    "every-slot-mov": Stub(
        {"entry": part(27, 148, 4, 17, ALL), "exit": part(18, 78, 11, 1, "RAX")}
    ),
    "every-slot-push": Stub(
        {"entry": part(25, 82, 4, 17, ALL), "exit": part(18, 78, 11, 1, "RAX")},
        kernel_stack=0,
    ),
    "sketch": Stub(
        {"entry": part(25, 143, 4, 15, NEW), "exit": part(16, 84, 11, 1, "RAX")},
        aside={"fixup": part(2, 24, 0, 2, "SS CS")},
    ),
    "slots-on-tracesys": Stub(
        {
            "entry": part(23, 133, 4, 13, V40 + " RSP"),
            "exit": part(16, 84, 11, 1, "RAX"),
        },
        aside={"fixup-tracesys": part(6, 50, 2, 4, "SS CS RCX R11")},
    ),
    "v4.0-fast": Stub(
        {"entry": part(22, 115, 3, 13, FAST), "exit": part(15, 73, 11, 0)},
        aside={"fixup": FIXUP_40, "restore": RESTORE},
    ),
    "v4.0-full-frame": Stub(
        {"entry": part(22, 122, 3, 13, FAST), "exit": part(15, 77, 11, 0)},
        aside={"fixup": FIXUP_40, "restore": RESTORE},
    ),
    "r11-to-eflags": Stub(
        {"entry": part(22, 125, 3, 13, V40), "exit": part(15, 80, 11, 0)},
        aside={
            "fixup": part(8, 67, 3, 5, "SS RSP CS RCX R11"),
            "restore": part(2, 17, 1, 1),
        },
    ),
    "rsp-to-slot": Stub(
        {"entry": part(24, 142, 4, 14, V40 + " RSP"), "exit": part(15, 79, 11, 0)},
        aside={"fixup": part(6, 50, 2, 4, "SS CS RCX R11")},
    ),
    "push-frame": Stub(
        {
            "entry": part(26, 90, 4, 17, V40 + " SS RSP CS RCX"),
            "exit": part(15, 79, 11, 0),
        },
        kernel_stack=0,
        aside={"fixup": part(2, 13, 1, 1, "R11")},
    ),
    "v4.1-fast": Stub(
        {"entry": part(27, 92, 4, 18, ALL), "exit": part(15, 79, 11, 0)},
        kernel_stack=0,
        total=Counts(42, 171, 15, 18),
    ),
    "v4.14-fast": Stub(
        {"entry": part(28, 97, 5, 18, ALL), "exit": part(16, 84, 12, 0)},
        kernel_stack=0,
    ),
    "fixup": Stub({"fixup": FIXUP}, depth=168),
    "restore": Stub({"restore": RESTORE}, depth=168),
    "v3.16-fork": Stub(
        {
            "save-rest": part(9, 37, 1, 7, REST),
            "fixup": FIXUP,
            "handler": part(1, 5, 0, 1),
            "restore": RESTORE,
            "return": part(1, 3, 1, 0),
        },
        depth=128,
        total=Counts(22, 138, 6, 15),
    ),
    "v3.16-iopl": Stub(
        {
            "fixup": part(7, 51, 2, 5, DANCE),
            "handler": part(1, 5, 0, 1),
            "restore": part(4, 24, 2, 2, "R11"),
            "return": part(1, 1, 1, 0),
        },
        depth=128,
        total=Counts(13, 81, 5, 8),
    ),
    "v3.16-pt-regs-tail": Stub(
        {"restore": RESTORE, "return": part(7, 33, 7, 0)}, depth=176
    ),
    "v3.16-execve": Stub(
        {
            "save-rest": part(8, 37, 0, 6, REST),
            "fixup": FIXUP,
            "handler": part(2, 10, 0, 2, "RAX"),
            "restore-rest": part(8, 35, 6, 0),
            "slow-return": SLOW,
        },
        depth=128,
        total=Counts(51, 245, 26, 14),
    ),
    "v3.16-tracesys": Stub(
        {
            "tracesys": part(10, 59, 1, 7, REST + " RAX"),
            "fixup": FIXUP,
            "tracer": part(17, 81, 14, 1),
            "handler": part(5, 23, 1, 2, "RAX"),
            "slow-return": SLOW,
        },
        depth=120,
        total=Counts(65, 326, 36, 16),
    ),
    "v3.16-exit-work": Stub(
        {
            "exit-work": part(11, 59, 2, 5, DANCE),
            "signal": SIGNAL,
            "slow-return": SLOW,
        },
        depth=120,
    ),
    "v3.16-return-iret": Stub({"slow-return": SLOW}, depth=120),
    "v4.1-return-checked-sysret": Stub(
        {
            "work-check": WORK_CHECK,
            "checks": part(14, 67, 6, 0),
            "return": part(11, 54, 9, 0),
        },
        depth=168,
        kernel_stack=0,
    ),
    "v4.1-return-iret": Stub(
        {"work-check": WORK_CHECK, "return": part(14, 61, 15, 0)},
        depth=168,
        kernel_stack=0,
    ),
    "compat-syscall": Stub(
        {
            "entry": part(
                29, 135, 5, 13, "RDI RSI RDX RCX RAX ORIG_RAX RIP CS SS EFLAGS RSP"
            ),
            "exit": part(16, 69, 8, 2, "RAX"),
        },
        total=Counts(45, 204, 13, 15),
    ),
    "compat-sysenter": Stub(
        {
            "entry": part(
                32, 119, 6, 13, "SS RSP EFLAGS CS RIP ORIG_RAX RDI RSI RDX RCX RAX"
            ),
            "exit": part(19, 73, 8, 3, "RAX EFLAGS"),
        },
        total=Counts(51, 192, 14, 16),
    ),
    "compat-int80": Stub(
        {
            "entry": part(22, 93, 3, 8, "ORIG_RAX RDI RSI RDX RCX RAX"),
            "exit": part(6, 26, 0, 5, "RAX R8 R9 R10 R11"),
            "slow-return": SLOW,
        },
        depth=40,
        total=Counts(54, 219, 21, 14),
    ),
    "v3.16-fork-nodance": Stub(
        {
            "save-rest": part(9, 37, 1, 7, REST),
            "handler": part(1, 5, 0, 1),
            "return": part(1, 3, 1, 0),
        },
        depth=128,
    ),
    "v3.16-iopl-nodance": Stub(
        {"handler": part(1, 5, 0, 1), "return": part(1, 1, 1, 0)}, depth=128
    ),
    "v3.16-execve-nodance": Stub(
        {
            "save-rest": part(8, 37, 0, 6, REST),
            "handler": part(2, 10, 0, 2, "RAX"),
            "restore-rest": part(8, 35, 6, 0),
            "slow-return": SLOW,
        },
        depth=128,
    ),
    "v3.16-tracesys-nodance": Stub(
        {
            "tracesys": part(10, 59, 1, 7, REST + " RAX"),
            "tracer": part(17, 81, 14, 1),
            "handler": part(5, 23, 1, 2, "RAX"),
            "slow-return": SLOW,
        },
        depth=120,
    ),
    "v3.16-exit-work-nodance": Stub(
        {"exit-work": part(4, 9, 0, 0), "signal": SIGNAL, "slow-return": SLOW},
        depth=120,
    ),
    # fork as one system call: called directly, 2 bytes and 1 load less
    "v3.16-fork-syscall": Stub(
        {
            "entry": part(21, 104, 2, 12, FAST),
            "save-rest": part(9, 37, 1, 7, REST),
            "fixup": FIXUP,
            "handler": part(1, 5, 0, 1),
            "restore": RESTORE,
            "return": part(1, 3, 1, 0),
            "exit": part(18, 81, 11, 1, "RAX"),
        },
    ),
    "v3.16-fork-syscall-nodance": Stub(
        {
            "entry": part(21, 104, 2, 12, FAST),
            "save-rest": part(9, 37, 1, 7, REST),
            "handler": part(1, 5, 0, 1),
            "return": part(1, 3, 1, 0),
            "exit": part(18, 81, 11, 1, "RAX"),
        },
    ),
    "every-slot-fork-syscall": Stub(
        {
            "entry": part(27, 146, 3, 17, ALL),
            "save-rest": part(9, 37, 1, 7, REST),
            "handler": part(1, 5, 0, 1),
            "return": part(1, 3, 1, 0),
            "exit": part(18, 78, 11, 1, "RAX"),
        },
    ),
}
