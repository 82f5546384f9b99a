"""The door of this room: any input to an Image, any Image to a Path."""

from __future__ import annotations

import mmap
import os
import posixpath
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from pathlib import PurePosixPath

from costmodel.code import assemble as assembling
from costmodel.code import objfile, regions, textinput
from costmodel.code.elf import Buffer
from costmodel.code.follow import follow
from costmodel.code.image import Image, LineRow
from costmodel.code.insn import Path
from costmodel.code.kinds import MAX_TEXT, READABLE, Kind, recognise
from costmodel.code.selectors import select
from costmodel.errors import InputError, UsageError

_HEAD = 65536
_GIT_SECONDS = 20
_INCLUDE = re.compile(
    r'^[ \t]*(?:#[ \t]*include|\.include|\.incbin)[ \t]*"([^"\n]+)"', re.M
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the assembler should know: -D, -I, and Intel syntax without asking."""

    intel: bool = False
    defines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


def load_path(
    source: str | os.PathLike[str],
    *,
    symbol: str | None = None,
    take: Sequence[str] = (),
    into: Sequence[str] = (),
    region: str | None = None,
    stdin: bytes | None = None,
    intel: bool = False,
    defines: Sequence[str] = (),
    includes: Sequence[str] = (),
) -> Path:
    """Read ``source``, choose where to begin, follow the path.

    ``source`` is a file name, ``REV:path`` (as in git show) or ``-`` for ``stdin``.
    Raises InputError or UsageError, each saying where, what and what to do.
    """
    image = load_image(
        source, stdin=stdin, intel=intel, defines=defines, includes=includes
    )
    return image_path(image, symbol=symbol, take=take, into=into, region=region)


def image_path(
    image: Image,
    *,
    symbol: str | None = None,
    take: Sequence[str] = (),
    into: Sequence[str] = (),
    region: str | None = None,
) -> Path:
    """One path of an image; several may be taken from the same one."""
    start = select(image, symbol, region)
    if image.linked and not image.lines:
        # A vmlinux's line table is large: only now is it known which part matters.
        image = replace(image, lines=_linked_lines(image, start.address))
    path = follow(
        image, start.address, name=start.name, end=start.end, take=take, into=into
    )
    return replace(path, notes=(*image.notes, *start.notes, *path.notes))


def load_image(
    source: str | os.PathLike[str],
    *,
    stdin: bytes | None = None,
    intel: bool = False,
    defines: Sequence[str] = (),
    includes: Sequence[str] = (),
) -> Image:
    """Read ``source`` whatever it is. Raises InputError."""
    options = Options(intel, tuple(defines), tuple(includes))
    name = os.fspath(source)
    if name == "-":
        data = sys.stdin.buffer.read() if stdin is None else stdin
        return _image(data, "<stdin>", ".", options)
    if name == "":
        raise UsageError("an empty file name", expected="a file, REV:path or -")
    path = FilePath(name)
    if not os.path.lexists(path) and ":" in name:
        return _from_git(name, options)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if head.startswith(b"\x7fELF"):
                mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
                with mapped:
                    return objfile.read_image(mapped, name)
            data = head + stream.read(MAX_TEXT + 1 - len(head))
    except IsADirectoryError:
        raise InputError(
            "a directory", where=name, expected=READABLE, hint="name a file in it"
        ) from None
    except FileNotFoundError:
        raise InputError(
            "no such file", where=name, expected=READABLE, hint=_neighbours(path)
        ) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=name, expected=READABLE
        ) from None
    return _image(data, name, str(path.parent), options)


def _neighbours(path: FilePath) -> str:
    from costmodel.code.selectors import closest

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    close = closest(path.name, names)
    return "did you mean " + ", ".join(close) + "?" if close else ""


def _image(data: bytes, name: str, directory: str, options: Options) -> Image:
    if len(data) > MAX_TEXT:
        raise InputError(
            f"more than {MAX_TEXT >> 20} MiB of text",
            where=name,
            expected=READABLE,
            hint="give the object file itself, or the one function",
        )
    kind = recognise(data, name)
    if kind is Kind.ELF:
        return objfile.read_image(data, name)
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    if kind is Kind.HEX:
        return textinput.read_hex(text, name)
    if kind is Kind.OOPS:
        return textinput.read_oops(text, name)
    if kind is Kind.OBJDUMP:
        return textinput.read_objdump(text, name)
    return _assembled(text, name, directory, kind is Kind.CPP_ASSEMBLY, options)


def _assembled(
    text: str, name: str, directory: str, cpp: bool, options: Options
) -> Image:
    planted, marks = regions.plant(text)
    source = assembling.Source(
        planted,
        name,
        cpp,
        options.intel,
        directory,
        options.includes,
        options.defines,
    )
    data = assembling.assemble(source)
    image = objfile.read_image(data, name)
    if not marks:
        return image
    found = objfile.read_markers(data, name)
    return replace(image, regions=regions.collect(found, marks, image.sections, name))


def _linked_lines(image: Image, address: int) -> tuple[LineRow, ...]:
    try:
        with FilePath(image.origin).open("rb") as stream:
            mapped: Buffer = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            return objfile.lines_near(mapped, address, image.origin)
    except (OSError, ValueError):
        return ()


def _git(arguments: Sequence[str]) -> tuple[int, bytes, str]:
    try:
        done = subprocess.run(
            ["git", *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_GIT_SECONDS,
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
        raise InputError(f"git gave no answer in {_GIT_SECONDS} s") from None
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip()


def _from_git(name: str, options: Options) -> Image:
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
            hint=f"git show {name}",
        )
    if _git(["cat-file", "-t", name])[1].strip() == b"tree":
        raise InputError("a directory", where=name, expected=READABLE)
    with tempfile.TemporaryDirectory(prefix="costmodel-") as scratch:
        # What it includes must be of the same revision, not of the work tree.
        _materialise(revision, path, data, FilePath(scratch), {path})
        beside = str(PurePosixPath(path).parent)
        directory = str(FilePath(scratch, beside.removeprefix("./")))
        with_tree = replace(options, includes=(beside, *options.includes))
        return _image(data, name, directory, with_tree)


def _materialise(
    revision: str, path: str, data: bytes, root: FilePath, done: set[str]
) -> None:
    """Write the files that ``path`` includes by name, at ``revision``, under root."""
    for included in _INCLUDE.findall(data.decode("utf-8", "replace")):
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), included))
        if joined.startswith(("..", "/")) or joined in done or len(done) > 100:
            continue
        done.add(joined)
        prefix = "./" if path.startswith("./") else ""
        status, found, _ = _git(["show", f"{revision}:{prefix}{joined}"])
        if status == 0:
            target = root / joined
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(found)
            _materialise(revision, joined, found, root, done)
