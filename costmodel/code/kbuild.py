"""How a kernel tree builds one of its assembly files: its preprocessor options.

In this order: ``.NAME.o.cmd`` beside the object, which the build itself wrote;
``compile_commands.json``; else what every assembly file of x86 gets. Only options of
the preprocessor are taken from there, and no command is run.
"""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath

from costmodel.code.kernel_tree import KCONFIG, MARKS
from costmodel.code.revisions import Revised, Workspace, beside
from costmodel.errors import InputError, UsageError
from costmodel.tuples import NamedTuple

GENERATED = "include/generated"
_MOST_JSON = 256 << 20
_USUAL_INCLUDES = (
    "arch/x86/include",
    "arch/x86/include/generated",
    "include",
    "arch/x86/include/uapi",
    "arch/x86/include/generated/uapi",
    "include/uapi",
    "include/generated/uapi",
)
_USUAL_FORCED = ("include/linux/compiler-version.h", KCONFIG)
_MADE = ("generated", "config")  # of include/: not in git, made by the build


class Flags(NamedTuple):
    """Options of the preprocessor; directories and files count from the top of the
    tree unless absolute. ``origin`` says where they were read."""

    includes: tuple[str, ...]
    forced: tuple[str, ...]  # -include
    defines: tuple[str, ...]
    origin: str


class Setting(NamedTuple):
    """What a source of a kernel tree is assembled with, as paths on this disk."""

    includes: tuple[str, ...]
    forced: tuple[str, ...]
    defines: tuple[str, ...]
    directory: str
    aliases: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def in_kernel(file: Revised) -> bool:
    """Whether the revision of a file is of a kernel tree."""
    marks = (f"{file.revision}:{mark}" for mark in MARKS)
    return all(file.git("cat-file", "-e", mark).status == 0 for mark in marks)


def work_tree(file: FilePath, root: FilePath, build: str | None) -> Setting:
    """For a file as it is on disk."""
    made = _build_of(root, build)
    name = file.absolute().relative_to(root).as_posix()
    flags = flags_for(root, name, made)
    places = [root] if made in (None, root) else [root, made or root]
    return Setting(
        tuple(
            str(place / one)
            for one in flags.includes
            for place in places
            if (place / one).is_dir()
        ),
        _placed(flags.forced, places),
        flags.defines,
        str(file.parent),
        (),
        _said(flags, made, root),
    )


def of_revision(file: Revised, space: Workspace, build: str | None) -> Setting:
    """For a file of a revision: what git tracks comes from there, what the build
    makes from ``build``, or from the work tree if it is built."""
    said = file.git("rev-parse", "--show-toplevel")
    root = FilePath(said.text if said.status == 0 else beside(file))
    made = _build_of(root, build)
    flags = flags_for(root, file.path, made)
    home = posixpath.dirname(file.path)
    wanted = [home, *(one for one in flags.includes if not one.startswith("/"))]
    wanted += [posixpath.dirname(one) for one in flags.forced]
    scratch = space.exported(file, _outermost(wanted))
    if made is not None:
        for name in _MADE:
            link, target = scratch / "include" / name, made / "include" / name
            if target.is_dir() and link.parent.is_dir() and not link.exists():
                link.symlink_to(target.absolute(), target_is_directory=True)
    includes = []
    for one in flags.includes:
        places = [scratch] if made is None else [scratch, made]
        there = [str(place / one) for place in places if (place / one).is_dir()]
        includes += there[:1]
    return Setting(
        tuple(includes),
        _placed(flags.forced, [scratch] if made is None else [scratch, made]),
        flags.defines,
        str(scratch / home),
        ((f"{scratch}/", f"{file.name.partition(':')[0]}:"),),
        _said(flags, made, root),
    )


def _placed(files: Iterable[str], places: Sequence[FilePath]) -> tuple[str, ...]:
    found = []
    for file in files:
        there = [place / file for place in places if (place / file).is_file()]
        found += [str(path) for path in there[:1]]
    return tuple(found)


def _outermost(directories: Iterable[str]) -> list[str]:
    """The directories that lie in no other one of them."""
    chosen: list[str] = []
    for one in sorted({posixpath.normpath(name) for name in directories}):
        if one not in (".", "..") and not one.startswith("../"):
            if not any(one == other or one.startswith(f"{other}/") for other in chosen):
                chosen.append(one)
    return chosen


