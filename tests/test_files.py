"""Files appear whole or not at all, and so do directories of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from costmodel import files
from costmodel.errors import InputError

FULL = OSError(28, "No space left on device")


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full from the second file on, half of which is written."""
    write = Path.write_bytes
    seen: list[Path] = []

    def half(self: Path, data: bytes) -> int:
        seen.append(self)
        if len(seen) == 1:
            return write(self, data)
        write(self, data[: len(data) // 2])
        raise FULL

    monkeypatch.setattr(Path, "write_bytes", half)


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a"
    files.write_whole(str(file), b"one")
    assert file.stat().st_mode & 0o777 == 0o666 & ~_mask()
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(file)
    files.write_whole(str(link), b"two")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"two", 0o640)
    assert link.is_symlink()
    assert names(tmp_path) == ["a", "link"]


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_device_is_written_as_it_is() -> None:
    files.write_whole("/dev/null", b"gone")
    with pytest.raises(InputError, match="No space left"):
        files.write_whole("/dev/full", b"gone")


@pytest.mark.parametrize("name", ["no/such/o", ".", "x" * 300, "a\0b", "", "a/b"])
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_text("a file")
    with pytest.raises(InputError, match="cannot write"):
        files.write_whole(f"{tmp_path}/{name}", b"data")
    assert names(tmp_path) == ["a"]


def test_a_report_is_whole_or_not_there(tmp_path: Path, full: None) -> None:
    report = {"a": b"aaaa", "b": b"bbbb"}
    with pytest.raises(InputError, match="No space left"):
        files.write_folder(str(tmp_path / "x" / "y"), report)
    assert names(tmp_path) == []


def test_a_report_that_was_there_stays(tmp_path: Path, full: None) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    with pytest.raises(InputError):
        files.write_folder(str(tmp_path), {"a": b"aaaa", "b": b"bbbb"})
    assert names(tmp_path) == ["a", "b", "c"]
    assert [(tmp_path / n).read_text() for n in "abc"] == ["a", "b", "c"]


def test_a_report_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "other").write_text("stays")
    written = files.write_folder(str(tmp_path), {"a": b"new", "b": b"too"})
    assert written == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert names(tmp_path) == ["a", "b", "other"]
    assert (tmp_path / "a").read_text() == "new"
