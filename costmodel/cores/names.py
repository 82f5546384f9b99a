"""Names of cores as people write them: aliases, lists, "all", files of their own."""

from __future__ import annotations

from collections.abc import Iterable

from costmodel.cores.load import core_names, resolve
from costmodel.errors import UsageError


def core_names_of(names: str | Iterable[str] | None) -> list[str]:
    """Canonical names; None or "all" are every core. Raises CoreError on another."""
    if names is None or names == "all":
        return list(core_names())
    wanted = [names] if isinstance(names, str) else list(names)
    if not wanted:
        raise UsageError("no core named", expected=", ".join(list(core_names())))
    out: list[str] = []
    for name in wanted:
        more = list(core_names()) if name == "all" else [_canonical(name)]
        out.extend(n for n in more if n not in out)
    return out


def _canonical(name: str) -> str:
    """The name of the core an alias means; a path of a core file stays one."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return name
    return resolve(name).stem
