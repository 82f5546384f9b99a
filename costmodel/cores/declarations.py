"""All figures of a core in one table, and what follows from it for the simulator.

``FIGURES`` is read off the classes of ``model``, in their order. The simulator reads
those with a C name from one vector of integers: ``c_header`` gives its struct,
``vector`` its values.
"""

from __future__ import annotations

import functools
import operator
from array import array
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from costmodel.cores.figure import Changes, Figure
from costmodel.cores.model import Core
from costmodel.tuples import NamedTuple

WIDTH = 80  # columns of the C text, less those of its tabs
FIXED = 64  # parts of a cycle: fractions are whole 64ths in the simulator

Kind = Literal["int", "fraction", "switch", "choice", "names", "numbers", "map", "text"]


class Declared(NamedTuple):
    """A figure with its field. ``path``: in the core file ("window.rob").

    ``kind``: a whole number, a number in 64ths, a switch, one of ``choices``, names,
    whole numbers, a mapping, or text. ``default`` is None where the file must say.
    The rest as in ``Figure``.
    """

    path: str
    kind: Kind
    choices: tuple[str, ...]
    default: Any
    figure: Figure

    @property
    def name(self) -> str:
        """A C identifier, one of its own for every figure."""
        return self.figure.name or self.path.replace(".", "_")

    @property
    def simulated(self) -> bool:
        """Whether the simulator reads it from the vector, under ``name``."""
        return bool(self.figure.name)

    @property
    def changes(self) -> Changes:
        return self.figure.changes

    @property
    def number(self) -> bool:
        return self.kind in ("int", "fraction")

    def encoded(self, value: Any) -> int:
        """The value as the simulator has it."""
        if self.kind == "fraction":
            cycles: float = value
            return round(cycles * FIXED)
        if self.kind == "choice":
            return int(value == self.figure.when)
        if self.kind == "names":
            return len(value)
        return int(value)


def declared(section: type[Struct], prefix: str = "") -> Iterator[Declared]:
    """The figures of a section and of those inside it, in order.

    Lists of sections (schedulers) and cost rows are not among them.
    """
    for one in fields(section):
        path = prefix + one.name
        hint, figure = parted(one.type)
        if isinstance(hint, type) and issubclass(hint, Struct):
            yield from declared(hint, path + ".")
        elif figure is not None:
            kind, choices = _kind(hint)
            default = None if one.required else one.default
            if default is NODEFAULT:
                default = one.default_factory()
            yield Declared(path, kind, choices, default, figure)


def parted(hint: Any) -> tuple[Any, Figure | None]:
    """A field's type, and what is declared beside it (None: nothing)."""
    if get_origin(hint) is Annotated:
        figures = [one for one in hint.__metadata__ if isinstance(one, Figure)]
        return hint.__origin__, figures[0]
    return hint, None


def _kind(hint: Any) -> tuple[Kind, tuple[str, ...]]:
    inside = get_args(hint)
    if get_origin(hint) is Literal:
        return "choice", inside
    if get_origin(hint) is tuple:
        return ("numbers" if inside[0] is int else "names"), ()
    if get_origin(hint) is dict:
        return "map", ()
    kinds: dict[Any, Kind] = {
        int: "int", float: "fraction", bool: "switch", str: "text",
    }  # fmt: skip
    return kinds[hint], ()


FIGURES: tuple[Declared, ...] = tuple(declared(Core))
BY_PATH = {one.path: one for one in FIGURES}

# -- the simulator ---------------------------------------------------------------------


def names() -> tuple[str, ...]:
    """The fields of ``struct figures``, in order."""
    return tuple(name for name, _ in _fields())


def _fields() -> Iterator[tuple[str, str]]:
    for one in FIGURES:
        if one.simulated:
            yield one.name, _told(one)


def _told(one: Declared) -> str:
    figure = one.figure
    says = figure.says
    if one.kind == "choice":
        says += f": whether it is {figure.when}"
    if one.kind == "names":
        return f"how many: {says}"
    unit = figure.unit
    if one.kind == "fraction":
        unit = f"64ths of {unit}"
    return f"{unit}: {says}" if unit else says


