"""What a loan from a relative is worth: an interval as wide as the family."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel import data
from costmodel.cores import fields, spread
from costmodel.cores.load import core_names, load_core, with_values
from costmodel.cores.quantity import Quantity
from costmodel.cores.spread import Family
from tests.tiny import TINY, write


def loan(value: float, low: float, high: float, integer: bool = True) -> Quantity:
    return Quantity(value, low, high, "DOC", "inherited", integer=integer)


def test_the_file_in_uarch_is_current() -> None:
    cores = {name: load_core(name) for name in core_names()}
    held = (data.uarch_dir() / spread.FILE).read_text(encoding="utf-8")
    assert held == spread.text(cores), "run: python -m costmodel.cores.spread"


def test_a_figure_the_family_disagrees_on_reaches_to_the_familys_ends() -> None:
    evidence = {"window.rob": loan(100, 100, 100)}
    spread.widened(evidence, Family(0.2, {"window.rob": (90, 500)}))
    assert (evidence["window.rob"].low, evidence["window.rob"].high) == (90, 120)


def test_a_figure_nobody_else_has_is_as_wide_as_figures_usually_are() -> None:
    evidence = {"window.rob": loan(100, 95, 100)}
    spread.widened(evidence, Family(0.2))
    assert (evidence["window.rob"].low, evidence["window.rob"].high) == (80, 120)


def test_a_small_number_moves_by_a_step_if_the_family_does() -> None:
    evidence = {"front_end.taken_branch": loan(1, 1, 1)}
    spread.widened(evidence, Family(0.2, {"front_end.taken_branch": (1, 2)}))
    known = evidence["front_end.taken_branch"]
    assert (known.value, known.low, known.high) == (1, 1, 2)


def test_what_is_measured_lacking_or_a_rule_stays_as_it_is() -> None:
    evidence = {
        "window.rob": Quantity(100, 100, 100, "DOC", "measured"),
        "memory.indexed_extra": loan(0, 0, 0),
        "memory.line": loan(64, 64, 64),
        "fusion.boundary": loan(16, 16, 16),
        "rename.move_elimination.widths.0": loan(32, 32, 32),
    }
    before = dict(evidence)
    spread.widened(evidence, Family(0.5, {"memory.indexed_extra": (1, 3)}))
    assert evidence == before


def test_an_own_interval_is_never_narrowed() -> None:
    evidence = {"costs.mul.r.uops.0.latency": loan(4, 2, 9)}
    family = Family(0.1, {"costs.mul.r.uops.0.latency": (3, 5)})
    spread.widened(evidence, family)
    known = evidence["costs.mul.r.uops.0.latency"]
    assert (known.low, known.high) == (2, 9)


@pytest.mark.parametrize("name", core_names())
def test_both_ends_of_every_loan_are_cores_that_can_be_made(name: str) -> None:
    loaded = load_core(name)
    loans = {p: q for p, q in loaded.evidence.items() if q.evidence == "inherited"}
    for path, known in loans.items():
        spec = fields.at(path)
        assert spec is not None and known.low <= known.value <= known.high
        assert spec.allows(known.low) and spec.allows(known.high), path
    structure = {p: q for p, q in loans.items() if p.startswith(("window", "memory"))}
    for end in ("low", "high"):
        values = {
            path: int(getattr(known, end)) if known.integer else getattr(known, end)
            for path, known in structure.items()
            if "schedulers" not in path and not path.rpartition(".")[2].isdecimal()
        }
        with_values(loaded, values)


def test_a_core_of_ones_own_borrows_with_an_interval(tmp_path: Path) -> None:
    text = "extends: zen5\ntitle: Mine\nyear: 2026\n"
    loaded = load_core(str(write(tmp_path, "mine", text)))
    rob = loaded.evidence["window.rob"]
    assert rob.evidence == "inherited" and rob.origin == "zen5"
    assert rob.reason == "inherited from zen5"
    assert rob.low < 448 < rob.high


def test_a_core_without_relatives_has_none(tmp_path: Path) -> None:
    write(tmp_path, "tiny", TINY)
    text = "extends: tiny\ntitle: Heir\nyear: 2001\n"
    rob = load_core(str(write(tmp_path, "heir", text))).evidence["window.rob"]
    assert rob.evidence == "inherited" and rob.exact
