"""What is doubtful in core files that load: the lint of ``costmodel cores --check``.

Returns findings; says and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from costmodel import data
from costmodel.code.special import OPERATIONS
from costmodel.cores import catalogue
from costmodel.cores.load import LoadedCore, load_core, problems_of
from costmodel.cores.rules import DOUBTS, broken
from costmodel.cores.semantic import Semantic, instructions
from costmodel.errors import CoreError

# Classes the engine asks for without a cost row naming them.
IMPLIED_CLASSES = frozenset(
    (
        "alu",
        "branch",
        "branch_taken",
        "load",
        "store_address",
        "store_address_simple",
        "store_data",
    )
)
# Operations an instruction turns into by its prefix or the form of its address.
PREFIXES = ("lock_", "rep_")
ADDRESS_FORMS = (
    "lea_16",
    "lea_16_complex",
    "lea_16_rip",
    "lea_base",
    "lea_complex",
    "lea_disp",
    "lea_index",
    "lea_rip",
    "lea_scaled",
    "lea_scaled_disp",
)
ANY_LOCKED = "lock"
# Operations with rows apart from the operation's, see engine.rows.
APART = ("_same", "_short", "_high")
# Sequencers deliver uops that take no issue slot: LLDT 69 for 13 slots on Ice Lake.
SEQUENCED = 6


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One doubt. ``kind`` is a key of ``KINDS``; ``path`` the figure or row, or "";
    ``where`` "file:line[:column]", or the file where no line is to blame.
    """

    core: str
    kind: str
    path: str
    where: str
    text: str


KINDS = {
    "invalid": "the file does not load",
    "unsourced": "no file states the figure: the model's default stands in",
    "interval": "assumed, and yet exact",
    "impossible": "no hardware is like this",
    "port": "a port no uop can use",
    "uncosted": "an operation without a cost row",
    "unmapped": "a cost row no instruction leads to",
    "source": "a source no figure cites",
    "alias": "a name two cores answer to",
}


def check(name: str) -> tuple[Finding, ...]:
    """Findings about one core, sorted. Raises CoreError if there is no such core."""
    path = catalogue.resolve(name)
    problems = problems_of(path)
    if problems:
        stem = path.stem
        return tuple(_invalid(stem, problem) for problem in problems)
    loaded = load_core(str(path))
    found = [
        *_figures(loaded),
        *_impossible(loaded),
        *_ports(loaded),
        *_operations(loaded, instructions()),
    ]
    return tuple(sorted(found))


def check_all() -> tuple[Finding, ...]:
    """Findings about every core there is, and about their names together."""
    names = catalogue.core_names()
    found = [*_aliases(), *_sources(names)]
    for name in names:
        found += check(name)
    return tuple(sorted(found))


def _invalid(name: str, problem: CoreError) -> Finding:
    text = f"{problem.found}; expected {problem.expected}"
    return Finding(name, "invalid", "", problem.where, text)


def _figures(loaded: LoadedCore) -> Iterator[Finding]:
    for path, known in loaded.evidence.items():
        where = known.where or loaded.files[0]
        if not known.stated:
            text = f"{known.value:g} is the model's default, not a figure of this core"
            yield Finding(loaded.name, "unsourced", path, where, text)
        elif known.assumed and known.exact and known.value and _may_vary(path):
            text = f"{known.value:g} is a guess without an interval"
            yield Finding(loaded.name, "interval", path, where, text)


def _may_vary(path: str) -> bool:
    """Not names in disguise (year), members of lists (widths), or latencies a short
    form leaves out.
    """
    last = path.rpartition(".")[2]
    implied = path.startswith("costs.") and last == "latency"
    return path not in ("year", "ghz") and not last.isdecimal() and not implied


