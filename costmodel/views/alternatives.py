"""The sites of a path that boot patches: what the file has beside what runs.

alternatives, as boot leaves them with pti,pcid
entry_64.S:94  pti  in force
                     jmp 0xffffffff81e000a3  xchg %ax,%ax
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, zip_longest

from costmodel.code.insn import Path, Replaced
from costmodel.views.layout import ascii_only, clip
from costmodel.views.tree import Section, Table

_HALF = 33  # columns of an instruction


def alternative_section(path: Path) -> list[Section]:
    """A table: a head row each site, below it the instructions of file and kernel."""
    if not path.alternatives:
        return []
    asked = path.features or "nothing said of features"
    rows = [row for site in path.alternatives for row in _site(site)]
    title = f"alternatives, as boot leaves them with {asked}"
    head = ("in the file", "as it runs")
    return [Section(title, (Table(head, tuple(rows), "ll"),))]


def _site(site: Replaced) -> list[tuple[str, str]]:
    place = site.site.rpartition("/")[2]
    said = f"{site.applied} in force" if site.applied else "as in the file"
    rows = [(f"{place}  {', '.join(site.features)}", said)]
    columns = (_gathered(site.original), _gathered(site.running))
    pairs = zip_longest(*columns, fillvalue="")
    rows += [(f"  {before}", f"  {after}") for before, after in pairs]
    return [(clip(ascii_only(a), _HALF), clip(ascii_only(b), _HALF)) for a, b in rows]


def _gathered(texts: Sequence[str]) -> list[str]:
    """The instructions, runs of the same one as one line."""
    runs = [(text, len(list(same))) for text, same in groupby(texts)]
    return [f"{text} x{count}" if count > 1 else text for text, count in runs]
