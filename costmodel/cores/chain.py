"""A core file and those it extends: read, merged, validated, given its types."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from costmodel import data
from costmodel.cores import (
    catalogue,
    fields,
    model,
    quantities,
    reader,
    spread,
    yamltree,
)
from costmodel.cores.loaded import LoadedCore, add_defaults, plain_values
from costmodel.cores.quantity import ASSUMED, OF_SOURCES, Fit, Quantity, Source
from costmodel.cores.rules import RULES, Rule, broken, validate
from costmodel.cores.yamltree import Map
from costmodel.errors import CoreError

NOT_INHERITED = ("name", "title", "aliases", "evidence_state", "year")


def read(path: Path) -> LoadedCore:
    """The core in the file ``path``.

    Raises CoreError; the first problem is the one told.
    """
    chain, sources = _chain(path)
    return _assembled(chain, sources)


def problems_of(path: Path) -> tuple[CoreError, ...]:
    """Everything wrong with a core file, in order; empty if it loads."""
    try:
        chain, sources = _chain(path)
    except CoreError as problem:
        return (problem,)
    return _built(chain, sources)[1]


@functools.lru_cache(maxsize=64)
def _assembled(chain: tuple[_File, ...], sources: _Sources) -> LoadedCore:
    loaded, problems = _built(chain, sources)
    if problems:
        first = problems[0]
        more = len(problems) - 1
        if more:
            first.hint += ("\n  and " if first.hint else "see all: ") + (
                f"{more} more problem{'s' * (more > 1)} in this core's files"
            )
        raise first
    if loaded is None:
        raise CoreError(
            f"{chain[0].path.stem} is a base for other cores to extend",
            where=chain[0].name,
            expected="a core",
            hint=", ".join(catalogue.core_names()),
        )
    return loaded


# -- files -----------------------------------------------------------------------------


class _File(Struct, frozen=True, eq=False):
    """One parsed file. Compared by identity: a changed file is parsed anew."""

    path: Path
    name: str
    tree: Map
    declared: Mapping[str, Source]


_Sources = tuple[tuple[str, Source], ...]


def _chain(path: Path) -> tuple[tuple[_File, ...], _Sources]:
    """The file and those it extends, nearest first, and all sources declared."""
    chain = [_file(path)]
    while "extends" in chain[-1].tree:
        last = chain[-1]
        base = last.tree["extends"]
        mark = last.tree.values_at["extends"]
        if not isinstance(base, str) or not base or "/" in base:
            raise yamltree.error(mark, f"extends: {base!r}", "the name of a core file")
        there = _base(base, last.path.parent)
        if there is None:
            known = [p.stem for p in sorted(last.path.parent.glob("*.yaml"))]
            known += [n for n in catalogue.core_names() if n not in known]
            raise yamltree.error(
                mark,
                f"extends: there is no {base}.yaml",
                "a file beside this one or in uarch/",
                yamltree.close(base, known),
            )
        if any(there == seen.path for seen in chain):
            names = " -> ".join([*(seen.path.stem for seen in chain), base])
            raise yamltree.error(
                mark, f"extends goes in a circle: {names}", "a file that ends the chain"
            )
        chain.append(_file(there))
    sources: dict[str, Source] = {}
    for file in reversed(chain):
        sources.update(file.declared)
    return tuple(chain), tuple(sorted(sources.items()))


def _base(name: str, beside: Path) -> Path | None:
    for folder in (beside, data.uarch_dir()):
        path = folder / f"{name}.yaml"
        if path.is_file():
            return path
    return None


def _file(path: Path) -> _File:
    try:
        status = path.stat()
    except (OSError, ValueError):
        stamp = (0, 0)
    else:
        stamp = (status.st_mtime_ns, status.st_size)
    return _parsed(path, stamp)


@functools.lru_cache(maxsize=128)
def _parsed(path: Path, stamp: tuple[int, int]) -> _File:
    name = data.display_name(path)
    tree = yamltree.load(path, name)
    declared = _sources(tree)
    return _File(path, name, tree, declared)


def _sources(tree: Map) -> dict[str, Source]:
    """The sources a file declares. Raises CoreError."""
    sources = tree.get("sources")
    if sources is None:
        return {}
    if not isinstance(sources, Map):
        mark = tree.values_at["sources"]
        raise yamltree.error(mark, "sources is not a mapping", "id: description")
    declared = {}
    for key, value in sources.items():
        source = _source(value)
        if source is None or key == ASSUMED:
            raise yamltree.error(
                sources.keys_at[key],
                f"the source {key!r}",
                "an id other than 'assumed', and one line that describes it",
                "or {says: one line, class: measured or documented, cores: [..]}",
            )
        declared[key] = source
    return declared


def _source(value: object) -> Source | None:
    """A source as the file has it; None if it is not one."""
    if isinstance(value, str):
        return Source(value) if value.strip() else None
    if not isinstance(value, Map) or not set(value) <= {"says", "class", "cores"}:
        return None
    says, evidence = value.get("says"), value.get("class", OF_SOURCES[0])
    cores = value.get("cores")
    if not isinstance(says, str) or not says.strip() or evidence not in OF_SOURCES:
        return None
    if cores is None:
        return Source(says, evidence)
    if isinstance(cores, list) and all(isinstance(one, str) for one in cores):
        return Source(says, evidence, tuple(cores))
    return None


# -- assembly --------------------------------------------------------------------------


def _built(
    chain: tuple[_File, ...], sources: _Sources
) -> tuple[LoadedCore | None, tuple[CoreError, ...]]:
    problems: list[CoreError] = []
    tree = Map(chain[-1].tree.mark)
    known, name = dict(sources), chain[0].path.stem
    groups: Mapping[str, quantities.Shared] = {}
    fits: dict[str, Fit] = {}
    for file in reversed(chain):
        own = reader.Reader(known, name, file.path.stem, groups)
        groups = own.groups
        body = own.core(file.tree)
        problems += own.problems
        fits = {path: fit for path, fit in fits.items() if path not in own.others}
        fits.update(own.chosen)
        if tree or own.removes:
            body = _merge(_inheritable(tree), body, problems)
        tree = body
    file = chain[0]
    if file.path.stem.startswith("_"):
        return None, tuple(problems)  # a base is complete only in its heirs
    _named(tree, file, problems)
    if not problems:
        validate(tree, problems)
    if problems:
        return None, tuple(problems)
    evidence: dict[str, Quantity] = {}
    plain = plain_values(tree, "", evidence)
    add_defaults(plain, fields.core_spec(), "", evidence)
    relatives = next(filter(None, map(_relatives, chain)), "")
    family = spread.families().get(relatives)
    if family is not None:
        spread.widened(evidence, family)
    try:
        core = msgspec.convert(plain, model.Core)
    except msgspec.ValidationError as problem:
        return None, (CoreError(str(problem), where=file.name),)
    ruled = tuple(_contradiction(rule, evidence, file) for rule in broken(RULES, core))
    if ruled:
        return None, ruled
    cpuid = file.tree.get("cpuid", ())
    loaded = LoadedCore(
        core,
        MappingProxyType(evidence),
        MappingProxyType(known),
        tuple(one.name for one in chain),
        tuple(cpuid),
        relatives,
        MappingProxyType(plain),
        MappingProxyType(fits),
    )
    return loaded, ()


def _relatives(file: _File) -> str:
    """The family a base file stands for; "" if it does not say."""
    value = file.tree.get("relatives", "")
    if isinstance(value, str):
        return value
    mark = file.tree.values_at["relatives"]
    raise yamltree.error(mark, "relatives is no name", "one word, as intel")


def _contradiction(
    rule: Rule, evidence: Mapping[str, Quantity], file: _File
) -> CoreError:
    path = rule.paths[0]
    known = evidence.get(path)
    value = f"{known.value:g}" if known else "not stated"
    where = known.where if known and known.where else file.name
    return CoreError(f"{path}: {value}", where=where, expected=rule.expected)


def _named(tree: Map, file: _File, problems: list[CoreError]) -> None:
    """A core is called what its file is called; CPU identities are text."""
    stem = file.path.stem
    if "name" not in tree:
        tree.put("name", stem, tree.mark, tree.mark)
    elif tree["name"] != stem:
        problems.append(
            yamltree.error(
                tree.values_at["name"],
                f"name: {tree['name']!r}",
                f"{stem!r}, as the file is called",
            )
        )
    cpuid = file.tree.get("cpuid", [])
    if not isinstance(cpuid, list) or any(not isinstance(one, str) for one in cpuid):
        problems.append(
            yamltree.error(
                file.tree.values_at["cpuid"],
                "cpuid is not a list of identities",
                "[GenuineIntel-6-5E, AuthenticAMD-26-*]: family decimal, model hex",
            )
        )


# -- inheritance -----------------------------------------------------------------------


def _merge(base: Map, over: Map, problems: list[CoreError]) -> Map:
    """``over`` laid on ``base``; neither is changed.

    Mappings merge, everything else replaces, None removes. A short-form cost row
    replaces. Marks follow the values they belong to.
    """
    out = Map(over.mark)
    out.update(base)
    out.keys_at.update(base.keys_at)
    out.values_at.update(base.values_at)
    for key, value in over.items():
        if value is None:
            if key not in base:
                problems.append(
                    yamltree.error(
                        over.keys_at[key],
                        f"{key}: nothing is inherited under this name to remove",
                        "a value, or null for a key of the file it extends",
                        yamltree.close(key, base),
                    )
                )
            else:
                del out[key], out.keys_at[key], out.values_at[key]
            continue
        if isinstance(value, Map) and not value.replaces:
            below: Any = base.get(key)
            if not isinstance(below, Map):
                below = Map(value.mark)
            value = _merge(below, value, problems)
        out.put(key, value, over.keys_at[key], over.values_at[key])
    return out


def _inheritable(tree: Map) -> Map:
    """``tree`` without what names the core it describes."""
    out = Map(tree.mark)
    for key, value in tree.items():
        if key not in NOT_INHERITED:
            out.put(key, value, tree.keys_at[key], tree.values_at[key])
    return out
