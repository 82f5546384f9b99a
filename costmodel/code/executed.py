"""What ran: branch stacks (LBR) and instruction traces (Intel PT) as perf prints them.

``perf script -F +brstackinsn`` prints, for each sample, every instruction from the
target of one taken branch to the next one, with its bytes, and behind a branch how many
cycles passed since the branch before it retired. ``perf script --insn-trace`` prints
every instruction there was, and with ``-F +ipc`` the cycles of groups of them.

A ``Stretch`` is what one of those figures is for. A ``Run`` is a sequence of stretches
that followed each other. Runs of the same instructions are measured together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from costmodel import lazily
from costmodel.code.decode import decode_form
from costmodel.code.insn import Flow, Insn, Path, Step
from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

_BYTES = r"(?:[0-9a-f]{2} )*[0-9a-f]{2}"
_INSN = lazily.pattern(
    rf"^\s+(?P<at>[0-9a-f]{{8,16}})\s+insn: (?P<bytes>{_BYTES})(?P<rest>.*)"
)
_BARE = lazily.pattern(r"^\s+[0-9a-f]{8,16}\t(?!insn:)\S")
_SYMBOL = lazily.pattern(r"^\s+(?P<name>[^\s:+]+)(?P<offset>[+-]\d+)?:(?:\s|$)")
_BRANCH = lazily.pattern(
    r"#(?P<flags>(?: (?:PRED|MISPRED|INTX|ABORT))*)"
    r"(?: (?P<cycles>\d+) cycles \[\d+\](?: \d+\.\d+ IPC)?)?\s*$"
)
_BROKEN = "mismatch of LBR data and executable"
_TRACED = lazily.pattern(
    r"^\s*(?P<task>\S.*?)\s+(?:\[\d+\]\s+)?\d+\.\d+:\s+(?:\S+:\s+)*?"
    r"(?P<at>[0-9a-f]{4,16})(?:\s+(?P<name>[^\s+(]+)(?:\+0x(?P<offset>[0-9a-f]+))?)?\s"
    rf"[^\n]*?\binsn: (?P<bytes>{_BYTES})"
)
_IPC = lazily.pattern(r"IPC: \d+\.\d+ \(\d+/(\d+)\)")
_LOST = lazily.pattern(r"instruction trace error|^\s*$")
_MOST = 20_000  # instructions of one run
_HEAD = 1 << 18
_LONGEST_LINE = 500


class Stretch(NamedTuple):
    """Instructions that ran in a row; ``cycles``: None where perf gives none."""

    insns: tuple[Insn, ...]
    cycles: int | None
    mispredicted: bool


class Run(Struct, frozen=True):
    """Stretches that followed each other. ``whole``: from a way into the kernel (or
    the symbol asked for) to the way out."""

    stretches: tuple[Stretch, ...]
    whole: bool

    @property
    def addresses(self) -> tuple[int, ...]:
        return tuple(i.address for s in self.stretches for i in s.insns)


class Executed(Struct, frozen=True):
    """All runs of one input, and what perf said of it."""

    origin: str
    samples: tuple[tuple[Stretch, ...], ...]
    kind: str  # "LBR" or "Intel PT"
    broken: int  # samples left out: they do not fit the code


class Chosen(Struct, frozen=True):
    """The run seen most often, and every measurement of it."""

    name: str
    runs: tuple[Run, ...]  # of the same instructions
    others: int  # runs of other instructions

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        return self.runs[0].stretches


def is_executed(text: str) -> bool:
    """Whether the text is what perf prints of instructions that ran."""
    head = text[:_HEAD]
    if " insn: " not in head and "\tinsn: " not in head and " cycles [" not in head:
        return False
    lines = _lines(head)
    return any(
        _INSN.match(line) or _TRACED.match(line) or _BRANCH.search(line)
        for line in lines
    )


def read_executed(text: str, origin: str) -> Executed:
    """Raises InputError where no instruction has its bytes."""
    head = _lines(text[:_HEAD])
    if any(_INSN.match(line) for line in head):
        samples, broken = _branch_stacks(text, origin)
        kind = "LBR"
    elif any(_TRACED.match(line) for line in head):
        samples, broken = _traces(text, origin)
        kind = "Intel PT"
    else:
        raise InputError(
            "instructions without their bytes",
            where=origin,
            expected="perf script -F +brstackinsn, or --insn-trace",
            hint="leave out --xed and disasm: bytes are what is read",
        )
    if not samples:
        raise InputError(
            "no stretch from one taken branch to the next",
            where=origin,
            expected="samples of perf record -b (or -j any,k)",
            hint=f"{broken} samples do not fit the code: the vmlinux perf read is not"
            " the one that ran" if broken else "",
        )  # fmt: skip
    return Executed(origin, samples, kind, broken)


class _Reader:
    """The instructions of one sample as they come."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self.insns: list[Insn] = []
        self.begun = False  # a branch target has been seen
        self.broken = False
        self.symbol = ("", 0)  # name and address
        self.named: tuple[str, int] | None = None  # name and offset of what follows

    def add(self, at: int, data: bytes) -> Insn:
        if self.named is not None:
            self.symbol, self.named = (self.named[0], at - self.named[1]), None
        name, base = self.symbol
        offset = at - base
        shown = (f"{name}+{offset:#x}" if offset else name) if name else ""
        insn = Insn(decode_form(data), at, None, shown)
        self.insns.append(insn)
        return insn

    def close(self, cycles: int | None, mispredicted: bool) -> None:
        if self.begun and self.insns:
            self.stretches.append(Stretch(tuple(self.insns), cycles, mispredicted))
        self.begun = True
        self.insns = []


