"""What a hand-made kernel is: code, core, scenario and a worked answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.tiny import TINY


class Kernel(NamedTuple):
    """``text`` is a tiny core written out; "": the core is a shipped one."""

    name: str
    core: str
    code: bytes
    scenario: str
    cycles: float
    text: str


def kernel(
    core: str,
    code: str,
    cycles: float,
    scenario: str = "unroll",
    **changes: str,
) -> Callable[[Callable[[], None]], Kernel]:
    """A kernel of ``code`` in hex. ``changes`` replace text of the tiny core: the key
    names a field, the value is what stands behind it."""

    def made(function: Callable[[], None]) -> Kernel:
        assert function.__doc__, "a kernel says how its answer comes about"
        text = ""
        if core == "tiny":
            text = TINY
            for name, value in changes.items():
                text = changed(text, name, value)
        return Kernel(
            function.__name__, core, bytes.fromhex(code), scenario, cycles, text
        )

    return made


def changed(text: str, name: str, value: str) -> str:
    """``text`` with ``value`` for the field ``name``, which must be there once."""
    lines = text.splitlines()
    at = [k for k, line in enumerate(lines) if line.strip().startswith(name + ":")]
    assert len(at) == 1, (name, at)
    indent = lines[at[0]][: len(lines[at[0]]) - len(lines[at[0]].lstrip())]
    lines[at[0]] = f"{indent}{name}: {value}"
    end = at[0] + 1
    while end < len(lines) and lines[end].startswith(indent + "  "):
        end += 1  # what it held before
    return "\n".join([*lines[: at[0] + 1], *lines[end:]]) + "\n"
