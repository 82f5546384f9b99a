"""Inheritance: a file's tree over the tree of the file it extends."""

from __future__ import annotations

from typing import Any

from costmodel.cores import yamltree
from costmodel.cores.yamltree import Map
from costmodel.errors import CoreError

NOT_INHERITED = ("name", "title", "aliases", "evidence_state", "year")


def merge(base: Map, over: Map, problems: list[CoreError]) -> Map:
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
            value = merge(below, value, problems)
        out.put(key, value, over.keys_at[key], over.values_at[key])
    return out


def inheritable(tree: Map) -> Map:
    """``tree`` without what names the core it describes."""
    out = Map(tree.mark)
    for key, value in tree.items():
        if key not in NOT_INHERITED:
            out.put(key, value, tree.keys_at[key], tree.values_at[key])
    return out
