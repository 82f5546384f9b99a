"""``calibrate``: instruction forms and window sizes of this CPU, against its core file.

Each form is measured and asked of the model in the same scenario. Where a form decides
one figure of a core, that figure is solved for: the value with which the model says
what was measured.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from costmodel.errors import CostmodelError
from costmodel.measure.blocks import BlockRow, block_path, measure_blocks
from costmodel.measure.judge import Figure
from costmodel.measure.native import Native
from costmodel.measure.run import Progress, Settings
from costmodel.measure.windows import WINDOWS, Size, sweep

if TYPE_CHECKING:
    from costmodel.cores.load import LoadedCore

FORMS = Path(__file__).with_name("forms.csv")
NEAR_SHARE, NEAR_CYCLES = 0.05, 0.05  # of the measured, a whole copy: what agrees
_TRIES = 6
_DOTS = "."


class Form(NamedTuple):
    """What is measured. ``per``: instructions of the kind in a copy."""

    name: str
    kind: str  # "throughput" or "latency"
    per: int
    scenario: str
    figure: str  # path in a core's file, or ""
    asm: str
    code: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A form measured and modelled, in cycles an instruction (None: neither)."""

    form: Form
    measured: Figure
    modelled: float | None
    status: str

    @property
    def cycles(self) -> float | None:
        if self.measured.cycles is None or self.status != "ok":
            return None
        return self.measured.cycles / self.form.per

    @property
    def agrees(self) -> bool | None:
        """Whether both are near; None where one of them is not known."""
        if self.cycles is None or self.modelled is None:
            return None
        reach = max(NEAR_SHARE * self.cycles, NEAR_CYCLES / self.form.per)
        return abs(self.modelled - self.cycles) <= reach


