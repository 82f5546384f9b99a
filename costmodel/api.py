"""The library's face: one function a question, results that show themselves.

Nothing here is remembered between calls. A core is named, or the answer is asked of
every core there is: then the result is a sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, overload

from costmodel.code.insn import Insn, Path
from costmodel.cores.accuracy import measured_error
from costmodel.cores.load import core_names, resolve
from costmodel.cores.load import load_core as load_core
from costmodel.engine.result import Comparison, Estimate
from costmodel.engine.scenarios import PATHS
from costmodel.errors import UnknownInstructionError, UsageError
from costmodel.studies.settings import Values, with_settings

if TYPE_CHECKING:
    import os
    from concurrent.futures import Executor

    import pandas as pd

    from costmodel.engine.cold import Cold

    Source = str | os.PathLike[str] | Path


class PathOptions(TypedDict, total=False):
    """Which instructions of a source are the path, and how it is assembled."""

    symbol: str | None  # SYM, SYM+0x12 or SYM+0x12/0x40
    take: Sequence[str]  # labels of conditional jumps to take
    into: Sequence[str]  # functions to follow the calls of
    region: str | None  # the region so named in comments
    intel: bool  # Intel syntax without asking
    defines: Sequence[str]  # NAME or NAME=VALUE for the preprocessor
    includes: Sequence[str]  # directories for the preprocessor
    given: Sequence[str]  # values of registers at the start, "rax=110"
    features: str | None  # what the kernel finds at boot: see code.features
    cpuinfo: str | None  # a copy of /proc/cpuinfo that says so


class Options(PathOptions, total=False):
    """Keywords of ``estimate`` and ``compare``; see there."""

    scenario: str | None
    align: int | None
    values: Values  # figures of the core to use instead, (path, value) each
    cold: Mapping[str, str] | Cold  # kinds of line that are cold, and their levels


class CompareOptions(Options, total=False):
    """Keywords of ``compare`` beyond those of ``estimate``."""

    draws: int
    executor: Executor | None


class Result(Estimate):
    """An Estimate that can show itself."""

    __slots__ = ()

    def frame(self, table: str = "summary") -> pd.DataFrame:
        """Tidy table: summary, causes, charges, timeline, lines, slots, ports, path."""
        from costmodel.views.tables import frame

        return frame([self], table)

    def text(self) -> str:
        """What ``costmodel estimate`` prints."""
        from costmodel.views.text import estimates_text

        return estimates_text([self])

    def explain(self, width: int = 72) -> str:
        """What ``costmodel explain`` prints."""
        from costmodel.views.explain import explanation_text

        return explanation_text(self, width)

    def _repr_html_(self) -> str:
        from costmodel.views.html import estimates_html

        return estimates_html([self])


class Difference(Comparison):
    """A Comparison that can show itself."""

    __slots__ = ()

    def frame(self, table: str = "summary") -> pd.DataFrame:
        """Tidy table: summary, causes, or lines (cycles of the difference)."""
        from costmodel.views.tables import comparison_frame

        return comparison_frame([self], table)

    def text(self) -> str:
        """What ``costmodel compare`` prints."""
        from costmodel.views.comparison import comparisons_text

        return comparisons_text([self])

    def _repr_html_(self) -> str:
        from costmodel.views.html import comparisons_html

        return comparisons_html([self])


class Results(tuple[Result, ...]):
    """Estimates of several paths or on several cores."""

    __slots__ = ()

    def frame(self, table: str = "summary") -> pd.DataFrame:
        from costmodel.views.tables import frame

        return frame(self, table)

    def text(self) -> str:
        from costmodel.views.text import estimates_text

        return estimates_text(self)

    def _repr_html_(self) -> str:
        from costmodel.views.html import estimates_html

        return estimates_html(self)


class Differences(tuple[Difference, ...]):
    """One change on several cores."""

    __slots__ = ()

    def frame(self, table: str = "summary") -> pd.DataFrame:
        from costmodel.views.tables import comparison_frame

        return comparison_frame(self, table)

    def text(self) -> str:
        from costmodel.views.comparison import comparisons_text

        return comparisons_text(self)

    def _repr_html_(self) -> str:
        from costmodel.views.html import comparisons_html

        return comparisons_html(self)


def cores() -> list[str]:
    """Names of the cores there are."""
    return list(core_names())


def core_names_of(names: str | Iterable[str] | None) -> list[str]:
    """Canonical names; None or "all" are every core. Raises CoreError on another."""
    if names is None or names == "all":
        return cores()
    wanted = [names] if isinstance(names, str) else list(names)
    if not wanted:
        raise UsageError("no core named", expected=", ".join(cores()))
    out: list[str] = []
    for name in wanted:
        more = cores() if name == "all" else [_canonical(name)]
        out.extend(n for n in more if n not in out)
    return out


def _canonical(name: str) -> str:
    """The name of the core an alias means; a path of a core file stays one."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return name
    return resolve(name).stem


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
    **options: Unpack[PathOptions],
) -> list[Path]:
    """The path on each of ``cores``: another one only where its features are."""
    if isinstance(source, Path):
        return [source] * len(cores)
    from costmodel.code.load import image_path, load_image

    features, cpuinfo = options.get("features"), options.get("cpuinfo")
    image = load_image(
        source,
        stdin=stdin,
        intel=options.get("intel", False),
        defines=options.get("defines", ()),
        includes=options.get("includes", ()),
    )

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