def c_header() -> str:
    """``struct figures`` in C: one ``int64_t`` a figure, in the order of ``vector``."""
    import textwrap  # only who builds the simulator needs it

    lines = ["struct figures {"]
    for name, says in _fields():
        line = f"\tint64_t {name};"
        beside = f"{line:<32}/* {says} */"
        if len(beside) > WIDTH:
            wrapped = textwrap.wrap(says, WIDTH - 11)
            lines.append("\t/* " + "\n\t * ".join(wrapped) + " */")
            beside = line
        lines.append(beside)
    return "\n".join([*lines, "};", ""])


def vector(core: Core) -> array[int]:
    """The figures of a core as the simulator reads them, in the order of ``names``."""
    return array("q", [encode(get(core)) for get, encode in _readers()])


@functools.cache
def _readers() -> tuple[tuple[Callable[[Core], Any], Callable[[Any], int]], ...]:
    return tuple(
        (operator.attrgetter(one.path), one.encoded) for one in FIGURES if one.simulated
    )


def place(name: str) -> int:
    """Where the figure ``name`` stands in the vector. Raises KeyError."""
    return _places()[name]


@functools.cache
def _places() -> dict[str, int]:
    return {name: k for k, name in enumerate(names())}


@functools.cache
def places() -> dict[str, int]:
    """Where the figures the simulator reads stand in the vector, by path."""
    simulated = (one.path for one in FIGURES if one.simulated)
    return {path: k for k, path in enumerate(simulated)}


# -- what-if ---------------------------------------------------------------------------


def limits() -> tuple[str, ...]:
    """The what-ifs that figures alone can answer, each once."""
    return tuple(dict.fromkeys(one.figure.limit for one in FIGURES if one.figure.limit))


def relaxed(limit: str) -> dict[str, int]:
    """What to set the vector to, by name, so that ``limit`` does not bind.

    A figure that is 0 stays so: the core lacks the mechanism or the limit.
    """
    return {
        one.name: one.figure.relaxed
        for one in FIGURES
        if one.simulated
        and one.figure.limit == limit
        and one.figure.relaxed is not None
    }


def changes(path: str) -> Changes:
    """What has to be done again when the figure ``path`` changes.

    ``path`` may be one of a cost row, a scheduler, or the member of a list. Raises
    KeyError.
    """
    if path.startswith("costs."):
        last = path.rpartition(".")[2]
        return "latency" if last in ("latency", "busy") else "structure"
    if path.startswith("window.schedulers."):
        return "time"
    owner, _, member = path.rpartition(".")
    return BY_PATH[owner if member.isdecimal() else path].changes


# -- docs ------------------------------------------------------------------------------


def markdown() -> str:
    """The table of figures in docs/model.md: a row a figure, a section at a time."""
    lines = [
        "| figure | is | unit | values | default | cause |",
        "|---|---|---|---|---|---|",
    ]
    for one in FIGURES:
        figure = one.figure
        cells = (
            f"`{one.path}`", figure.says, figure.unit, _values(one), _default(one),
            figure.cause,
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _values(one: Declared) -> str:
    if one.kind == "choice":
        return ", ".join(one.choices)
    if one.kind == "switch":
        return "true, false"
    if one.kind not in ("int", "fraction", "numbers"):
        return {"names": "a list", "map": "a mapping", "text": "text"}[one.kind]
    figure = one.figure
    said = f"{figure.least:g} to {figure.most:.10g}"
    said = f"powers of two, {said}" if figure.binary else said
    return f"0, {said}" if figure.off else said


def _default(one: Declared) -> str:
    if one.default is None:
        return "none"
    if isinstance(one.default, bool):
        return str(one.default).lower()
    if one.kind in ("names", "numbers", "map"):
        return " ".join(str(member) for member in one.default) or "empty"
    return str(one.default)
