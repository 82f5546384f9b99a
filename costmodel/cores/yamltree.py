"""YAML to plain trees in which every value remembers where it stood.

Only the part of YAML that cannot surprise is accepted: no aliases, no tags, no
duplicate keys, one document, and plain scalars that YAML 1.1 and 1.2 read alike
(``no``, ``010``, ``1e3`` must be quoted or written out). Keys are always text.
"""

from __future__ import annotations

import difflib
import io
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from costmodel.errors import CoreError

MAX_BYTES = 2_000_000
MAX_DEPTH = 50  # a core needs ten
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


class _Plain:
    """Stands in for YAML's tag resolver: tells plain scalars from quoted ones.

    It also counts the depth: libyaml's composer recurses in C, without a limit.
    """

    depth = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return "plain" if implicit is not True and implicit[0] else "quoted"

    def descend_resolver(self, node: Any, index: Any) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = None if node is None else node.start_mark
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def check_resolver_prefix(self, *_: Any) -> bool:
        return False


def _composers() -> tuple[Any, Any]:
    """Composer of nodes and loader of events: libyaml's if there, else Python's."""
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        class Fast(_Plain, CParser):
            def __init__(self, stream: io.StringIO) -> None:
                CParser.__init__(self, stream)

        return Fast, yaml.CSafeLoader

    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class Slow(_Plain, Reader, Scanner, Parser, Composer):
        def __init__(self, stream: io.StringIO) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)
            Composer.__init__(self)

    return Slow, yaml.SafeLoader


_COMPOSER, _EVENTS = _composers()

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_SURPRISE = re.compile(
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
    try:
        if "&" in text:  # an alias needs an anchor, an anchor needs an ampersand
            _refuse_aliases(text, name)
        composer = _COMPOSER(_Named(text, name))
        try:
            node = composer.get_single_node()
        finally:
            dispose = getattr(composer, "dispose", None)
            if dispose is not None:
                dispose()
    except yaml.YAMLError as problem:
        raise _syntax_error(problem, name, text) from None
    except RecursionError:
        raise CoreError(TOO_DEEP, where=name) from None
    if not isinstance(node, yaml.MappingNode):
        mark = Place(name, 0, 0) if node is None else _at(node.start_mark, name)
        found = "the file is empty" if node is None else f"a {_kind(node)}"
        raise error(mark, found, "a mapping (key: value lines)")
    try:
        return _Builder(name).mapping(node)
    except RecursionError:
        raise CoreError(TOO_DEEP, where=name) from None


def load(path: Path, name: str) -> Map:
    """The mapping in the file ``path``. Raises CoreError."""
    return parse(read_text(path, name), name)


def _at(mark: Any, name: str) -> Place:
    return Place(name, mark.line, mark.column)


def _kind(node: Any) -> str:
    if isinstance(node, yaml.MappingNode):
        return "mapping"
    return "list" if isinstance(node, yaml.SequenceNode) else "single value"


def _refuse_aliases(text: str, name: str) -> None:
    for event in yaml.parse(_Named(text, name), _EVENTS):
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            alias = isinstance(event, yaml.AliasEvent)
            raise error(
                _at(event.start_mark, name),
                f"{'alias *' if alias else 'anchor &'}{anchor}",
                "plain values",
                "write the value out, or quote text that begins with & or *",
            )


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


class _Builder:
    """Nodes to Map, Seq and plain values, one visit each."""

    def __init__(self, name: str) -> None:
        self.name = name

    def mapping(self, node: Any) -> Map:
        tree = Map(node.start_mark)
        keys_at, values_at = tree.keys_at, tree.values_at
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str) or key_node.tag not in ("plain", "quoted"):
                raise self.error(key_node, "a key that is not text", "a plain name")
            if key in tree:
                raise self.error(
                    key_node,
                    f"the key {key!r} a second time",
                    f"one {key!r} (the first is on line {keys_at[key].line + 1})",
                    "merge the two, or delete one",
                )
            if key == "" and key_node.tag == "plain":
                raise self.error(key_node, "an empty key", 'a name, or "" in quotes')
            tree[key] = self.value(value_node)
            keys_at[key] = key_node.start_mark
            values_at[key] = value_node.start_mark
        return tree

    def value(self, node: Any) -> Any:
        tag, value = node.tag, node.value
        if tag == "plain" and isinstance(value, str):
            return self.plain(node, value)
        if tag != "quoted" and tag != "plain":
            raise self.error(node, f"the tag {tag}", "a value without a tag")
        if isinstance(value, str):
            return value
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node)
        items = Seq(node.start_mark)
        for item in value:
            items.append(self.value(item))
            items.items_at.append(item.start_mark)
        return items

    def plain(self, node: Any, text: str) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if text[:1].isalpha() and len(text) > 8:  # cannot be any of those below
            return text
        if _INTEGER.fullmatch(text):
            if len(text) < 18:
                return int(text)
            found = f"{text}, a number of {len(text)} digits"
            hint = f'write "{text}" if text is meant'
            raise self.error(node, found, "at most 17 of them", hint)
        if _DECIMAL.fullmatch(text):
            return float(text)
        if _SURPRISE.fullmatch(text):
            raise self.error(
                node,
                f"{text} without quotes, which YAML readers take differently",
                "true, false, null, a whole number (12) or a decimal one (1.5)",
                f'write "{text}" if text is meant',
            )
        return text

    def error(self, node: Any, found: str, expected: str, hint: str = "") -> CoreError:
        return error(_at(node.start_mark, self.name), found, expected, hint)
