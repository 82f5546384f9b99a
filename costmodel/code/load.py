"""The door of this room: any input to an Image, any Image to a Path.

What only one kind of input needs is imported where that kind is met: hex should not
wait for the assembler's modules, nor an estimate of a stub for git's.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, NamedTuple

from costmodel.code.follow import follow
from costmodel.code.image import Image, LineRow
from costmodel.code.insn import Path
from costmodel.code.kinds import MAX_TEXT, READABLE, Kind, recognise
from costmodel.code.registers import GENERAL
from costmodel.code.selectors import closest, select
from costmodel.errors import InputError, UsageError

if TYPE_CHECKING:
    from costmodel.code.features import Features

_HEAD = 65536


class Options(NamedTuple):
    """What the assembler should know: -D, -I, Intel syntax, how to show paths."""

    intel: bool = False
    defines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()


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
    given: Sequence[str] = (),
    features: Features | None = None,
) -> Path:
    """Read ``source``, choose where to begin, follow the path.

    ``source`` is a file name, ``REV:path`` (as in git show) or ``-`` for ``stdin``.
    ``given``: ``rax=110``, values of registers at the start. ``features``: what the
    kernel finds when it boots. Raises InputError or UsageError, each saying where, what
    and what to do.
    """
    image = load_image(
        source, stdin=stdin, intel=intel, defines=defines, includes=includes
    )
    return image_path(
        image,
        symbol=symbol,
        take=take,
        into=into,
        region=region,
        given=given,
        features=features,
    )


def image_path(
    image: Image,
    *,
    symbol: str | None = None,
    take: Sequence[str] = (),
    into: Sequence[str] = (),
    region: str | None = None,
    given: Sequence[str] = (),
    features: Features | None = None,
) -> Path:
    """One path of an image; several may be taken from the same one."""
    start = select(image, symbol, region)
    if image.linked and not image.lines:
        # A vmlinux's line table is large: only now is it known which part matters.
        image = replace(image, lines=_linked_lines(image, start.address))
    path = follow(
        image,
        start.address,
        name=start.name,
        end=start.end,
        take=take,
        into=into,
        given=registers_given(given),
        features=features,
    )
    idle: tuple[str, ...] = ()
    if path.features and not image.patched:
        idle = ("features chosen, but this input lists no run-time alternatives",)
    notes = (*image.notes, *start.notes, *idle, *_alternatives(path), *path.notes)
    return replace(path, notes=notes)


def registers_given(given: Sequence[str]) -> dict[int, int]:
    """``rax=110`` as numbers of registers and values. Raises UsageError."""
    found = {}
    for entry in given:
        name, equals, text = entry.partition("=")
        register = _ALIASES.get(name.strip().lower().lstrip("%"))
        try:
            value = int(text.strip(), 0)
        except ValueError:
            value = -(1 << 64)
        if register is None or not equals or not -(1 << 63) <= value < 1 << 64:
            raise UsageError(
                f"--with {entry!r}",
                expected="REGISTER=NUMBER, such as rax=110 or rdi=0x1000",
            )
        found[register] = value
    return found


_ALIASES = {
    **{name: number for number, name in enumerate(GENERAL)},
    **{f"e{name[1:]}": number for number, name in enumerate(GENERAL[:8])},
    **{f"{name}d": number for number, name in enumerate(GENERAL) if number > 7},
}


def _alternatives(path: Path) -> tuple[str, ...]:
    """What is said of a path over code that a kernel patches when it boots."""
    found = path.alternatives
    if not found:
        return ()
    applied = [site for site in found if site.applied]
    sites = f"run-time alternatives: {len(found)} on the path"
    if not path.features:
        how = "as the file has them, padding merged as at boot; --features chooses"
        return (f"{sites}, the first at {found[0].site}; {how}",)
    names = ", ".join(dict.fromkeys(site.applied for site in applied)) or "none"
    return (f"{sites}, {len(applied)} of them replaced ({names})",)


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
        data = sys.stdin.buffer.read(MAX_TEXT + 1) if stdin is None else stdin
        return _image(data, "<stdin>", ".", options)
    if name == "":
        raise UsageError("an empty file name", expected="a file, REV:path or -")
    path = FilePath(name)
    if not os.path.lexists(path) and ":" in name:
        return _from_revision(name, options)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if head.startswith(b"\x7fELF"):
                from costmodel.code import objfile

                try:
                    mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
                except (OSError, ValueError):  # a pipe, such as <(cat vmlinux)
                    return objfile.read_image(head + stream.read(), name)
                # Stays open: tables are read from it while a path is followed.
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
        from costmodel.code import objfile

        return objfile.read_image(data, name)
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    if kind in (Kind.CPP_ASSEMBLY, Kind.ASSEMBLY):
        cpp = kind is Kind.CPP_ASSEMBLY
        return _assembled(text, name, directory, cpp, options)
    from costmodel.code import textinput

    if kind is Kind.HEX:
        return textinput.read_hex(text, name)
    if kind is Kind.OOPS:
        return textinput.read_oops(text, name)
    return textinput.read_objdump(text, name)


def _assembled(
    text: str, name: str, directory: str, cpp: bool, options: Options
) -> Image:
    from costmodel.code import objfile, regions
    from costmodel.code.assemble import Source, assemble
    from costmodel.code.data_lines import with_data

    planted, marks = regions.plant(text)
    source = Source(
        planted,
        name,
        cpp,
        options.intel,
        directory,
        options.includes,
        options.defines,
        options.aliases,
    )
    data = assemble(source)
    image = objfile.read_image(data, name)
    lines = tuple(
        row._replace(source=row.source._replace(file=source.shown(row.source.file)))
        if row.source
        else row
        for row in image.lines
    )
    lines = with_data(lines, text, source.shown(name), image.sections)
    image = replace(image, lines=lines, assembled=True)
    if not marks:
        return image
    found = objfile.read_markers(data, name)
    return replace(image, regions=regions.collect(found, marks, image.sections, name))


def _linked_lines(image: Image, address: int) -> tuple[LineRow, ...]:
    from costmodel.code import objfile

    try:
        with FilePath(image.origin).open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            return objfile.lines_near(mapped, address, image.origin)
    except (OSError, ValueError):
        return ()


def _from_revision(name: str, options: Options) -> Image:
    import tempfile

    from costmodel.code import revisions

    data = revisions.show(name)
    with tempfile.TemporaryDirectory(prefix="costmodel-") as scratch:
        # What it includes must be of the same revision, not of the work tree.
        directory = revisions.materialise(name, data, FilePath(scratch))
        beside = revisions.directory_of(name)
        with_tree = options._replace(
            includes=(beside, *options.includes),
            aliases=((f"{scratch}/", name.partition(":")[0] + ":"),),
        )
        return _image(data, name, directory, with_tree)
