"""Where a kernel patches itself at boot: the sites .altinstructions lists.

The static image holds one form of each; which one runs depends on the processor and on
the command line. A path over such a site is costed as the file has it, and says so.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence

from costmodel.code.elf import Elf
from costmodel.code.image import Site
from costmodel.code.insn import Step

# An entry: the site and its replacement, each relative to its own field; the feature;
# length of site and of replacement. 3.x and 5.12 to 6.2; 6.3 on; 4.0 to 5.11.
_LAYOUTS = (struct.Struct("<iiHBB"), struct.Struct("<iiIBB"), struct.Struct("<iiHBBB"))


def sites(elf: Elf) -> tuple[Site, ...]:
    """All of them, by address; none where the layout of the table is not known."""
    header = elf.header(".altinstructions")
    held = elf.header(".altinstr_replacement")
    raw = elf.contents(header)
    if header is None or held is None or not raw:
        return ()
    for layout in _LAYOUTS:
        if len(raw) % layout.size:
            continue
        found = set()
        for k, (site, other, _, length, *_) in enumerate(layout.iter_unpack(raw)):
            field = header.address + k * layout.size
            if not 0 <= field + 4 + other - held.address <= held.size:
                break
            found.add(Site(field + site, field + site + length))
        else:
            return tuple(sorted(found))
    return ()


def crossed(known: Sequence[Site], steps: Sequence[Step]) -> list[tuple[Site, int]]:
    """Sites with instructions of the path, and how many of those are one-byte nops."""
    found: dict[Site, int] = {}
    for step in steps:
        insn = step.insn
        index = bisect_right(known, insn.address, key=lambda site: site.start)
        if index and insn.address < known[index - 1].end:
            nop = insn.form.mnemonic == "nop" and insn.form.length == 1
            site = known[index - 1]
            found[site] = found.get(site, 0) + nop
    return list(found.items())
