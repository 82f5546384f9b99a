"""YAML to plain trees in which every value remembers where it stood.

Only the part of YAML that cannot surprise is accepted: no aliases, no tags, no
duplicate keys, one document, and plain scalars that YAML 1.1 and 1.2 read alike
(``no``, ``010``, ``1e3`` must be quoted or written out). Keys are always text.
"""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from costmodel import lazily
from costmodel.errors import CoreError
from costmodel.tuples import NamedTuple

with lazily.imported():  # PyYAML's own reader has a pattern of all Unicode: 8 ms
    import yaml

MAX_BYTES = 2_000_000
MAX_DEPTH = 50  # a core needs ten
_A_MAPPING = "a mapping (key: value lines)"
TOO_DEEP = "nested too deeply"


class Place(NamedTuple):
    """A position in a file; ``line`` and ``column`` count from 0, as YAML marks do."""

    name: str
    line: int
    column: int


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


class _Named(io.StringIO):
    """Text with the file name that marks shall show."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def _parsers() -> Any:
    """Makes a parser of a stream: libyaml's if it is there, else Python's."""
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        return CParser
    return yaml.SafeLoader


_PARSER = _parsers()

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
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None}
_WORDS[""] = None


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


def parse(text: str, name: str) -> Map:
    """The mapping in ``text``; ``name`` is shown in errors. Raises CoreError."""
    parser = _PARSER(_Named(text, name))
    try:
        return _Builder(parser.get_event, name).document()
    except yaml.YAMLError as problem:
        raise _syntax_error(problem, name, text) from None
    except RecursionError:  # of Python's own parser
        raise CoreError(TOO_DEEP, where=name) from None
    finally:
        parser.dispose()


def load(path: Path, name: str) -> Map:
    """The mapping in the file ``path``. Raises CoreError."""
    return parse(read_text(path, name), name)


def _at(mark: Any, name: str) -> Place:
    return Place(name, mark.line, mark.column)


def _syntax_error(problem: yaml.YAMLError, name: str, text: str) -> CoreError:
    mark = getattr(problem, "problem_mark", None)
    what = getattr(problem, "problem", None)
    if mark is not None:
        hint = ""
        context = str(getattr(problem, "context", ""))
        if "alias" in context or "anchor" in context:
            hint = 'quote a key or value that begins with * or &: "*"'
        return error(_at(mark, name), str(what or "not YAML"), "YAML", hint)
    position = getattr(problem, "position", None)
    if isinstance(position, int):
        line = text.count("\n", 0, position)
        column = position - (text.rfind("\n", 0, position) + 1)
        return error(Place(name, line, column), "a character YAML forbids", "text")
    return CoreError(str(what or problem).splitlines()[0], where=name, expected="YAML")


_MISSING = object()


class _Builder:
    """Events of the parser to Map, Seq and plain values."""

    def __init__(self, next_event: Callable[[], Any], name: str) -> None:
        self.next = next_event
        self.name = name
        self.depth = 0
        # Plain scalars met before: few different ones make up a core.
        self.known: dict[str, Any] = dict(_WORDS)

    def document(self) -> Map:
        """The one mapping of the file."""
        self.next()  # the stream
        if isinstance(self.next(), yaml.StreamEndEvent):
            raise error(Place(self.name, 0, 0), "the file is empty", _A_MAPPING)
        event = self.next()
        if not isinstance(event, yaml.MappingStartEvent):
            self.refuse_names(event)
            listed = isinstance(event, yaml.SequenceStartEvent)
            found = "a list" if listed else "a single value"
            raise self.error(event, found, _A_MAPPING)
        tree = self.value(event)
        self.next()  # its document ends
        event = self.next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.error(event, "a second document", "one document")
        assert isinstance(tree, Map)
        return tree

    def value(self, event: Any) -> Any:
        if type(event) is yaml.ScalarEvent:
            if event.anchor is None and event.tag is None:
                text = event.value
                if not event.implicit[0]:
                    return text
                value = self.known.get(text, _MISSING)
                if value is _MISSING:
                    value = self.known[text] = self.plain(event, text)
                return value
            self.refuse_names(event)
            raise self.error(event, f"the tag {event.tag}", "a value without a tag")
        self.refuse_names(event)
        if event.tag is not None:
            raise self.error(event, f"the tag {event.tag}", "a value without a tag")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(event, TOO_DEEP, "")
        mapping = type(event) is yaml.MappingStartEvent
        made = self.mapping(event) if mapping else self.sequence(event)
        self.depth -= 1
        return made

    def mapping(self, event: Any) -> Map:
        tree = Map(event.start_mark)
        keys_at, values_at = tree.keys_at, tree.values_at
        while True:
            at = self.next()
            if type(at) is yaml.MappingEndEvent:
                return tree
            self.refuse_names(at)
            if type(at) is not yaml.ScalarEvent or at.tag is not None:
                raise self.error(at, "a key that is not text", "a plain name")
            key = at.value
            if key in tree:
                raise self.error(
                    at,
                    f"the key {key!r} a second time",
                    f"one {key!r} (the first is on line {keys_at[key].line + 1})",
                    "merge the two, or delete one",
                )
            if key == "" and at.implicit[0]:
                raise self.error(at, "an empty key", 'a name, or "" in quotes')
            value = self.next()
            tree[key] = self.value(value)
            keys_at[key] = at.start_mark
            values_at[key] = value.start_mark

    def sequence(self, event: Any) -> Seq:
        items = Seq(event.start_mark)
        while True:
            item = self.next()
            if type(item) is yaml.SequenceEndEvent:
                return items
            items.append(self.value(item))
            items.items_at.append(item.start_mark)

    def refuse_names(self, event: Any) -> None:
        """Raise CoreError for an anchor or an alias."""
        if event.anchor is not None:
            alias = type(event) is yaml.AliasEvent
            raise self.error(
                event,
                f"{'alias *' if alias else 'anchor &'}{event.anchor}",
                "plain values",
                "write the value out, or quote text that begins with & or *",
            )

    def plain(self, event: Any, text: str) -> Any:
        if text[:1].isalpha() and len(text) > 8:  # cannot be any of those below
            return text
        if _INTEGER.fullmatch(text):
            if len(text) < 18:
                return int(text)
            found = f"{text}, a number of {len(text)} digits"
            hint = f'write "{text}" if text is meant'
            raise self.error(event, found, "at most 17 of them", hint)
        if _DECIMAL.fullmatch(text):
            return float(text)
        if _SURPRISE.fullmatch(text):
            raise self.error(
                event,
                f"{text} without quotes, which YAML readers take differently",
                "true, false, null, a whole number (12) or a decimal one (1.5)",
                f'write "{text}" if text is meant',
            )
        return text

    def error(self, event: Any, found: str, expected: str, hint: str = "") -> CoreError:
        return error(_at(event.start_mark, self.name), found, expected, hint)