class Solved(NamedTuple):
    """A figure of a core as measured here."""

    path: str
    value: float
    low: float
    high: float
    now: float  # what the core's file says
    by: str  # the form or the structure that decides it


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that ``calibrate`` found."""

    uarch: str
    lines: tuple[Line, ...]
    sizes: tuple[Size, ...]
    solved: tuple[Solved, ...]
    window_now: tuple[float | None, ...]  # what the core has, a size each
    year: int = 0  # of the core


def forms() -> list[Form]:
    """The shipped list."""
    with FORMS.open(newline="", encoding="utf-8") as stream:
        return [
            Form(
                row["name"], row["kind"], int(row["per"]), row["scenario"],
                row["figure"], row["asm"], bytes.fromhex(row["hex"]),
            )
            for row in csv.DictReader(stream)
        ]  # fmt: skip


def calibrate(
    uarch: str,
    settings: Settings,
    *,
    chosen: Sequence[Form] | None = None,
    windows: bool = True,
    progress: Progress | None = None,
) -> Calibration:
    """Measure, hold against the core ``uarch``, solve for its figures.

    Raises UsageError where nothing can be measured.
    """
    from costmodel.cores.load import load_core

    loaded = load_core(uarch)
    wanted = forms() if chosen is None else list(chosen)
    rows = [BlockRow(k, form.code, form.scenario, -1) for k, form in enumerate(wanted)]
    found = measure_blocks(rows, settings, progress=progress)
    lines = tuple(
        Line(form, row.figure, model(form, uarch), row.status)
        for form, row in zip(wanted, found, strict=True)
    )
    sizes: tuple[Size, ...] = ()
    if windows:
        sizes = _sizes(settings, progress)
    solved = [s for line in lines if (s := solve(line, uarch, loaded)) is not None]
    solved += [s for size in sizes if (s := _window(size, loaded)) is not None]
    now = tuple(_now(loaded, size.window.figure) for size in sizes)
    return Calibration(uarch, lines, sizes, tuple(solved), now, loaded.core.year)


def _sizes(settings: Settings, progress: Progress | None) -> tuple[Size, ...]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, 2 * len(WINDOWS) - 1), 2 * len(WINDOWS))

    with Native() as runner:
        return tuple(sweep(runner, window, settings, tick) for window in WINDOWS)


def model(
    form: Form, uarch: str, values: Sequence[tuple[str, float]] = ()
) -> float | None:
    """Cycles an instruction as the model has it; None where it refuses."""
    from costmodel import api

    try:
        path = block_path(form.code, form.name)
        made = api.estimate(path, uarch, scenario=form.scenario, values=tuple(values))
    except CostmodelError:
        return None
    return made.cycles / form.per


def _now(loaded: LoadedCore, path: str) -> float | None:
    known = loaded.evidence.get(path)
    return None if known is None else known.value


def solve(line: Line, uarch: str, loaded: LoadedCore) -> Solved | None:
    """The figure the form decides, as the measurement wants it.

    None where the core has no such figure, nothing was measured, or no value of the
    figure makes the model say what was measured.
    """
    form = line.form
    known = loaded.evidence.get(form.figure) if form.figure else None
    measured = line.measured
    if known is None or line.cycles is None or line.modelled is None:
        return None
    if measured.low is None or measured.high is None:
        return None

    def says(value: float) -> float | None:
        return model(form, uarch, ((form.figure, value),))

    value = _root(says, known.value, line.modelled, line.cycles, known.integer)
    if value is None:
        return None
    half = max(measured.high - measured.low, 0.0) / 2 / form.per
    if known.integer:
        half = float(round(half))
    return Solved(
        form.figure, value, max(0.0, value - half), value + half, known.value, form.name
    )


def _root(
    says: Callable[[float], float | None],
    start: float,
    at_start: float,
    wanted: float,
    whole: bool,
) -> float | None:
    """The value at which ``says`` is ``wanted``, by secants; None if there is none."""
    tolerance = max(0.01 * wanted, 0.05)
    points = [(start, at_start)]
    if abs(at_start - wanted) <= tolerance:
        return start
    value = max(0.0, start + (wanted - at_start))  # most figures are latencies
    for _ in range(_TRIES):
        value = float(round(value)) if whole else value
        said = says(value)
        if said is None:
            return None
        if abs(said - wanted) <= max(tolerance, 0.5 if whole else 0.0):
            return value
        (x0, y0), (x1, y1) = points[-1], (value, said)
        if y1 == y0 or x1 == x0:
            return None
        points.append((value, said))
        value = max(0.0, x1 + (wanted - y1) * (x1 - x0) / (y1 - y0))
    return None


def _window(size: Size, loaded: LoadedCore) -> Solved | None:
    known = loaded.evidence.get(size.window.figure)
    if known is None or size.entries is None:
        return None
    value = float(size.entries)
    return Solved(
        size.window.figure, value, max(1.0, value - 2), value + 2, known.value,
        size.window.name,
    )  # fmt: skip


def written(found: Calibration) -> list[Solved]:
    """The figures a core file can give alone. One inside a list (a uop of a row) would
    take the whole list with it, whose other figures were not measured here."""
    return [
        solved
        for solved in found.solved
        if not any(part.isdecimal() for part in solved.path.split(_DOTS))
    ]


def core_yaml(found: Calibration, cpu: str, date: str, title: str) -> str:
    """A core file that extends the nearest core with what was measured here."""
    tree: dict[str, object] = {}
    for solved in written(found):
        leaf = (
            f"{{value: {_number(solved.value)}, low: {_number(solved.low)}, "
            f"high: {_number(solved.high)}, source: {json.dumps('CAL: ' + solved.by)}}}"
        )
        _put(tree, solved.path, leaf)
    lines = [
        f"# {title}",
        "# Written by costmodel calibrate: measured figures over the nearest core.",
        f"extends: {found.uarch}",
        f"title: {json.dumps(title)}",
        f"year: {found.year}",
        "sources:",
        f"  CAL: {json.dumps(f'measured on {cpu}, {date}, costmodel calibrate')}",
    ]
    return "\n".join([*lines, *_yaml(tree, 0)]) + "\n"


def _put(tree: dict[str, object], path: str, leaf: str) -> None:
    """Put a leaf at ``path``; only mappings are on the way to it."""
    *above, last = path.split(_DOTS)
    here = tree
    for name in above:
        below = here.setdefault(name, {})
        assert isinstance(below, dict)
        here = below
    here[last] = leaf


def _yaml(tree: dict[str, object], depth: int) -> list[str]:
    lines = []
    for name, value in tree.items():
        key = name if name.replace("_", "").isalnum() else json.dumps(name)
        indent = "  " * depth
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_yaml(value, depth + 1)]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
