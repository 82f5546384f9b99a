"""Measured blocks as they are read from a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from costmodel import scenarios
from costmodel.code import registers
from costmodel.errors import InputError, UsageError
from costmodel.studies import heldout

if TYPE_CHECKING:
    from _csv import Reader


CYCLES = 1e-3, 1e12  # of one iteration: what anybody can have measured
MOST_BYTES = 4096  # of a block: more is no basic block, and takes minutes


class Block(Struct, frozen=True):
    """One measured row. ``cycles`` an iteration; ``counter`` a register or -1."""

    line: int  # of the file, the header is line 1
    code: bytes
    scenario: str
    cycles: float
    counter: int = -1
    variant: str = ""  # of frame code, measured in several settings; "": no such row

    @property
    def held_out(self) -> bool:
        """Whether it is of the half tuning does not look at."""
        return heldout.held_out(self.code, self.variant)

    @property
    def checks(self) -> bool:
        """Which half of the held-out half it is in."""
        return heldout.checks(self.code, self.variant)


def read_blocks(file: str, *, column: str, scenario: str | None) -> list[Block]:
    """Rows of a CSV file with a header. Blank measurements are skipped.

    A ``scenario`` column wins over ``scenario``. Raises InputError with file:line.
    """
    try:
        with Path(file).open(newline="", encoding="utf-8-sig") as stream:
            return _rows(csv.reader(stream, strict=True), file, column, scenario)
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            found = f"not text: byte {error.start} is not UTF-8"
        else:
            found = f"cannot read: {getattr(error, 'strerror', None) or error}"
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
    for name in ("hex", column, "scenario", "loop_ctr"):
        if header.count(name) > 1:
            raise InputError(
                f"two columns called {name!r}", where=f"{file}:1", expected="one"
            )
    at_hex, at_cycles = header.index("hex"), header.index(column)
    at_scenario = header.index("scenario") if "scenario" in header else -1
    at_variant = header.index("variant") if "variant" in header else -1
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
                variant=row[at_variant].strip() if at_variant >= 0 else "",
            )
        )
    return blocks


def _next(reader: Reader, file: str) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        where = f"{file}:{reader.line_num}"
        raise InputError(f"bad CSV: {error}", where=where) from None


def hex_bytes(text: str, where: str) -> bytes:
    """The bytes a cell spells. Raises InputError."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError(
            f"{text[:24]!r} is not hex", where=where, expected="two digits a byte"
        ) from None


def _code(text: str, where: str) -> bytes:
    code = hex_bytes(text, where)
    if len(code) > MOST_BYTES:
        raise InputError(
            f"a block of {len(code)} bytes", where=where, expected=f"up to {MOST_BYTES}"
        )
    return code


def _cycles(text: str, where: str, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    least, most = CYCLES
    if not least <= value <= most:  # NaN fails as well
        raise InputError(
            f"{column} is {text!r}",
            where=where,
            expected=f"cycles, {least:g} to {most:g}, or a blank",
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
    return scenarios.checked(name, where)
