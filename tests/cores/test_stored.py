"""A core kept from the last time is the core its file describes now."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from costmodel import data
from costmodel.cores import chain, semantic_table, stored
from costmodel.cores.load import core_names, load_core
from costmodel.cores.semantic import instructions


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Core files of our own, and a place of our own to keep what was read."""
    shutil.copytree(data.uarch_dir(), tmp_path / "uarch")
    monkeypatch.setenv(data.VARIABLE, str(tmp_path))
    monkeypatch.setattr(stored, "_folder", lambda: tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    stored.forget()
    yield tmp_path / "uarch"  # type: ignore[misc]
    stored.forget()


def kept(home: Path) -> list[Path]:
    return sorted(home.parent.glob("*.core"))


@pytest.mark.parametrize("name", core_names())
def test_a_kept_core_is_the_one_read(name: str, home: Path) -> None:
    fresh, _ = chain.read(home / f"{name}.yaml")
    load_core(name)
    stored.forget()  # as another process has it
    again = load_core(name)
    assert len(kept(home)) == 1 and again is not fresh
    assert again.core == fresh.core
    assert dict(again.evidence) == dict(fresh.evidence)
    assert repr(dict(again.evidence)) == repr(dict(fresh.evidence))  # 20 is not 20.0
    assert (again.sources, again.files, again.cpuid, again.tree) == (
        fresh.sources,
        fresh.files,
        fresh.cpuid,
        fresh.tree,
    )


def test_the_kept_table_is_the_one_read(home: Path) -> None:
    fresh = semantic_table.read(home / "instructions.yaml")
    instructions()
    stored.forget()
    assert dict(instructions()) == dict(fresh)


@pytest.mark.parametrize("changed", ["skylake.yaml", "sandybridge.yaml"])
@pytest.mark.parametrize("process", ["same", "next"])
def test_a_changed_file_is_read_anew(home: Path, changed: str, process: str) -> None:
    title = load_core("skylake").core.title
    file = home / changed
    own = changed == "skylake.yaml"
    before, after = (
        (f"title: {title}", "title: Other") if own else ("#", "# changed\n#")
    )
    file.write_text(file.read_text().replace(before, after, 1))
    if process == "next":
        stored.forget()
    assert stored.core(home / "skylake.yaml") is None
    assert load_core("skylake").core.title == ("Other" if own else title)


def test_within_a_process_a_core_is_one_object(home: Path) -> None:
    assert load_core("skylake") is load_core("skylake")


def test_damage_is_read_past(home: Path) -> None:
    load_core("skylake")
    (file,) = kept(home)
    whole = file.read_bytes()
    code, stamp, _ = msgspec.msgpack.decode(whole)
    for damaged in (b"", whole[: len(whole) // 2], msgspec.msgpack.encode(7),
                    msgspec.msgpack.encode((code, stamp, "nothing"))):  # fmt: skip
        file.write_bytes(damaged)
        stored.forget()
        assert load_core("skylake").name == "skylake"


def test_other_code_reads_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_core("skylake")
    stored.forget()
    monkeypatch.setattr(stored, "_code", lambda: "another version")
    assert stored.core(home / "skylake.yaml") is None


def test_nothing_is_kept_where_no_bytecode_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert load_core("skylake").name == "skylake"
    assert kept(home) == []


def test_a_place_that_cannot_be_written_is_no_error(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_folder", lambda: home / "skylake.yaml")
    assert load_core("skylake").name == "skylake"


def test_a_core_file_of_the_users_is_not_kept(home: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: skylake\ntitle: Mine\nyear: 2015\n")
    load_core(str(mine))
    assert kept(home) == []


def test_with_a_kept_core_yaml_is_not_even_imported() -> None:
    code = (
        "import sys; sys.dont_write_bytecode = False\n"
        "from costmodel.cores.load import load_core, instructions\n"
        "load_core('skylake'), instructions()\n"
        "print('yaml' in sys.modules)"
    )
    shown = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert shown[1] == "False\n"
