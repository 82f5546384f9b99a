"""The YAML core files are written in, read at once: no parser, no events.

A start of the program reads three such files, and PyYAML takes longer to be imported
than to read them. This knows block mappings, flow mappings and lists, scalars that are
plain, in double quotes without escapes, or folded (``>-``). What it does not know, and
all that is wrong, it leaves to ``yamlevents``, which tells it with a message.
"""

from __future__ import annotations

import re
from typing import Any

from costmodel.cores.yamltree import MAX_DEPTH, WORDS, Map, Place, Seq, Surprise, scalar

_FOREIGN = re.compile(r"[^\n -~]")
_SKIPPED = re.compile(r"(?: *(?:#[^\n]*)?\n)*( *)")  # blank lines; indentation
_NAME = r'(?:"([^"\\\n]*)"|([A-Za-z_][A-Za-z0-9_.-]*))'
_BEGIN = r"(?:[A-Za-z0-9_./(+]|-(?=[0-9A-Za-z]))"
_PLAIN = _BEGIN + r"(?:[A-Za-z0-9_./()+*=;<>' -]|:(?=[A-Za-z0-9]))*"
_KEY = re.compile(_NAME + r":(?=[ \n])")
_PAIR = re.compile(_NAME + rf': ({_PLAIN}|"[^"\\\n]*")([,}}])')  # the commonest kinds
_ITEM = re.compile(rf'({_PLAIN}|"[^"\\\n]*")([,\]])')
_QUOTED = re.compile(r'"([^"\\]*)"')
_TURN = re.compile(r" *\n +")  # from one line of a scalar to the next
_END = re.compile(r"(?: *| +#[^\n]*)(?=\n|$)")  # nothing more on the line
_BLOCK_PLAIN = re.compile(_BEGIN + r"[^\n]*")
_FLOW_PLAIN = re.compile(_PLAIN)
_SPACE = re.compile(r"(?:(?: #[^\n]*)?\n(?= )| )*")
_MISSING = object()
_new = tuple.__new__


class _NotPlain(Exception):
    """Something this module does not read."""


def read(text: str, name: str) -> Map | None:
    """The mapping in ``text``; None if it is not all of the kind known here."""
    if _FOREIGN.search(text) is not None:
        return None
    try:
        return _Reader(text + "\n", name).document()
    except (_NotPlain, Surprise, IndexError):
        return None


