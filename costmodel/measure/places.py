"""Where things lie when code is measured: the same addresses in every run.

All below 2 GiB, so that a displacement of 32 bits reaches everything. The native
program has the first group in ``native/harness.h``.
"""

from __future__ import annotations

CODE = 0x10000000
CODE_MOST = 0x40000
KERNEL_TEXT = CODE + 0x4000  # in a guest: the path, and the handler it calls
HANDLER = CODE + 0x8000
LEAVE = CODE + CODE_MOST + 0x3C00  # where the code goes when it is done

_REGISTER_PAGES = 0x20000000
_REGISTER_SPACING = 0x01000000
# Offsets within the page differ, or equal displacements from two registers would alias.
_FIRST_OFFSET, _OFFSET_SPACING = 0x800, 0x80

GS_BASE = 0x30000800
FS_BASE = 0x31000840
POINTED_AT = 0x32002000  # the words of a fresh page point into two pages from here
SYMBOLS = 0x33000000
SYMBOL_SPACING = 64
KERNEL_STACK = 0x34008000  # top of the stack an entry path switches to

COUNTER = 0x35000400  # of loops that no register counts

GETPID = 39


def register_value(register: int) -> int:
    """What a general register points at: a page of its own."""
    offset = _FIRST_OFFSET + register * _OFFSET_SPACING
    return _REGISTER_PAGES + register * _REGISTER_SPACING + offset
