"""From what the user names to paths: on every core asked about, on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack

from costmodel.code.insn import Path
from costmodel.code.takes import refuse_unused

if TYPE_CHECKING:
    import os

    from costmodel.code.image import Image
    from costmodel.code.revisions import Revised, Workspace

    Source = str | os.PathLike[str] | Revised | Path


class PathOptions(TypedDict, total=False):
    """Which instructions of a source are the path, and how it is assembled."""

    symbol: str | None  # SYM, SYM+0x12 or SYM+0x12/0x40
    take: Sequence[str]  # labels of conditional jumps to take
    into: Sequence[str]  # functions to follow the calls of
    region: str | None  # the region so named in comments
    intel: bool  # Intel syntax without asking
    defines: Sequence[str]  # NAME or NAME=VALUE for the preprocessor
    includes: Sequence[str]  # directories for the preprocessor
    forced: Sequence[str]  # files included before the source, as cpp's -include
    build: str | None  # where a kernel tree was built, if not in itself
    given: Sequence[str]  # values of registers at the start, "rax=110"
    features: str | None  # what the kernel finds at boot: see code.features
    cpuinfo: str | None  # a copy of /proc/cpuinfo that says so


def load_path(
    source: Source,
    *,
    stdin: bytes | None = None,
    core: str = "",
    **options: Unpack[PathOptions],
) -> Path:
    """The path in ``source``: a file name, ``-`` for ``stdin``, or a Path as it is.

    ``core``: whose features ``features="default"`` means.
    """
    return load_paths(source, [core], stdin=stdin, **options)[0]


def load_paths(
    source: Source,
    cores: Sequence[str],
    *,
    stdin: bytes | None = None,
    workspace: Workspace | None = None,
    **options: Unpack[PathOptions],
) -> list[Path]:
    """The path on each of ``cores``: another one only where its features are."""
    if isinstance(source, Path):
        return [source] * len(cores)
    image = image_of(source, stdin, workspace, options)
    paths = on_cores(image, cores, options)
    for path in paths:
        refuse_unused([path])
    return paths


def load_sides(
    before: Source,
    after: Source,
    cores: Sequence[str] = ("",),
    *,
    of_each: tuple[str | None, str | None] | None = None,
    stdin: bytes | None = None,
    workspace: Workspace | None = None,
    **options: Unpack[PathOptions],
) -> tuple[list[Path], list[Path]]:
    """Both paths of a comparison on each of ``cores``.

    A routine of ``into`` may be on one side only, and an entry of ``take`` has to steer
    either. ``of_each``: the features of each side, where they differ.
    """
    sides = [
        source if isinstance(source, Path)
        else image_of(source, stdin, workspace, options)
        for source in (before, after)
    ]  # fmt: skip
    into = options.get("into", ())
    images = [side for side in sides if not isinstance(side, Path)]
    found: list[list[Path]] = []
    for number, side in enumerate(sides):
        if isinstance(side, Path):
            found.append([side] * len(cores))
            continue
        mine = [
            name
            for name in into
            if side.named(name) or not any(image.named(name) for image in images)
        ]
        chosen: PathOptions = {**options, "into": mine}
        if of_each is not None:
            chosen["features"] = of_each[number]
        found.append(on_cores(side, cores, chosen))
    for pair in zip(*found, strict=True):
        refuse_unused(pair)
    return found[0], found[1]


def image_of(
    source: str | os.PathLike[str] | Revised,
    stdin: bytes | None,
    workspace: Workspace | None,
    options: PathOptions,
) -> Image:
    """The code of a source. Raises InputError."""
    from costmodel.code.load import load_image

    return load_image(
        source,
        stdin=stdin,
        intel=options.get("intel", False),
        defines=options.get("defines", ()),
        includes=options.get("includes", ()),
        forced=options.get("forced", ()),
        build=options.get("build"),
        workspace=workspace,
    )


def on_cores(image: Image, cores: Sequence[str], options: PathOptions) -> list[Path]:
    """The path of an image on each core; what ``take`` leaves idle is not looked at."""
    from costmodel.code.load import image_path

    features, cpuinfo = options.get("features"), options.get("cpuinfo")

    def on(core: str) -> Path:
        found = None
        if features is not None or cpuinfo is not None:
            from costmodel.code.features import chosen

            found = chosen(features, cpuinfo, core)
        return image_path(
            image,
            symbol=options.get("symbol"),
            take=options.get("take", ()),
            into=options.get("into", ()),
            region=options.get("region"),
            given=options.get("given", ()),
            features=found,
        )

    if features is None and cpuinfo is None:
        return [on("")] * len(cores)
    from costmodel.code.features import depends_on_core

    if not depends_on_core(features, cpuinfo):
        return [on("")] * len(cores)
    return [on(core) for core in cores]


def alike(before: Sequence[Path], after: Sequence[Path]) -> list[range]:
    """Groups of cores that run the same two paths: all of them, or each by itself."""
    if any(a is not side[0] for side in (before, after) for a in side):
        return [range(k, k + 1) for k in range(len(before))]
    return [range(len(before))] if before else []