class _Reader:
    """Reads from ``at`` on, which is on line ``line`` that begins at ``begin``."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.at = self.line = self.begin = 0
        self.depth = 0
        self.gone_on = -1  # column of the next key, where a block inside has found it
        self.known: dict[str, Any] = dict(WORDS)

    def document(self) -> Map:
        if self.next_line() != 0:
            raise _NotPlain
        tree = self.block(0)
        if self.at != len(self.text):
            raise _NotPlain
        return tree

    def place(self) -> Place:
        return _new(Place, (self.name, self.line, self.at - self.begin))

    def to(self, end: int) -> None:
        """Go on at ``end``; lines are counted."""
        turns = self.text.count("\n", self.at, end)
        if turns:
            self.line += turns
            self.begin = self.text.rfind("\n", self.at, end) + 1
        self.at = end

    def next_line(self) -> int:
        """Go to the first text of the next line that has any; its column."""
        match = _SKIPPED.match(self.text, self.at)
        assert match is not None
        self.to(match.end())
        return len(match[1])

    def value_of(self, text: str) -> Any:
        known = self.known.get(text, _MISSING)
        if known is _MISSING:
            known = self.known[text] = scalar(text)
        return known

    # -- blocks ------------------------------------------------------------------------

    def block(self, column: int) -> Map:
        """A mapping whose keys stand in ``column``, the first of them here."""
        self.deeper()
        text = self.text
        tree = Map(self.place())
        while True:
            match = _KEY.match(text, self.at)
            if match is None:
                raise _NotPlain
            key = match[1] if match[2] is None else match[2]
            if key in tree:
                raise _NotPlain
            tree.keys_at[key] = self.place()
            at = match.end()
            while text[at] == " ":
                at += 1
            self.at = at
            tree[key] = self.block_value(column, tree, key)
            here = self.gone_on
            self.gone_on = -1
            if here < 0:
                if _END.match(text, self.at) is None:
                    raise _NotPlain
                self.at = text.index("\n", self.at)
                here = self.next_line()
            if here > column:
                raise _NotPlain
            if here < column or self.at == len(text):
                self.gone_on = here
                self.depth -= 1
                return tree

    def block_value(self, column: int, tree: Map, key: str) -> Any:
        """What stands behind ``key`` of a mapping in ``column``, or below it."""
        first = self.text[self.at]
        if first in "\n#":
            if first == "#":
                self.at = self.text.index("\n", self.at)
            inner = self.next_line()
            if inner <= column or self.at == len(self.text):
                raise _NotPlain
            tree.values_at[key] = self.place()
            return self.flow() if self.text[self.at] in "[{" else self.block(inner)
        tree.values_at[key] = self.place()
        if first in "[{":
            return self.flow()
        if first == '"':
            return self.quoted()
        return self.folded(column) if first == ">" else self.block_plain(column)

    def block_plain(self, column: int) -> Any:
        match = _BLOCK_PLAIN.match(self.text, self.at)
        if match is None:
            raise _NotPlain
        parts = []
        while match is not None:
            whole = match[0]
            part, comment, _ = whole.partition(" #")
            part = part.rstrip(" ")
            if ": " in part or part.endswith(":"):
                raise _NotPlain
            parts.append(part)
            self.at = match.end()
            turn = None if comment else _TURN.match(self.text, self.at)
            if turn is None or self.text[turn.end()] in "#\n":
                break
            if turn.end() - self.text.index("\n", self.at) - 1 <= column:
                break
            self.to(turn.end())
            match = _BLOCK_PLAIN.match(self.text, self.at)
            if match is None:
                raise _NotPlain
        return self.value_of(" ".join(parts))

    def folded(self, column: int) -> str:
        """Lines below that are one."""
        text = self.text
        if not text.startswith(">-\n", self.at):
            raise _NotPlain
        parts = []
        indented = 0
        self.at += 2
        while True:
            begin = self.at + 1
            end = text.find("\n", begin)
            line = text[begin:end] if end >= 0 else ""
            here = len(line) - len(line.lstrip(" "))
            if not line.strip(" ") or here <= column:
                break
            indented = indented or here
            if here != indented or line.endswith(" "):
                raise _NotPlain
            parts.append(line[here:])
            self.to(end)
        after = _SKIPPED.match(text, self.at + 1)
        if not parts or (after is not None and len(after[1]) > column):
            raise _NotPlain
        return " ".join(parts)

    # -- both --------------------------------------------------------------------------

    def quoted(self) -> str:
        match = _QUOTED.match(self.text, self.at)
        if match is None:
            raise _NotPlain
        value = match[1]
        if "\n" in value:
            joined = _TURN.sub(" ", value)
            if "\n" in joined or value.startswith((" ", "\n")) or value[-1] in " \n":
                raise _NotPlain
            value = joined
        self.to(match.end())
        return value

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _NotPlain

    # -- flows -------------------------------------------------------------------------

    def space(self) -> str:
        """Skip spaces, comments and line ends; the character that follows."""
        text, at = self.text, self.at
        first = text[at]
        if first == " " and text[at + 1] not in " \n#":
            self.at = at + 1
            return text[at + 1]
        if first in " \n":
            match = _SPACE.match(text, at)
            assert match is not None
            self.to(match.end())
            first = text[self.at]
        return first

    def flow(self) -> Any:
        """A mapping in braces or a list in brackets."""
        self.deeper()
        braces = self.text[self.at] == "{"
        here = self.place()
        self.at += 1
        made = self.flow_mapping(Map(here)) if braces else self.flow_list(Seq(here))
        self.at += 1
        self.depth -= 1
        return made

    def flow_mapping(self, tree: Map) -> Map:
        text, name = self.text, self.name
        keys_at, values_at = tree.keys_at, tree.values_at
        if self.space() == "}":
            return tree
        while True:
            match = _PAIR.match(text, self.at) or _KEY.match(text, self.at)
            if match is None:
                raise _NotPlain
            key = match[1] if match[2] is None else match[2]
            if key in tree:
                raise _NotPlain
            line, begin = self.line, self.begin
            keys_at[key] = _new(Place, (name, line, self.at - begin))
            self.at = match.end()
            if match.re is _PAIR:
                values_at[key] = _new(Place, (name, line, match.start(3) - begin))
                tree[key] = self.short(match[3])
                if match[4] == "}":
                    self.at -= 1
                    return tree
                self.space()
                continue
            first = self.space()
            values_at[key] = self.place()
            tree[key] = self.flow_value(first)
            if self.ended("}"):
                return tree

    def flow_list(self, items: Seq) -> Seq:
        text = self.text
        first = self.space()
        if first == "]":
            return items
        while True:
            items.items_at.append(self.place())
            match = _ITEM.match(text, self.at)
            if match is None:
                items.append(self.flow_value(first))
                if self.ended("]"):
                    return items
                first = text[self.at]
                continue
            items.append(self.short(match[1]))
            self.at = match.end()
            if match[2] == "]":
                self.at -= 1
                return items
            first = self.space()

    def short(self, text: str) -> Any:
        """A scalar that stands on one line, with its quotes."""
        if text[0] == '"':
            return text[1:-1]
        known = self.known.get(text, _MISSING)
        return self.value_of(text.rstrip(" ")) if known is _MISSING else known

    def ended(self, close: str) -> bool:
        """Whether the flow ends here; if not, a comma and something more is passed."""
        first = self.space()
        if first == close:
            return True
        if first != ",":
            raise _NotPlain
        self.at += 1
        self.space()
        return False

    def flow_value(self, first: str) -> Any:
        if first in "{[":
            return self.flow()
        if first == '"':
            return self.quoted()
        match = _FLOW_PLAIN.match(self.text, self.at)
        if match is None:
            raise _NotPlain
        value = match[0].rstrip(" ")
        self.at += len(value)
        while True:
            turn = _TURN.match(self.text, self.at)
            if turn is None or self.text[turn.end()] in ",]}#":
                return self.value_of(value)
            self.to(turn.end())
            match = _FLOW_PLAIN.match(self.text, self.at)
            if match is None:
                raise _NotPlain
            part = match[0].rstrip(" ")
            value += " " + part
            self.at += len(part)
