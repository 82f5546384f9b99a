"""YAML to plain trees in which every value remembers where it stood.

Only the part of YAML that cannot surprise is accepted: no aliases, no tags, no
duplicate keys, one document, and plain scalars that YAML 1.1 and 1.2 read alike
(``no``, ``010``, ``1e3`` must be quoted or written out). Keys are always text.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from costmodel import lazily
from costmodel.errors import CoreError
from costmodel.tuples import NamedTuple

MAX_BYTES = 2_000_000
MAX_DEPTH = 50  # a core needs ten
TOO_DEEP = "nested too deeply"


class Place(NamedTuple):
    """A position in a file; ``line`` and ``column`` count from 0, as YAML marks do."""

    name: str
    line: int
    column: int


class Surprise(Exception):
    """A plain scalar that is refused: what was found, what was expected, a hint."""


class Map(dict[str, Any]):
    """A mapping. ``keys_at`` and ``values_at`` give the mark of each key and value.

    ``replaces``: in a merge it takes the place of what it overrides (a short form).
    """

    __slots__ = ("keys_at", "mark", "replaces", "values_at")

    def __init__(self, mark: Any, replaces: bool = False) -> None:
        super().__init__()
        self.mark = mark
        self.replaces = replaces
        self.keys_at: dict[str, Any] = {}
        self.values_at: dict[str, Any] = {}

    def empty_copy(self) -> Map:
        """No keys, and the same marks: for the same keys with other values."""
        out = Map(self.mark)
        out.keys_at, out.values_at = self.keys_at, self.values_at
        return out

    def put(self, key: str, value: Any, key_at: Any, value_at: Any) -> None:
        """Set a key together with its marks."""
        self[key] = value
        self.keys_at[key] = key_at
        self.values_at[key] = value_at


class Seq(list[Any]):
    """A sequence. ``items_at`` gives the mark of each item."""

    __slots__ = ("items_at", "mark")

    def __init__(self, mark: Any) -> None:
        super().__init__()
        self.mark = mark
        self.items_at: list[Any] = []


_INTEGER = lazily.pattern(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = lazily.pattern(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_SURPRISE = lazily.pattern(
    r"(?:y|n|yes|no|on|off|true|false|null)"  # other spellings of the words below
    r"|[-+]?\.(?:inf|nan)|[-+]?(?:inf|nan|infinity)"
    r"|[-+]?[0-9][0-9_,:]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?"
    r"|[-+]?\.[0-9][0-9_]*(?:e[-+]?[0-9]+)?"
    r"|[-+]?0[xob][0-9a-f_]+",
    re.IGNORECASE,
)
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None}
WORDS[""] = None


def place(mark: Any) -> str:
    """``file:line:column`` of a mark, counting from 1."""
    return f"{mark.name}:{mark.line + 1}:{mark.column + 1}"


def error(mark: Any, found: str, expected: str = "", hint: str = "") -> CoreError:
    """A CoreError at a mark."""
    return CoreError(found, where=place(mark), expected=expected, hint=hint)


def close(name: str, known: Iterable[str]) -> str:
    """A hint naming what ``name`` may have meant, or "" if nothing is near."""
    import difflib  # only mistakes need it

    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else ""


def read_text(path: Path, name: str) -> str:
    """The text of a regular file of bearable size. Raises CoreError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise CoreError("not a regular file", where=name, expected="a YAML file")
        if status.st_size > MAX_BYTES:
            raise CoreError(
                f"the file has {status.st_size} bytes",
                where=name,
                expected=f"at most {MAX_BYTES}",
                hint="a core is a few hundred lines; is this the right file?",
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise CoreError("no such file", where=name, expected="a YAML file") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise CoreError(reason, where=name, expected="a readable YAML file") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start)
        column = problem.start - (data.rfind(b"\n", 0, problem.start) + 1)
        raise error(
            Place(name, line, column),
            f"byte 0x{data[problem.start]:02x} is not UTF-8",
            "UTF-8 text",
        ) from None


def scalar(text: str) -> Any:
    """What a plain scalar is. Raises Surprise where YAML readers differ."""
    if text[:1].isalpha() and len(text) > 8:  # cannot be any of those below
        return text
    if _INTEGER.fullmatch(text):
        if len(text) < 18:
            return int(text)
        found = f"{text}, a number of {len(text)} digits"
        hint = f'write "{text}" if text is meant'
        raise Surprise(found, "at most 17 of them", hint)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _SURPRISE.fullmatch(text):
        raise Surprise(
            f"{text} without quotes, which YAML readers take differently",
            "true, false, null, a whole number (12) or a decimal one (1.5)",
            f'write "{text}" if text is meant',
        )
    return text


def parse(text: str, name: str) -> Map:
    """The mapping in ``text``; ``name`` is shown in errors. Raises CoreError."""
    from costmodel.cores import plainyaml  # it is made of the classes above

    tree = plainyaml.read(text, name)
    if tree is not None:
        return tree
    from costmodel.cores import yamlevents

    return yamlevents.parse(text, name)


def load(path: Path, name: str) -> Map:
    """The mapping in the file ``path``. Raises CoreError."""
    return parse(read_text(path, name), name)
