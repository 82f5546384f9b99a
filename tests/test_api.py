"""The library does what the commands do, with the same defaults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.errors import UsageError
from costmodel.studies.settings import parse_settings
from tests.cli.conftest import Run, run

__all__ = ["run"]  # a fixture

STUBS = Path(__file__).parents[1] / "stubs" / "top-of-stack"
FAST, EVERY = str(STUBS / "v3.16-fast.S"), str(STUBS / "every-slot-mov.S")


def test_compare_draws_as_the_command_does(run: Run) -> None:
    _, out, _ = run("compare", FAST, EVERY, "-u", "skylake", "--json")
    (printed,) = json.loads(out)["results"]
    found = cm.compare(FAST, EVERY, "skylake")
    assert (found.low, found.high) == (printed["low"], printed["high"])
    assert found.low is not None
    assert cm.compare(FAST, EVERY, "skylake", draws=0).low is None


def test_estimate_draws_if_asked() -> None:
    assert cm.estimate(FAST, "skylake").low is None
    sure = cm.estimate(FAST, "skylake", draws=8)
    assert sure.low is not None
    assert sure.low <= sure.cycles <= (sure.high or 0)


def test_explain_record_and_validate_are_at_the_top(run: Run, tmp_path: Path) -> None:
    _, out, _ = run("explain", FAST, "-u", "zen5", "--what-if")
    assert cm.explain(FAST, "zen5", what_if=True).text() == out.rstrip("\n")
    _, out, _ = run("record", "-u", "zen5", "--draws", "4")
    assert cm.record(uarch="zen5", draws=4).text() == out.rstrip("\n")
    blocks = tmp_path / "b.csv"
    blocks.write_text("hex,cycles\n4801d8,1.0\n480fafc3,3.0\n")
    held = cm.validate(str(blocks), "zen5", scenario="unroll")
    assert list(held.frame()["predicted"]) == [1.0, 3.0]
    assert "zen5" in held.text()


def test_explain_takes_set_and_draws(run: Run) -> None:
    status, out, err = run(
        "explain", FAST, "-u", "zen5", "--set", "costs.swapgs.latency=300", "--draws",
        "4", "--json",
    )  # fmt: skip
    assert (status, err) == (0, "")
    (result,) = json.loads(out)["results"]
    assert result["cycles"] > cm.estimate(FAST, "zen5").cycles + 100
    assert result["low"] <= result["cycles"] <= result["high"]


def test_results_show_one_line_in_a_shell() -> None:
    change = cm.compare(FAST, EVERY, ["skylake", "zen5"], draws=0)
    everything = (
        cm.estimate(FAST, "zen5"), cm.estimate(FAST, ["zen5"]), change, change[0],
        cm.explain(FAST, "zen5"), cm.sweep(FAST, "zen5", "window.rob=64:224:2"),
    )  # fmt: skip
    for result in everything:
        text = repr(result)
        assert len(text) < 160, text
        assert "\n" not in text


@pytest.mark.parametrize("path", ["costs.swapgs.latency", "costs.swapgs.*.latency"])
def test_set_takes_the_paths_that_are_printed(path: str) -> None:
    assert parse_settings([f"{path}=30"]) == {"": {"costs.swapgs..latency": 30}}
    assert parse_settings([f"zen5.{path}=30"]) == {
        "zen5": {"costs.swapgs..latency": 30}
    }


def test_a_misspelt_path_of_set_is_answered_with_a_close_one(run: Run) -> None:
    for wrong, right in (
        ("windw.rob", "window.rob"),
        ("costs.swpgs.latency", "swapgs"),
    ):
        status, _, err = run("estimate", FAST, "-u", "zen5", "--set", f"{wrong}=30")
        assert status == 2
        assert right in err
    with pytest.raises(UsageError):
        parse_settings(["window.rob"])


@pytest.mark.parametrize(
    "code", ["f30f01ca", "f20f01ca", "0f01c6", "f20f00f0", "0f01e8"]
)
@pytest.mark.parametrize("core", ["zen1", "zen5", "skylake"])
def test_fred_and_its_kin_are_unknown_where_cores_lack_them(
    run: Run, tmp_path: Path, code: str, core: str
) -> None:
    # ERETU, ERETS, WRMSRNS, LKGS, SERIALIZE: 200 cycles on Zen 3, status 0.
    (tmp_path / "a.hex").write_text(code)
    status, _, err = run("estimate", str(tmp_path / "a.hex"), "-u", core, "--strict")
    assert status == 3
    assert "does not have" in err
