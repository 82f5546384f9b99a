"""Which features a kernel finds when it boots: by name, by ``/proc/cpuinfo``, by core.

Names are the kernel's X86_FEATURE constants in lower case. A set is written

    none                no feature at all
    default             what the core has, and the mitigations its kernel chooses
    pti,pcid            these, and nothing else
    default,-pti        the default without one
    mitigations=off     the default without any mitigation; also nopti, pti=off, ...
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from costmodel.code.feature_numbers import BUGS, PRINTED, SINCE, WORDS
from costmodel.errors import InputError, UsageError

if TYPE_CHECKING:
    from costmodel.code.memory import Memory

FORMS = "none, default, NAME, -NAME, mitigations=off, ... separated by commas"
FEWEST_WORDS = 22
FILE = "features.yaml"
ALWAYS = "always"
# What a kernel sets to protect itself, by the constants it is patched with.
MITIGATIONS = frozenset(
    "pti kernel_ibrs entry_ibpb unret rethunk call_depth retpoline retpoline_lfence "
    "clear_cpu_buf clear_bhb_loop clear_bhb_hw clear_bhb_loop_on_vmexit srso "
    "srso_alias rsb_ctxsw rsb_vmexit rsb_vmexit_lite fence_swapgs_user "
    "fence_swapgs_kernel indirect_thunk_its use_ibpb use_ibrs_fw ibpb_exit_to_user "
    "clear_cpu_buf_vm ibpb_on_vmexit spec_store_bypass_disable ls_cfg_ssbd "
    "ibrs_enhanced".split()
)
# Other words for the same: of the command line, of the sources and of talk.
_WORDS: dict[str, tuple[str, ...]] = {
    "ibrs": ("kernel_ibrs",),
    "untrain": ("unret", "rethunk"),
    "unret": ("unret", "rethunk"),
    "verw": ("clear_cpu_buf",),
    "mds": ("clear_cpu_buf",),
    "bhi": ("clear_bhb_loop",),
    "its": ("indirect_thunk_its", "rethunk"),
    "srso": ("srso", "rethunk"),
    "ibpb": ("entry_ibpb", "rethunk"),
    "call_depth": ("call_depth", "rethunk"),
    "nopti": ("-pti",),
    "pti=off": ("-pti",),
    "pti=on": ("pti",),
    "nospectre_v1": ("-fence_swapgs_user", "-fence_swapgs_kernel"),
    "nospectre_v2": ("-retpoline", "-retpoline_lfence", "-kernel_ibrs"),
    "spectre_v2=off": ("-retpoline", "-retpoline_lfence", "-kernel_ibrs"),
    "spectre_bhi=off": ("-clear_bhb_loop",),
    "mds=off": ("-clear_cpu_buf",),
    "retbleed=off": ("-unret", "-kernel_ibrs", "-rethunk", "-entry_ibpb"),
    "nopcid": ("-pcid", "-invpcid"),
    "nosmap": ("-smap",),
    "xen": ("xenpv",),
}


class Features(Struct, frozen=True):
    """A set of features, and the numbers of one kernel.

    ``names`` None: nobody said; then only what every bare-metal boot does applies.
    """

    names: frozenset[str] | None = None
    text: str = ""  # as asked for
    numbers: Mapping[int, str] = field(default_factory=dict)

    def name(self, number: int) -> str:
        """The name of a number, ``feature NNN`` where it has none."""
        return self.numbers.get(number) or _name(number, None)

    def has(self, name: str) -> bool:
        return self.names is not None and name in self.names

    def applies(self, name: str, negated: bool, direct: bool = False) -> bool:
        """Whether boot applies an alternative of this feature.

        ``direct``: it only makes the call through a pointer at the site a direct one.
        """
        if name == ALWAYS:
            return not negated and (direct or self.names is not None)
        if name == "xenpv" and self.names is None:
            return negated
        return self.names is not None and (name in self.names) != negated


def numbered(features: Features, memory: Memory | None) -> Features:
    """The set with the numbers of the kernel in ``memory``.

    The kernel's own table of names counts for more than the numbers known here.
    """
    version = memory.version() if memory else None
    numbers = dict(_table(version))
    words = FEWEST_WORDS
    if memory is not None:
        shown = memory.strings("x86_cap_flags")
        place = memory.symbol("x86_cap_flags")
        words = place[1] // 256 if place and place[1] else FEWEST_WORDS
        for number, text in shown.items():
            numbers[number] = PRINTED.get(text, text)
    for k, bug in enumerate(BUGS.split()):
        numbers[words * 32 + k] = f"bug_{bug}"
    return Features(features.names, features.text, numbers)


@lru_cache(maxsize=8)
def _table(version: tuple[int, int] | None) -> Mapping[int, str]:
    found = {
        word * 32 + bit: name
        for word, names in WORDS.items()
        for bit, name in enumerate(names.split())
        if name != "-"
    }
    for since, changes in SINCE:
        if version is None or version >= since:
            found.update(changes)
    return {number: name for number, name in found.items() if name != "-"}


def _name(number: int, version: tuple[int, int] | None) -> str:
    return _table(version).get(number, f"feature {number // 32}*32+{number % 32}")


@lru_cache(maxsize=1)
def all_names() -> frozenset[str]:
    """Every name there is a number for."""
    names = {name for words in WORDS.values() for name in words.split()}
    names |= {name for _, changes in SINCE for name in changes.values()}
    names |= {f"bug_{name}" for name in BUGS.split()}
    return frozenset(names - {"-"})


def parse(text: str, default: Iterable[str] | None = None) -> Features:
    """The set ``text`` asks for. ``default``: the names ``default`` stands for.

    A list of plain names means these and no others; one that only takes away starts
    from the default. Raises UsageError for a name there is none of.
    """
    entries = [entry.strip().lower() for entry in text.split(",")]
    if not text.strip() or not all(entries):
        raise UsageError(f"--features {text!r}", expected=FORMS)
    plain = [e for e in entries if e not in ("none", "default")]
    from_default = "default" in entries or all(_takes_away(e) for e in plain)
    names: set[str] = set()
    if from_default and "none" not in entries:
        if default is None:
            raise UsageError(
                f"--features {text}: no default is known here",
                expected="a core that uarch/features.yaml lists, or names",
            )
        names |= set(default)
    for entry in plain:
        if entry == "mitigations=off":
            names -= MITIGATIONS
            continue
        if entry == "mitigations=auto":
            continue
        for word in _spelled(entry, text):
            if word.startswith("-"):
                names.discard(word[1:])
            else:
                names.add(word)
    return Features(frozenset(names | {ALWAYS}), text)


def _takes_away(entry: str) -> bool:
    words = _WORDS.get(entry, (entry,))
    return entry.startswith("mitigations=") or words[0].startswith("-")


def _spelled(entry: str, text: str) -> tuple[str, ...]:
    """The constants an entry means, with ``-`` before those it takes away."""
    minus = entry.startswith("-")
    bare = entry.lstrip("-+")
    bare = bare.removeprefix("x86_feature_")
    words = _WORDS.get(bare)
    if words is None:
        bare = PRINTED.get(bare, bare)
        if bare not in all_names():
            from costmodel.code.selectors import closest

            close = closest(bare, sorted((*all_names(), *_WORDS)))
            raise UsageError(
                f"--features {text}: no feature {bare!r}",
                expected="a name of X86_FEATURE_*, in lower case",
                hint="did you mean " + ", ".join(close) + "?" if close else "",
            )
        words = (bare,)
    return tuple(f"-{word}" for word in words) if minus else words


def from_cpuinfo(
    text: str, where: str, default: Iterable[str] | None = None
) -> Features:
    """The features of a ``/proc/cpuinfo``.

    What the kernel does not print (retpolines, return thunks, buffer clearing) is taken
    from ``default``, the core's own set. Raises InputError without a line of flags.
    """
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() == "flags":
            shown = {PRINTED.get(name, name) for name in value.split()}
            hidden = set(default or ()) & MITIGATIONS - _PRINTED_MITIGATIONS
            names = frozenset(shown | hidden | {ALWAYS})
            return Features(names, f"those of {where}")
    raise InputError(
        "no line of flags",
        where=where,
        expected="a /proc/cpuinfo of an x86 processor",
    )


_PRINTED_MITIGATIONS = frozenset({"pti", "ibrs_enhanced"})


@lru_cache(maxsize=1)
def _sets() -> Mapping[str, frozenset[str]]:
    """The sets of uarch/features.yaml, by core."""
    import yaml

    from costmodel.data import uarch_dir

    path = Path(uarch_dir()) / FILE
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
        return {
            core: frozenset(
                name
                for part in (*row["features"], *row["mitigations"].split())
                for name in tree["groups"].get(part, part).split()
            )
            for core, row in tree["cores"].items()
        }
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InputError(f"cannot be used: {error!r}", where=str(path)) from None


def depends_on_core(text: str | None, cpuinfo: str | None) -> bool:
    """Whether a choice of features is another one on another core."""
    if cpuinfo is not None:
        return True
    if text is None:
        return False
    entries = [entry.strip().lower() for entry in text.split(",")]
    return "default" in entries or all(_takes_away(entry) for entry in entries)


def chosen(
    text: str | None, cpuinfo: str | None = None, core: str = ""
) -> Features | None:
    """The set asked for on a core; None where nothing was asked.

    ``text`` as ``parse`` has it, ``cpuinfo`` the name of a file; ``text`` then takes
    away from that file's features, or adds to them. Raises InputError or UsageError.
    """
    default = default_of(core) if depends_on_core(text, cpuinfo) else None
    if cpuinfo is None:
        return None if text is None else parse(text, default)
    try:
        content = Path(cpuinfo).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}",
            where=cpuinfo,
            expected="a copy of /proc/cpuinfo",
        ) from None
    found = from_cpuinfo(content, cpuinfo, default)
    if text is None:
        return found
    names = frozenset(found.names or ())
    more = parse(f"default,{text}", names)
    return Features(more.names, f"{found.text},{text}")


def default_of(core: str) -> frozenset[str] | None:
    """What a core has and its kernel chooses; None for a core not listed."""
    return _sets().get(core)