def _decoded(reader: _Reader, at: str, data: str, where: str) -> Insn | None:
    try:
        return reader.add(int(at, 16), bytes.fromhex(data))
    except InputError as error:
        error.where = error.where or where
        reader.broken = True
        return None


def _branch_stacks(
    text: str, origin: str
) -> tuple[tuple[tuple[Stretch, ...], ...], int]:
    samples, broken = [], 0
    reader = _Reader()
    for number, line in enumerate([*_lines(text), "end"], 1):
        if line and not line[0].isspace():
            broken += reader.broken
            if reader.stretches and not reader.broken:
                samples.append(_fitting(reader.stretches))
            reader = _Reader()
        elif found := _INSN.match(line):
            _decoded(reader, found["at"], found["bytes"], f"{origin}:{number}")
            if branch := _BRANCH.search(found["rest"]):
                cycles = branch["cycles"]
                reader.close(
                    int(cycles) if cycles else None, "MISPRED" in branch["flags"]
                )
        elif _BROKEN in line:
            reader.broken = True
        elif symbol := _SYMBOL.match(line):
            reader.named = (symbol["name"], int(symbol["offset"] or 0))
    return tuple(s for s in samples if s), broken


def _lines(text: str) -> list[str]:
    """The lines, less what no tool prints: very long ones are slow to look at."""
    return [line[:_LONGEST_LINE] for line in text.splitlines()]


def _fitting(stretches: list[Stretch]) -> tuple[Stretch, ...]:
    """The newest stretches that follow each other: a direct branch must have gone to
    where the next stretch begins."""
    first = 0
    for number, (one, then) in enumerate(pairwise(stretches), 1):
        target = one.insns[-1].target
        if target is not None and target != then.insns[0].address:
            first = number
    return tuple(stretches[first:])


