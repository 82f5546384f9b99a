"""A whole file of blocks on this CPU: rounds outermost, so that they lie apart."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File

from costmodel.code import registers as R
from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Flow, Path, Step
from costmodel.errors import CostmodelError, InputError
from costmodel.measure.bodies import Body, body_of
from costmodel.measure.judge import Figure, Round, figure
from costmodel.measure.native import Native, Report
from costmodel.measure.plans import SCENARIOS, Plan, plan
from costmodel.measure.run import (
    NOTHING,
    Progress,
    Settings,
    check,
    check_settings,
    rounds_of,
)
from costmodel.measure.words import Failure, failure
from costmodel.studies.blocks import Block, hex_bytes

COLUMNS = (
    "hex", "scenario", "loop_ctr", "cycles", "low", "high", "kept", "taken", "ghz",
    "status",
)  # fmt: skip
_ENOUGH = 3  # rounds that agree: the block is done
_MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A row of the file; ``figure`` is empty until it has been measured."""

    line: int
    code: bytes
    scenario: str
    counter: int
    figure: Figure = NOTHING
    failure: Failure | None = None

    @property
    def status(self) -> str:
        return self.figure.status if self.failure is None else self.failure.word


def read_rows(file: str, scenario: str) -> list[BlockRow]:
    """Rows of hex with, where the file has them, a scenario and a loop counter.

    Raises InputError with file:line.
    """
    try:
        with File(file).open(newline="", encoding="utf-8") as stream:
            return _rows(csv.DictReader(stream, strict=True), file, scenario)
    except OSError as error:
        raise InputError(
            f"cannot read: {error.strerror}", where=file, expected="a CSV file"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"no CSV file: {error}", where=file, expected="a CSV file"
        ) from None


def _rows(reader: csv.DictReader[str], file: str, scenario: str) -> list[BlockRow]:
    names = [name.strip() for name in reader.fieldnames or ()]
    if "hex" not in names:
        raise InputError(
            "no column 'hex'", where=f"{file}:1", expected="a header with hex"
        )
    reader.fieldnames = names
    rows: list[BlockRow] = []
    for row in reader:
        where = f"{file}:{reader.line_num}"
        text = (row.get("hex") or "").strip()
        if not text:
            continue
        if len(rows) == _MOST_ROWS:
            raise InputError(f"more than {_MOST_ROWS} rows", where=where)
        code = hex_bytes(text, where)
        chosen = (row.get("scenario") or "").strip() or scenario
        if chosen not in SCENARIOS:
            raise InputError(
                f"scenario {chosen!r} cannot be measured",
                where=where,
                expected=", ".join(SCENARIOS),
            )
        name = (row.get("loop_ctr") or "").strip().lower().lstrip("%")
        if name and name not in R.GENERAL:
            raise InputError(
                f"loop_ctr is {name!r}", where=where, expected="such as r15"
            )
        counter = R.BY_NAME[name] if name else -1
        rows.append(BlockRow(reader.line_num, code, chosen, counter))
    if not rows:
        raise InputError("no rows", where=file, expected="at least one block")
    return rows


def block_path(code: bytes, origin: str) -> Path:
    """A block as a path: all its instructions in order."""
    steps = tuple(
        Step(insn, insn.form.flow is Flow.JUMP) for insn in decode_bytes(code)
    )
    return Path("block", steps, (), origin)


class _Work:
    """One row while it is measured."""

    def __init__(self, row: BlockRow) -> None:
        self.row = row
        self.rounds: list[Round] = []
        self.failure: Failure | None = None
        self.body: Body | None = None
        self.made: Plan | None = None

    @property
    def open(self) -> bool:
        if self.failure is not None or self.made is None:
            return False
        known = figure(self.rounds, 0) if len(self.rounds) > 1 else NOTHING
        return known.agreeing < _ENOUGH

    def prepare(self, runner: Native, settings: Settings) -> None:
        row = self.row
        try:
            self.body = body_of(block_path(row.code, f"line {row.line}"))
            slow = check(runner, self.body, settings)
            if isinstance(slow, Failure):
                self.failure = slow
                return
            self.made = plan(
                row.scenario, [self.body], counter=row.counter, cycles=slow
            )
        except CostmodelError as error:
            word = "unknown" if error.status == 3 else "refused"
            self.failure = Failure(word, error.found)

    def run(self, runner: Native, settings: Settings) -> None:
        assert self.made is not None and self.body is not None
        found = rounds_of(
            runner, [self.made], [self.body], settings, lambda: None, most=1
        )
        if isinstance(found, Report):
            self.failure = failure(found, self.body, self.made)
        else:
            self.rounds += found

    def done(self) -> BlockRow:
        row = self.row
        known = figure(self.rounds, 0) if self.rounds else NOTHING
        return BlockRow(
            row.line, row.code, row.scenario, row.counter, known, self.failure
        )


def measure_blocks(
    rows: Sequence[BlockRow], settings: Settings, *, progress: Progress | None = None
) -> list[BlockRow]:
    """Every row, in ``settings.rounds`` rounds over the whole file at most.

    A row is done when three of its rounds agree. What cannot be run says so in its
    status; nothing is raised for one row.
    """
    check_settings(settings)
    work = [_Work(row) for row in rows]
    whole = len(rows) * (1 + settings.rounds)
    done = 0

    def step(count: int = 1) -> None:
        nonlocal done
        done += count
        if progress is not None and done < whole:
            progress(done, whole)

    with Native() as runner:
        for one in work:
            one.prepare(runner, settings)
            step()
        for _ in range(settings.rounds):
            waiting = [one for one in work if one.open]
            step(len(work) - len(waiting))
            for one in waiting:
                one.run(runner, settings)
                step()
    if progress is not None:
        progress(whole, whole)
    return [one.done() for one in work]


def as_blocks(rows: Sequence[BlockRow]) -> list[Block]:
    """The rows that were measured, as ``validate`` takes them."""
    return [
        Block(row.line, row.code, row.scenario, row.figure.cycles, row.counter)
        for row in rows
        if row.status == "ok" and row.figure.cycles is not None
        if row.figure.cycles > 0
    ]


def rows_csv(rows: Sequence[BlockRow]) -> str:
    """The rows as ``validate`` reads them; cycles are blank where there are none."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        f = row.figure
        usable = row.status == "ok"
        values = (f.cycles, f.low, f.high) if usable else (None, None, None)
        writer.writerow(
            (
                row.code.hex(),
                row.scenario,
                R.NAMES[row.counter] if row.counter >= 0 else "",
                *("" if v is None else f"{v:.4f}" for v in values),
                f.kept,
                f.taken,
                "" if f.ghz is None else f"{f.ghz:.3f}",
                row.status,
            )
        )
    return stream.getvalue()
