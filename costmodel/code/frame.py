"""Where a path builds ``struct pt_regs``, and what it leaves in every slot.

The frame is found by what is stored, not by a version number: user RIP, flags, RSP, the
argument registers and the user segments each belong in one slot, and the top for which
most stored values lie in the slots they belong in is the frame's top.
"""

from __future__ import annotations

from collections.abc import Iterable

from costmodel.code import registers as R
from costmodel.code.execution import AccessAt, Execution, run
from costmodel.code.insn import Path
from costmodel.code.machine import CONST, RIP, Machine, Value
from costmodel.code.touched import FrameSlot
from costmodel.tuples import NamedTuple

SLOTS = (
    "SS", "RSP", "EFLAGS", "CS", "RIP", "ORIG_RAX",
    "RDI", "RSI", "RDX", "RCX", "RAX", "R8", "R9", "R10", "R11",
    "RBX", "RBP", "R12", "R13", "R14", "R15",
)  # fmt: skip
LINE = 64
FEWEST = 4  # slots that must hold what belongs there
STAND_IN = "stand-in"  # symbol of instructions that are not the path's own
_FRED_WORDS, _FRED_PADDING = 8, 16

_WORD = 8
_WIDEST = 512  # bytes of a store: FXSAVE
_DEPTH = {name: _WORD * (k + 1) for k, name in enumerate(SLOTS)}
_SIZE = _WORD * len(SLOTS)
_ENOSYS = -38
# The slots in which the initial value of a register, or a constant, is at home.
_REGISTER_HOMES = {
    **{number: (R.NAMES[number].upper(),) for number in range(16)},
    R.RCX: ("RIP", "RCX"),
    R.RAX: ("ORIG_RAX", "RAX"),
    R.R11: ("EFLAGS", "R11"),
    R.ZAPS: ("EFLAGS",),  # what PUSHF stores
}
_CONSTANT_HOMES = {
    0x2B: ("SS",),
    0x23: ("CS",),
    0x33: ("CS",),
    -1: ("RCX",),
    _ENOSYS: ("RAX",),
}
_COPIES = {"R11": ("EFLAGS",), "EFLAGS": ("R11",), "RIP": ("RCX",), "RCX": ("RIP",)}


class Frame(NamedTuple):
    """A frame found: ``top`` is the first byte above SS, relative to ``root``."""

    root: int
    top: int
    slots: tuple[FrameSlot, ...]


class Recorder(Machine):
    """A machine that remembers which value each store (by access number) wrote."""

    __slots__ = ("stored",)

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[int, Value] = {}

    def store(self, root: int, offset: int, width: int, value: Value) -> None:
        for k in range(len(self.out) - 1, -1, -1):
            if self.out[k] == (root, offset):
                self.stored[k] = value
                break
        super().store(root, offset, width, value)


class _Written(NamedTuple):
    step: int
    value: Value
    width: int


def record(path: Path) -> tuple[Execution, Recorder]:
    """Execute a path once, remembering the value of every store."""
    machine = Recorder()
    execution = run([step.insn for step in path.steps], 1, None, machine)
    return execution, machine


def frame_slots(path: Path, padding: int = 0) -> tuple[FrameSlot, ...]:
    """All 21 slots in order SS..R15, or () if the path builds no frame.

    ``padding``: bytes between the frame and the top of the stack, 0 up to v6.8 and 16
    in kernels built for FRED. It moves slots to other lines; ``offset`` includes it.
    """
    frame = find_frame(path, *record(path), padding)
    return frame.slots if frame is not None else ()


def find_frame(
    path: Path, execution: Execution, machine: Recorder, padding: int = 0
) -> Frame | None:
    """The frame as it stands when the C handler is called, or at the path's end."""
    handlers = [k for k, step in enumerate(path.steps) if step.handler]
    end = handlers[-1] if handlers else len(path.steps)
    written: dict[int, dict[int, _Written]] = {}
    for k, access in enumerate(execution.copies[0]):
        if access.step < end and k in machine.stored:
            _write(written.setdefault(access.root, {}), access, machine.stored[k])
    pushed = _delivered(path)
    if pushed:  # the processor began it, at the very top of the stack
        padding = _FRED_PADDING if pushed == _FRED_WORDS else padding
        words = written.get(R.RSP, {})
        top = -padding
        slots = _slots(execution, R.RSP, words, top, padding, pushed)
        return Frame(R.RSP, top, slots)
    best: tuple[int, int, int] | None = None
    for root, words in written.items():
        for top in _candidates(machine, root, words):
            score = _matches(machine, root, words, top)
            if best is None or score > best[0]:
                best = (score, root, top)
    if best is None or best[0] < FEWEST:
        return None
    _, root, top = best
    words = written[root]
    inside = [offset for offset in words if top - _SIZE <= offset < top]
    if 2 * best[0] < len(inside):
        return None
    return Frame(root, top, _slots(execution, root, words, top, padding))


