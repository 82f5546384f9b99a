"""Commands: what they print where, and the status they leave."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from costmodel.commands import options
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def short(tmp_path: Path) -> str:
    file = tmp_path / "short.hex"
    file.write_text("4801d8 4801d8\n")
    return str(file)


@pytest.fixture
def longer(tmp_path: Path) -> str:
    file = tmp_path / "longer.hex"
    file.write_text("4801d8 4801d8 4801d8\n")
    return str(file)


@pytest.fixture
def unknown(tmp_path: Path) -> str:
    file = tmp_path / "unknown.hex"
    file.write_text("4801d8 0f0b\n")
    return str(file)


def test_estimate_puts_the_answer_first(run: Run, short: str) -> None:
    status, out, err = run("estimate", short, "--uarch", "skylake")
    assert (status, err) == (0, "")
    assert out.startswith("20 cycles")


def test_estimate_defaults_to_every_core(run: Run, short: str) -> None:
    _, out, _ = run("estimate", short)
    for core in ("sandybridge", "skylake", "zen5"):
        assert re.search(rf"\b{core}\b", out)


def test_estimate_takes_several_inputs_and_cores(
    run: Run, short: str, longer: str
) -> None:
    _, out, _ = run("estimate", short, longer, "-u", "skylake,zen5", "--json")
    document = json.loads(out)
    assert document["schema"] == 1
    assert [(r["uarch"], r["cycles"]) for r in document["results"]] == [
        ("skylake", 20), ("zen5", 21), ("skylake", 30), ("zen5", 31),
    ]  # fmt: skip


def test_an_alias_is_the_core_and_a_core_named_twice_counts_once(
    run: Run, short: str
) -> None:
    _, out, _ = run("estimate", short, "-u", "skl,skylake,SKL", "--json")
    assert [r["uarch"] for r in json.loads(out)["results"]] == ["skylake"]


def test_format_json_is_json(run: Run, short: str) -> None:
    assert run("estimate", short, "--format", "json") == run(
        "estimate", short, "--json"
    )


def test_stdin_is_a_dash(
    run: Run, monkeypatch: pytest.MonkeyPatch, longer: str
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"4801d8\n"))
    monkeypatch.setattr("sys.stdin", stream)
    status, out, _ = run("compare", "-", longer, "-u", "skylake", "--json")
    assert status == 0
    assert json.loads(out)["results"][0]["before"] == 10


def test_stdin_twice_is_refused(run: Run) -> None:
    status, out, err = run("compare", "-", "-")
    assert (status, out) == (2, "")
    assert "stdin" in err


def test_empty_stdin_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    status, _, err = run("estimate", "-")
    assert status == 2
    assert "nothing to read" in err


def test_compare_shows_the_difference(run: Run, short: str, longer: str) -> None:
    _, out, _ = run("compare", short, longer, "-u", "skylake")
    assert "+10" in out
    assert "Modelled by costmodel" in out
    _, out, _ = run("compare", short, longer, "-u", "skylake", "--json")
    (result,) = json.loads(out)["results"]
    assert (result["before"], result["after"], result["delta"]) == (20, 30, 10)


@pytest.mark.parametrize(("limit", "status"), [("9.5", 1), ("10", 0), ("11", 0)])
def test_a_threshold_passed_is_status_1(
    run: Run, short: str, longer: str, limit: str, status: int
) -> None:
    got, out, err = run("compare", short, longer, "--fail-above", limit)
    assert got == status
    assert "+10" in out
    assert ("is above" in err) == (status == 1)


def test_unknown_instructions_are_status_3_only_if_strict(
    run: Run, unknown: str
) -> None:
    status, out, _ = run("estimate", unknown, "-u", "skylake")
    assert status == 0
    assert "? ud2" in out
    status, out, err = run("estimate", unknown, "-u", "skylake", "--strict")
    assert (status, out) == (3, "")
    assert "ud2" in err


def test_an_unknown_core_is_status_2_and_3_if_strict(run: Run, short: str) -> None:
    status, _, err = run("estimate", short, "-u", "pentium")
    assert status == 2
    assert "skylake" in err
    assert run("estimate", short, "-u", "pentium", "--strict")[0] == 3


def test_explain_takes_exactly_one_core(run: Run, short: str) -> None:
    assert run("explain", short, "-u", "skylake")[0] == 0
    for wrong in ((), ("-u", "all"), ("-u", "skylake,zen5")):
        status, _, err = run("explain", short, *wrong)
        assert status == 2
        assert "exactly one core" in err


def test_text_is_as_wide_as_the_terminal_up_to_100_columns_and_72_elsewhere(
    run: Run, short: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = " ".join(["4801d8"] * 60)
    Path(short).write_text(long)
    for terminal, columns, widest in (
        (True, 90, 90),
        (True, 300, 100),
        (False, 90, 72),
    ):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr("sys.stdout.isatty", lambda terminal=terminal: terminal)
        assert options.width() == widest
        status, out, _ = run("estimate", short)
        assert status == 0
        assert max(map(len, out.splitlines())) <= widest


def test_cores_are_listed_and_shown(run: Run) -> None:
    status, out, _ = run("cores")
    assert status == 0
    assert "skylake" in out
    status, out, _ = run("cores", "skylake")
    assert status == 0
    assert all(len(line) <= 72 for line in out.splitlines())
    _, out, _ = run("cores", "skylake", "--json")
    parameters = json.loads(out)["results"][0]["parameters"]
    assert parameters["window.rob"]["value"] == 224
    assert all(figure["source"] for figure in parameters.values() if figure["stated"])


@pytest.mark.parametrize(
    "arguments",
    [(), ("frobnicate",), ("estimate",), ("estimate", "x", "--align", "64"),
     ("estimate", "x", "--scenario", "never"), ("compare", "one"), ("cores", "no"),
     ("estimate", "/nonexistent.S"), ("estimate", "x", "-u", ","),
     ("compare", "a", "b", "--fail-above", "much")],
)  # fmt: skip
def test_wrong_usage_is_status_2_with_a_message_and_no_traceback(
    run: Run, arguments: tuple[str, ...]
) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("costmodel")
    assert "Traceback" not in err


def test_check_lists_findings_and_says_so_in_its_status(run: Run) -> None:
    status, out, _ = run("cores", "skylake", "--check")
    assert status == (0 if out == "nothing doubtful\n" else 1)
    status, out, _ = run("cores", "skylake", "--check", "--json")
    assert status == (1 if json.loads(out)["results"] else 0)


def test_version_and_help(run: Run) -> None:
    status, out, _ = run("--version")
    assert status == 0
    assert out.startswith("costmodel 0.")
    status, out, _ = run("--help")
    assert status == 0
    assert "estimate" in out
    for command in ("estimate", "compare", "explain", "cores", "validate"):
        assert run(command, "--help")[0] == 0
