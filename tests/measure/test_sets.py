"""Whole files of blocks, records, calibration, and the measured side of compare."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from costmodel.errors import InputError
from costmodel.measure import records
from costmodel.measure.blocks import block_path, measure_blocks, read_rows, rows_csv
from costmodel.measure.bodies import body_of
from costmodel.measure.calibrate import (
    Calibration,
    Form,
    Line,
    Solved,
    calibrate,
    core_yaml,
    forms,
    solve,
    written,
)
from costmodel.measure.judge import Figure
from costmodel.measure.native import Native
from costmodel.measure.run import Settings
from costmodel.measure.windows import WINDOWS, Window, code_of, size_of
from costmodel.studies.validate import read_blocks
from tests.measure.test_measured import cli, until

ROOT = Path(__file__).resolve().parents[2]
QUICK = Settings(rounds=3, pause=0.0)
BLOCKS = "hex,scenario,loop_ctr\n4801d8,loop,r15\n0fafc0,unroll,\n0f0b,opcache,\nfa,,\n"


def test_a_file_of_blocks_becomes_a_data_set(measuring: None, tmp_path: Path) -> None:
    file = tmp_path / "blocks.csv"
    file.write_text(BLOCKS)
    found = measure_blocks(read_rows(str(file), "unroll"), QUICK)
    assert [row.status for row in found][2:] == ["invalid opcode", "refused"]
    rows = list(csv.DictReader(io.StringIO(rows_csv(found))))
    assert [row["scenario"] for row in rows] == ["loop", "unroll", "opcache", "unroll"]
    assert rows[0]["loop_ctr"] == "r15" and rows[2]["cycles"] == ""
    # And the file is one validate reads: rows without cycles are left out.
    mine = tmp_path / "mine.csv"
    mine.write_text(rows_csv(found))
    usable = sum(1 for row in found if row.status == "ok")
    assert len(read_blocks(str(mine), column="cycles", scenario=None)) == usable


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("", ":1", "no column 'hex'"),
        ("bytes\n90\n", ":1", "no column 'hex'"),
        ("hex\nzz\n", ":2", "is not hex"),
        ("hex,scenario\n90,roundtrip\n", ":2", "cannot be measured"),
        ("hex,loop_ctr\n90,eax\n", ":2", "loop_ctr"),
        ("hex\n", "", "no rows"),
    ],
)
def test_bad_files_of_blocks_are_told(
    text: str, where: str, says: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_rows(str(file), "unroll")
    assert str(caught.value).startswith(f"{file}{where}: ")
    assert says in str(caught.value)


def test_validate_measures_what_it_holds_the_model_against(
    measuring: None, tmp_path: Path
) -> None:
    file = tmp_path / "blocks.csv"
    file.write_text("hex\n4801d8\n0fafc0\n0fafc04801d8\n")
    made = cli(
        "validate", str(file), "--measure", "-u", "zen4", "--scenario", "loop",
        "--json", "--rounds", "3",
    )  # fmt: skip
    if "0 of 3 rows measured" in made.stderr:
        pytest.skip("the machine was never quiet")
    assert made.returncode == 0, made.stderr
    assert "executes the code" in made.stderr
    assert json.loads(made.stdout)["blocks"] >= 1


def test_a_record_is_kept_and_shown_beside_the_model(
    measuring: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(records.HOME, str(tmp_path / "records"))
    code, record = tmp_path / "code.hex", tmp_path / "record.json"
    code.write_text("0fafc0")
    made = cli("measure", str(code), "--save", str(record), "--rounds", "3")
    assert made.returncode == 0, made.stderr
    kept = json.loads(record.read_text())
    assert kept["kind"] == records.KIND and kept["results"][0]["hex"] == "0fafc0"
    for _ in range(2):  # twice the same record is one
        made = cli("record", "--add", str(record))
        assert made.returncode == 0, made.stderr
    (shown,) = records.beside()
    assert shown.entry.file == str(code)
    if shown.cpu.uarch:
        assert shown.modelled == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"kind": "other"}', "\xff",
     '{"kind":"costmodel-measurement","schema":2,"cpu":{"vendor":"x","family":1,'
     '"model":2,"uarch":null},"results":[]}',
     '{"kind":"costmodel-measurement","schema":1,"cpu":{"vendor":"x","family":1,'
     '"model":2,"uarch":null},"results":[{"file":"f","scenario":"unroll",'
     '"status":"ok","hex":"zz"}]}'],
)  # fmt: skip
def test_records_somebody_sent_are_checked(text: str, tmp_path: Path) -> None:
    file = tmp_path / "sent.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=str(file)):
        records.add(str(file))


def test_every_form_can_be_run_and_is_what_its_assembly_says() -> None:
    made = forms()
    assert len({(f.name, f.kind, f.scenario) for f in made}) == len(made) > 80
    for form in made:
        assert body_of(block_path(form.code, form.name)).pieces
    if shutil.which("as") is None:
        return
    text = "\n".join(form.asm.replace("; ", "\n") for form in made[:5])
    subprocess.run(["as", "-o", "/dev/null", "-"], input=text + "\n", text=True,
                   check=True)  # fmt: skip


def line(name: str, cycles: float) -> Line:
    form = next(f for f in forms() if f.name == name)
    measured = Figure(cycles, cycles, cycles, 100, 100, 3, 3, 3.7, "ok")
    return Line(form, measured, None, "ok")


def test_a_figure_is_solved_for_by_asking_the_model() -> None:
    """A core whose fence took 10 cycles more: the file's figure plus 10."""
    from dataclasses import replace

    from costmodel.cores.load import load_core
    from costmodel.measure.calibrate import model

    loaded = load_core("zen4")
    asked = line("mfence", 0.0)
    now = model(asked.form, "zen4")
    assert now is not None
    figure = Figure(now + 10, now + 10, now + 10, 9, 9, 3, 3, 3.7, "ok")
    found = solve(replace(asked, measured=figure, modelled=now), "zen4", loaded)
    assert found is not None
    assert found.value == loaded.evidence[found.path].value + 10


