"""Where loads get their data on one core: rows of accesses for the engine.

The addresses are known symbolically (see ``code.values``); this module adds the core's
rules: which of the loads that meet an older store are renamed, that is, take the stored
value without going through memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code import registers as R
from costmodel.code.insn import Form, Insn
from costmodel.code.values import Linkage
from costmodel.cores.model import Core, Memory, Renaming
from costmodel.engine import layout as L
from costmodel.engine.aliases import alias
from costmodel.engine.pathfacts import PathFacts

Links = tuple[list[L.AccessRow], int, Linkage]


def links(
    facts: PathFacts,
    core: Core,
    again: bool = False,
    same_pointer: bool = False,
    repeat: int = 1,
    drained: bool = False,
) -> Links:
    """A row for every access, the number of copies a
    store must be remembered, and the linkage itself.

    ``again``: the same instructions run again and again (a loop, not copies), so that
    the core may have learned which of them meet; ``repeat``: copies in a turn of it.
    ``same_pointer``: see ``linkage``. ``drained``: the pipeline is empty before.
    """
    memory = core.memory
    banks = memory.bank_bytes > 0
    rules = (
        "links", again, same_pointer, repeat, banks, memory.alias_4k, memory.renaming,
        drained, memory.address_wait > 0,
    )  # fmt: skip
    return facts.kept(
        rules,
        lambda: _links(
            facts.body,
            memory,
            again,
            repeat,
            drained,
            facts.linked(same_pointer, banks),
            facts.kept(
                ("apart", same_pointer, banks),
                lambda: _apart(facts.body, facts.linked(same_pointer, banks)),
            ),
        ),
    )


def _apart(insns: Sequence[Insn], linked: Linkage) -> list[L.AccessRow]:
    """The rows of accesses of which none meets another: the same on all cores."""
    roots: dict[int, int] = {}
    return [
        L.AccessRow(
            -1,
            0,
            L.F_NONE,
            roots.setdefault(root, len(roots)),
            L.signed(linked.stride[k]) if linked.persistent[k] else 0,
            L.signed(linked.offset[k]),
            1 - linked.persistent[k],
            max(1, linked.width[k]),
            int(bool(insns[linked.step[k]].form.memory[linked.slot[k]].segment)),
            0,
            0,
        )
        for k, root in enumerate(linked.root)
    ]


def _links(
    insns: Sequence[Insn],
    memory: Memory,
    again: bool,
    repeat: int,
    drained: bool,
    linked: Linkage,
    apart: Sequence[L.AccessRow],
) -> Links:
    """By ``renaming``, ``alias_4k`` and ``address_wait``, and no other rule."""
    stores = [k for k, written in enumerate(linked.writes) if written]
    rows = list(apart)
    depth = 1
    learns = again and _learns(linked, insns, memory.renaming, repeat)
    stored = {linked.root[k] for k in stores}
    undone = _undone(insns, memory.renaming, drained)
    for k, source in enumerate(linked.store):
        distance = linked.distance[k]
        forward = L.F_NONE
        if source >= 0:
            depth = max(depth, distance + 1)
            forward = meeting(k, linked, insns, memory, again, learns)
            if undone and forward in L.AT_RENAME:
                forward = L.F_CHECKED
        elif memory.alias_4k and linked.executed and linked.reads[k]:
            source, distance = alias(k, linked, stores)
            if source >= 0:
                depth = max(depth, distance + 1)
                forward = L.F_ALIAS
        if forward == L.F_NONE and undone and memory.address_wait and linked.reads[k]:
            access = insns[linked.step[k]].form.memory[linked.slot[k]]
            if access.base >= 0 and linked.root[k] in stored:
                forward = L.F_WAITS
        if source >= 0 or forward != L.F_NONE:
            rows[k] = L.AccessRow(source, distance, forward, *apart[k][3:])
    return _in_turn(rows, memory.renaming.places), depth, linked


def _in_turn(rows: list[L.AccessRow], places: int) -> list[L.AccessRow]:
    """The rows, those renamed from a place beyond the first ``places`` in turn."""
    seen: set[tuple[int, int]] = set()
    if not places:
        return rows
    for k, row in enumerate(rows):
        if row.forward in L.AT_RENAME:
            place = row.root, row.offset
            if place not in seen and len(seen) >= places:
                rows[k] = row._replace(turn=1)
            else:
                seen.add(place)
    return rows


def _learns(
    linked: Linkage, insns: Sequence[Insn], rule: Renaming, repeat: int
) -> bool:
    """Whether a loop of ``repeat`` copies has few enough loads to be learned."""
    if not rule.learns or not rule.learned_loads:
        return rule.learns
    to_learn = sum(
        renamed(k, linked, insns, rule, True, True)
        and not renamed(k, linked, insns, rule, True, False)
        for k, kind in enumerate(linked.kind)
        if kind == L.F_EXACT and linked.store[k] >= 0
    )
    return to_learn * repeat <= rule.learned_loads


def _undone(insns: Sequence[Insn], rule: Renaming, drained: bool) -> bool:
    """Whether the pipeline is drained on the way, so that no load is renamed."""
    return bool(rule.undone_by) and (
        drained or any(insn.form.mnemonic in rule.undone_by for insn in insns)
    )


def meeting(
    k: int,
    linked: Linkage,
    insns: Sequence[Insn],
    memory: Memory,
    again: bool,
    learns: bool,
) -> int:
    """How load ``k`` has its data from the store it meets: an F_* of ``layout``."""
    kind = linked.kind[k]
    if kind != L.F_EXACT:
        return kind
    rule = memory.renaming
    store = insns[linked.step[linked.store[k]]].form
    if renamed(k, linked, insns, rule, again, learns):
        if _passes_on(store):
            return L.F_PASSED
        known = renamed(k, linked, insns, rule, again, False)
        return L.F_RENAMED if known else L.F_LEARNED
    if _modifies(store) and store.mnemonic not in rule.never:
        return L.F_MODIFIED
    near = linked.same_expression[k] and linked.between[k] < rule.ordered
    if near:
        access = insns[linked.step[k]].form.memory[linked.slot[k]]
        if access.segment or (access.base < 0 and access.index < 0):
            return L.F_ORDERED
    return kind


def renamed(
    k: int,
    linked: Linkage,
    insns: Sequence[Insn],
    rule: Renaming,
    again: bool,
    learns: bool,
) -> bool:
    """Whether load ``k`` takes its store's value at rename on a core with ``rule``.
    ``learns``: it may be one of those that a loop teaches."""
    if not rule.window:
        return False
    load = insns[linked.step[k]].form
    store = insns[linked.step[linked.store[k]]].form
    if load.mnemonic in rule.never or store.mnemonic in rule.never:
        return False
    if rule.by_instruction and (load.lock or store.lock):
        return False  # they read the cache, after older stores
    access = load.memory[linked.slot[k]]
    between = linked.between[k]
    known = linked.same_expression[k] or rule.by_instruction
    learned = again and learns and access.base != R.RSP
    if not (
        (known and between < rule.window)
        or (learned and between < (rule.learned_window or rule.window))
    ):
        return False
    absolute = access.base < 0 and access.index < 0
    if (access.segment or absolute) and not rule.by_instruction:
        return False
    if access.index >= 0 and not rule.indexed:
        return False
    width = linked.width[k] * 8
    widths = rule.widths
    apart = access.base == R.RSP and not rule.by_instruction
    taught = again and (learns or not rule.learns)
    if (taught or (known and not apart)) and access.writes and _modifies(store):
        widths += rule.modify_widths
    if width not in widths or linked.width[linked.store[k]] * 8 not in widths:
        return False
    limit = rule.displacement_limit
    least = -limit if rule.negative_displacements else 0
    if limit and not access.implicit and not least <= access.displacement <= limit:
        return False
    if not rule.immediate_stores and _stores_immediate(store):
        return False
    if not rule.read_modify_write and _both(load, store):
        return False
    if not rule.modify_by_register and access.writes and load.immediate is None:
        if len(load.operands) > 1:
            return False
    adjusted = linked.rsp_adjusted[k]
    if adjusted and not rule.stack_survives_add:
        return False
    return not (rule.stack_by_immediate and adjusted > rule.stack_by_immediate)


def _passes_on(form: Form) -> bool:
    """Whether the value stored is one that the same instruction loaded."""
    return form.mnemonic in ("push", "pop") and (
        any(m.reads for m in form.memory) and any(m.writes for m in form.memory)
    )


def _modifies(form: Form) -> bool:
    return any(m.reads and m.writes for m in form.memory)


def _stores_immediate(form: Form) -> bool:
    return form.immediate is not None and form.mnemonic in ("mov", "push")


def _both(load: Form, store: Form) -> bool:
    """The load or the store is part of a read-modify-write."""
    return any(m.reads and m.writes for m in (*load.memory, *store.memory))
