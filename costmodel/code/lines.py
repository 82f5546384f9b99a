"""The 64-byte lines a path touches, with names people know.

Addresses are symbolic, so where a line begins is an assumption: every root is taken to
be aligned to 64 bytes, as stack tops, per-CPU areas and tables are. The top of a
``struct pt_regs`` found by ``frame`` is aligned whatever its root, since it is (but for
``padding``) the top of the stack.
"""

from __future__ import annotations

from costmodel.code import registers as R
from costmodel.code.execution import AccessAt
from costmodel.code.frame import LINE, Frame, find_frame, record
from costmodel.code.insn import Path
from costmodel.code.machine import CONST, RIP, Machine, signed
from costmodel.code.percpu import in_words
from costmodel.code.touched import LineUse
from costmodel.tuples import NamedTuple

_SEGMENTS = {R.GS_BASE: "per-CPU", R.KERNEL_GS_BASE: "per-CPU", R.FS_BASE: "thread"}
_STACKS = (0x4000, 0x2000)  # sizes of stacks that had thread_info at the bottom
_THREAD_INFO = 2 * LINE
_MASK64 = (1 << 64) - 1


class Lines(NamedTuple):
    """``uses`` in order of first touch, ``commits`` left 0; ``of_access`` maps each
    access of one copy, in program order, to the index of its (first) line, and
    ``last_of_access`` to that of its last byte. ``places``: root of each access and
    its offset in bytes from where the root's lines are counted."""

    uses: tuple[LineUse, ...]
    of_access: tuple[int, ...]
    last_of_access: tuple[int, ...]
    places: tuple[tuple[int, int], ...]


class _Place(NamedTuple):
    root: int
    line: int  # address of the line relative to the root's zero, in lines


def lines_touched(path: Path, padding: int = 0) -> Lines:
    """Group the accesses of one copy of a path by line.

    ``padding`` as in ``frame.frame_slots``.
    """
    execution, machine = record(path)
    frame = find_frame(path, execution, machine, padding)
    code = {
        signed(step.insn.address) // LINE
        for step in path.steps
        if not step.insn.relocations
    }
    order: dict[_Place, int] = {}
    loads: list[int] = []
    stores: list[int] = []
    of_access, last_of_access, places = [], [], []
    for access in execution.copies[0]:
        start = _start(access, frame, padding)
        first, last = start // LINE, (start + access.width - 1) // LINE
        for line in range(first, last + 1):
            place = _Place(access.root, line)
            index = order.setdefault(place, len(order))
            if index == len(loads):
                loads.append(0)
                stores.append(0)
            loads[index] += access.reads
            stores[index] += access.writes
        of_access.append(order[_Place(access.root, first)])
        last_of_access.append(order[_Place(access.root, last)])
        places.append((access.root, start))
    names = [_name(machine, place, frame, code) for place in order]
    names = in_words(names, path)
    uses = tuple(
        LineUse(name, load, store, 0)
        for name, load, store in zip(names, loads, stores, strict=True)
    )
    return Lines(uses, tuple(of_access), tuple(last_of_access), tuple(places))


def _start(access: AccessAt, frame: Frame | None, padding: int) -> int:
    """Offset of an access's first byte; of a frame's root, counted from its top."""
    if frame is not None and access.root == frame.root:
        return access.offset - frame.top - padding
    return access.offset


def _name(machine: Machine, place: _Place, frame: Frame | None, code: set[int]) -> str:
    root, line = place
    where = line * LINE
    key = machine.names[root]
    if frame is not None and root == frame.root:
        if line >= 0:
            return f"above the stack +{where:#x}"
        for size in _STACKS:
            if -size <= where < _THREAD_INFO - size:
                return "thread_info" + (f" +{where + size:#x}" if where + size else "")
        return f"stack L{-line - 1}"
    if root == R.RSP:
        return f"stack line {line}"
    if root == RIP:
        return "code" if line in code else f"data {where & _MASK64:#x}"
    if root == CONST:
        return f"address {where & _MASK64:#x}"
    shift = f" {where:+#x}" if where else ""
    if root in _SEGMENTS:
        return f"{_SEGMENTS[root]} {where:#x}"
    if key[0] == "+":
        parts = [part for part in key[1:3] if isinstance(part, int)]
        for part, other in (parts, parts[::-1]):
            if part in _SEGMENTS:
                return f"{_SEGMENTS[part]} {machine.describe((other, 0))}{shift}"
        for part in parts:
            if machine.names[part][0] == "symbol":
                return f"table {machine.describe((part, 0))}{shift}"
    text = machine.describe((root, 0))
    if (
        text == "[%gs:kernel_stack]"
        and -_STACKS[0] <= where < _THREAD_INFO - _STACKS[0]
    ):
        return f"thread_info by {text}"
    return f"{text}{shift}" if key[0] == "symbol" else f"memory at {text}{shift}"
