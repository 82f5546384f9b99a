"""The errors a user can cause, each with the exit status it deserves.

Every message says where, what was found, what was expected and what to do next.
Only ``cli`` turns them into text and an exit status; everything below raises.
"""

from __future__ import annotations

_LONGEST = 400


class CostmodelError(Exception):
    """Something the user can mend. ``status`` is the exit status of the command."""

    status = 2

    def __init__(
        self,
        found: str,
        *,
        where: str = "",
        expected: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(found)
        self.where = where
        self.found = found
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        found, where = shortened(self.found), shortened(self.where)
        lines = [printable(f"{where}: {found}" if where else found)]
        if self.expected:
            lines.append(f"  expected: {printable(shortened(self.expected))}")
        if self.hint:
            # A hint may go on in lines of its own, set in as this one is.
            parts = shortened(self.hint).split("\n  ")
            lines.append("  try: " + "\n  ".join(printable(part) for part in parts))
        return "\n".join(lines)


def printable(text: str, keep: str = "") -> str:
    """``text`` that does to a terminal what it says: controls and what else has no
    shape are escaped, so that no name of a symbol or a file can move the cursor, colour
    the line or begin another. ``keep``: characters to leave."""
    if text.isprintable():  # most are
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode()
        for c in text
    )


def shortened(text: str) -> str:
    """``text`` without its middle where it is longer than anybody reads: what was found
    may hold a name or a number of any length."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]} .. {text[-_LONGEST // 4 :]}"


class UsageError(CostmodelError):
    """The command line, a selector or an argument of the API is wrong."""


class InputError(CostmodelError):
    """Code that cannot be read: bad assembly, a broken object, no such symbol."""


class CoreError(CostmodelError):
    """A core file that cannot be loaded, or a core nobody has described."""


class UnknownInstructionError(CostmodelError):
    """An instruction no cost is known for, where guessing is not allowed."""

    status = 3