def _delivered(path: Path) -> int:
    """Words of the frame the processor pushed on the way in; 0 for a system call."""
    if not path.steps or not path.steps[0].insn.form.special.startswith("deliver_"):
        return 0
    count = 1
    while count < len(path.steps) and path.steps[count].insn.symbol == STAND_IN:
        count += 1
    return count - 1


def _write(words: dict[int, _Written], access: AccessAt, value: Value) -> None:
    near: Iterable[int] = list(words)
    if len(words) > _WIDEST:  # only those that can reach this far
        span = range(access.offset - _WIDEST, access.offset + access.width)
        near = [offset for offset in span if offset in words]
    for offset in near:
        if offset < access.offset + access.width and (
            access.offset < offset + words[offset].width
        ):
            del words[offset]
    words[access.offset] = _Written(access.step, value, access.width)


def _homes(machine: Machine, root: int, value: Value, top: int) -> tuple[str, ...]:
    """Slots a value may belong in; ``top`` tells copies of other slots."""
    of, number = value
    if of == CONST:
        return _CONSTANT_HOMES.get(number, ())
    if number:
        return ()
    key = machine.names[of]
    if key[0] == "in":
        return _REGISTER_HOMES.get(of, ())
    if key[0] == "low" and isinstance(key[2], int):
        return _REGISTER_HOMES.get(key[2], ())  # a 32-bit entry zero-extends
    if key == ("name", "user rip"):
        return _REGISTER_HOMES[R.RCX]
    if key == ("name", "user rflags") or key[0] == "flags":
        return _REGISTER_HOMES[R.R11]
    if key[0] == "mem" and isinstance(key[1], int) and isinstance(key[2], int):
        depth = top - key[2]
        if key[1] == root and depth % _WORD == 0 and 0 < depth <= _SIZE:
            return _COPIES.get(SLOTS[depth // _WORD - 1], ())
        if machine.describe((key[1], 0)).startswith("%gs:"):
            return ("RSP",)  # the per-CPU stash of the user's stack pointer
    return ()


def _candidates(machine: Machine, root: int, words: dict[int, _Written]) -> list[int]:
    """Tops at least two stores agree on, most agreed on first."""
    votes: dict[int, int] = {}
    for offset, word in words.items():
        for name in _homes(machine, root, word.value, 0):
            top = offset + _DEPTH[name]
            votes[top] = votes.get(top, 0) + 1
    ranked = [top for top, count in votes.items() if count > 1]
    return sorted(ranked, key=lambda top: (-votes[top], top))


def _matches(machine: Machine, root: int, words: dict[int, _Written], top: int) -> int:
    count = 0
    for name, depth in _DEPTH.items():
        word = words.get(top - depth)
        if word is not None and name in _homes(machine, root, word.value, top):
            count += 1
    return count


def _slots(
    execution: Execution,
    root: int,
    words: dict[int, _Written],
    top: int,
    padding: int,
    pushed: int = 0,
) -> tuple[FrameSlot, ...]:
    rip = words.get(top - _DEPTH["RIP"])
    syscall = rip is not None and rip.value == (R.RCX, 0)
    out = []
    for name, depth in _DEPTH.items():
        below = depth + padding
        line = f"L{(below - 1) // LINE}"
        word = words.get(top - depth)
        if word is None or word.value[0] == RIP:
            # A return address may lie in the frame; it is no slot written.
            out.append(FrameSlot(name, below, line, -1, ""))
        else:
            text = "by the processor"
            if word.step > pushed or not pushed:
                text = _text(execution, word.value, syscall, root, top)
            out.append(FrameSlot(name, below, line, word.step, text))
    return tuple(out)


def _text(
    execution: Execution, value: Value, syscall: bool, root: int, top: int
) -> str:
    of, number = value
    if of == CONST:
        if number == _ENOSYS:
            return "-ENOSYS"
        return str(number) if number < 0 else hex(number)
    if number == 0 and syscall and of == R.RCX:
        return "rcx (user rip)"
    if number == 0 and syscall and of == R.R11:
        return "r11 (user flags)"
    text = execution.describe(of, number)
    if root != R.RSP and text in ("rsp", "esp"):
        return f"user {text}"
    key = execution.machine.names[of]
    if key[0] == "mem" and key[1] == root and isinstance(key[2], int):
        depth = top - key[2]
        if number == 0 and depth % _WORD == 0 and 0 < depth <= _SIZE:
            return f"{SLOTS[depth // _WORD - 1]} slot"
    return text
