"""The model held against measured blocks: read, estimate, measure the error."""

from __future__ import annotations

import csv
import math
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

from costmodel.code import registers
from costmodel.errors import CostmodelError, InputError, UsageError

if TYPE_CHECKING:
    from _csv import Reader

    from costmodel.cores.load import LoadedCore

_TELL = 100  # rows between two reports of progress
_FILE_SCENARIOS = ("once", "roundtrip", "unroll", "opcache", "loop")


@dataclass(frozen=True, slots=True)
class Block:
    """One measured row. ``cycles`` an iteration; ``counter`` a register or -1."""

    line: int  # of the file, the header is line 1
    code: bytes
    scenario: str
    cycles: float
    counter: int = -1


@dataclass(frozen=True, slots=True)
class Validation:
    """Blocks and predictions in the order of the file; None: refused by the model."""

    file: str
    uarch: str
    blocks: tuple[Block, ...]
    predicted: tuple[float | None, ...]
    seconds: float

    def pairs(self) -> list[tuple[Block, float]]:
        """Rows that were estimated."""
        both = zip(self.blocks, self.predicted, strict=True)
        return [(block, cycles) for block, cycles in both if cycles is not None]

    @property
    def mape(self) -> float | None:
        """Mean absolute percentage error."""
        errors = self._errors()
        return fmean(errors) if errors else None

    @property
    def median_ape(self) -> float | None:
        errors = self._errors()
        return median(errors) if errors else None

    @property
    def kendall_tau(self) -> float | None:
        pairs = self.pairs()
        return kendall_tau_b([b.cycles for b, _ in pairs], [p for _, p in pairs])

    @property
    def blocks_per_second(self) -> float:
        return len(self.blocks) / self.seconds if self.seconds > 0 else 0.0

    def worst(self, count: int) -> list[tuple[Block, float]]:
        """The rows with the largest relative error, worst first."""
        order = sorted(self.pairs(), key=lambda pair: -relative_error(*pair))
        return order[:count]

    def _errors(self) -> list[float]:
        return [100 * relative_error(block, cycles) for block, cycles in self.pairs()]


def relative_error(block: Block, predicted: float) -> float:
    return abs(predicted - block.cycles) / block.cycles


def read_blocks(file: str, *, column: str, scenario: str | None) -> list[Block]:
    """Rows of a CSV file with a header. Blank measurements are skipped.

    A ``scenario`` column wins over ``scenario``. Raises InputError with file:line.
    """
    try:
        with Path(file).open(newline="", encoding="utf-8") as stream:
            return _rows(csv.reader(stream, strict=True), file, column, scenario)
    except OSError as error:
        found = f"cannot read: {error.strerror}"
        raise InputError(found, where=file, expected="a CSV file") from None
    except UnicodeDecodeError as error:
        found = f"not text: byte {error.start} is not UTF-8"
        raise InputError(found, where=file, expected="a CSV file") from None


def _rows(reader: Reader, file: str, column: str, scenario: str | None) -> list[Block]:
    header = _next(reader, file)
    if header is None:
        raise InputError("empty file", where=file, expected="a header with hex")
    header = [name.strip() for name in header]
    for name in ("hex", column):
        if name not in header:
            raise InputError(
                f"no column {name!r}",
                where=f"{file}:1",
                expected="one of: " + ", ".join(header),
                hint="--column NAME" if name == column else "",
            )
    at_hex, at_cycles = header.index("hex"), header.index(column)
    at_scenario = header.index("scenario") if "scenario" in header else -1
    at_counter = header.index("loop_ctr") if "loop_ctr" in header else -1
    blocks: list[Block] = []
    while (row := _next(reader, file)) is not None:
        where = f"{file}:{reader.line_num}"
        if not row:
            continue
        if len(row) != len(header):
            raise InputError(
                f"{len(row)} cells", where=where, expected=f"{len(header)}"
            )
        if not row[at_cycles].strip() or not row[at_hex].strip():
            continue
        cell = row[at_scenario].strip() if at_scenario >= 0 else ""
        blocks.append(
            Block(
                line=reader.line_num,
                code=_code(row[at_hex], where),
                scenario=_scenario(cell or scenario, where),
                cycles=_cycles(row[at_cycles], where, column),
                counter=_counter(row[at_counter], where) if at_counter >= 0 else -1,
            )
        )
    return blocks