def _traces(text: str, origin: str) -> tuple[tuple[tuple[Stretch, ...], ...], int]:
    """One sample a task: a new stretch where perf counted cycles, or at a branch that
    was taken where it counted none."""
    readers: dict[str, _Reader] = {}
    samples: list[tuple[Stretch, ...]] = []
    counted = _IPC.search(text) is not None
    for number, line in enumerate(_lines(text), 1):
        found = _TRACED.match(line)
        if found is None:
            if _LOST.search(line):
                samples += [tuple(r.stretches) for r in readers.values()]
                readers.clear()
            continue
        reader = readers.setdefault(found["task"], _Reader())
        reader.begun = True
        at = int(found["at"], 16)
        last = reader.insns[-1] if reader.insns else None
        if last is not None and not counted and last.end != at:
            reader.close(None, False)
        if found["name"]:
            reader.named = (found["name"], int(found["offset"] or "0", 16))
        _decoded(reader, found["at"], found["bytes"], f"{origin}:{number}")
        if counted and (cycles := _IPC.search(line)):
            reader.close(int(cycles[1]), False)
    for reader in readers.values():
        if not counted:
            reader.close(None, False)
        samples.append(tuple(reader.stretches))
    broken = sum(reader.broken for reader in readers.values())
    return tuple(sample for sample in samples if sample), broken


# -- one path ------------------------------------------------------------------------


def chosen(executed: Executed, symbol: str | None = None) -> Chosen:
    """The run seen most often: from the way into the kernel (or ``symbol``) to the way
    out; else whole samples. Raises InputError where nothing begins at ``symbol``."""
    runs = [run for sample in executed.samples for run in _runs(sample, symbol)]
    if not runs:
        names = dict.fromkeys(
            s.insns[0].symbol for sample in executed.samples for s in sample
        )
        raise InputError(
            f"no stretch begins at {symbol!r}",
            where=executed.origin,
            expected="a symbol a branch went to",
            hint="there are " + ", ".join([n for n in names if n][:8]),
        )
    groups: dict[tuple[int, ...], list[Run]] = {}
    for run in runs:
        groups.setdefault(run.addresses, []).append(run)
    whole = {key: group for key, group in groups.items() if group[0].whole}
    best = max((whole or groups).values(), key=lambda g: (len(g), len(g[0].addresses)))
    if len(best[0].addresses) > _MOST:
        raise InputError(
            f"a path of more than {_MOST} instructions",
            where=executed.origin,
            expected="one system call or interrupt",
            hint="--symbol begins later",
        )
    name = symbol or best[0].stretches[0].insns[0].symbol or executed.origin
    return Chosen(name, tuple(best), len(runs) - len(best))


def _runs(sample: Sequence[Stretch], symbol: str | None) -> Iterator[Run]:
    """The parts of a sample to compare with others."""
    starts = [
        k
        for k, stretch in enumerate(sample)
        if (
            stretch.insns[0].symbol == symbol
            if symbol is not None
            else k > 0 and _flow(sample[k - 1]) is Flow.ENTER_KERNEL
        )
    ]
    if not starts and symbol is None:
        starts = [0]
    for start, end in pairwise([*starts, len(sample)]):
        part = sample[start:end]
        leaves = [k for k, s in enumerate(part) if _flow(s) is Flow.LEAVE_KERNEL]
        if leaves:
            part = part[: leaves[0] + 1]
        yield Run(tuple(part), bool(leaves) and (start > 0 or symbol is not None))


def _flow(stretch: Stretch) -> Flow:
    return stretch.insns[-1].form.flow


def path_of(found: Chosen, executed: Executed) -> Path:
    """The path that ran, to be estimated as any other."""
    insns = [insn for stretch in found.stretches for insn in stretch.insns]
    after = [insn.address for insn in insns[1:]]
    steps = [
        Step(insn, taken=following != insn.end)
        for insn, following in zip(insns, after, strict=False)
    ]
    last = insns[-1]
    steps.append(Step(last, taken=last.form.flow is not Flow.NEXT))
    notes = [
        f"the path that ran, by {executed.kind}: seen {len(found.runs)} times"
        + (f", other paths {found.others} times" if found.others else "")
    ]
    if not found.runs[0].whole:
        notes.append("begins and ends where the samples do")
    if executed.broken:
        notes.append(f"{executed.broken} samples left out: they do not fit the code")
    return Path(found.name, tuple(steps), tuple(notes), executed.origin)
