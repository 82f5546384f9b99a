"""Measured blocks in groups: by size, by what bound them, by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Insn
from costmodel.errors import CostmodelError
from costmodel.studies.validate import Validation

KINDS = ("size", "mechanism", "mix")
SIZES = ((1, 2), (3, 4), (5, 8), (9, 16), (17, 32), (33, 10**6))  # instructions
UNEXPLAINED = "not explained"

# What is bound, as people say it, by the causes the engine charges.
MECHANISMS: Mapping[str, tuple[str, ...]] = {
    "front end: fetch, predecode": ("fetch bandwidth", "length-changing prefix"),
    "front end: decode": ("decode width", "first decoder"),
    "front end: microcode": ("microcode sequencer",),
    "front end: uop cache": ("uop cache",),
    "front end: restarts": ("front end restart",),
    "issue width": ("issue width", "memory issue", "register reads", "queue full"),
    "window": (
        "rob full", "scheduler full", "load buffer full", "store buffer full",
        "registers",
    ),
    "ports": ("port",),
    "divider": ("divider",),
    "dependency chain": ("dependency", "execute latency"),
    "chain through loads": ("load latency", "cache miss"),
    "store forwarding": ("store forwarding", "blocked forwarding", "4K aliasing"),
    "line crossing": ("line crossing",),
    "retirement, commit": ("retire order", "retire width", "store commit"),
    "serialising": ("serialising", "store drain", "microcode latency"),
    "pipeline depth": ("pipeline depth", "start"),
}  # fmt: skip
_MECHANISM_OF = {cause: name for name, some in MECHANISMS.items() for cause in some}

_MULTIPLIES = frozenset("imul mul mulx".split())
_DIVIDES = frozenset("div idiv".split())
_SHIFTS = frozenset("shl shr sar rol ror rcl rcr shld shrd sarx shlx shrx rorx".split())
_STACK = frozenset("push pop pushf popf pushfq popfq leave enter call ret".split())
_STRINGS = ("movs", "stos", "lods", "cmps", "scas")


class Group(Struct, frozen=True):
    """Error over the blocks of one group."""

    name: str
    outcome: Validation


def mechanism(charged: Mapping[str, int]) -> str:
    """The mechanism most cycles are charged to, of cycles by cause."""
    by_name: dict[str, int] = {}
    for cause, cycles in charged.items():
        name = _MECHANISM_OF.get(cause, cause)
        by_name[name] = by_name.get(name, 0) + cycles
    # Depth of the pipeline is what is left of a chain through another mechanism.
    telling = {name: n for name, n in by_name.items() if name != "pipeline depth"}
    order = sorted((telling or by_name).items(), key=lambda item: (-item[1], item[0]))
    return order[0][0] if order and order[0][1] > 0 else UNEXPLAINED


def grouped(outcome: Validation, kind: str) -> list[Group]:
    """The blocks of one validation by one of ``KINDS``, largest groups of a mix first.

    Groups of a mix overlap: a block is in every group it holds something of.
    """
    names: list[list[str]]
    if kind == "mechanism":
        names = [[name or UNEXPLAINED] for name in outcome.bound]
    else:
        find = _size if kind == "size" else traits
        names = [_of_block(block.code, find) for block in outcome.blocks]
    members: dict[str, list[int]] = {}
    for k, some in enumerate(names):
        for name in some:
            members.setdefault(name, []).append(k)
    groups = [Group(name, outcome.take(rows)) for name, rows in members.items()]
    if kind == "size":
        return sorted(
            groups, key=lambda group: int(group.name.split("-")[0].strip("+"))
        )
    return sorted(groups, key=lambda group: (-len(group.outcome.blocks), group.name))


def _of_block(code: bytes, find: Callable[[list[Insn]], list[str]]) -> list[str]:
    try:
        return find(decode_bytes(code))
    except CostmodelError:
        return []


def _size(insns: list[Insn]) -> list[str]:
    for low, high in SIZES:
        if low <= len(insns) <= high:
            return [f"{low}+" if high >= 10**6 else f"{low}-{high}"]
    return []


def traits(insns: Iterable[Insn]) -> list[str]:
    """What a block holds, in words; exactly one of the first four."""
    forms = [insn.form for insn in insns]
    used = [access for form in forms for access in form.memory]
    loads = any(access.reads for access in used)
    stores = any(access.writes for access in used)
    out = [
        "loads and stores" if loads and stores
        else "loads, no stores" if loads
        else "stores, no loads" if stores
        else "registers only"
    ]  # fmt: skip
    names = {form.mnemonic for form in forms}
    told = {
        "read-modify-write": any(a.reads and a.writes for a in used),
        "push, pop, call": bool(names & _STACK),
        "multiply": bool(names & _MULTIPLIES),
        "divide": bool(names & _DIVIDES),
        "shift, rotate": bool(names & _SHIFTS),
        "cmov, setcc": any(n.startswith(("cmov", "set")) for n in names),
        "lea": "lea" in names,
        "8- or 16-bit operand": any(
            operand.width in (8, 16) and operand.kind in "rm"
            for form in forms
            for operand in form.operands
        ),
        "string": any(n.startswith(_STRINGS) for n in names),
    }
    return out + [name for name, true in told.items() if true]
