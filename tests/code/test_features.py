"""Sets of features: their words, the numbers of each kernel, /proc/cpuinfo, cores."""

from __future__ import annotations

import pytest

from costmodel.code import features
from costmodel.code.features import ALWAYS, MITIGATIONS, Features, numbered, parse
from costmodel.cores.load import core_names
from costmodel.errors import InputError, UsageError

DEFAULT = {"pti", "pcid", "retpoline", "smap"}


def names(text: str) -> set[str]:
    found = parse(text, DEFAULT).names
    assert found is not None
    return set(found - {ALWAYS})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("none", set()),
        ("default", DEFAULT),
        ("pti,pcid", {"pti", "pcid"}),
        ("none,smap", {"smap"}),
        ("default,-pti", {"pcid", "retpoline", "smap"}),
        ("-pti", {"pcid", "retpoline", "smap"}),
        ("nopti", {"pcid", "retpoline", "smap"}),
        ("mitigations=off", {"pcid", "smap"}),
        ("default,mitigations=off,verw", {"pcid", "smap", "clear_cpu_buf"}),
        ("ibrs", {"kernel_ibrs"}),
        ("unret", {"unret", "rethunk"}),
        ("X86_FEATURE_PTI", {"pti"}),
        ("clear_bhb_loop,clear_cpu_buf", {"clear_bhb_loop", "clear_cpu_buf"}),
        ("pni", {"xmm3"}),
        ("fred,xenpv,-smap", {"fred", "xenpv"}),
    ],
)
def test_the_words(text: str, wanted: set[str]) -> None:
    assert names(text) == wanted


@pytest.mark.parametrize("text", ["", ",", "pti,,pcid", " "])
def test_an_empty_word_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--features"):
        parse(text)


def test_a_word_misspelt_offers_close_ones() -> None:
    with pytest.raises(UsageError) as caught:
        parse("clear_bhb_lop")
    assert "clear_bhb_loop" in caught.value.hint


def test_a_default_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="no default"):
        parse("default")


def test_numbers_move_between_kernels() -> None:
    """CLEAR_CPU_BUF is 11*32+18 in Linux 6.1 and 3*32+18 in 6.12."""
    old, new = features._table((6, 1)), features._table((6, 12))
    assert old[11 * 32 + 18] == new[3 * 32 + 18] == "clear_cpu_buf"
    assert old[7 * 32 + 11] == new[7 * 32 + 11] == "pti"
    assert Features(frozenset()).name(99 * 32) == "feature 99*32+0"


def test_bugs_are_numbered_after_the_features() -> None:
    assert numbered(Features(), None).name(22 * 32 + 10) == "bug_null_seg"


def test_a_cpuinfo_says_what_there_is() -> None:
    text = "processor : 0\nflags\t\t: fpu pni pcid pti smap\nbugs : x\n"
    found = features.from_cpuinfo(text, "cpuinfo", {"pti", "retpoline", "smap"}).names
    assert found is not None
    # What the kernel prints counts; what it keeps to itself is the core's default.
    assert {"xmm3", "pcid", "pti", "smap", "retpoline"} <= found
    bare = features.from_cpuinfo("flags : fpu\n", "cpuinfo", {"pti", "unret"}).names
    assert bare is not None and "pti" not in bare and "unret" in bare
    with pytest.raises(InputError, match="no line of flags"):
        features.from_cpuinfo("Features : fp asimd\n", "cpuinfo")


@pytest.mark.parametrize("core", core_names())
def test_every_core_has_a_default(core: str) -> None:
    found = features.default_of(core)
    assert found and found <= features.all_names()
    assert found & MITIGATIONS


def test_a_file_with_other_cores_only() -> None:
    assert features.default_of("my-own") is None
    with pytest.raises(UsageError, match="no default"):
        features.chosen("default", None, "my-own")
    with pytest.raises(InputError, match="cannot be read"):
        features.chosen(None, "/nowhere/cpuinfo", "skylake")
