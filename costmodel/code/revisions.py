"""Files of a git revision, ``REV:path``, without touching the work tree."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path as FilePath

from costmodel.errors import InputError

_SECONDS = 20
_MOST_INCLUDES = 100
_INCLUDE = re.compile(
    r'^[ \t]*(?:#[ \t]*include|\.include|\.incbin)[ \t]*"([^"\n]+)"', re.M
)


def _git(arguments: Sequence[str]) -> tuple[int, bytes, str]:
    try:
        done = subprocess.run(
            ["git", *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            env=dict(os.environ, LC_ALL="C", GIT_TERMINAL_PROMPT="0"),
        )
    except FileNotFoundError:
        raise InputError(
            "git is not installed",
            expected="git, to read REV:path",
            hint="check the revision out and name the file",
        ) from None
    except subprocess.TimeoutExpired:
        raise InputError(f"git gave no answer in {_SECONDS} s") from None
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip()


def show(name: str) -> bytes:
    """The contents of ``REV:path``. Raises InputError."""
    revision, _, path = name.partition(":")
    if not revision or not path or revision.startswith("-"):
        raise InputError("no such file", where=name, expected="a file or REV:path")
    status, data, said = _git(["show", name])
    if status:
        said = said.splitlines()[0] if said else f"git show failed ({status})"
        raise InputError(
            said.removeprefix("fatal: "),
            where=name,
            expected="a file, or REV:path of a git repository",
            hint="git log --all -- PATH shows the revisions that have it",
        )
    if _git(["cat-file", "-t", name])[1].strip() == b"tree":
        raise InputError("a directory", where=name, hint="name a file in it")
    return data


def directory_of(name: str) -> str:
    """The directory of ``REV:path`` in the work tree, for what is generated there."""
    return posixpath.dirname(name.partition(":")[2]) or "."


def materialise(name: str, data: bytes, root: FilePath) -> str:
    """Write what ``data`` includes by name, at its revision, under ``root``.

    Returns the directory that stands for the one of ``name``.
    """
    revision, _, path = name.partition(":")
    _write(revision, path, data, root, {posixpath.normpath(path)})
    place = root / posixpath.dirname(posixpath.normpath(path)).lstrip("/.")
    place.mkdir(parents=True, exist_ok=True)
    return str(place)


def _write(
    revision: str, path: str, data: bytes, root: FilePath, done: set[str]
) -> None:
    prefix = "./" if path.startswith("./") else ""
    for included in _INCLUDE.findall(data.decode("utf-8", "replace")):
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), included))
        if joined.startswith(("..", "/")) or joined in done:
            continue
        if len(done) > _MOST_INCLUDES:
            return
        done.add(joined)
        status, found, _ = _git(["show", f"{revision}:{prefix}{joined}"])
        if status == 0:
            target = root / joined
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(found)
            _write(revision, prefix + joined, found, root, done)
