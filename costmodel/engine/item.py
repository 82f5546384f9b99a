"""One executed instruction of a path, before it is laid out."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.code.insn import Form


class Item(NamedTuple):
    """One executed instruction before layout."""

    form: Form
    taken: bool = False
    address: int = -1  # where it lies, if that is not right after the one before
