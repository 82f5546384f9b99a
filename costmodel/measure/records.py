"""Records people can send: CPU, kernel and results in one JSON file.

    costmodel measure FILE.. --save record.json
    costmodel record --add record.json

What is added is kept in a directory of the user's and shown by ``record`` from then on.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from costmodel.errors import CostmodelError, InputError
from costmodel.measure.cpu import Cpu
from costmodel.measure.run import Measured

KIND = "costmodel-measurement"
HOME = "COSTMODEL_RECORDS"  # names the directory records are kept in
_MOST_BYTES = 16 << 20


class CpuOf(msgspec.Struct, frozen=True):
    """The CPU a record is of."""

    vendor: str
    family: int
    model: int
    uarch: str | None
    name: str = ""
    stepping: int = 0
    microcode: str = ""
    hypervisor: bool = False
    kernel: str = ""
    mitigations: dict[str, str] = {}

    @property
    def label(self) -> str:
        core = self.uarch or "no core file"
        return f"{self.vendor} family {self.family} model {self.model} ({core})"


class Entry(msgspec.Struct, frozen=True):
    """One measured path. ``hex`` is its code, so that a model can be asked again."""

    file: str
    scenario: str
    status: str
    cycles: float | None = None
    low: float | None = None
    high: float | None = None
    kept: int = 0
    taken: int = 0
    ghz: float | None = None
    hex: str = ""
    notes: list[str] = []


class MeasuredRecord(msgspec.Struct, frozen=True):
    """A file as ``--save`` writes it."""

    kind: str
    schema: int
    cpu: CpuOf
    results: list[Entry]
    date: str = ""
    version: str = ""


def save(file: str, cpu: Cpu, results: Sequence[Measured]) -> None:
    """Write a record. Raises InputError."""
    from costmodel import __version__
    from costmodel.views.measuring import cpu_record, measured_record

    entries: list[dict[str, Any]] = []
    for m in results:
        code = b"".join(step.insn.form.data for step in m.path.steps)
        entries.append({**measured_record(m), "hex": code.hex()})
    content = {
        "kind": KIND,
        "schema": 1,
        "version": __version__,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": cpu_record(cpu),
        "results": entries,
    }
    write_beside(file, json.dumps(content, indent=1, allow_nan=False) + "\n")


def write_beside(file: str, text: str) -> None:
    """Write the whole file or nothing of it. Raises InputError."""
    target = Path(file)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if target.exists() and not target.is_file():  # a pipe, /dev/stdout
            target.write_text(text, encoding="utf-8")
            return
        beside.write_text(text, encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(f"cannot write: {error.strerror}", where=file) from None


def load(file: str) -> MeasuredRecord:
    """Read a record somebody sent. Raises InputError."""
    try:
        data = Path(file).read_bytes()[: _MOST_BYTES + 1]
    except OSError as error:
        raise InputError(f"cannot read: {error.strerror}", where=file) from None
    if len(data) > _MOST_BYTES:
        raise InputError(f"more than {_MOST_BYTES} bytes", where=file)
    try:
        record = msgspec.json.decode(data, type=MeasuredRecord)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            str(error), where=file, expected="what `costmodel measure --save` writes"
        ) from None
    if record.kind != KIND or record.schema != 1:
        raise InputError(
            f"kind {record.kind!r}, schema {record.schema}",
            where=file,
            expected=f"kind {KIND!r}, schema 1",
        )
    for entry in record.results:
        try:
            bytes.fromhex(entry.hex)
        except ValueError:
            raise InputError(
                f"{entry.file}: hex is {entry.hex[:24]!r}",
                where=file,
                expected="two digits a byte",
            ) from None
    return record


def folder() -> Path:
    """Where added records are kept."""
    chosen = os.environ.get(HOME)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "costmodel" / "records"


def add(file: str) -> Path:
    """Keep a record; returns where. The same one twice is one. Raises InputError."""
    import hashlib

    load(file)
    data = Path(file).read_bytes()
    target = folder() / f"{hashlib.sha256(data).hexdigest()[:16]}.json"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the directory: {error.strerror}", where=str(target.parent)
        ) from None
    write_beside(str(target), data.decode("utf-8"))
    return target


def added() -> list[MeasuredRecord]:
    """All records kept, ordered by CPU and date. Raises InputError."""
    home = folder()
    if not home.is_dir():
        return []
    found = [load(str(path)) for path in sorted(home.glob("*.json"))]
    return sorted(found, key=lambda r: (r.cpu.label, r.date))


class Beside(NamedTuple):
    """One measured path of a record, with what the model says of that CPU's core."""

    cpu: CpuOf
    date: str
    entry: Entry
    modelled: float | None


def beside() -> list[Beside]:
    """Everything that was added, beside the model. Raises InputError."""
    return [
        Beside(record.cpu, record.date, entry, _modelled(record.cpu, entry))
        for record in added()
        for entry in record.results
    ]


def _modelled(cpu: CpuOf, entry: Entry) -> float | None:
    """Cycles the model has for the same code and scenario; None where it has none, or
    where not all of the code was run."""
    from costmodel import api
    from costmodel.measure.blocks import block_path

    if not cpu.uarch or not entry.hex or entry.notes:
        return None
    try:
        path = block_path(bytes.fromhex(entry.hex), entry.file)
        return api.estimate(path, cpu.uarch, scenario=entry.scenario).cycles
    except CostmodelError:
        return None