def _build_of(root: FilePath, build: str | None) -> FilePath | None:
    """Where generated headers are; None where nothing was built."""
    if build is not None:
        chosen = FilePath(build)
        if not chosen.is_dir():
            raise UsageError(
                "no such directory", where=f"--build {build}",
                expected="the directory a kernel was configured or built in",
            )  # fmt: skip
        if not (chosen / GENERATED).is_dir():
            raise InputError(
                f"no {GENERATED} in it", where=f"--build {build}",
                expected="the directory a kernel was configured or built in",
                hint="make O=DIR defconfig prepare",
            )  # fmt: skip
        return chosen.absolute()
    return root if (root / GENERATED).is_dir() else None


def _said(flags: Flags, made: FilePath | None, root: FilePath) -> tuple[str, ...]:
    headers = ""
    if made is not None:
        place = "the work tree" if made == root else str(made)
        headers = f"; generated headers are those of {place}"
    return (f"assembled with {flags.origin}{headers}",)


def flags_for(root: FilePath, file: str, made: FilePath | None) -> Flags:
    """The options ``file`` (from the top of the tree) is built with."""
    for directory in dict.fromkeys((made or root, root)):
        found = _from_cmd(directory, root, file) or _from_json(directory, root, file)
        if found is not None:
            return found
    return Flags(
        _USUAL_INCLUDES,
        _USUAL_FORCED,
        ("__KERNEL__",),
        "kconfig.h and the include paths every file of x86 gets",
    )


def _from_cmd(directory: FilePath, root: FilePath, file: str) -> Flags | None:
    home, _, name = file.rpartition("/")
    relative = posixpath.join(home, f".{name.rpartition('.')[0]}.o.cmd")
    try:
        text = (directory / relative).read_text("utf-8", "replace")
    except OSError:
        return None
    line = re.match(r"(?:saved)?cmd_\S+ := (.*)", text)
    if line is None:
        return None
    # make's own escapes, and what is run after the compiler.
    command = line[1].replace("$(pound)", "#").replace("$$", "$").partition(" ; ")[0]
    return _parsed(_words(command), directory, root, relative)


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def _from_json(directory: FilePath, root: FilePath, file: str) -> Flags | None:
    listed = directory / "compile_commands.json"
    try:
        if listed.stat().st_size > _MOST_JSON:
            return None
        import json  # only trees that were built need it

        entries = json.loads(listed.read_bytes())
    except (OSError, ValueError):
        return None
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        where = FilePath(str(entry.get("directory", directory)))
        named = os.path.normpath(where / str(entry.get("file", "")))
        if named not in (os.path.normpath(d / file) for d in (root, directory)):
            continue
        words = entry.get("arguments")
        if not isinstance(words, list):
            words = _words(str(entry.get("command", "")))
        return _parsed([str(w) for w in words], where, root, listed.name)
    return None


def _parsed(words: list[str], directory: FilePath, root: FilePath, by: str) -> Flags:
    """The preprocessor's options among the words of a compiler's command."""
    taken: dict[str, list[str]] = {"-I": [], "-include": [], "-D": []}
    rest = iter(words)
    for word in rest:
        for option in ("-isystem", "-iquote", "-include", "-I", "-D"):
            if not word.startswith(option):
                continue
            value = word[len(option) :] or next(rest, "")
            kind = "-I" if option in ("-isystem", "-iquote") else option
            if value:
                taken[kind].append(value)
            break
    return Flags(
        tuple(dict.fromkeys(_from_top(d, directory, root) for d in taken["-I"])),
        tuple(_from_top(file, directory, root) for file in taken["-include"]),
        tuple(taken["-D"]),
        by,
    )


def _from_top(name: str, directory: FilePath, root: FilePath) -> str:
    """A path of a command, counted from the top of the tree where it lies in it."""
    whole = os.path.normpath(directory / name)
    for top in (os.path.normpath(directory), os.path.normpath(root)):
        if whole.startswith(f"{top}/"):
            return os.path.relpath(whole, top)
    return whole


def missing(error: InputError, setting: Setting) -> InputError:
    """The error with a hint, where what is missing is made by a build."""
    if "No such file" in error.found or "missing binary operator" in error.found:
        built = any("generated headers" in note for note in setting.notes)
        if not built:
            error.hint = (
                "make prepare in the tree (or O=DIR), or --build DIR of a built one:"
                " asm-offsets.h and others are made by the build"
            )
    return error
