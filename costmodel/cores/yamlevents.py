"""YAML by PyYAML's events, to the trees of ``yamltree``: any YAML, and what is wrong.

Core files as they are written are read without it, see ``plainyaml``.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from costmodel import lazily
from costmodel.cores.yamltree import (
    MAX_DEPTH,
    TOO_DEEP,
    WORDS,
    Map,
    Place,
    Seq,
    Surprise,
    error,
    scalar,
)
from costmodel.errors import CoreError

with lazily.imported():  # PyYAML's own reader has a pattern of all Unicode: 8 ms
    import yaml

_A_MAPPING = "a mapping (key: value lines)"


class _Named(io.StringIO):
    """Text with the file name that marks shall show."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def parsers() -> Any:
    """Makes a parser of a stream: libyaml's if it is there, else Python's."""
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        return CParser
    return yaml.SafeLoader


PARSER = parsers()


def parse(text: str, name: str) -> Map:
    """The mapping in ``text``; ``name`` is shown in errors. Raises CoreError."""
    parser = PARSER(_Named(text, name))
    try:
        return _Builder(parser.get_event, name).document()
    except yaml.YAMLError as problem:
        raise _syntax_error(problem, name, text) from None
    except RecursionError:  # of Python's own parser
        raise CoreError(TOO_DEEP, where=name) from None
    finally:
        parser.dispose()


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
        self.known: dict[str, Any] = dict(WORDS)

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
        try:
            return scalar(text)
        except Surprise as surprise:
            raise self.error(event, *surprise.args) from None

    def error(self, event: Any, found: str, expected: str, hint: str = "") -> CoreError:
        return error(_at(event.start_mark, self.name), found, expected, hint)