def _impossible(loaded: LoadedCore) -> Iterator[Finding]:
    core = loaded.core
    for rule in broken(DOUBTS, core):
        path = rule.paths[0]
        known = loaded.evidence.get(path)
        where = known.where if known and known.where else loaded.files[0]
        text = f"expected {rule.expected}"
        yield Finding(loaded.name, "impossible", path, where, text)
    for operation, rows in core.costs.items():
        for shape, cost in rows.items():
            path = f"costs.{operation}.{shape}"
            uops = sum(uop.count for uop in cost.uops) + cost.filler
            if cost.microcode > SEQUENCED * (uops + _memory_uops(shape)):
                text = f"{cost.microcode} uops from microcode, {uops} in the row"
                yield Finding(loaded.name, "impossible", path, loaded.files[0], text)


def _memory_uops(shape: str) -> int:
    return 3 if "m" in shape or shape == "*" else 3 * (shape in ("", "r", "i"))


def _ports(loaded: LoadedCore) -> Iterator[Finding]:
    ports = loaded.core.ports
    named = {
        uop.on
        for rows in loaded.core.costs.values()
        for cost in rows.values()
        for uop in cost.uops
    }
    used = {
        port
        for name, members in ports.classes.items()
        if name in named or name in IMPLIED_CLASSES
        for port in members
    }
    for port in ports.names:
        if port not in used:
            text = f"no uop can use port {port}"
            yield Finding(loaded.name, "port", "ports.names", loaded.files[0], text)


def _operations(loaded: LoadedCore, table: Mapping[str, Semantic]) -> Iterator[Finding]:
    costs = loaded.core.costs
    known = {row.operation for row in table.values()}
    for operation in sorted(known - set(costs) - set(loaded.core.absent)):
        of = ", ".join(sorted(n for n, r in table.items() if r.operation == operation))
        yield Finding(
            loaded.name, "uncosted", operation, loaded.files[0], f"needed by {of}"
        )
    reached = known | {ANY_LOCKED, *ADDRESS_FORMS} | OPERATIONS
    for operation in costs:
        bare = operation
        for prefix in PREFIXES:
            bare = bare.removeprefix(prefix)
        for suffix in APART:
            bare = bare.removesuffix(suffix)
        if operation not in reached and bare not in known and bare not in table:
            where = _first_where(loaded, f"costs.{operation}.")
            text = "no instruction of instructions.yaml has this operation"
            yield Finding(loaded.name, "unmapped", f"costs.{operation}", where, text)


def _first_where(loaded: LoadedCore, prefix: str) -> str:
    places = (q.where for p, q in loaded.evidence.items() if p.startswith(prefix))
    return next(places, loaded.files[0])


def _sources(names: Iterable[str]) -> Iterator[Finding]:
    """Sources no core cites; a core may leave the citing to its heirs."""
    declared: dict[str, LoadedCore] = {}
    cited: set[str] = set()
    for name in names:
        if problems_of(catalogue.resolve(name)):
            continue
        loaded = load_core(name)
        cited |= {known.source_id for known in loaded.evidence.values()}
        cited |= _mentions(loaded)
        for source in loaded.sources:
            declared.setdefault(source, loaded)
    for source in sorted(set(declared) - cited):
        loaded = declared[source]
        text = f"{source} is declared and no figure cites it"
        yield Finding(loaded.name, "source", source, loaded.files[0], text)


def _mentions(loaded: LoadedCore) -> set[str]:
    """Sources named inside notes count as cited."""
    notes = " ".join(known.note for known in loaded.evidence.values())
    return {word.strip(",.;:()") for word in notes.split()}


def _aliases() -> Iterator[Finding]:
    names = set(catalogue.core_names())
    for alias, owners in catalogue.aliases().items():
        others: Iterable[str] = owners
        if alias in names:
            others = {*owners, alias}
        claimed = sorted(set(others))
        if len(claimed) > 1:
            text = f"{alias} means {' and '.join(claimed)}"
            where = data.display_name(data.uarch_dir() / f"{owners[0]}.yaml")
            yield Finding(owners[0], "alias", alias, where, text)
