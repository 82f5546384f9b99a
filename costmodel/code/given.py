"""Values of registers the user knows: ``--with rax=110``."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.code.registers import GENERAL
from costmodel.errors import UsageError

_ALIASES = {
    **{name: number for number, name in enumerate(GENERAL)},
    **{f"e{name[1:]}": number for number, name in enumerate(GENERAL[:8])},
    **{f"{name}d": number for number, name in enumerate(GENERAL) if number > 7},
}


def registers_given(given: Sequence[str]) -> dict[int, int]:
    """``rax=110`` as numbers of registers and values. Raises UsageError."""
    found = {}
    for entry in given:
        name, equals, text = entry.partition("=")
        register = _ALIASES.get(name.strip().lower().lstrip("%"))
        try:
            value = int(text.strip(), 0)
        except ValueError:
            value = -(1 << 64)
        if register is None or not equals or not -(1 << 63) <= value < 1 << 64:
            raise UsageError(
                f"--with {entry!r}",
                expected="REGISTER=NUMBER, such as rax=110 or rdi=0x1000",
            )
        found[register] = value
    return found
