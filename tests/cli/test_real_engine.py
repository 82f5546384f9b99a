"""The commands over the real rooms: stub in, cycles out, and bad input refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from costmodel import data
from tests.cli.conftest import Run

STUBS = data.stubs_dir() / "top-of-stack"
FAST = str(STUBS / "v3.16-fast.S")
EVERY_SLOT = str(STUBS / "every-slot-mov.S")
CORES = ("sandybridge", "skylake", "zen5")


@pytest.mark.parametrize("scenario", ["once", "roundtrip", "unroll", "opcache", "loop"])
def test_the_fast_path_on_each_core_in_each_scenario(run: Run, scenario: str) -> None:
    status, out, _ = run(
        "estimate", FAST, "-u", ",".join(CORES), "--scenario", scenario, "--json"
    )
    assert status == 0
    results = json.loads(out)["results"]
    assert [r["uarch"] for r in results] == list(CORES)
    for result in results:
        assert result["scenario"] == scenario
        assert (result["instructions"], result["bytes"]) == (39, 187)
        assert result["uops"] >= 39
        assert result["cycles"] > 10
        assert sum(result["breakdown"].values()) == pytest.approx(result["cycles"])
        assert result["lines_touched"] >= 3
        assert result["unknown"] == []


def test_a_system_call_path_is_a_round_trip_and_a_block_is_not(
    run: Run, tmp_path: Path
) -> None:
    _, out, _ = run("estimate", FAST, "-u", "skylake", "--json")
    assert json.loads(out)["results"][0]["scenario"] == "roundtrip"
    block = tmp_path / "block.hex"
    block.write_text("4801d8")
    _, out, _ = run("estimate", str(block), "-u", "skylake", "--json")
    assert json.loads(out)["results"][0]["scenario"] == "once"


def test_v3_16_leaves_five_slots_unset_and_the_change_none(run: Run) -> None:
    def unset(file: str) -> set[str]:
        _, out, _ = run("estimate", file, "-u", "skylake", "--json")
        frame = json.loads(out)["results"][0]["frame"]
        return {slot["slot"].upper() for slot in frame if not slot["written"]}

    partial = {"RBX", "RBP", "R12", "R13", "R14", "R15"}
    assert unset(FAST) - partial == {"SS", "RSP", "EFLAGS", "CS", "RCX"}
    assert unset(EVERY_SLOT) - partial == set()


@pytest.mark.parametrize("command", ["estimate", "explain"])
def test_text_fits_72_columns_of_ascii(
    run: Run, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # the test runner may set it
    status, out, _ = run(command, FAST, "-u", "skylake")
    assert status == 0
    assert out.isascii()
    assert max(len(line) for line in out.splitlines()) <= 72


def test_compare_accounts_for_the_whole_difference(run: Run) -> None:
    status, out, _ = run("compare", FAST, EVERY_SLOT, "--json")
    assert status == 0
    for result in json.loads(out)["results"]:
        assert result["after"] - result["before"] == pytest.approx(result["delta"])
        for parts in (result["causes"], result["instructions"]):
            total = sum(part["cycles"] for part in parts)
            assert total == pytest.approx(result["delta"])
    _, text, _ = run("compare", FAST, EVERY_SLOT)
    assert max(len(line) for line in text.splitlines()) <= 72


def test_the_same_command_prints_the_same_bytes(run: Run) -> None:
    first = run("explain", FAST, "-u", "zen5", "--json")
    assert first[0] == 0
    assert first == run("explain", FAST, "-u", "zen5", "--json")


def test_the_demo_answers_the_thread(run: Run) -> None:
    status, out, _ = run("demo", "-u", ",".join(CORES))
    assert status == 0
    assert "A system call pays" in out
    assert all(core in out for core in CORES)
    assert max(len(line) for line in out.splitlines()) <= 72


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bad.S", "f:\tfrob %rax\n", "bad.S:1"),
        ("macro.S", "\t.macro m\n\tfrob %rax\n\t.endm\nf:\tm\n", "macro.S:4"),
        ("avx.S", "f:\tvaddps %ymm0,%ymm1,%ymm2\n\tret\n", "avx.S:1"),
        ("cycle.S", "f:\tjmp f\n", "cycle.S:1"),
        ("torn.o", b"\x7fELF\x02\x01\x01" + bytes(20), "torn.o"),
        ("bytes.hex", "06", "06"),
        ("empty.S", "", "empty.S"),
    ],
)
def test_bad_input_is_refused_with_its_place_and_no_traceback(
    tmp_path: Path, name: str, content: str | bytes, says: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = subprocess.run(
        [sys.executable, "-m", "costmodel", "estimate", str(file), "-u", "skylake"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode in (2, 3)
    assert says in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_no_assembler_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "costmodel", "estimate", FAST, "-u", "skylake"],
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 2
    assert "gcc" in done.stderr


@pytest.mark.parametrize("kind", ["differences", "causes", "sensitivity"])
def test_compare_draws_each_kind_of_plot(run: Run, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "a.svg"
    status, *_ = run(
        "compare", FAST, EVERY_SLOT, "-u", "zen5", "--scenario", "once",
        "--draws", "4", "--plot", str(file), "--plot-kind", kind,
    )  # fmt: skip
    assert status == 0
    assert "<svg" in file.read_text()


@pytest.mark.parametrize("kind", ["timeline", "store-buffer"])
def test_explain_draws_each_kind_of_plot(run: Run, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "a.svg"
    status, *_ = run(
        "explain", FAST, "-u", "zen5", "--plot", str(file), "--plot-kind", kind
    )
    assert status == 0
    assert "<svg" in file.read_text()


def test_a_plot_of_one_core_refuses_several(run: Run, tmp_path: Path) -> None:
    status, out, err = run(
        "compare", FAST, EVERY_SLOT, "-u", "zen5,skylake", "--draws", "0",
        "--plot", str(tmp_path / "a.svg"), "--plot-kind", "causes",
    )  # fmt: skip
    assert (status, out) == (2, "")
    assert "expected: one core" in err


def test_compare_says_what_the_one_core_is_sensitive_to(run: Run) -> None:
    status, out, _ = run(
        "compare", FAST, EVERY_SLOT, "-u", "skylake", "--draws", "4", "--json"
    )
    assert status == 0
    found = json.loads(out)["sensitivity"]
    assert found
    for one in found:
        assert {"figure", "first_order", "total", "total_half_width"} <= set(one)
        assert 0 <= one["first_order"] <= 1


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two revisions of one file in a directory, the work tree as neither."""
    folder = tmp_path / "entry"
    folder.mkdir()
    file = folder / "path.hex"
    git = [
        "git",
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=m",
    ]
    subprocess.run([*git, "init", "-q", str(tmp_path)], check=True)
    for code in ("4801d8", "4801d8 480fafc3"):
        file.write_text(code + "\n")
        subprocess.run([*git, "-C", str(tmp_path), "add", "."], check=True)
        subprocess.run([*git, "-C", str(tmp_path), "commit", "-qm", "x"], check=True)
    file.write_text("90\n")
    monkeypatch.chdir(folder)
    return file


@pytest.mark.parametrize("span", ["HEAD~1..HEAD", "HEAD~1.."])
def test_a_range_compares_one_file_between_its_ends(
    run: Run, repository: Path, span: str
) -> None:
    status, out, _ = run(
        "compare", span, "path.hex", "-u", "zen5", "--draws", "0", "--json"
    )
    assert status == 0
    (result,) = json.loads(out)["results"]
    assert result["files"] == ["HEAD~1:./path.hex", "HEAD:./path.hex"]
    assert result["code"]["instructions"] == 1
    assert repository.read_text() == "90\n"
    _, out, _ = run("compare", span, "path.hex", "-u", "zen5", "--draws", "0")
    before, arrow, after = " ".join(out.partition("\n  ")[0].split()).partition(" -> ")
    assert arrow
    assert before.endswith('("x"): path.hex')
    assert after.endswith('("x"): path.hex')


@pytest.mark.parametrize("span", ["nosuch..HEAD", "HEAD...nosuch"])
def test_a_range_that_is_none_is_explained(
    run: Run, repository: Path, span: str
) -> None:
    status, out, err = run("compare", span, "path.hex", "--draws", "0")
    assert (status, out) == (2, "")
    assert "nosuch" in err
