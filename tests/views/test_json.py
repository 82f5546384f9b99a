"""JSON, schema 1: the keys others rely on."""

from __future__ import annotations

import json

from tests.make import A_GUESS, an_estimate
from tests.shown import comparisons_in, estimates_in, explained_in
from tests.views.test_text import a_comparison

ESTIMATE_KEYS = {
    "uarch", "scenario", "cycles", "instructions", "uops", "bytes", "breakdown",
    "lines_touched", "unknown", "guesses",
}  # fmt: skip
COMPARISON_KEYS = {"uarch", "scenario", "before", "after", "delta", "low", "high",
                   "causes"}  # fmt: skip


def test_an_estimate_has_the_keys_of_the_contract() -> None:
    estimate = an_estimate(guesses=(A_GUESS,), copies=2)
    whole = json.loads(estimates_in("json", [estimate]))
    assert whole["schema"] == 1
    (result,) = whole["results"]
    assert result.keys() >= ESTIMATE_KEYS
    assert result["cycles"] == 15
    assert result["lines_touched"] == 2
    assert sum(result["breakdown"].values()) == result["cycles"]
    assert result["guesses"][0]["what"] == A_GUESS.what


def test_slots_say_where_they_were_written_or_that_they_were_not() -> None:
    (result,) = json.loads(estimates_in("json", [an_estimate()]))["results"]
    slots = {slot["slot"]: slot for slot in result["frame"]}
    assert slots["SS"]["written"] is False
    assert slots["SS"]["at"] is None
    assert slots["RDI"]["at"] == "entry.S:11"


def test_a_comparison_has_the_keys_of_the_contract() -> None:
    whole = json.loads(comparisons_in("json", [a_comparison()]))
    assert whole["schema"] == 1
    (result,) = whole["results"]
    assert result.keys() >= COMPARISON_KEYS
    assert result["after"] - result["before"] == result["delta"] == 5
    assert sum(c["cycles"] for c in result["causes"]) == result["delta"]
    assert result["code"] == {"instructions": 1, "bytes": 9, "loads": 0, "stores": 1}


def test_an_explanation_carries_steps_charges_and_timeline() -> None:
    (result,) = json.loads(explained_in("json", an_estimate()))["results"]
    assert [step["at"] for step in result["steps"]][:2] == ["entry.S:10", "entry.S:11"]
    assert sum(charge["cycles"] for charge in result["charges"]) == 30
    assert result["timeline"][0]["kind"] == "microcode"
