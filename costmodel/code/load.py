"""The door of this room: any input to an Image, any Image to a Path.

What only one kind of input needs is imported where that kind is met: hex should not
wait for the assembler's modules, nor an estimate of a stub for git's.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, TypedDict, Unpack

from msgspec.structs import replace

from costmodel.code.follow import follow
from costmodel.code.given import registers_given
from costmodel.code.image import Image, LineRow
from costmodel.code.insn import Path
from costmodel.code.kinds import MAX_TEXT, READABLE, Kind, recognise
from costmodel.code.selectors import closest, offered, select
from costmodel.code.takes import refuse_unused
from costmodel.errors import InputError, UsageError
from costmodel.tuples import NamedTuple

if TYPE_CHECKING:
    from costmodel.code.executed import Executed
    from costmodel.code.features import Features
    from costmodel.code.kbuild import Setting
    from costmodel.code.revisions import Revised, Workspace

_HEAD = 65536


class Options(NamedTuple):
    """What the assembler should know: -D, -I, -include, Intel syntax, how to show
    paths. ``build`` is the directory a kernel was built in, None the tree itself."""

    intel: bool = False
    defines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    forced: tuple[str, ...] = ()
    build: str | None = None


class ImageOptions(TypedDict, total=False):
    """Keywords of ``load_image``."""

    stdin: bytes | None
    intel: bool
    defines: Sequence[str]  # NAME or NAME=VALUE
    includes: Sequence[str]  # directories
    forced: Sequence[str]  # files included before everything, as cpp's -include
    build: str | None  # where a kernel tree was built, if not in itself
    workspace: Workspace | None  # shared by revisions with the same headers


def load_path(
    source: str | os.PathLike[str] | Revised,
    *,
    symbol: str | None = None,
    take: Sequence[str] = (),
    into: Sequence[str] = (),
    region: str | None = None,
    given: Sequence[str] = (),
    features: Features | None = None,
    idle_takes: bool = False,
    **options: Unpack[ImageOptions],
) -> Path:
    """Read ``source``, choose where to begin, follow the path.

    ``source`` is a file name, ``REV:path`` (as in git show), a ``Revised`` file or
    ``-`` for ``stdin``. ``given``: ``rax=110``, values of registers at the start.
    ``features``: what the kernel finds when it boots. ``idle_takes``: entries of
    ``take`` may steer nothing (they may steer the other side of a comparison). Raises
    InputError or UsageError, each saying where, what and what to do.
    """
    image = load_image(source, **options)
    path = image_path(
        image,
        symbol=symbol,
        take=take,
        into=into,
        region=region,
        given=given,
        features=features,
    )
    if not idle_takes:
        refuse_unused([path])
    return path


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
    if image.executed is not None:
        from costmodel.code.executed import chosen, path_of

        return path_of(chosen(image.executed, symbol), image.executed)
    start = select(image, symbol, region)
    if image.linked and not image.lines:
        # A vmlinux's line table is large: only now is it known which part matters.
        image = replace(image, lines=_linked_lines(image, start.address))
    try:
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
    except InputError as error:
        names = offered(image)
        if symbol is None and region is None and names not in ([], [start.name]):
            error.hint += f"{'; ' if error.hint else ''}--symbol {', '.join(names)}"
        raise
    if image.variables is not None:
        from costmodel.code.percpu import named

        path = named(path, image.variables)
    idle: tuple[str, ...] = ()
    if path.features and not image.patched:
        idle = ("features chosen, but this input lists no run-time alternatives",)
    notes = (*image.notes, *start.notes, *idle, *_alternatives(path), *path.notes)
    return replace(path, notes=notes, title=image.title)


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
    source: str | os.PathLike[str] | Revised, **given: Unpack[ImageOptions]
) -> Image:
    """Read ``source`` whatever it is. Raises InputError."""
    options = Options(
        given.get("intel", False),
        tuple(given.get("defines", ())),
        tuple(given.get("includes", ())),
        forced=tuple(given.get("forced", ())),
        build=given.get("build"),
    )
    space = given.get("workspace")
    if not isinstance(source, str | os.PathLike):
        return _from_revision(source, options, space)
    name = os.fspath(source)
    if name == "-":
        stdin = given.get("stdin")
        if stdin is None and sys.stdin is None:
            raise InputError("stdin is closed", where="<stdin>", expected=READABLE)
        data = sys.stdin.buffer.read(MAX_TEXT + 1) if stdin is None else stdin
        return _image(data, "<stdin>", ".", options)
    if "\0" in name:
        raise UsageError(f"the file name {name!r}", expected="a name without NUL")
    if name == "":
        raise UsageError("an empty file name", expected="a file, REV:path or -")
    path = FilePath(name)
    if not os.path.lexists(path) and ":" in name:
        from costmodel.code.revisions import revised

        return _from_revision(revised(name), options, space)
    built = path / "vmlinux"
    # Not Path.is_dir: it raises for a name that is too long.
    if os.path.isdir(name) and built.is_file():  # noqa: PTH112
        path, name = built, str(built)
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
            "a directory without a vmlinux",
            where=name,
            expected=READABLE,
            hint="name a file in it",
        ) from None
    except FileNotFoundError:
        raise InputError(
            "no such file", where=name, expected=READABLE, hint=_neighbours(path)
        ) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=name, expected=READABLE
        ) from None
    if path.suffix in (".S", ".s"):
        from costmodel.code import kernel_tree

        if (root := kernel_tree.root_of(path)) is not None:
            from costmodel.code import kbuild

            setting = kbuild.work_tree(path, root, options.build)
            return _kernel_source(data, name, options, setting)
    return _image(data, name, str(path.parent), options)


def load_executed(source: str, stdin: bytes | None = None) -> Executed:
    """What perf says ran. Raises InputError where the input is something else."""
    image = load_image(source, stdin=stdin)
    if image.executed is None:
        raise InputError(
            "no output of perf script",
            where=image.origin,
            expected="perf script -F +brstackinsn, or perf script --insn-trace",
            hint="costmodel estimate reads code",
        )
    return image.executed


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
    if kind is Kind.EXECUTED:
        from costmodel.code.executed import read_executed

        return Image(name, (), executed=read_executed(text, name))
    if kind is Kind.LISTING:
        from costmodel.code import listings

        tool = listings.tool_of(text)
        assert tool is not None
        text = listings.as_objdump(text, tool, name)
    return textinput.read_objdump(text, name)


def _assembled(
    text: str, name: str, directory: str, cpp: bool, options: Options
) -> Image:
    from costmodel.code import dialects, objfile, regions
    from costmodel.code.assemble import Source, assemble
    from costmodel.code.data_lines import with_data

    dialects.refuse_other_languages(text, name)
    intel = options.intel or dialects.is_intel(text)
    planted, marks = regions.plant(text)
    source = Source(
        planted,
        name,
        cpp,
        intel,
        directory,
        options.includes,
        options.defines,
        options.aliases,
        options.forced,
    )
    try:
        data = assemble(source)
    except InputError as error:
        if intel and not options.intel:
            error.hint = f"{error.hint}; " if error.hint else ""
            error.hint += "read as Intel syntax: no register has its %"
        raise
    image = objfile.read_image(data, name)
    if intel and not options.intel:
        image = replace(image, notes=("read as Intel syntax: registers without %",))
    _refuse_registers_as_memory(image)
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


def _refuse_registers_as_memory(image: Image) -> None:
    """gas takes a register without its % for memory of that name."""
    from costmodel.code.dialects import names_register

    for address, relocation in sorted(image.relocations.items()):
        if names_register(relocation.symbol):
            raise InputError(
                f"memory named {relocation.symbol!r}: a register?",
                where=image.where(address),
                expected=f"%{relocation.symbol} in AT&T syntax",
                hint="--intel reads the source as Intel syntax",
            )


def _linked_lines(image: Image, address: int) -> tuple[LineRow, ...]:
    from costmodel.code import objfile

    try:
        with FilePath(image.origin).open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            return objfile.lines_near(mapped, address, image.origin)
    except (OSError, ValueError):
        return ()


def _from_revision(file: Revised, options: Options, space: Workspace | None) -> Image:
    from costmodel.code import kbuild, revisions

    data = revisions.show(file)
    if space is None:
        with revisions.Workspace() as own:
            return _from_revision(file, options, own)
    if file.path.endswith((".S", ".s")) and kbuild.in_kernel(file):
        setting = kbuild.of_revision(file, space, options.build)
        image = _kernel_source(data, file.name, options, setting)
    else:
        # What it includes must be of the same revision, not of the work tree.
        scratch, directory = space.quoted(file, data)
        alias = (f"{scratch}/", f"{file.name.partition(':')[0]}:")
        with_tree = options._replace(
            includes=(revisions.beside(file), *options.includes), aliases=(alias,)
        )
        image = _image(data, file.name, directory, with_tree)
    return replace(image, title=file.title)


def _kernel_source(data: bytes, name: str, options: Options, by: Setting) -> Image:
    """A source of a kernel tree, as its build would assemble it. What the user gives
    comes first where order matters, last where the last one holds."""
    from costmodel.code import kbuild

    whole = options._replace(
        includes=(*options.includes, *by.includes),
        forced=(*by.forced, *options.forced),
        defines=(*by.defines, *options.defines),
        aliases=by.aliases,
    )
    try:
        image = _image(data, name, by.directory, whole)
    except InputError as error:
        raise kbuild.missing(error, by) from None
    return replace(image, notes=(*image.notes, *by.notes))
