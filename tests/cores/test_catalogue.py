"""Cores are found by name, alias, CPU and path; a file is all it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.cores import catalogue
from costmodel.cores.load import load_core
from costmodel.errors import CoreError, UsageError
from tests.tiny import TINY, write

CPUINFO = """\
processor\t: 0
vendor_id\t: {vendor}
cpu family\t: {family}
model\t\t: {model}
model name\t: Some CPU
stepping\t: {stepping}

processor\t: 1
vendor_id\t: Other
"""


@pytest.fixture
def uarch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with three cores and a base."""
    folder = tmp_path / "uarch"
    folder.mkdir()
    monkeypatch.setenv("COSTMODEL_DATA", str(tmp_path))
    head = "aliases: [wee, Wee-One]\ncpuid: [GenuineIntel-6-55]\n"
    write(folder, "tiny", head + TINY)
    heir = "extends: tiny\ntitle: Heir\nyear: 2001\naliases:\n  - young\n\n  - wee_2\n"
    write(folder, "heir", heir + "cpuid:\n  - GenuineIntel-6-55-[567]\n")
    write(folder, "amd", TINY + "cpuid: ['AuthenticAMD-26-*']\n")
    write(folder, "_base", "vendor: intel\n")
    write(folder, "instructions", "nop: nop\n")
    return folder


def test_a_core_is_there_because_its_file_is(uarch: Path) -> None:
    assert catalogue.core_names() == ("amd", "heir", "tiny")
    write(uarch, "zeta", TINY)
    assert catalogue.core_names()[-1] == "zeta"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("tiny", "tiny"),
        ("TINY", "tiny"),
        (" tiny ", "tiny"),
        ("wee", "tiny"),
        ("wee_one", "tiny"),
        ("young", "heir"),
        ("wee-2", "heir"),
    ],
)
def test_names_and_aliases_as_people_type_them(
    name: str, stem: str, uarch: Path
) -> None:
    assert catalogue.resolve(name) == uarch / f"{stem}.yaml"
    assert load_core(name).core.name == stem


def test_a_path_is_a_path(uarch: Path, tmp_path: Path) -> None:
    write(tmp_path, "mine", "extends: tiny\ntitle: Mine\nyear: 2002\n")
    assert load_core(str(tmp_path / "mine.yaml")).core.title == "Mine"


def test_files_are_shown_the_same_on_every_machine(uarch: Path) -> None:
    loaded = load_core("heir")
    assert loaded.files == ("uarch/heir.yaml", "uarch/tiny.yaml")
    assert loaded.evidence["window.rob"].where == "uarch/tiny.yaml:22"


@pytest.mark.parametrize("name", ["tinny", "", "instructions", "..", "a b", "\0", "é"])
def test_an_unknown_name_lists_what_there_is(name: str, uarch: Path) -> None:
    with pytest.raises(CoreError) as caught:
        load_core(name)
    assert "amd, heir, tiny" in caught.value.expected


def test_a_misspelt_name_suggests_a_close_one(uarch: Path) -> None:
    with pytest.raises(CoreError) as caught:
        catalogue.resolve("tinny")
    assert "tiny" in caught.value.hint


def test_a_base_is_not_a_core(uarch: Path) -> None:
    with pytest.raises(CoreError):
        load_core("_base")


def test_an_alias_of_two_cores_is_ambiguous(uarch: Path) -> None:
    write(uarch, "third", "aliases: [young]\n" + TINY)
    with pytest.raises(CoreError, match="heir or third"):
        catalogue.resolve("young")


def test_a_direct_name_reads_no_file(
    uarch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> catalogue.Names:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(catalogue, "names_in", refuse)
    assert catalogue.resolve("tiny") == uarch / "tiny.yaml"


def test_a_broken_neighbour_does_not_hide_the_others(uarch: Path) -> None:
    write(uarch, "broken", "aliases: [\nx: &a {")
    assert catalogue.resolve("young").stem == "heir"


@pytest.mark.parametrize(
    ("vendor", "family", "model", "stepping", "stem"),
    [
        ("GenuineIntel", 6, 85, 4, "tiny"),
        ("GenuineIntel", 6, 85, 7, "heir"),  # the more particular identity
        ("AuthenticAMD", 26, 68, 0, "amd"),
    ],
)
def test_native_is_the_core_that_claims_this_cpu(
    vendor: str, family: int, model: int, stepping: int, stem: str, uarch: Path
) -> None:
    text = CPUINFO.format(vendor=vendor, family=family, model=model, stepping=stepping)
    cpuinfo = uarch / "cpuinfo"
    cpuinfo.write_text(text)
    assert catalogue.native(cpuinfo).stem == stem


def test_a_cpu_nobody_claims_is_named(uarch: Path) -> None:
    cpuinfo = uarch / "cpuinfo"
    cpuinfo.write_text(
        CPUINFO.format(vendor="GenuineIntel", family=6, model=5, stepping=11)
    )
    with pytest.raises(CoreError, match="GenuineIntel-6-5-B") as caught:
        catalogue.native(cpuinfo)
    assert "amd, heir, tiny" in caught.value.hint


@pytest.mark.parametrize("text", ["", "processor : 0\n", "Hardware : ARM\n"])
def test_a_machine_that_does_not_say_is_told(text: str, uarch: Path) -> None:
    cpuinfo = uarch / "cpuinfo"
    cpuinfo.write_text(text)
    with pytest.raises(CoreError, match="does not say"):
        catalogue.native(cpuinfo)
    with pytest.raises(CoreError, match="does not say"):
        catalogue.native(uarch / "ghost")


def test_a_data_directory_without_cores_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSTMODEL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError) as caught:
        load_core("tiny")
    assert "COSTMODEL_DATA" in caught.value.where
