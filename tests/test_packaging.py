"""A wheel carries all it needs: built, installed elsewhere, run from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import costmodel
from costmodel import data
assert costmodel.__file__.startswith(sys.argv[1]), costmodel.__file__
for folder in (data.uarch_dir(), data.calibration_dir(), data.stubs_dir()):
    assert str(folder).startswith(sys.argv[1]), folder
assert (data.stubs_dir() / "top-of-stack" / "v3.16-fast.S").is_file()
cycles = costmodel.estimate(
    str(data.stubs_dir() / "top-of-stack" / "v3.16-fast.S"), "skylake"
).cycles
print(cycles, *costmodel.cores())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hatchling = pytest.importorskip("hatchling.build")
    out = tmp_path_factory.mktemp("wheel")
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        return out / str(hatchling.build_wheel(str(out)))
    finally:
        os.chdir(here)


def test_the_wheel_holds_the_data_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "costmodel/_data/uarch/instructions.yaml" in names
    assert "costmodel/_data/calibration/accuracy.json" in names
    assert "costmodel/_data/stubs/top-of-stack/every-slot-mov.S" in names
    assert not [n for n in names if n.startswith(("tests", "bench", "tools"))]


def test_the_wheel_carries_the_simulator_built_for_every_python_from_3_11_on(
    wheel: Path,
) -> None:
    assert "costmodel/engine/_simulator.abi3.so" in zipfile.ZipFile(wheel).namelist()
    assert "-cp311-abi3-" in wheel.name


def test_a_source_distribution_builds_the_simulator(tmp_path: Path) -> None:
    hatchling = pytest.importorskip("hatchling.build")
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        sdist = tmp_path / str(hatchling.build_sdist(str(tmp_path)))
        with tarfile.open(sdist) as archive:
            # Python before 3.11.4 knows no filters, 3.14 wants one.
            whole = getattr(tarfile, "fully_trusted_filter", None)
            archive.extraction_filter = whole
            archive.extractall(tmp_path)
        os.chdir(tmp_path / sdist.name.removesuffix(".tar.gz"))
        assert not list(Path("costmodel/engine").glob("*.so"))
        built = tmp_path / str(hatchling.build_wheel(str(tmp_path)))
    finally:
        os.chdir(here)
    names = zipfile.ZipFile(built).namelist()
    assert "costmodel/engine/_simulator.abi3.so" in names


def test_the_installed_wheel_finds_its_cores_and_stubs(
    wheel: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "COSTMODEL_DATA"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(site)],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "skylake" in done.stdout.split()
