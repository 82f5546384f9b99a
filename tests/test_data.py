"""Core models and stubs are found from the environment, a checkout or a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel import data
from costmodel.errors import UsageError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package as if installed in ``tmp_path/site``; returns its directory."""
    package = tmp_path / "site" / "costmodel"
    package.mkdir(parents=True)
    monkeypatch.delenv(data.VARIABLE, raising=False)
    monkeypatch.setattr(data, "__file__", str(package / "data.py"))
    return package


def test_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uarch").mkdir()
    monkeypatch.setenv(data.VARIABLE, str(tmp_path))
    assert data.uarch_dir() == tmp_path / "uarch"
    with pytest.raises(UsageError) as caught:
        data.stubs_dir()
    assert str(tmp_path) in caught.value.where


def test_then_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(data.VARIABLE, raising=False)
    root = Path(__file__).resolve().parents[1]
    assert data.uarch_dir() == root / "uarch"
    assert data.stubs_dir() == root / "stubs"


def test_then_what_the_wheel_brought(installed: Path) -> None:
    for kind in ("uarch", "stubs"):
        (installed / "_data" / kind).mkdir(parents=True)
    assert data.uarch_dir() == installed / "_data" / "uarch"
    assert data.stubs_dir() == installed / "_data" / "stubs"


def test_a_stranger_beside_the_package_is_not_a_checkout(installed: Path) -> None:
    (installed.parent / "uarch").mkdir()
    (installed / "_data" / "uarch").mkdir(parents=True)
    assert data.uarch_dir() == installed / "_data" / "uarch"


def test_no_data_at_all_is_told(installed: Path) -> None:
    with pytest.raises(UsageError, match="is not installed") as caught:
        data.uarch_dir()
    assert data.VARIABLE in caught.value.hint


def test_data_files_are_shown_from_their_home_and_others_as_given() -> None:
    assert data.display_name(data.uarch_dir() / "x.yaml") == "uarch/x.yaml"
    assert data.display_name(Path("elsewhere/x.yaml")) == "elsewhere/x.yaml"
