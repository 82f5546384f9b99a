"""What is read without PyYAML is what PyYAML reads, marks too, or is left to it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from costmodel import data
from costmodel.cores import plainyaml, yamlevents
from costmodel.cores.yamltree import Map, Seq

FILES = sorted(data.uarch_dir().glob("*.yaml"))
# What is put into a file, anywhere: most of it makes it another one, or none at all.
BITS = (
    "\n", "\n\n", " ", "  ", ":", ": ", "#", " #", '"', "'", "{", "}", "[", "]", ",",
    "-", "- ", ">", "|", ">-", "&a", "*a", "!t", "%", "@", "`", "~", "null", "no",
    "0x1", "1e3", "?", "? ", "---\n", "...\n", "\t", "a: b", "{}", "[]", "=", "<<: ",
    "''", '""', ".", "\u00e9", "\r",
)  # fmt: skip


def flat(tree: Any) -> Any:
    """A tree with the places of all that is in it."""
    if isinstance(tree, Map):
        rows = [
            (key, _at(tree.keys_at[key]), _at(tree.values_at[key]), flat(value))
            for key, value in tree.items()
        ]
        return "map", _at(tree.mark), rows
    if isinstance(tree, Seq):
        return "list", _at(tree.mark), [*map(_at, tree.items_at)], [*map(flat, tree)]
    return type(tree), tree


def _at(mark: Any) -> tuple[str, int, int]:
    return mark.name, mark.line, mark.column


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_are_read_as_pyyaml_reads_them(path: Any) -> None:
    text = path.read_text()
    tree = plainyaml.read(text, "f.yaml")
    if tree is not None:
        assert flat(tree) == flat(yamlevents.parse(text, "f.yaml"))


def test_nearly_all_files_are_read_without_pyyaml() -> None:
    """Each that is not costs a start what importing PyYAML takes."""
    left = [p.stem for p in FILES if plainyaml.read(p.read_text(), "f.yaml") is None]
    assert len(left) <= 2, left


def mutant(random: Random, texts: list[str]) -> str:
    """Some lines of a file, changed in up to three places."""
    lines = random.choice(texts).split("\n")
    first = random.randrange(len(lines))
    some = lines[first : first + random.randrange(1, 25)]
    indents = [len(line) - len(line.lstrip()) for line in some if line.strip()]
    text = "\n".join(line[min(indents, default=0) :] for line in some)
    for _ in range(random.randrange(4)):
        at = random.randrange(len(text) + 1)
        if random.random() < 0.6:
            text = text[:at] + random.choice(BITS) + text[at:]
        else:
            text = text[:at] + text[at + random.randrange(1, 4) :]
    return text


def test_what_is_read_of_a_broken_file_is_what_pyyaml_reads() -> None:
    """It would raise CoreError for what PyYAML does not take."""
    random = Random(11)
    texts = [path.read_text() for path in FILES]
    read = 0
    for _ in range(6_000):
        text = mutant(random, texts)
        tree = plainyaml.read(text, "f.yaml")
        if tree is not None:
            read += 1
            assert flat(tree) == flat(yamlevents.parse(text, "f.yaml")), text
    assert read > 500