def test_a_written_core_loads_and_nothing_in_it_is_doubtful(tmp_path: Path) -> None:
    from costmodel.cores.check import check
    from costmodel.cores.load import load_core

    solved = (
        Solved("memory.load_latency", 5, 5, 5, 4, "load (r)"),
        Solved("costs.mfence..latency", 56, 55, 57, 48, "mfence"),
        Solved("costs.imul.r,r.uops.0.latency", 3, 3, 3, 3, "imul"),
        Solved("window.rob", 320, 318, 322, 320, "reorder buffer"),
    )
    found = Calibration("zen4", (), (), solved, (), 2022)
    file = tmp_path / "mine.yaml"
    file.write_text(core_yaml(found, "this CPU", "2026-11-27", 'A "title": #1'))
    assert len(written(found)) == 3
    loaded = load_core(str(file))
    evidence = loaded.evidence["memory.load_latency"]
    assert (evidence.value, evidence.source) == (5, "CAL: load (r)")
    assert loaded.core.title == 'A "title": #1'
    assert not check(str(file))


def test_a_step_in_a_sweep_is_found_and_none_is_made_up() -> None:
    window = WINDOWS[0]
    rising = [(n, 900 + n / 4) for n in range(64, 640, 16)]
    assert size_of(window, rising).last is None
    stepped = [(n, v + (500 if n > 300 else 0)) for n, v in rising]
    assert (size_of(window, stepped).last, size_of(window, stepped).first) == (288, 304)
    assert size_of(window, []).last is None


@pytest.mark.parametrize("window", WINDOWS, ids=lambda w: w.name)
def test_fillers_are_as_many_as_asked(window: Window) -> None:
    few, more = (len(block_path(code_of(window, n), "").steps) for n in (10, 31))
    assert more - few == 21


def test_calibration_of_a_few_forms(measuring: None) -> None:
    chosen: list[Form] = [
        f for f in forms()
        if f.name in ("imul r64,r64", "add r64,r64") and f.kind == "latency"
    ]  # fmt: skip
    seen: list[float | None] = []

    def holds() -> bool:
        found = calibrate("zen4", QUICK, chosen=chosen, windows=False)
        seen[:] = [one.cycles for one in found.lines]
        return all(
            c is not None and abs(c - wanted) < 0.03 * wanted
            for c, wanted in zip(seen, (1.0, 3.0), strict=True)
        )

    until(holds, f"chains took {seen}")


def test_compare_puts_the_measured_difference_beside_the_model(
    measuring: None, tmp_path: Path
) -> None:
    before, after = tmp_path / "a.hex", tmp_path / "b.hex"
    before.write_text("0fafc04801d8")
    after.write_text("0fafc0")
    made = cli(
        "compare", str(before), str(after), "--measure", "--json", "--draws", "0",
        "--scenario", "unroll", "--rounds", "2",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    results = json.loads(made.stdout)["results"]
    with_measured = [r for r in results if "measured" in r]
    if not with_measured:
        pytest.skip("no core file describes this CPU")
    (native,) = with_measured
    keys = {"delta", "low", "high", "setting", "cpu"}
    assert keys <= set(native["measured"])
    assert all(keys <= set(one) for one in native["measured_all"])
    settings = [one["setting"] for one in native["measured_all"]]
    assert settings == ["system call", "lfence", "opcache", "unroll"]
    assert native["measured"]["setting"] == "unroll"


def test_the_program_builds_without_a_warning(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    sources = sorted((ROOT / "costmodel" / "measure" / "native").glob("*.c"))
    subprocess.run(
        ["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o",
         str(tmp_path / "measure"), *map(str, sources)],
        check=True,
    )  # fmt: skip
    assert all(len(s.read_text().splitlines()) <= 600 for s in sources)


def test_a_missing_program_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="was not built") as caught:
        Native(tmp_path / "_measure")
    assert "expected:" in str(caught.value) and "try:" in str(caught.value)