def _next(reader: Reader, file: str) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        where = f"{file}:{reader.line_num}"
        raise InputError(f"bad CSV: {error}", where=where) from None


def _code(text: str, where: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError(
            f"{text[:24]!r} is not hex", where=where, expected="two digits a byte"
        ) from None


def _cycles(text: str, where: str, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise InputError(
            f"{column} is {text!r}", where=where, expected="cycles above 0, or a blank"
        )
    return value


def _counter(text: str, where: str) -> int:
    """Number of the register a loop counts in; -1 for a blank."""
    name = text.strip().lower().lstrip("%")
    if name and name not in registers.GENERAL:
        raise InputError(
            f"loop_ctr is {text!r}", where=where, expected="such as r15, or a blank"
        )
    return registers.BY_NAME[name] if name else -1


def _scenario(name: str | None, where: str) -> str:
    if not name:
        raise UsageError(
            "no scenario",
            where=where,
            expected="--scenario, or a scenario column",
            hint="--scenario unroll|opcache|loop",
        )
    if name not in _FILE_SCENARIOS:
        raise InputError(
            f"scenario {name!r}", where=where, expected=", ".join(_FILE_SCENARIOS)
        )
    return name


def validate(
    file: str,
    blocks: Sequence[Block],
    loaded: LoadedCore,
    progress: Callable[[int, int], None] | None = None,
) -> Validation:
    """Estimate every block. What the model refuses is None among the predictions.

    ``progress`` is told, once in a while, how many of how many are done.
    """
    if not blocks:
        raise InputError("no measured rows", where=file, expected="at least one")
    from costmodel.engine.bulk import Bulk

    bulk = Bulk(loaded)
    predicted: list[float | None] = []
    started = time.perf_counter()
    for block in blocks:
        try:
            found = bulk.throughput(block.code, block.scenario, block.counter)
            predicted.append(found.cycles)
        except CostmodelError:
            predicted.append(None)
        if progress is not None and len(predicted) % _TELL == 0:
            progress(len(predicted), len(blocks))
    if progress is not None:
        progress(len(blocks), len(blocks))
    seconds = time.perf_counter() - started
    return Validation(file, loaded.core.name, tuple(blocks), tuple(predicted), seconds)


def kendall_tau_b(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Rank correlation with ties (tau-b), in O(n log n) after Knight (1966).

    None where it is undefined: fewer than two pairs, or one side all equal.
    """
    pairs = sorted(zip(x, y, strict=True))
    n = len(pairs)
    whole = n * (n - 1) // 2
    ties_x = _tied(sorted(a for a, _ in pairs))
    ties_y = _tied(sorted(b for _, b in pairs))
    ties_both = _tied(pairs)
    if whole in (ties_x, ties_y):
        return None
    discordant = _inversions([b for _, b in pairs])
    numerator = whole - ties_x - ties_y + ties_both - 2 * discordant
    return numerator / math.sqrt((whole - ties_x) * (whole - ties_y))


def _tied(ordered: Sequence[object]) -> int:
    """Pairs of equal neighbours' runs in a sorted sequence."""
    total = run = 0
    for i in range(1, len(ordered)):
        run = run + 1 if ordered[i] == ordered[i - 1] else 0
        total += run
    return total


def _inversions(values: Sequence[float]) -> int:
    """Pairs i < j with values[i] > values[j], with a Fenwick tree over the ranks."""
    ranks = sorted(set(values))
    tree = [0] * (len(ranks) + 1)
    total = 0
    for seen, value in enumerate(values):
        rank = bisect_left(ranks, value) + 1
        not_above, at = 0, rank
        while at:
            not_above += tree[at]
            at &= at - 1
        total += seen - not_above
        at = rank
        while at < len(tree):
            tree[at] += 1
            at += at & -at
    return total
