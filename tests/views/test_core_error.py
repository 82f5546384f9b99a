"""Every estimate says how far the core's estimates were from measured blocks."""

from __future__ import annotations

import json

from msgspec.structs import replace

from costmodel import api, data
from costmodel.cores.accuracy import MeasuredError, measured_error
from tests.make import A_GUESS, LOAD, STORE, a_path, an_estimate
from tests.shown import estimates_in, estimates_text

SYSCALL = data.stubs_dir() / "top-of-stack" / "v3.16-fast.S"
ONE = MeasuredError(20_000, ("BHive skl",), True, 5.0, 5.0, 0.9, 1.1, ("unroll",))
SEVERAL = MeasuredError(10_958, ("a", "b"), False, 1.3, 6.9, 0.9, 1.3, ("opcache",))


def test_an_estimate_names_the_measured_error_of_its_core() -> None:
    text = estimates_text([an_estimate(core_error=ONE)])
    assert "\n  measured on 20,000 blocks in unroll: 5.0 % mean error\n" in text
    text = estimates_text([an_estimate(core_error=SEVERAL)])
    assert "nothing measured in this scenario; 10,958 blocks in opcache" in text


def test_a_core_without_measured_blocks_says_so() -> None:
    assert "\n  no blocks measured in this setting\n" in estimates_text([an_estimate()])


def test_several_cores_share_one_paragraph_of_72_columns() -> None:
    estimates = [
        an_estimate(core_error=ONE),
        an_estimate(core_error=SEVERAL, uarch="zen5"),
        *(an_estimate(uarch=f"core{k}") for k in range(5)),
    ]
    text = estimates_text(estimates)
    assert "skylake 5.0 % mean of 20,000 blocks in unroll" in " ".join(text.split())
    assert "the other 5" in " ".join(text.split())
    assert all(len(line) <= 72 for line in text.splitlines())


def test_an_interval_stands_beside_the_cycles() -> None:
    sure = an_estimate(low=27.04, high=36.2)
    assert estimates_text([sure]).startswith("30 cycles (90 %: 27.04 to 36.2)  ")
    several = estimates_text([sure, replace(an_estimate(), uarch="zen5")])
    assert "27.04-36.2" in several


def test_json_holds_the_error_or_null() -> None:
    both = [an_estimate(core_error=ONE, low=27.0, high=36.0), an_estimate()]
    first, second = json.loads(estimates_in("json", both))["results"]
    assert first["core_error"]["rows"] == 20_000
    assert first["core_error"]["mean_low"] == 5.0
    assert (first["low"], first["high"]) == (27.0, 36.0)
    assert second["core_error"] is None
    assert second["low"] is None


def test_the_library_attaches_what_is_on_record() -> None:
    path = a_path(LOAD, STORE)
    copies = api.estimate(path, "skylake", scenario="unroll")
    assert copies.core_error == measured_error("skylake", "unroll")
    # What was measured in other settings says nothing of these.
    assert api.estimate(path, "skylake", scenario="once").core_error is None
    assert api.estimate(path, "zen1", scenario="unroll").core_error is None


def test_no_error_stands_under_a_total_of_assumed_costs() -> None:
    """User-mode blocks say nothing of SYSCALL, in whatever setting."""
    text = estimates_text([an_estimate(scenario="unroll", guesses=(A_GUESS,))])
    assert "no measured block tells of it" in text and "mean error" not in text
    made = api.estimate(str(SYSCALL), "skylake", scenario="unroll")
    assert made.core_error is None