def _where(insn: Insn, path: Path) -> str:
    """``file:line`` as errors name it."""
    if insn.source is None:
        return path.origin
    return f"{insn.source.file}:{insn.source.line}"


def _estimate(
    path: Path,
    core: str,
    scenario: str | None,
    align: int | None,
    values: Values = (),
    cold: Mapping[str, str] | Cold = (),
) -> Result:
    from costmodel.engine.estimate import estimate as run

    loaded = with_settings(load_core(core), values)
    try:
        result = run(path, loaded, scenario=scenario, align=align, cold=cold)
    except UnknownInstructionError as error:
        refused = [s.insn for s in path.steps if s.insn.form.vector]
        if not error.where:
            error.where = _where(refused[0], path) if refused else path.origin
        raise
    made = Result(*(getattr(result, field.name) for field in fields(Estimate)))
    if made.scenario not in PATHS and align is None:  # blocks were measured so
        made = replace(made, core_error=measured_error(made.uarch, made.scenario))
    return made


@overload
def estimate(  # type: ignore[overload-overlap]
    source: Source, uarch: Literal["all"] | None = None, **options: Unpack[Options]
) -> Results: ...
@overload
def estimate(  # type: ignore[overload-overlap]
    source: Source, uarch: str, **options: Unpack[Options]
) -> Result: ...
@overload
def estimate(
    source: Source, uarch: Sequence[str], **options: Unpack[Options]
) -> Results: ...
def estimate(
    source: Source,
    uarch: str | Sequence[str] | None = None,
    *,
    scenario: str | None = None,
    align: int | None = None,
    values: Values = (),
    cold: Mapping[str, str] | Cold = (),
    **options: Unpack[PathOptions],
) -> Result | Results:
    """Cycles of one path: on one named core, on several, or (None) on all.

    ``scenario`` None is the round trip where the path has a system call's boundaries,
    otherwise ``once``. ``align`` is the offset from a 64-byte line (None: 0; of
    copies, where those the core was measured with began). ``cold`` names
    lines not in L1 when a trip starts, ``{"stack": "l3"}``; see ``engine.cold``.
    """
    names = core_names_of(uarch)
    paths = load_paths(source, names, **options)
    results = Results(
        _estimate(path, name, scenario, align, values, cold)
        for path, name in zip(paths, names, strict=True)
    )
    return results[0] if isinstance(uarch, str) and uarch != "all" else results


@overload
def compare(  # type: ignore[overload-overlap]
    before: Source,
    after: Source,
    uarch: Literal["all"] | None = None,
    **options: Unpack[CompareOptions],
) -> Differences: ...
@overload
def compare(  # type: ignore[overload-overlap]
    before: Source, after: Source, uarch: str, **options: Unpack[CompareOptions]
) -> Difference: ...
@overload
def compare(
    before: Source, after: Source, uarch: Sequence[str], **options: Unpack[Options]
) -> Differences: ...
def compare(
    before: Source,
    after: Source,
    uarch: str | Sequence[str] | None = None,
    *,
    scenario: str | None = None,
    align: int | None = None,
    values: Values = (),
    cold: Mapping[str, str] | Cold = (),
    draws: int = 0,
    executor: Executor | None = None,
    **options: Unpack[PathOptions],
) -> Difference | Differences:
    """What changing ``before`` into ``after`` costs, in one scenario for both.

    ``draws`` of the cores' figures give the difference a 90 % interval (0: none),
    spread over ``executor`` (None: this machine's processes if it is worth it).
    """
    from costmodel.studies.compare import common_scenario

    names = core_names_of(uarch)
    sides = [load_paths(source, names, **options) for source in (before, after)]
    found: list[Difference] = []
    for name, old, new in zip(names, *sides, strict=True):
        first = _estimate(old, name, scenario, align, values, cold)
        second = _estimate(new, name, scenario, align, values, cold)
        if first.scenario != second.scenario:
            shared = common_scenario(first.scenario, second.scenario)
            first = _estimate(old, name, shared, align, values, cold)
            second = _estimate(new, name, shared, align, values, cold)
        found.append(Difference(first, second))
    if draws:
        from costmodel.studies.uncertainty import with_intervals

        found = [
            with_intervals(
                [one], (old, new), draws=draws, values=[values], executor=executor
            )[0]
            for one, old, new in zip(found, *sides, strict=True)
        ]
    if isinstance(uarch, str) and uarch != "all":
        return found[0]
    return Differences(found)
