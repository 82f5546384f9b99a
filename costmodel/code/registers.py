"""The registers whose values instructions pass to one another, as small integers.

0-15 are the general registers in encoding order. The status flags are three registers,
because no core renames them as one: carry, overflow, and the rest (zero, auxiliary,
parity, sign). What the kernel's entry code changes besides (interrupt and direction
flags, segment bases, control registers) has a register each, so that SWAPGS followed by
a %gs: access is an ordinary dependency.
"""

from __future__ import annotations

GENERAL = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)
R8, R9, R10, R11 = range(8, 12)
CF, OF, ZAPS, SYSFLAGS = range(16, 20)
ES, CS, SS, DS, FS, GS = range(20, 26)
FS_BASE, GS_BASE, KERNEL_GS_BASE, MSR, CR, DR = range(26, 32)

NAMES = (
    *GENERAL,
    "cf", "of", "zaps", "sysflags",
    "es", "cs", "ss", "ds", "fs", "gs",
    "fs_base", "gs_base", "kernel_gs_base", "msr", "cr", "dr",
)  # fmt: skip
COUNT = len(NAMES)
BY_NAME = {name: number for number, name in enumerate(NAMES)}
FLAG_REGISTERS = (CF, OF, ZAPS)
