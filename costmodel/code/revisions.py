"""Files of a git revision, without touching the work tree.

A ``Revised`` file is read through ``git show``; what it includes comes from the same
revision, written to a ``Workspace`` that goes away when the work is done.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from types import TracebackType
from typing import TYPE_CHECKING

from costmodel import lazily
from costmodel.code import git
from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

if TYPE_CHECKING:
    import tempfile

_MOST_INCLUDES = 100
_INCLUDE = lazily.pattern(
    r'^[ \t]*(?:#[ \t]*include|\.include|\.incbin)[ \t]*"([^"\n]+)"', re.M
)


class Revised(NamedTuple):
    """A file as one revision has it.

    ``revision`` is anything git takes for a tree, ``path`` counts from the top of the
    repository that ``repository`` lies in. ``objects`` is a directory with objects the
    repository itself does not hold: those of patches applied to nothing on disk.
    """

    revision: str
    path: str
    repository: str = "."
    shown: str = ""  # what messages call the file; "": REVISION:PATH
    title: str = ""  # commit and subject, for headings
    objects: str = ""

    @property
    def name(self) -> str:
        return self.shown or f"{self.revision}:{self.path}"

    @property
    def environment(self) -> Mapping[str, str]:
        return also_objects(self.objects)

    def git(self, *arguments: str) -> git.Said:
        return git.run(
            arguments, directory=self.repository, environment=self.environment
        )


def also_objects(directory: str) -> dict[str, str]:
    """The environment in which git finds the objects of ``directory`` too."""
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": directory} if directory else {}


def revised(name: str) -> Revised:
    """The file that ``REV:path`` names; ``./`` counts from the current directory."""
    revision, _, path = name.partition(":")
    if not revision or not path or revision.startswith("-"):
        raise InputError("no such file", where=name, expected="a file or REV:path")
    if path.startswith("."):
        prefix = git.run(["rev-parse", "--show-prefix"]).text
        path = posixpath.normpath(posixpath.join(prefix, path))
    return Revised(revision, path, shown=name)


def show(file: Revised) -> bytes:
    """The contents of a revised file. Raises InputError."""
    name = f"{file.revision}:{file.path}"
    said = file.git("show", name)
    if said.status:
        raise InputError(
            said.reason,
            where=file.name,
            expected="a file, or REV:path of a git repository",
            hint="git log --all -- PATH shows the revisions that have it",
        )
    if file.git("cat-file", "-t", name).data.strip() == b"tree":
        raise InputError("a directory", where=file.name, hint="name a file in it")
    return said.data


def beside(file: Revised) -> str:
    """The file's directory in the work tree, for what is generated there."""
    top = file.git("rev-parse", "--show-toplevel")
    root = top.text if top.status == 0 else file.repository
    return posixpath.join(root, posixpath.dirname(file.path))


class Workspace:
    """A scratch directory for what revised files include, made when first needed."""

    def __init__(self) -> None:
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._exported: dict[tuple[str, ...], FilePath] = {}
        self._count = 0

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._scratch is not None:
            self._scratch.cleanup()

    def directory(self) -> FilePath:
        """A new directory of its own."""
        if self._scratch is None:
            import tempfile  # slow to load, and few inputs need it

            self._scratch = tempfile.TemporaryDirectory(prefix="costmodel-")
        self._count += 1
        made = FilePath(self._scratch.name) / str(self._count)
        made.mkdir()
        return made

    def quoted(self, file: Revised, data: bytes) -> tuple[FilePath, str]:
        """Write what ``data`` includes by name, at its revision.

        Returns where it is written, and the directory that stands for the file's own.
        """
        root = self.directory()
        _write(file, file.path, data, root, {posixpath.normpath(file.path)})
        place = root / posixpath.dirname(posixpath.normpath(file.path)).lstrip("/.")
        place.mkdir(parents=True, exist_ok=True)
        return root, str(place)

    def exported(self, file: Revised, directories: Sequence[str]) -> FilePath:
        """``directories`` of the file's revision, on disk.

        Revisions that have the same ones share them: most commits of a series leave
        the headers alone.
        """
        said = file.git("ls-tree", "--full-tree", file.revision, "--", *directories)
        if said.status:
            raise InputError(said.reason, where=file.name)
        key = tuple(said.text.splitlines())
        if key in self._exported:
            return self._exported[key]
        root = self.directory()
        own = {**file.environment, "GIT_INDEX_FILE": str(self.directory() / "index")}
        steps: tuple[tuple[str, ...], ...] = (
            ("read-tree", file.revision),
            ("ls-files", "-z", "--", *directories),
            ("checkout-index", "-z", "--stdin", "-f", f"--prefix={root}/"),
        )
        said = git.Said(0, b"", "")
        top = file.git("rev-parse", "--show-toplevel").text or file.repository
        for step in steps:
            said = git.run(step, directory=top, environment=own, given=said.data)
            if said.status:
                raise InputError(f"git {step[0]}: {said.reason}", where=file.name)
        self._exported[key] = root
        return root


def _write(
    file: Revised, path: str, data: bytes, root: FilePath, done: set[str]
) -> None:
    for included in _INCLUDE.findall(data.decode("utf-8", "replace")):
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), included))
        if joined.startswith(("..", "/")) or joined in done:
            continue
        if len(done) > _MOST_INCLUDES:
            return
        done.add(joined)
        said = file.git("show", f"{file.revision}:{joined}")
        if said.status == 0:
            target = root / joined
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(said.data)
            _write(file, joined, said.data, root, done)
