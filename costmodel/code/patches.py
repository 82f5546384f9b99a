"""Patches applied to a revision without touching the work tree.

A file of patches is a mail or several (a mailbox, what ``b4 am`` and ``git
format-patch`` write) or plain ``git diff`` output. git itself takes the mails apart and
applies them to an index of its own; the trees that result are kept in a workspace.
"""

from __future__ import annotations

import re
from pathlib import Path as FilePath

from costmodel import lazily
from costmodel.code import git
from costmodel.code.changes import Change, Commit, Place, commit, located
from costmodel.code.revisions import Workspace, also_objects
from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

_MAIL = lazily.pattern(rb"\A(?:From \S+ |[A-Za-z][A-Za-z-]*:[ \t])")
_DIFF = lazily.pattern(rb"^(?:diff --git |--- (?:a/|/dev/null))", re.M)
_BASE = lazily.pattern(rb"^base-commit: ([0-9a-f]{12,40})\s*$", re.M)
_HEAD = 1 << 20
_MOST = 64 << 20


class Patch(NamedTuple):
    subject: str
    data: bytes


def is_patch(data: bytes) -> bool:
    """Whether these bytes are a patch, or mails that hold patches."""
    head = data[:_HEAD].lstrip()
    return _DIFF.search(head) is not None and b"\0" not in head


def changes_of(
    data: bytes, name: str, file: str, base: str | None, space: Workspace
) -> list[Change]:
    """A change of ``file`` for every patch, in order.

    ``base`` is what they apply to; None: the commit the mails name, if there is such a
    one, else HEAD. Raises InputError.
    """
    place = located(file)
    start = _base(data, base, place)
    patches = _taken_apart(data, name, space)
    scratch = space.directory()
    said = git.run(
        ["rev-parse", "--path-format=absolute", "--git-path", "objects"],
        directory=place.directory,
    )
    objects = str(scratch / "objects")
    own = {
        "GIT_INDEX_FILE": str(scratch / "index"),
        "GIT_OBJECT_DIRECTORY": objects,
        **also_objects(said.text),
    }
    (scratch / "objects").mkdir()
    _run(["read-tree", start.name], place, own, b"", name)
    before = place.at(start.name, start.short, start.title, objects)
    last = _run(["write-tree"], place, own, b"", name).text
    changes = []
    for number, patch in enumerate(patches, 1):
        _apply(patch, start, place, own, name)
        tree = _run(["write-tree"], place, own, b"", name).text
        if tree == last:
            raise InputError(
                f'"{patch.subject}" changes nothing: {start.short} has it already',
                where=name,
                expected="patches that are not applied yet",
                hint="--base REV says what they were made for",
            )
        last = tree
        title = f'"{patch.subject}"'
        after = place.at(tree, tree[:12], title, objects)
        commit_or_number = f"{number}/{len(patches)}"
        changes.append(Change(before, after, commit_or_number, patch.subject))
        before = after
    return changes


def _base(data: bytes, base: str | None, place: Place) -> Commit:
    if base is not None:
        return commit(base, place, f"--base {base}")
    named = _BASE.search(data)
    if named is not None:
        try:
            return commit(named[1].decode(), place, "base-commit")
        except InputError:
            pass  # of a tree this repository never fetched: HEAD may do
    return commit("HEAD", place, place.given)


def _taken_apart(data: bytes, name: str, space: Workspace) -> list[Patch]:
    if not _MAIL.match(data.lstrip()):
        return [Patch(name.rpartition("/")[2], data)]
    folder = space.directory()
    said = git.run(["mailsplit", "-b", f"-o{folder}", "--mboxrd"], given=data.lstrip())
    if said.status:
        raise InputError(f"git mailsplit: {said.reason}", where=name)
    found = []
    for mail in sorted(p for p in folder.iterdir() if p.name.isdigit()):
        body, diff = folder / f"{mail.name}.text", folder / f"{mail.name}.diff"
        said = git.run(["mailinfo", str(body), str(diff)], given=mail.read_bytes())
        if said.status or not diff.exists() or not _DIFF.search(diff.read_bytes()):
            continue  # a cover letter, an answer
        subject = re.search(r"^Subject: (.*)$", said.text, re.M)
        found.append(Patch(subject[1] if subject else mail.name, diff.read_bytes()))
    if not found:
        raise InputError("mails without a patch", where=name, expected="a patch")
    return found


def _apply(
    patch: Patch, start: Commit, place: Place, own: dict[str, str], name: str
) -> None:
    for options in ((), ("--3way",)):
        # From the top of the repository, or paths outside this directory are left out.
        top = git.run(["rev-parse", "--show-toplevel"], directory=place.directory).text
        said = git.run(
            ["apply", "--cached", "--whitespace=nowarn", *options, "-"],
            directory=top, environment=own, given=patch.data,
        )  # fmt: skip
        if said.status == 0:
            return
    raise InputError(
        f'"{patch.subject}" does not apply to {start.short}: {said.reason}',
        where=name,
        expected="patches that apply one after the other",
        hint="--base REV says what they were made for",
    )


def _run(
    words: list[str], place: Place, own: dict[str, str], given: bytes, name: str
) -> git.Said:
    said = git.run(words, directory=place.directory, environment=own, given=given)
    if said.status:
        raise InputError(f"git {words[0]}: {said.reason}", where=name)
    return said


def read(name: str, stdin: bytes | None) -> bytes | None:
    """The patches in a file (or ``stdin`` for ``-``); None where it holds something
    else, which is then for others to read."""
    if name == "-":
        return stdin if stdin is not None and is_patch(stdin) else None
    if name.endswith((".S", ".s")):
        return None
    try:
        with FilePath(name).open("rb") as stream:
            head = stream.read(_HEAD)
            return head + stream.read(_MOST) if is_patch(head) else None
    except (OSError, ValueError):
        return None
