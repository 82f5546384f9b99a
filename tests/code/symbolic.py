"""Blocks for the symbolic tests: assembly text to instructions, relocations kept."""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Insn, Relocation
from costmodel.code.load import load_image


@lru_cache
def block(text: str) -> tuple[Insn, ...]:
    """The instructions of a text with ``;`` or newlines between them."""
    image = load_image("-", stdin=("\t.text\n" + text + "\n").encode())
    section = image.sections[0]
    out = []
    for insn in decode_bytes(section.data, section.address):
        fields = tuple(
            Relocation(at - insn.address, open_field.symbol, open_field.addend)
            for at, open_field in image.relocations.items()
            if insn.address <= at < insn.end
        )
        out.append(replace(insn, relocations=fields))
    return tuple(out)
