"""The sites of a path that boot patches: what the file has beside what runs.

alternatives, as boot leaves them with pti,pcid
entry_64.S:94  pti                     | pti in force
  jmp 0xffffffff81e000a3               | xchg %ax,%ax
                                       | mov %cr3,%rsp
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, zip_longest

from costmodel.code.insn import Path, Replaced
from costmodel.views.layout import ascii_only, clip


def alternative_lines(path: Path, width: int = 72) -> list[str]:
    """Two columns, a block each site; nothing for a path without any."""
    if not path.alternatives:
        return []
    asked = path.features or "nothing said of features"
    lines = [clip(f"  alternatives, as boot leaves them with {asked}", width)]
    for site in path.alternatives:
        lines += _site(site, (width - 5) // 2)
    return lines


def _gathered(texts: Sequence[str]) -> list[str]:
    """The instructions, runs of the same one as one line."""
    runs = [(text, len(list(same))) for text, same in groupby(texts)]
    return [f"{text} x{count}" if count > 1 else text for text, count in runs]


def _site(site: Replaced, half: int) -> list[str]:
    place = site.site.rpartition("/")[2]
    said = f"{site.applied} in force" if site.applied else "as in the file"
    rows = [(f"{place}  {', '.join(site.features)}", said)]
    columns = (_gathered(site.original), _gathered(site.running))
    pairs = zip_longest(*columns, fillvalue="")
    rows += [(f"  {before}", f"  {after}") for before, after in pairs]
    return [
        f"  {clip(ascii_only(left), half):<{half}} | {clip(ascii_only(right), half)}"
        for left, right in rows
    ]
