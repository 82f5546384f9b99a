"""What is compared: two inputs, a range of revisions, a series, or patches.

A range is ``A..B``, ``A...B`` (from where the two parted) or ``REV^!`` (one commit), as
git has them; an end left out is HEAD.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path as FilePath

from costmodel.code import git
from costmodel.code.revisions import Revised
from costmodel.errors import InputError, UsageError
from costmodel.tuples import NamedTuple

FORMS = "A..B, A...B or REV^!"
MOST_COMMITS = 500
Input = str | Revised


class Change(NamedTuple):
    """Two inputs of one comparison, and the commit that leads from one to the other."""

    before: Input
    after: Input
    commit: str = ""
    subject: str = ""


class Place(NamedTuple):
    """A file of a repository: ``path`` from its top, ``directory`` somewhere in it."""

    directory: str
    path: str
    given: str  # as the user named it

    def at(self, revision: str, shown: str, title: str, objects: str = "") -> Revised:
        given = self.given
        if not given.startswith((".", "/")):
            given = f"./{given}"
        name = f"{shown}:{given}"
        return Revised(revision, self.path, self.directory, name, title, objects)


class Commit(NamedTuple):
    """``name`` is the whole hash, ``short`` what people read."""

    name: str
    short: str
    subject: str
    parent: str

    @property
    def title(self) -> str:
        return f'{self.short} ("{self.subject}")'


def is_range(text: str) -> bool:
    """Whether ``text`` names revisions, and is not itself a file."""
    if os.path.lexists(text) or ":" in text:
        return False
    if text.endswith("^!"):
        return True
    first, dots, last = text.partition("..")
    path = last.lstrip(".").startswith("/") or last.startswith("./")
    return bool(dots) and not path and not first.endswith("/") and text != ".."


def located(file: str) -> Place:
    """Where a file is in its repository, though the work tree may not have it."""
    whole = FilePath(os.path.normpath(FilePath(file).absolute()))
    home = next((d for d in whole.parents if d.is_dir()), FilePath())
    top = git.run(["rev-parse", "--show-toplevel"], directory=str(home))
    if top.status:
        return Place(".", os.path.normpath(file), file)
    path = home.resolve() / whole.relative_to(home)
    return Place(str(home), os.path.relpath(path, FilePath(top.text).resolve()), file)


def commit(revision: str, place: Place, where: str) -> Commit:
    """Raises InputError where git knows no such commit."""
    form = "%H%x00%h%x00%P%x00%s"
    said = git.run(
        ["log", "-1", "--abbrev=12", f"--format={form}", "--end-of-options", revision,
         "--"],
        directory=place.directory,
    )  # fmt: skip
    if said.status or not said.data:
        raise InputError(said.reason, where=where, expected=f"a commit; {FORMS}")
    name, short, parents, subject = said.text.split("\0")
    return Commit(name, short, subject, parents.partition(" ")[0])


def _ends(text: str, place: Place) -> tuple[str, str]:
    """The two revisions of a range."""
    if text.endswith("^!"):
        return f"{text[:-2]}^", text[:-2]
    dots = "..." if "..." in text else ".."
    first, _, last = (part or "HEAD" for part in text.partition(dots))
    if dots == "..":
        return first, last
    ends = [commit(end, place, text).name for end in (first, last)]
    said = git.run(["merge-base", *ends], directory=place.directory)
    if said.status:
        raise InputError(
            said.reason if said.errors else "the two have no commit in common",
            where=text, expected=f"two revisions of one history; {FORMS}",
        )  # fmt: skip
    return said.text.partition("\n")[0], last


def of_range(text: str, file: str) -> Change:
    """The file at both ends of a range."""
    place = located(file)
    first, last = _ends(text, place)
    old, new = (commit(end, place, text) for end in (first, last))
    shown = old.short if "..." in text else first
    return Change(
        place.at(old.name, shown, old.title),
        place.at(new.name, last, new.title),
        new.short,
        new.subject,
    )


def each_of_range(text: str, file: str) -> list[Change]:
    """A change for every commit of a range, oldest first, against its first parent."""
    if not is_range(text):
        raise UsageError(f"--each {text!r}", expected=f"{FORMS}, or a file of patches")
    place = located(file)
    first, last = _ends(text, place)
    ends = [commit(end, place, text).name for end in (first, last)]
    said = git.run(
        ["rev-list", "--reverse", "--first-parent", f"^{ends[0]}", ends[1], "--"],
        directory=place.directory,
    )
    names = said.text.split()
    if said.status or not names:
        raise InputError(
            said.reason if said.status else "no commit in it", where=text,
            expected="a range with at least one commit",
        )  # fmt: skip
    if len(names) > MOST_COMMITS:
        raise UsageError(
            f"{len(names)} commits", where=text, expected=f"at most {MOST_COMMITS}"
        )
    changes = []
    for name in names:
        new = commit(name, place, text)
        if not new.parent:
            raise InputError(f"{new.short} has no parent", where=text, expected=FORMS)
        old = commit(new.parent, place, text)
        changes.append(
            Change(
                place.at(old.name, old.short, old.title),
                place.at(new.name, new.short, new.title),
                new.short,
                new.subject,
            )
        )
    return changes


def assembly_of(text: str) -> Sequence[str]:
    """Assembly files a range changes, to choose from."""
    names = git.run(["diff", "--name-only", text, "--"]).text.splitlines()
    return [name for name in names if re.search(r"\.[Ss]$", name)]
